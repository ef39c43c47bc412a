//! The program from outside: verbs, exit codes, JSON, the daemon. Nothing here knows how it works inside.

mod daemon;
mod desk;
mod explain;
mod impact;
mod tables;
mod verbs;
mod webhook;
