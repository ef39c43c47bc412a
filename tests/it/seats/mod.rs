//! Who gets a scarce seat: stories for people, laws for invariants.

mod chance;
mod laws;
mod stories;
mod world;
