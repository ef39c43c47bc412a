//! The mirror, the merge and what they promise.

mod merge;
mod order;
mod stories;
mod world;
