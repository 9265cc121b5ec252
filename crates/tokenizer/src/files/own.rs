//! Our `tokenizer.json`: everything in one file.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{malformed, read_text, write_text};
use crate::Error;
use crate::vocabulary::{Merge, Vocabulary};

pub(super) const FILE: &str = "tokenizer.json";
const FORMAT: &str = "osler-biogpt-tokenizer";
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Header {
    format: String,
    version: u32,
}

#[derive(Serialize, Deserialize)]
struct Contents {
    #[serde(flatten)]
    header: Header,
    /// Place = id.
    tokens: Vec<String>,
    /// Left, right, count; best first.
    merges: Vec<(String, String, u64)>,
}

/// `None` if the file is of another format altogether.
pub(super) fn read(path: &Path) -> Result<Option<Vocabulary>, Error> {
    let text = read_text(path)?;
    let line = |error: &serde_json::Error| format!("line {}", error.line());
    let any: serde_json::Value =
        serde_json::from_str(&text).map_err(|error| malformed(path, &line(&error), &error.to_string()))?;
    let Ok(header) = Header::deserialize(&any) else {
        return Ok(None);
    };
    if header.format != FORMAT {
        return Ok(None);
    }
    if header.version != VERSION {
        let problem =
            format!("version {} needs a newer Osler, this one reads version {VERSION}", header.version);
        return Err(malformed(path, "version", &problem));
    }
    let contents =
        Contents::deserialize(any).map_err(|error| malformed(path, "contents", &error.to_string()))?;
    let merges =
        contents.merges.into_iter().map(|(left, right, count)| Merge { left, right, count }).collect();
    Ok(Some(Vocabulary { tokens: contents.tokens, merges }))
}

pub(super) fn write(vocabulary: &Vocabulary, path: &Path) -> Result<(), Error> {
    let contents = Contents {
        header: Header { format: FORMAT.to_owned(), version: VERSION },
        tokens: vocabulary.tokens.clone(),
        merges: vocabulary.merges.iter().map(|m| (m.left.clone(), m.right.clone(), m.count)).collect(),
    };
    let text =
        serde_json::to_string(&contents).map_err(|error| malformed(path, "contents", &error.to_string()))?;
    write_text(path, &(text + "\n"))
}
