//! Any bytes are read or refused; what is read keeps the promises of the document model.
#![no_main]

mod caught;

use std::collections::HashSet;

use documents::Target;
use documents::formats::{ReadOptions, Records, read_with};
use documents::limits::Limits;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: caught::panics_of_the_pdf_libraries(), |bytes: &[u8]| {
    if let Ok(Some(records)) = Records::read(bytes, "file.dat") {
        let _ = records.compare(&[bytes.to_vec()]);
    }
    // Small limits, so that bombs show within the fuzzer's own.
    let limits = Limits { expansion_floor: 1 << 20, unpacked_bytes: 4 << 20, ..Limits::default() };
    let options = ReadOptions { limits, ..ReadOptions::default() };
    let Ok(import) = read_with(bytes, "file.dat", &options) else { return };
    for document in &import.documents {
        assert!(!document.id.is_empty());
        assert!(document.passages.iter().all(|passage| passage.span.slice(&document.text).is_some()));
        let mut ids = HashSet::new();
        for entity in &document.entities {
            assert!(ids.insert(entity.id.as_str()));
            assert!(!entity.spans.is_empty());
            assert!(entity.spans.iter().all(|span| span.slice(&document.text).is_some()));
        }
        for relation in &document.relations {
            assert!(relation.evidence.iter().all(|span| span.slice(&document.text).is_some()));
            for argument in &relation.arguments {
                if let Target::Entity(id) = &argument.target {
                    assert!(ids.contains(id.as_str()));
                }
            }
        }
    }
});
