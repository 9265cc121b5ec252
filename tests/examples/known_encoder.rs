//! Writes a small encoder that knows a few words into a folder, in Hugging Face's form: for the tests of the window.

use std::path::Path;

use osler_tests::{KnownHead, KnownWords};

fn main() -> Result<(), &'static str> {
    let folder = std::env::args().nth(1).ok_or("usage: known_encoder FOLDER")?;
    let names = KnownWords {
        labels: &["O", "B-CHEM", "I-CHEM", "B-DISEASE", "I-DISEASE", "B-Anatomy"],
        words: &[
            ("amiodarone", 1),
            ("dronedarone", 1),
            ("hepatotoxicity", 3),
            ("jaundice", 3),
            ("nausea", 3),
            ("liver", 5),
        ],
        head: KnownHead::Tokens,
        positions: 64,
    };
    names.write(Path::new(&folder));
    Ok(())
}
