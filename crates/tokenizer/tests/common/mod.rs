//! What the tests share.
#![allow(dead_code, clippy::unwrap_used, clippy::print_stderr)] // not every test file uses all of it

use std::path::{Path, PathBuf};

use tokenizer::Tokenizer;

pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

pub fn micro() -> Tokenizer {
    Tokenizer::from_dir(&fixtures().join("micro/hugging-face")).unwrap()
}

/// A path among the shared data, or `None` with a word about it.
pub fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("OSLER_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let found = root.join(path);
    if !found.exists() {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{path} not found, and CI skips nothing");
        eprintln!("skipped: {path} not found");
        return None;
    }
    Some(found)
}

/// What a reader sees: the text under a token is that token, but for escapes, control characters
/// and the split hyphen.
pub fn assert_slice_is_token(token: &str, slice: &str, unknown: bool) {
    let body = token.strip_suffix("</w>").unwrap_or(token);
    let slice = slice.replace(|c: char| c.is_ascii_control(), "");
    let partly_escaped = ["&", "|", "<", ">", "'", "\"", "[", "]"].iter().any(|c| slice.contains(c));
    let hyphen = slice == "-" && "@-@".contains(body);
    // The reference's working name for dots.
    let dots = slice.ends_with("DOTMULTI") && body.ends_with('.');
    assert!(slice == body || unknown || partly_escaped || hyphen || dots, "{token:?} over {slice:?}");
}
