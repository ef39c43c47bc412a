//! Linking and verifying. Placeholder until the store's author writes it.

/// The first entry that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Break {
    /// Its number.
    pub seq: u64,
    /// What is wrong with it.
    pub why: String,
}

/// Verifies entries in order.
pub fn verify() {}
