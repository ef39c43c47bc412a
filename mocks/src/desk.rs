//! The service desk: a SCIM provider with an account for everybody who was hired, and groups that are seats.
//!
//! The desk does not hear of moves and leavers: seats change only when somebody changes them. Tests add groups with
//! [`Provider::add_group`] and read them with [`Provider::members`].

use crate::scim::{Provider, Source};

/// A desk whose accounts follow the company's hires, without any group yet.
pub(crate) fn of_company() -> Provider {
    Provider::new(Source::Accounts)
}
