//! Making a glossary from statements.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use flate2::Compression;
use flate2::write::DeflateEncoder;
use terms::words::key;

use crate::entry::{Entry, Source, number};
use crate::file::{FORMAT, LONGEST_BLOCK, MOST_OF_ONE_NAME};

/// Longer names are looked up by nobody.
const LONGEST_NAME: usize = 80;
/// A block is closed when it has so many bytes: a look-up unpacks that much, and smaller ones pack worse.
const BLOCK: usize = 12 << 10;

/// Collects statements and writes the file.
#[derive(Debug, Default)]
pub struct Builder {
    about: String,
    entries: Vec<Entry>,
    skipped: usize,
}

/// What a glossary was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Texts.
    pub entries: usize,
    /// Distinct folded names by which they are found.
    pub names: usize,
    /// Statements left out: without a name or a text, too long, said before.
    pub skipped: usize,
}

impl Builder {
    /// A glossary without entries. `about` says where the texts come from, with the attribution that their sources ask for.
    #[must_use]
    pub fn new(about: &str) -> Self {
        Self { about: about.to_owned(), ..Self::default() }
    }

    /// Adds what a source says. The text is kept as it is.
    pub fn add(&mut self, statement: Entry) {
        let size = statement.text.len() + statement.synonyms.iter().map(String::len).sum::<usize>();
        if key(&statement.term).is_none() || statement.text.trim().is_empty() || size > LONGEST_BLOCK / 4 {
            self.skipped += 1;
        } else {
            self.entries.push(statement);
        }
    }

    /// Writes the file. The same statements give the same bytes, whatever their order.
    ///
    /// # Errors
    /// Where the statements do not fit in a file (4 GiB).
    pub fn finish(mut self) -> io::Result<(Vec<u8>, Summary)> {
        // Similar texts are neighbors, which compresses better.
        self.entries.sort_by(|a, b| {
            let of = |e: &Entry| (e.source.clone(), e.nature, e.id.clone(), e.term.clone(), e.text.clone());
            of(a).cmp(&of(b)).then_with(|| a.document.cmp(&b.document))
        });
        let before = self.entries.len();
        self.entries.dedup_by(|a, b| {
            (&a.source, &a.id, &a.term, &a.text, &a.document)
                == (&b.source, &b.id, &b.term, &b.text, &b.document)
        });
        self.skipped += before - self.entries.len();
        let sources: BTreeSet<&Source> = self.entries.iter().map(|entry| &entry.source).collect();
        let place: BTreeMap<&Source, usize> = sources.iter().copied().zip(0..).collect();

        let (mut blocks, mut index) = (Vec::new(), Vec::new());
        let mut names: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        let mut ids: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
        let (mut block, mut first) = (Vec::new(), 0);
        for (at, entry) in self.entries.iter().enumerate() {
            entry.write(place[&entry.source], &mut block);
            for name in std::iter::once(&entry.term).chain(&entry.synonyms) {
                if let Some(key) = key(name).filter(|key| key.len() <= LONGEST_NAME) {
                    names.entry(key).or_default().insert(at);
                }
            }
            if !entry.id.is_empty() {
                ids.entry(&entry.id).or_default().insert(at);
            }
            if block.len() >= BLOCK || at + 1 == self.entries.len() {
                let packed = packed(&block)?;
                for number in [blocks.len(), packed.len(), block.len(), first] {
                    index.extend(fitting(number)?.to_le_bytes());
                }
                blocks.extend(packed);
                block.clear();
                first = at + 1;
            }
        }
        let mut lists = Vec::new();
        let summary = Summary { entries: self.entries.len(), names: names.len(), skipped: self.skipped };
        let names = automaton(names, &mut lists)?;
        let ids = automaton(ids, &mut lists)?;
        let sources = serde_json::to_vec(&sources)?;
        fitting(blocks.len() + names.len() + ids.len() + lists.len())?;
        let bytes =
            FORMAT.to_bytes(&[self.about.as_bytes(), &sources, &names, &ids, &lists, &index, &blocks]);
        Ok((bytes, summary))
    }
}

fn packed(block: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(block)?;
    encoder.finish()
}

fn automaton<K: AsRef<[u8]>>(
    lists_of: BTreeMap<K, BTreeSet<usize>>,
    lists: &mut Vec<u8>,
) -> io::Result<Vec<u8>> {
    let mut builder = fst::MapBuilder::memory();
    // Names with the same entries share their list, so that the automaton can share its ends.
    let mut known: BTreeMap<Vec<u8>, u64> = BTreeMap::new();
    for (name, entries) in lists_of {
        let mut list = Vec::new();
        number(entries.len().min(MOST_OF_ONE_NAME) as u64, &mut list);
        let mut last = 0;
        for entry in entries.into_iter().take(MOST_OF_ONE_NAME) {
            number((entry - last) as u64, &mut list);
            last = entry;
        }
        let at = *known.entry(list).or_insert_with_key(|list| {
            let at = lists.len() as u64;
            lists.extend(list);
            at
        });
        builder.insert(name, at).map_err(io::Error::other)?;
    }
    builder.into_inner().map_err(io::Error::other)
}

fn fitting(number: usize) -> io::Result<u32> {
    u32::try_from(number).map_err(|_| io::Error::other("there are more texts than a glossary can hold"))
}
