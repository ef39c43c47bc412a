//! The only way out: retries, tokens and budgets against a scripted transport on a manual clock, and limits of time and
//! size over real HTTP on loopback.

mod budget;
mod http_limits;
mod retries;
mod silence;
mod tokens;
mod world;
