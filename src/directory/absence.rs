//! What a missing account means.
