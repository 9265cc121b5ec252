//! The dictionary's file: a header, then sections, all little-endian.
//!
//! ```text
//! magic        8 bytes  "OSLTERMS"
//! version      u32
//! checksum     u32      CRC-32 of everything after it
//! sections     6 x u32  their lengths, in the order below
//! about        text     where the names come from
//! names        fst      folded name -> its rank
//! postings     3 bytes per name: its concept, or where its list of concepts begins
//! lists        a count and 3 bytes per concept
//! concepts     ids, sorted by kind
//! links        pairs of 3 bytes: a concept and the same in the first vocabulary, sorted
//! ```

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs::File;
use std::ops::{Deref, Range};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use memmap2::Mmap;
use thiserror::Error;

use crate::concepts::{Concept, Kind, Table};
use crate::names::{self, Entry};

const MAGIC: &[u8; 8] = b"OSLTERMS";
const VERSION: u32 = 1;
const SECTIONS: usize = 6;
const HEADER: usize = 16 + SECTIONS * 4;

/// Why a dictionary cannot be used.
#[derive(Debug, Error)]
pub enum FileError {
    /// The file cannot be opened or read.
    #[error("the dictionary {} cannot be read: {source}. Check that the file is there and that you may read it.", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It is another kind of file.
    #[error(
        "{name} is not a dictionary made by Osler. Dictionaries are made from tables with `osler-cli terms build`."
    )]
    NotADictionary {
        /// The file or what stands for it.
        name: String,
    },
    /// It was made by another version.
    #[error(
        "{name} has dictionary version {found}, this program reads version {VERSION}. Build it again with `osler-cli terms build`."
    )]
    Version {
        /// The file or what stands for it.
        name: String,
        /// Its version.
        found: u32,
    },
    /// Its content does not agree with its checksum.
    #[error(
        "{name} is damaged. Copy it again from where it came, or build it again with `osler-cli terms build`."
    )]
    Damaged {
        /// The file or what stands for it.
        name: String,
    },
}

/// One dictionary.
pub struct Terms {
    names: fst::raw::Fst<Section>,
    bytes: Bytes,
    about: Range<usize>,
    postings: Range<usize>,
    lists: Range<usize>,
    concepts: Range<usize>,
    links: Range<usize>,
    /// Number of a concept and rank of a name, sorted.
    index: OnceLock<Vec<(u32, u32)>>,
}

impl std::fmt::Debug for Terms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Terms")
            .field("about", &self.about())
            .field("names", &self.len())
            .finish_non_exhaustive()
    }
}

impl Terms {
    /// Maps a dictionary file into memory. The file must not be changed while it is in use.
    ///
    /// # Errors
    /// Where it cannot be read or is not a sound dictionary of this version.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let read = |source| FileError::Read { path: path.to_owned(), source };
        let file = File::open(path).map_err(read)?;
        // SAFETY: the map is only read. That nobody truncates the file meanwhile is asked for in the documentation; the
        // app's own dictionaries are in a folder that only it writes, and it replaces them by renaming.
        #[allow(unsafe_code, reason = "mapping a file is unsafe by nature")]
        let map = unsafe { Mmap::map(&file) }.map_err(read)?;
        Self::read(Bytes::Map(Arc::new(map)), &path.display().to_string())
    }

    /// A dictionary in memory, such as one that is part of the program.
    ///
    /// # Errors
    /// Where it is not a sound dictionary of this version.
    pub fn from_bytes(bytes: impl Into<Cow<'static, [u8]>>) -> Result<Self, FileError> {
        let bytes = match bytes.into() {
            Cow::Borrowed(bytes) => Bytes::Static(bytes),
            Cow::Owned(bytes) => Bytes::Owned(bytes.into()),
        };
        Self::read(bytes, "the dictionary in memory")
    }

    fn read(bytes: Bytes, name: &str) -> Result<Self, FileError> {
        let not = || FileError::NotADictionary { name: name.to_owned() };
        let damaged = || FileError::Damaged { name: name.to_owned() };
        let word =
            |at: usize| -> Option<u32> { Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?)) };
        if !bytes.starts_with(MAGIC) {
            return Err(not());
        }
        let found = word(8).ok_or_else(not)?;
        if found != VERSION {
            return Err(FileError::Version { name: name.to_owned(), found });
        }
        let checksum = word(12).ok_or_else(damaged)?;
        if bytes.get(16..).map(checksum_of) != Some(checksum) {
            return Err(damaged());
        }
        let mut at = HEADER;
        let mut sections: [Range<usize>; SECTIONS] = Default::default();
        for (index, section) in sections.iter_mut().enumerate() {
            let length = word(16 + index * 4).ok_or_else(damaged)? as usize;
            *section = at..at + length;
            at += length;
        }
        if at != bytes.len() {
            return Err(damaged());
        }
        let [about, names, postings, lists, concepts, links] = sections;
        let names =
            fst::raw::Fst::new(Section { bytes: bytes.clone(), range: names }).map_err(|_| damaged())?;
        Table::new(&bytes[concepts.clone()]).ok_or_else(damaged)?;
        Ok(Self { names, bytes, about, postings, lists, concepts, links, index: OnceLock::new() })
    }

    /// Where the names come from, with the attribution that their sources ask for.
    #[must_use]
    pub fn about(&self) -> &str {
        std::str::from_utf8(&self.bytes[self.about.clone()]).unwrap_or_default()
    }

    /// Number of distinct folded names.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is no name in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// All names of a concept, folded (lower case), in alphabetical order; those of concepts that are linked to it, too.
    /// The first call makes an index over all names (some hundredths of a second, some megabytes).
    #[must_use]
    pub fn names_of(&self, concept: &Concept) -> Vec<String> {
        let Some(number) = self.table().and_then(|table| table.find(concept)) else { return Vec::new() };
        let linked = self.links().filter(|(_, to)| *to == number).map(|(from, _)| from);
        let index = self.ranks_by_concept();
        let ranks_of = |number: u32| {
            let from = index.partition_point(|(other, _)| *other < number);
            index[from..].iter().take_while(move |(other, _)| *other == number).map(|(_, rank)| *rank)
        };
        let ranks: BTreeSet<u32> = linked.chain([number]).flat_map(ranks_of).collect();
        let name = |rank: &u32| String::from_utf8(self.names.get_key(u64::from(*rank))?).ok();
        ranks.iter().filter_map(name).collect()
    }

    /// The names of each concept of a kind, folded, concept by concept; those of linked concepts stand apart.
    #[must_use]
    pub fn concepts_of(&self, kind: Kind) -> Vec<Vec<String>> {
        let name = |rank: u32| String::from_utf8(self.names.get_key(u64::from(rank))?).ok();
        self.ranks_by_concept()
            .chunk_by(|(one, _), (other, _)| one == other)
            .filter(|entries| self.concept(entries[0].0).is_some_and(|concept| concept.kind == kind))
            .map(|entries| entries.iter().filter_map(|(_, rank)| name(*rank)).collect())
            .collect()
    }

    /// Concept and rank of a name, sorted: made at the first call.
    fn ranks_by_concept(&self) -> &[(u32, u32)] {
        self.index.get_or_init(|| {
            let ranks = 0..self.names.len() as u32;
            let entries = ranks.flat_map(|rank| {
                self.entries(u64::from(rank)).into_iter().map(move |entry| (entry.concept, rank))
            });
            let mut index: Vec<(u32, u32)> = entries.collect();
            index.sort_unstable();
            index
        })
    }

    pub(crate) fn automaton(&self) -> &fst::raw::Fst<Section> {
        &self.names
    }

    pub(crate) fn entries(&self, rank: u64) -> Vec<Entry> {
        names::read(rank, &self.bytes[self.postings.clone()], &self.bytes[self.lists.clone()])
    }

    fn table(&self) -> Option<Table<'_>> {
        Table::new(&self.bytes[self.concepts.clone()])
    }

    pub(crate) fn concept(&self, number: u32) -> Option<Concept> {
        self.table()?.get(number as usize)
    }

    fn links(&self) -> impl Iterator<Item = (u32, u32)> {
        self.bytes[self.links.clone()]
            .chunks_exact(6)
            .filter_map(|pair| Some((names::triple(pair, 0)?, names::triple(pair, 3)?)))
    }

    /// The same concept in the first vocabulary.
    pub(crate) fn linked(&self, number: u32) -> Option<u32> {
        let links = &self.bytes[self.links.clone()];
        let (mut low, mut high) = (0, links.len() / 6);
        while low < high {
            let middle = (low + high) / 2;
            match names::triple(links, middle * 6)?.cmp(&number) {
                std::cmp::Ordering::Equal => return names::triple(links, middle * 6 + 3),
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        None
    }
}

/// The sections of a file that is to be written.
pub(crate) struct Content {
    pub about: String,
    pub names: Vec<u8>,
    pub postings: Vec<u8>,
    pub lists: Vec<u8>,
    pub concepts: Vec<u8>,
    pub links: Vec<u8>,
}

impl Content {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let sections: [&[u8]; SECTIONS] =
            [self.about.as_bytes(), &self.names, &self.postings, &self.lists, &self.concepts, &self.links];
        let mut body = Vec::new();
        for section in sections {
            body.extend((section.len() as u32).to_le_bytes());
        }
        for section in sections {
            body.extend(section);
        }
        let mut bytes = Vec::with_capacity(16 + body.len());
        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_le_bytes());
        bytes.extend(checksum_of(&body).to_le_bytes());
        bytes.extend(body);
        bytes
    }
}

fn checksum_of(bytes: &[u8]) -> u32 {
    crc32fast::hash(bytes)
}

#[derive(Clone)]
enum Bytes {
    Static(&'static [u8]),
    Owned(Arc<[u8]>),
    Map(Arc<Mmap>),
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Static(bytes) => bytes,
            Self::Owned(bytes) => bytes,
            Self::Map(map) => map,
        }
    }
}

/// A part of the file that the automaton reads.
pub(crate) struct Section {
    bytes: Bytes,
    range: Range<usize>,
}

impl AsRef<[u8]> for Section {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[self.range.clone()]
    }
}
