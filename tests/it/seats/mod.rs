//! Who gets a scarce seat: stories for people, laws for invariants.

mod stories;
mod world;
