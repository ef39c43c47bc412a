//! The `seatwarden` program.
fn main() {}
