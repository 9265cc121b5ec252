//! Encoders give the reference's numbers, in every form, batch, precision and on every device.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test fails by panicking and says what it skips"
)]

mod batches;
mod conversion;
mod names;
mod parity;
mod reference;
