//! What a user and a client of the library would notice, over the public API alone.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what these tests share is test code too"
)]

mod actions;
mod agreement;
mod annotated;
mod batches;
mod curation;
mod documents_list;
mod drafts;
mod files;
mod journal;
mod kill;
mod merge;
mod processes;
mod samples;
mod search;
mod speed;
mod updates;
