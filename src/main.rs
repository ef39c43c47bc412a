//! The `seatwarden` program: parses, runs the verb, and exits with its code.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(seatwarden::cli::main())
}
