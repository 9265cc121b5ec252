//! Osler, the desktop app.

// No terminal beside the window on Windows.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]
#![expect(
    clippy::print_stderr,
    reason = "before there is a window, the terminal is the only place to say why"
)]

use std::process::ExitCode;

fn main() -> ExitCode {
    match osler_shell::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Osler could not start: {error}");
            ExitCode::FAILURE
        }
    }
}
