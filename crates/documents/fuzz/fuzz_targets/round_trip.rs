//! Whatever can be read can be written in every format, and what is not listed as lost comes back.
#![no_main]

mod caught;

use documents::formats::{Format, WriteOptions, read, write};
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: caught::panics_of_the_pdf_libraries(), |bytes: &[u8]| {
    let Ok(import) = read(bytes, "file.dat") else { return };
    if matches!(import.format, Format::Pdf | Format::Docx) {
        return;
    }
    for format in Format::ALL.into_iter().filter(|format| format.is_written()) {
        let Ok(written) = write(&import.documents, format, &WriteOptions::default()) else { continue };
        let is_one = matches!(format, Format::BiocXml | Format::BiocJson | Format::Jsonl);
        if is_one && written.losses.is_empty() {
            let (name, bytes) = &written.files[0];
            let back = read(bytes, name).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(back.documents.len(), import.documents.len());
            for (one, two) in import.documents.iter().zip(&back.documents) {
                assert_eq!((&one.id, &one.text), (&two.id, &two.text));
            }
        }
    }
});
