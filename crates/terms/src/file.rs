//! The dictionary's file, a [`Container`] of these sections:
//!
//! ```text
//! about        text     where the names come from
//! names        fst      folded name -> its rank
//! postings     3 bytes per name: its concept, or where its list of concepts begins
//! lists        a count and 3 bytes per concept
//! concepts     ids, sorted by kind
//! links        pairs of 3 bytes: a concept and the same in the first vocabulary, sorted
//! ```

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::OnceLock;

use crate::concepts::{Concept, Kind, Table};
use crate::container::{Container, FileError, Format, Section};
use crate::names::{self, Entry};

static FORMAT: Format = Format {
    magic: b"OSLTERMS",
    version: 1,
    what: "dictionary",
    made_by: "osler-cli terms build",
    sections: 6,
};
const ABOUT: usize = 0;
const NAMES: usize = 1;
const POSTINGS: usize = 2;
const LISTS: usize = 3;
const CONCEPTS: usize = 4;
const LINKS: usize = 5;

/// One dictionary.
pub struct Terms {
    names: fst::raw::Fst<Section>,
    file: Container,
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
        Self::read(Container::open(&FORMAT, path)?)
    }

    /// A dictionary in memory, such as one that is part of the program.
    ///
    /// # Errors
    /// Where it is not a sound dictionary of this version.
    pub fn from_bytes(bytes: impl Into<Cow<'static, [u8]>>) -> Result<Self, FileError> {
        Self::read(Container::from_bytes(&FORMAT, bytes)?)
    }

    fn read(file: Container) -> Result<Self, FileError> {
        let names = file.automaton(NAMES)?;
        Table::new(file.section(CONCEPTS)).ok_or_else(|| file.damaged())?;
        Ok(Self { names, file, index: OnceLock::new() })
    }

    /// Where the names come from, with the attribution that their sources ask for.
    #[must_use]
    pub fn about(&self) -> &str {
        self.file.text(ABOUT)
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
        names::read(rank, self.file.section(POSTINGS), self.file.section(LISTS))
    }

    fn table(&self) -> Option<Table<'_>> {
        Table::new(self.file.section(CONCEPTS))
    }

    pub(crate) fn concept(&self, number: u32) -> Option<Concept> {
        self.table()?.get(number as usize)
    }

    fn links(&self) -> impl Iterator<Item = (u32, u32)> {
        self.file
            .section(LINKS)
            .chunks_exact(6)
            .filter_map(|pair| Some((names::triple(pair, 0)?, names::triple(pair, 3)?)))
    }

    /// The number of a concept in the first vocabulary that means the same, or else its own, and the concepts of all
    /// vocabularies that do, that one first.
    pub(crate) fn same(&self, number: u32) -> (u32, Vec<Concept>) {
        let first = self.linked(number).unwrap_or(number);
        let others = self.links().filter(|(_, to)| *to == first).map(|(from, _)| from);
        (first, std::iter::once(first).chain(others).filter_map(|number| self.concept(number)).collect())
    }

    /// Names that are spelled almost like the given one, folded, with the number of slips: see [`crate::near`].
    ///
    /// # Errors
    /// Where the file is damaged.
    pub fn near(&self, name: &str) -> Result<Vec<(u8, String)>, FileError> {
        self.file.sound(|| crate::near(&self.names, name))
    }

    /// The same concept in the first vocabulary.
    pub(crate) fn linked(&self, number: u32) -> Option<u32> {
        let links = self.file.section(LINKS);
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
        FORMAT.to_bytes(&[
            self.about.as_bytes(),
            &self.names,
            &self.postings,
            &self.lists,
            &self.concepts,
            &self.links,
        ])
    }
}
