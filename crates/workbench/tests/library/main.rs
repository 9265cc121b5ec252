//! The use cases that need no model, over real library files.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "what these tests share is test code too"
)]

mod batches;
mod curation;
mod drafts;
mod duplicates;
mod evidence;
mod exports;
mod files;
mod journey;
mod processes;
mod samples;
