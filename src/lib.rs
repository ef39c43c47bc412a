//! Seatwarden keeps named service-desk seats in step with the job codes that Okta, Microsoft Entra ID or a SCIM
//! server carry.
//!
//! Facts come in on the left and leave as an audit entry on the right:
//!
//! ```text
//! feed ──> directory ──> rules ──> seats ───────────────> worker::apply ──> audit
//! Reading   Snapshot      Desired    Plan, Verdict           target + store    Entry
//!           Coverage      Trace        ^                        |
//!                                      └──── Ledger <── store ──┘
//! ```
//!
//! | folder | what it is | pure |
//! |---|---|---|
//! | [`model`] | the vocabulary | yes |
//! | [`directory`] | what is known of every account, and who is who | yes |
//! | [`rules`] | the table that maps people to seats | yes |
//! | [`seats`] | ledger, planner, brakes, checker | yes |
//! | [`audit`] | the hash chain | yes |
//! | [`workbook`] | the table as XLSX | yes |
//! | [`feed`] | reading identity providers | |
//! | [`target`] | writing to desks | |
//! | [`store`] | what survives a crash | |
//! | [`outbound`] | the only way out | |
//! | [`inbound`] | control socket and ops listener | |
//! | [`worker`] | the loop; every trigger takes the road of one pass | |
//! | [`config`] | files, environment and flags, checked | |
//! | [`cli`] | one file per verb | |
//! | [`ambient`] | clock, chance, signals | |

pub mod ambient;
pub mod audit;
pub mod cli;
pub mod config;
pub mod directory;
pub mod feed;
pub mod inbound;
pub mod model;
pub mod outbound;
pub mod rules;
pub mod seats;
pub mod store;
pub mod target;
pub mod workbook;
pub mod worker;
