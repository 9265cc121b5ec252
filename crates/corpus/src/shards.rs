//! Tokens on disk: one flat file for each part, memory-mapped.
//!
//! `NAME.tokens` holds the tokens of all documents end to end, little-endian, two bytes each (four if the vocabulary has
//! more than 65,536 tokens), without any `</s>`. `NAME.index` holds for each document 16 bytes, little-endian: where it
//! starts in tokens (u64), the place of its source in the manifest (u32), flags (u32; bit 0: put into lower case); then
//! once more a start, that of the end. `NAME` is `prose-train`, `prose-valid`, and so on for each
//! [`Stream`]. The documents are in a random order that is always the same.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use memmap2::Mmap;

use crate::manifest::{self, Manifest, Part, part_name};
use crate::{Document, Error, Stream};

const ENTRY: usize = 16;
const LOWERCASED: u32 = 1;

/// A folder of shards.
#[derive(Debug)]
pub struct Shards {
    manifest: Manifest,
    shards: Vec<Shard>,
}

impl Shards {
    /// Opens a folder that [`crate::prepare`] made. Fails if a file is missing or has another length than it should.
    pub fn open(dir: &Path) -> Result<Self, Error> {
        let manifest = Manifest::read(dir)?;
        let shards =
            manifest.parts.iter().map(|part| Shard::open(dir, part, &manifest)).collect::<Result<_, _>>()?;
        Ok(Self { manifest, shards })
    }

    /// What the shards are made of.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The shard of a stream for training or validation.
    pub fn shard(&self, stream: Stream, validation: bool) -> Option<&Shard> {
        let is_it = |part: &Part| part.stream == stream && part.validation == validation;
        self.manifest.parts.iter().position(is_it).and_then(|place| self.shards.get(place))
    }

    /// The folder of the tokenizer that made the tokens.
    pub fn tokenizer_dir(dir: &Path) -> PathBuf {
        dir.join("tokenizer")
    }
}

/// The documents of one part as tokens.
#[derive(Debug)]
pub struct Shard {
    tokens: Mmap,
    index: Mmap,
    token_bytes: usize,
}

impl Shard {
    fn open(dir: &Path, part: &Part, manifest: &Manifest) -> Result<Self, Error> {
        let path = |suffix: &str| dir.join(format!("{}.{suffix}", part.name()));
        let tokens = map(&path("tokens"), part.tokens as usize * manifest.token_bytes)?;
        let index = map(&path("index"), part.documents as usize * ENTRY + 8)?;
        let shard = Self { tokens, index, token_bytes: manifest.token_bytes };
        let ascending = (0..shard.count()).all(|document| shard.start(document) <= shard.start(document + 1));
        if !ascending || shard.start(shard.count()) != part.tokens as usize {
            return Err(Error::malformed(
                &path("index"),
                "its starts",
                "they do not fit the tokens; prepare again",
            ));
        }
        Ok(shard)
    }

    /// Documents.
    pub fn count(&self) -> usize {
        self.index.len() / ENTRY
    }

    /// Tokens of all documents.
    pub fn tokens(&self) -> usize {
        self.tokens.len() / self.token_bytes
    }

    /// Tokens of one document.
    pub fn length(&self, document: usize) -> usize {
        self.start(document + 1) - self.start(document)
    }

    /// Where a document starts among all tokens.
    pub fn start(&self, document: usize) -> usize {
        u64::from_le_bytes(self.bytes(document * ENTRY)) as usize
    }

    /// The place of a document's source in [`Manifest::tallies`].
    pub fn source(&self, document: usize) -> usize {
        u32::from_le_bytes(self.bytes(document * ENTRY + 8)) as usize
    }

    /// Whether a document was put into lower case.
    pub fn lowercased(&self, document: usize) -> bool {
        u32::from_le_bytes(self.bytes(document * ENTRY + 12)) & LOWERCASED != 0
    }

    /// Appends the tokens of one document, without a leading `</s>`.
    pub fn append(&self, document: usize, tokens: &mut Vec<u32>) {
        let range = self.start(document) * self.token_bytes..self.start(document + 1) * self.token_bytes;
        let bytes = &self.tokens[range];
        match self.token_bytes {
            2 => tokens.extend(bytes.as_chunks().0.iter().map(|pair| u32::from(u16::from_le_bytes(*pair)))),
            _ => tokens.extend(bytes.as_chunks().0.iter().map(|quad| u32::from_le_bytes(*quad))),
        }
    }

    fn bytes<const N: usize>(&self, at: usize) -> [u8; N] {
        self.index[at..].first_chunk().copied().unwrap_or([0; N])
    }
}

fn map(path: &Path, length: usize) -> Result<Mmap, Error> {
    let file = File::open(path).map_err(Error::read(path))?;
    // SAFETY: the map is only read, and shards are written once, under another name until they are whole. Should
    // another program shorten the file meanwhile, reading beyond its end would stop this program.
    #[expect(unsafe_code, reason = "mapping a file is unsafe by nature")]
    let map = unsafe { Mmap::map(&file) }.map_err(Error::read(path))?;
    if map.len() != length {
        let problem = format!("{} bytes where the manifest says {length}; prepare the data again", map.len());
        return Err(Error::malformed(path, "its length", problem));
    }
    Ok(map)
}

/// Writes one part, document by document.
pub(crate) struct Writer {
    part: Part,
    dir: PathBuf,
    tokens: BufWriter<File>,
    index: BufWriter<File>,
    token_bytes: usize,
    unknown: u32,
}

impl Writer {
    pub(crate) fn create(
        dir: &Path,
        stream: Stream,
        validation: bool,
        vocabulary: usize,
        unknown: u32,
    ) -> Result<Self, Error> {
        let create = |suffix: &str| {
            let path = dir.join(format!("{}.{suffix}.part", part_name(stream, validation)));
            File::create(&path).map(BufWriter::new).map_err(Error::write(&path))
        };
        let part = Part {
            stream,
            validation,
            documents: 0,
            words: 0,
            characters: 0,
            tokens: 0,
            unknown: 0,
            tokens_sha256: String::new(),
            index_sha256: String::new(),
        };
        let (tokens, index) = (create("tokens")?, create("index")?);
        Ok(Self { part, dir: dir.to_owned(), tokens, index, token_bytes: token_bytes(vocabulary), unknown })
    }

    pub(crate) fn push(&mut self, document: &Document, ids: &[u32]) -> Result<(), Error> {
        let mut entry = self.part.tokens.to_le_bytes().to_vec();
        entry.extend((document.source as u32).to_le_bytes());
        entry.extend((if document.lowercased { LOWERCASED } else { 0 }).to_le_bytes());
        let bytes: Vec<u8> = match self.token_bytes {
            2 => ids.iter().flat_map(|&id| (id as u16).to_le_bytes()).collect(),
            _ => ids.iter().flat_map(|&id| id.to_le_bytes()).collect(),
        };
        self.index.write_all(&entry).map_err(Error::write(&self.dir))?;
        self.tokens.write_all(&bytes).map_err(Error::write(&self.dir))?;
        self.part.documents += 1;
        self.part.words += document.text.split_whitespace().count() as u64;
        self.part.characters += document.text.chars().count() as u64;
        self.part.tokens += ids.len() as u64;
        self.part.unknown += ids.iter().filter(|&&id| id == self.unknown).count() as u64;
        Ok(())
    }

    pub(crate) fn finish(mut self) -> Result<Part, Error> {
        self.index.write_all(&self.part.tokens.to_le_bytes()).map_err(Error::write(&self.dir))?;
        self.index.flush().map_err(Error::write(&self.dir))?;
        self.tokens.flush().map_err(Error::write(&self.dir))?;
        let name = self.part.name();
        let publish = |suffix: &str| {
            let (from, to) =
                (self.dir.join(format!("{name}.{suffix}.part")), self.dir.join(format!("{name}.{suffix}")));
            std::fs::rename(&from, &to).map_err(Error::write(&to))?;
            manifest::sha256_of(&to)
        };
        self.part.tokens_sha256 = publish("tokens")?;
        self.part.index_sha256 = publish("index")?;
        Ok(self.part)
    }
}

pub(crate) const fn token_bytes(vocabulary: usize) -> usize {
    if vocabulary <= 1 << 16 { 2 } else { 4 }
}
