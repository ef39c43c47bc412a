//! Hooks from end to end: what providers call out over real HTTP, until a desk has confirmed a seat.

mod graph;
mod inbox;
mod junk;
mod limits;
mod okta;
mod set;
mod signed;
pub(super) mod world;
