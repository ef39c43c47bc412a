//! The one integration binary: each module tests one folder or one story from outside.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is what it is for"
)]

mod audit;
mod config;
mod directory;
mod feeds;
mod line;
mod ops;
mod outbound;
mod rules;
mod seats;
mod store;
mod target;
mod tidy;
