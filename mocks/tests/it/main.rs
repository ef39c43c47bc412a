//! The mocks, asked over real sockets and in process.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects, and indexing JSON gives null rather than a panic"
)]

mod calls;
mod client;
mod desk;
mod entra;
mod faults;
mod hostile;
mod okta;
mod scim;
mod sockets;
