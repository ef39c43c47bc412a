//! The line from end to end: mocks over real HTTP, the real client, the real worker, a clock that is moved by hand.

mod clients;
mod company;
mod crash;
mod explain;
mod faults;
mod files;
mod found;
mod hooks;
mod leaving;
mod matrix;
mod note;
mod okta;
mod push;
mod recorded;
mod reload;
mod screens;
mod stories;
mod undo;
