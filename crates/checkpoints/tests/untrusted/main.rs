//! Files from strangers: unusual but sound ones load, damaged and malicious ones are refused with a clear error.
//!
//! Every file is written by the tests themselves, byte by byte, so that each can be wrong in exactly one way.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod allocation;
mod configuration;
mod files;
mod malformed;
mod malicious;
mod model;
mod pickle_writer;
mod sound;
