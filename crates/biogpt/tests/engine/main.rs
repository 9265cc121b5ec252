//! The engine against the reference's answers, and against itself: however a text is computed, the result is the same.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what these tests share is test code too"
)]

mod batching;
mod decoding;
mod networks;
mod properties;
mod published_forms;
mod reference;
