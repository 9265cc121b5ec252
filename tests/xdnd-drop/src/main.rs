//! Drops files on an X11 window as a file manager would, without a pointer: `xdnd-drop TITLE FILE...`.
//!
//! It is the source of a drag and speaks version 5 of XDND, <https://www.freedesktop.org/wiki/Specifications/XDND/>. GTK asks
//! for the files while they hover, so requests for the selection are answered all the time.

#![expect(clippy::print_stderr, reason = "a program talks to its user")]

use std::process::ExitCode;

#[cfg(target_os = "linux")]
mod drag;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let Some(title) = words.next() else {
        eprintln!("usage: xdnd-drop TITLE FILE...");
        return ExitCode::FAILURE;
    };
    match drag::drop_on(&title, words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("nothing was dropped on \"{title}\": {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    eprintln!("XDND is a protocol of X11: only on Linux");
    ExitCode::FAILURE
}
