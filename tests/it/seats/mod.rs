//! Who gets a scarce seat: stories for people, laws for invariants.

mod brakes;
mod causes;
mod chance;
mod few;
mod keep;
mod laws;
mod life;
mod reader;
mod scarcity;
mod slow;
mod stories;
mod units;
mod world;
