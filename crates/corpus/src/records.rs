//! The raw corpora: JSON lines, plain, gzipped or in Zstandard.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::Error;

/// A line of `prose/*.jsonl`.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Record {
    /// Unique; a PubMed id behind `PMID` where the record is a PubMed abstract.
    pub id: String,
    /// The collection that it is from.
    pub source: String,
    /// `abstract`, `article`, `textbook`, `qa` or `passage`.
    pub kind: String,
    /// As the source states it.
    pub licence: String,
    /// PubMed id.
    #[serde(default)]
    pub pmid: Option<String>,
    /// Title, or the question of a `qa`.
    #[serde(default)]
    pub title: Option<String>,
    /// What a `qa` is about.
    #[serde(default)]
    pub focus: Option<String>,
    /// Paragraphs, one a line.
    pub text: String,
}

/// A line of `definitions.jsonl`.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Definition {
    /// What is defined.
    pub term: String,
    /// A phrase or some sentences.
    pub definition: String,
    /// Of the term in its source.
    #[serde(default)]
    pub id: Option<String>,
    /// What the source says the term is (`disease`).
    #[serde(default, rename = "type")]
    pub kind: String,
    /// The collection that it is from.
    pub source: String,
    /// As the source states it.
    pub licence: String,
    /// Other names.
    #[serde(default)]
    pub synonyms: Vec<String>,
}

/// Calls `each` with every line's record.
pub(crate) fn read_lines<T: DeserializeOwned>(
    path: &Path,
    mut each: impl FnMut(T) -> Result<(), Error>,
) -> Result<(), Error> {
    read_text_lines(path, |number, line| {
        let record = serde_json::from_str(line)
            .map_err(|error| Error::malformed(path, format!("line {number}"), error))?;
        each(record)
    })
}

/// Calls `each` with every line that is not blank, and its number.
pub(crate) fn read_text_lines(
    path: &Path,
    mut each: impl FnMut(u64, &str) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut lines = BufReader::with_capacity(1 << 16, open(path)?);
    let mut line = String::new();
    for number in 1u64.. {
        line.clear();
        if lines.read_line(&mut line).map_err(Error::read(path))? == 0 {
            break;
        }
        if !line.trim().is_empty() {
            each(number, &line)?;
        }
    }
    Ok(())
}

/// The decompressed file.
fn open(path: &Path) -> Result<Box<dyn Read>, Error> {
    let file = BufReader::new(File::open(path).map_err(Error::read(path))?);
    Ok(match path.extension().and_then(|extension| extension.to_str()) {
        Some("gz") => Box::new(flate2::bufread::MultiGzDecoder::new(file)),
        Some("zst") => Box::new(
            ruzstd::decoding::StreamingDecoder::new(file)
                .map_err(|error| Error::malformed(path, "its beginning", error))?,
        ),
        _ => Box::new(file),
    })
}

/// The files of a folder whose names hold `.jsonl`, by name.
pub(crate) fn jsonl_files(dir: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(Error::read(dir))? {
        let path = entry.map_err(Error::read(dir))?.path();
        let is_jsonl =
            path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.contains(".jsonl"));
        if is_jsonl {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// The file of that name in the folder, plain or compressed.
pub(crate) fn find(dir: &Path, name: &str) -> Option<PathBuf> {
    ["", ".gz", ".zst"].iter().map(|suffix| dir.join(format!("{name}{suffix}"))).find(|path| path.is_file())
}
