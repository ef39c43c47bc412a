//! The one integration binary: each module tests one folder or one story from outside.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    clippy::format_push_string,
    clippy::needless_pass_by_value,
    clippy::duplicate_mod,
    clippy::print_stderr,
    clippy::nonminimal_bool,
    reason = "a test that panics has failed, which is what it is for, and it names only what it looks for"
)]

mod audit;
mod cli;
mod config;
mod control;
mod directory;
mod feeds;
mod foreign;
mod fuzz;
mod line;
mod mortal;
mod ops;
mod outbound;
mod rules;
mod seats;
mod sim;
mod store;
mod target;
mod tidy;
