//! What a folder of shards is made of.

use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Error, Selection, Stream, Tally};

/// `manifest.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Of this layout.
    pub version: u32,
    /// What was let through.
    pub selection: Selection,
    /// Tokens of the vocabulary in `tokenizer/`.
    pub vocabulary: usize,
    /// Hash of `tokenizer/tokenizer.json`.
    pub tokenizer_sha256: String,
    /// Bytes of a token in the shards: 2 or 4.
    pub token_bytes: usize,
    /// The shards.
    pub parts: Vec<Part>,
    /// By source, kind and licence; a document's source is its place here.
    pub tallies: Vec<Tally>,
    /// Test and validation documents that were looked for.
    pub held_out_documents: usize,
    /// What was read.
    pub inputs: Vec<Source>,
}

/// One shard: a file of tokens and its index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Which kind of text.
    pub stream: Stream,
    /// For validation rather than training.
    pub validation: bool,
    /// Documents in it.
    pub documents: u64,
    /// Words between white space.
    pub words: u64,
    /// Unicode code points; 0 in manifests that were written before they were counted.
    #[serde(default)]
    pub characters: u64,
    /// Tokens, without any `</s>`.
    pub tokens: u64,
    /// Of these, `<unk>`.
    pub unknown: u64,
    /// Hash of the token file.
    pub tokens_sha256: String,
    /// Hash of the index file.
    pub index_sha256: String,
}

/// An input file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Inside the corpora's folder.
    pub file: String,
    /// Of its bytes as they are.
    pub sha256: String,
}

impl Part {
    /// The names of the two files are made of this.
    pub fn name(&self) -> String {
        part_name(self.stream, self.validation)
    }
}

pub(crate) const FILE: &str = "manifest.json";
pub(crate) const VERSION: u32 = 1;

pub(crate) fn part_name(stream: Stream, validation: bool) -> String {
    format!("{}-{}", stream.name(), if validation { "valid" } else { "train" })
}

impl Manifest {
    /// Reads the manifest of a folder of shards.
    pub fn read(dir: &Path) -> Result<Self, Error> {
        let path = dir.join(FILE);
        let text = std::fs::read_to_string(&path).map_err(Error::read(&path))?;
        let manifest: Self = serde_json::from_str(&text)
            .map_err(|error| Error::malformed(&path, format!("line {}", error.line()), error))?;
        if manifest.version != VERSION {
            let problem =
                format!("it is {}, this program reads {VERSION}; prepare the data again", manifest.version);
            return Err(Error::malformed(&path, "version", problem));
        }
        Ok(manifest)
    }

    pub(crate) fn write(&self, dir: &Path) -> Result<(), Error> {
        let path = dir.join(FILE);
        let text =
            serde_json::to_string_pretty(self).map_err(|error| Error::malformed(&path, "contents", error))?;
        std::fs::write(&path, text + "\n").map_err(Error::write(&path))
    }
}

pub(crate) fn sha256_of(path: &Path) -> Result<String, Error> {
    let mut file = std::fs::File::open(path).map_err(Error::read(path))?;
    let mut hash = Sha256::new();
    std::io::copy(&mut file, &mut hash).map_err(Error::read(path))?;
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
