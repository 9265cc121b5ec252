//! Files of the shared folder (`OSLER_SHARED`, else `../shared` beside the workspace), which is never committed.

#![allow(
    clippy::print_stderr,
    clippy::expect_used,
    dead_code,
    reason = "shared by several test programs, each using a part"
)]
use std::path::PathBuf;

/// The shared folder's file or directory at `path`, if it is there; says so on stderr if not.
pub fn path(path: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("OSLER_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
        PathBuf::from,
    );
    let found = shared.join(path);
    if !found.exists() {
        eprintln!("skipped: {path} not found");
        return None;
    }
    Some(found)
}

/// The text of a shared file.
pub fn text(name: &str) -> Option<String> {
    path(name).map(|path| std::fs::read_to_string(path).expect("a shared file is UTF-8"))
}
