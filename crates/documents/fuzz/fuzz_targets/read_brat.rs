//! Any text with any annotations: the first NUL byte parts them.
#![no_main]

use documents::formats::read_brat;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let at = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let (text, rest) = bytes.split_at(at);
    let Ok(import) = read_brat(text, rest.get(1..).unwrap_or_default(), "file.txt") else { return };
    for document in &import.documents {
        for entity in &document.entities {
            assert!(entity.spans.iter().all(|span| span.slice(&document.text).is_some()));
        }
    }
});
