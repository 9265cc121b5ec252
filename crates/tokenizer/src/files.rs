//! The three forms of a tokenizer on disk.

mod fairseq;
mod hugging_face;
mod own;

use std::path::{Path, PathBuf};

use crate::Error;
use crate::vocabulary::Vocabulary;

/// Reads the first form found in the folder, and says which file the tokens are from.
pub(crate) fn read(dir: &Path) -> Result<(Vocabulary, PathBuf), Error> {
    let has = |name: &str| dir.join(name).is_file();
    let hugging_face = has(hugging_face::TOKENS) && has(hugging_face::MERGES);
    if has(own::FILE) {
        let path = dir.join(own::FILE);
        // Hugging Face folders may hold a file of that name in a form that cannot express Moses rules.
        match own::read(&path)? {
            Some(vocabulary) => return Ok((vocabulary, path)),
            None if hugging_face => {}
            None => {
                return Err(malformed(
                    &path,
                    "format",
                    "it is another program's, and vocab.json is not beside it",
                ));
            }
        }
    }
    if hugging_face {
        Ok((hugging_face::read(dir)?, dir.join(hugging_face::TOKENS)))
    } else if has(fairseq::TOKENS) && has(fairseq::MERGES) {
        Ok((fairseq::read(dir)?, dir.join(fairseq::TOKENS)))
    } else {
        Err(Error::NotFound { dir: dir.to_owned() })
    }
}

/// Writes our form.
pub(crate) fn write_own(vocabulary: &Vocabulary, dir: &Path) -> Result<(), Error> {
    create(dir)?;
    own::write(vocabulary, &dir.join(own::FILE))
}

/// Writes Hugging Face's form.
pub(crate) fn write_hugging_face(vocabulary: &Vocabulary, dir: &Path, positions: usize) -> Result<(), Error> {
    create(dir)?;
    hugging_face::write(vocabulary, dir, positions)
}

fn create(dir: &Path) -> Result<(), Error> {
    std::fs::create_dir_all(dir).map_err(|source| Error::Write { path: dir.to_owned(), source })
}

fn read_text(path: &Path) -> Result<String, Error> {
    let bytes = std::fs::read(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
    String::from_utf8(bytes).map_err(|error| {
        malformed(path, &format!("byte {}", error.utf8_error().valid_up_to()), "it is not UTF-8 text")
    })
}

fn write_text(path: &Path, text: &str) -> Result<(), Error> {
    std::fs::write(path, text).map_err(|source| Error::Write { path: path.to_owned(), source })
}

fn malformed(path: &Path, place: &str, problem: &str) -> Error {
    Error::Malformed { path: path.to_owned(), place: place.to_owned(), problem: problem.to_owned() }
}
