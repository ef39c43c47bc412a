//! The one integration binary: each module tests one folder or one story from outside.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that panics has failed, which is what it is for"
)]

mod ops;
mod outbound;
