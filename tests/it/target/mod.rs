//! Writing to desks: one that behaves, and many that do not.

mod desk;
mod find;
mod observe;
mod seats;
