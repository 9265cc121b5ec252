//! `osler-cli` as a user runs it, with the starter model. One program of tests, so that it is linked once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what these tests share is test code too"
)]

mod batches;
mod commands;
mod encoders;
mod journey;
mod mentions;
mod readme;
mod reliability;
mod streaming;
mod verification;

use osler_tests::User;

/// The program that Cargo has built for these tests.
fn user() -> User {
    User::of(env!("CARGO_BIN_EXE_osler-cli"))
}
