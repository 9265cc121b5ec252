//! The glossary's file, a [`Container`] of these sections:
//!
//! ```text
//! about     text        where the texts come from, with the attribution that their sources ask for
//! sources   JSON        a list of name, release and licence
//! names     fst         folded name -> where its list begins in `lists`
//! ids       fst         id of a source -> where its list begins in `lists`
//! lists     numbers     how many entries, then each as its distance from the one before it
//! index     4 x u32     per block: where it begins in `blocks`, its packed and unpacked length, its first entry
//! blocks    deflate     entries, one after the other
//! ```
//!
//! Numbers in `lists` and entries have seven bits a byte. A block is unpacked as a whole for any of its entries, so it is
//! small.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use flate2::read::DeflateDecoder;
use terms::container::{Container, FileError, Format, Section};
use terms::words::key;

use crate::entry::{Entry, Source, read_number};

pub(crate) static FORMAT: Format = Format {
    magic: b"OSLGLOSS",
    version: 1,
    what: "glossary",
    made_by: "osler-cli glossary build",
    sections: 7,
};
const ABOUT: usize = 0;
const SOURCES: usize = 1;
const NAMES: usize = 2;
const IDS: usize = 3;
const LISTS: usize = 4;
const INDEX: usize = 5;
const BLOCKS: usize = 6;

/// No block is longer: what says that it is was not written by the builder.
pub(crate) const LONGEST_BLOCK: usize = 1 << 20;
/// Entries that one name or id can have.
pub(crate) const MOST_OF_ONE_NAME: usize = 1000;

/// One glossary.
pub struct Glossary {
    file: Container,
    sources: Vec<Source>,
    names: fst::raw::Fst<Section>,
    ids: fst::raw::Fst<Section>,
    blocks: Vec<Block>,
}

#[derive(Debug, Clone, Copy)]
struct Block {
    at: usize,
    packed: usize,
    unpacked: usize,
    first: usize,
}

impl std::fmt::Debug for Glossary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Glossary")
            .field("about", &self.about())
            .field("names", &self.names.len())
            .finish_non_exhaustive()
    }
}

impl Glossary {
    /// Maps a glossary file into memory. The file must not be changed while it is in use.
    ///
    /// # Errors
    /// Where it cannot be read or is not a sound glossary of this version.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        Self::read(Container::open(&FORMAT, path)?)
    }

    /// A glossary in memory.
    ///
    /// # Errors
    /// Where it is not a sound glossary of this version.
    pub fn from_bytes(bytes: impl Into<Cow<'static, [u8]>>) -> Result<Self, FileError> {
        Self::read(Container::from_bytes(&FORMAT, bytes)?)
    }

    fn read(file: Container) -> Result<Self, FileError> {
        let sources = serde_json::from_slice(file.section(SOURCES)).map_err(|_| file.damaged())?;
        let (names, ids) = (file.automaton(NAMES)?, file.automaton(IDS)?);
        let mut blocks: Vec<Block> = Vec::new();
        let (index, rest) = file.section(INDEX).as_chunks::<16>();
        for entry in index {
            let word = |at: usize| {
                entry[at..at + 4].iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte))
            };
            let block = Block { at: word(0), packed: word(4), unpacked: word(8), first: word(12) };
            let ordered = blocks.last().map_or(block.first == 0, |last| last.first < block.first);
            if block.unpacked > LONGEST_BLOCK || !ordered {
                return Err(file.damaged());
            }
            blocks.push(block);
        }
        if !rest.is_empty() {
            return Err(file.damaged());
        }
        Ok(Self { file, sources, names, ids, blocks })
    }

    /// Where the texts come from, with the attribution that their sources ask for.
    #[must_use]
    pub fn about(&self) -> &str {
        self.file.text(ABOUT)
    }

    /// The sources of its texts.
    #[must_use]
    pub fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// What is said about a name, best first. Case, dashes, accents and Greek letters make no difference.
    ///
    /// # Errors
    /// Where the file is damaged.
    pub fn named(&self, name: &str) -> Result<Vec<Entry>, FileError> {
        self.entries(&key(name).map_or(Ok(Vec::new()), |key| self.numbers_of_name(&key))?)
    }

    /// What is said under an id of its source (`DOID:8469`), best first.
    ///
    /// # Errors
    /// Where the file is damaged.
    pub fn of_id(&self, id: &str) -> Result<Vec<Entry>, FileError> {
        self.entries(&self.numbers_of_id(id)?)
    }

    /// All entries, in the order of the file. A damaged block ends them with its error.
    pub fn all(&self) -> impl Iterator<Item = Result<Entry, FileError>> {
        self.blocks.iter().flat_map(|block| match self.of_block(*block) {
            Some(entries) => entries.into_iter().map(Ok).collect(),
            None => vec![Err(self.file.damaged())],
        })
    }

    fn of_block(&self, block: Block) -> Option<Vec<Entry>> {
        let bytes = self.unpacked(block)?;
        let mut rest = bytes.as_slice();
        let mut entries = Vec::new();
        while !rest.is_empty() {
            entries.push(Entry::read(&mut rest, &self.sources)?);
        }
        Some(entries)
    }

    /// Names that are spelled almost like the given one, folded, with the number of slips: see [`terms::near`].
    ///
    /// # Errors
    /// Where the file is damaged.
    pub fn near(&self, name: &str) -> Result<Vec<(u8, String)>, FileError> {
        self.file.sound(|| terms::near(&self.names, name))
    }

    /// Numbers of the entries of a folded name.
    pub(crate) fn numbers_of_name(&self, key: &str) -> Result<Vec<usize>, FileError> {
        self.list(self.file.sound(|| self.names.get(key))?)
    }

    /// Numbers of the entries of an id.
    pub(crate) fn numbers_of_id(&self, id: &str) -> Result<Vec<usize>, FileError> {
        self.list(self.file.sound(|| self.ids.get(id))?)
    }

    fn list(&self, at: Option<fst::raw::Output>) -> Result<Vec<usize>, FileError> {
        let Some(at) = at else { return Ok(Vec::new()) };
        let numbers = || {
            let mut bytes = self.file.section(LISTS).get(usize::try_from(at.value()).ok()?..)?;
            let count = usize::try_from(read_number(&mut bytes)?).ok()?;
            let mut numbers = Vec::new();
            let mut last = 0;
            for _ in 0..count.min(MOST_OF_ONE_NAME) {
                last += usize::try_from(read_number(&mut bytes)?).ok()?;
                numbers.push(last);
            }
            Some(numbers)
        };
        numbers().ok_or_else(|| self.file.damaged())
    }

    /// The entries of these numbers, best first.
    pub(crate) fn entries(&self, numbers: &[usize]) -> Result<Vec<Entry>, FileError> {
        let mut by_block: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for number in numbers {
            let block = self.blocks.partition_point(|block| block.first <= *number);
            by_block
                .entry(block.checked_sub(1).ok_or_else(|| self.file.damaged())?)
                .or_default()
                .push(*number);
        }
        let mut found = Vec::new();
        for (block, numbers) in by_block {
            let block = self.blocks[block];
            let bytes = self.unpacked(block).ok_or_else(|| self.file.damaged())?;
            let mut rest = bytes.as_slice();
            let last = numbers.iter().max().copied().unwrap_or_default();
            for number in block.first..=last {
                let entry = Entry::read(&mut rest, &self.sources).ok_or_else(|| self.file.damaged())?;
                if numbers.contains(&number) {
                    found.push(entry);
                }
            }
        }
        found.sort_by_key(|entry| entry.rank);
        Ok(found)
    }

    fn unpacked(&self, block: Block) -> Option<Vec<u8>> {
        let packed = self.file.section(BLOCKS).get(block.at..block.at.checked_add(block.packed)?)?;
        let mut bytes = Vec::new();
        DeflateDecoder::new(packed).take(block.unpacked as u64 + 1).read_to_end(&mut bytes).ok()?;
        (bytes.len() == block.unpacked).then_some(bytes)
    }
}
