//! What survives a crash, and what is said when something did not.

mod backup;
mod blocks;
mod crash;
mod damage;
mod opening;
mod overlay;
mod roundtrip;
pub(crate) mod world;
