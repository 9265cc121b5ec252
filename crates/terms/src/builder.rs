//! Making a dictionary from names.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::concepts::{self, Kind};
use crate::file::Content;
use crate::linking::{Names, links};
use crate::names::{self, Entry};
use crate::rows::Row;
use crate::variants::variants;
use crate::words::{is_symbol, key};

/// Collects rows and writes the file.
#[derive(Debug, Default)]
pub struct Builder {
    about: String,
    names: Names,
    skipped: usize,
    stop_names: Option<HashSet<String>>,
}

/// What a dictionary was made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Distinct folded names.
    pub names: usize,
    /// Distinct ids.
    pub concepts: usize,
    /// Ids of other vocabularies that were found to be the same as one of MeSH.
    pub linked: usize,
    /// Rows left out: too short or long, common words, without a word.
    pub skipped: usize,
}

/// Longer names are not found in texts but in registries.
const LONGEST_NAME: usize = 80;

impl Builder {
    /// A dictionary that takes every name as it is given. `about` says where the names come from, with the attribution
    /// that their sources ask for.
    #[must_use]
    pub fn new(about: &str) -> Self {
        Self { about: about.to_owned(), ..Self::default() }
    }

    /// A dictionary of names from large terminologies, fitted to texts: without what is almost never meant there (common
    /// words, modifiers, names of one or two characters, symbols of vocabularies that are not known for them), and with
    /// everyday names that terminologies list under other words.
    #[must_use]
    pub fn of_terminologies(about: &str) -> Self {
        let mut builder = Self::new(about);
        let stop_names = lines(include_str!("../data/stopnames.txt")).flat_map(|line| line.split(','));
        builder.stop_names = Some(stop_names.filter_map(key).collect());
        for line in lines(include_str!("../data/supplement.txt")) {
            let mut cells = line.split('\t');
            let (Some(id), Some(kind), Some(names)) = (cells.next(), cells.next(), cells.next()) else {
                continue;
            };
            for name in names.split(',').flat_map(|pattern| expand(pattern.trim())) {
                if let Some(key) = key(&name) {
                    let kind = Kind::of_type(kind);
                    builder.names.entry(key).or_default().insert((kind, id.to_owned(), false));
                }
            }
        }
        builder
    }

    /// Adds a name. A name with commas is added in its natural order, too (`Neoplasms, Lung`: `Lung Neoplasms`).
    pub fn add(&mut self, row: &Row) {
        let natural: Vec<&str> = row.name.rsplit(", ").collect();
        let mut added = self.add_form(&row.name, row);
        if natural.len() > 1 && natural.iter().all(|part| part.len() > 2) {
            added |= self.add_form(&natural.join(" "), row);
        }
        if let (Kind::Chemical, Some(_), Some(stem)) =
            (row.kind, &self.stop_names, row.name.to_lowercase().strip_suffix("ic acid"))
        {
            self.add_form(&format!("{stem}ate"), row);
        }
        self.skipped += usize::from(!added);
    }

    fn add_form(&mut self, name: &str, row: &Row) -> bool {
        // `End stage renal disease (ESRD)` is a name and its abbreviation.
        if let Some((name, rest)) = name.rsplit_once(" (")
            && rest.strip_suffix(')').is_some_and(|short| is_symbol(short) || short.contains(' '))
        {
            return self.add_form(name, row);
        }
        let Some(key) = key(name) else { return false };
        let id = row.id.as_str();
        if key.len() > LONGEST_NAME || id.len() > concepts::LONGEST_ID || self.is_common(&key, name, id) {
            return false;
        }
        self.names.entry(key).or_default().insert((row.kind, id.to_owned(), is_symbol(name)));
        true
    }

    fn is_common(&self, key: &str, name: &str, id: &str) -> bool {
        let Some(stop_names) = &self.stop_names else {
            return false;
        };
        let known_for_symbols = SYMBOL_VOCABULARIES.iter().any(|vocabulary| id.starts_with(vocabulary));
        key.chars().count() <= 2
            || is_symbol(name) && !known_for_symbols
            || variants(key).iter().any(|variant| stop_names.contains(variant))
    }

    /// Writes the file. Names of the same thing in another vocabulary than MeSH are linked to MeSH where most of the
    /// names that both share say so.
    ///
    /// Returns `None` if there are more names or concepts than the format can hold (4 million).
    #[must_use]
    pub fn finish(self) -> Option<(Vec<u8>, Summary)> {
        let concepts: BTreeSet<(Kind, String)> =
            self.names.values().flatten().map(|(kind, id, _)| (*kind, id.clone())).collect();
        let concepts: Vec<(Kind, String)> = concepts.into_iter().collect();
        if concepts.len() > names::MOST {
            return None;
        }
        let number: HashMap<(Kind, &str), u32> =
            concepts.iter().zip(0..).map(|((kind, id), number)| ((*kind, id.as_str()), number)).collect();
        let links = links(&self.names);

        let mut automaton = fst::raw::Builder::memory();
        let (mut postings, mut lists) = (Vec::new(), Vec::new());
        for (rank, (name, ids)) in self.names.iter().enumerate() {
            automaton.insert(name, rank as u64).ok()?;
            let mut entries: Vec<Entry> = Vec::new();
            for (kind, id, symbol) in ids {
                let concept = *number.get(&(*kind, id.as_str()))?;
                // `false` sorts first: a concept that has the name as a word, too, is not bound to capitals.
                if entries.last().is_none_or(|last| last.concept != concept) {
                    entries.push(Entry { concept, symbol: *symbol });
                }
            }
            entries.truncate(names::MOST_OF_ONE_NAME);
            names::write(&entries, &mut postings, &mut lists)?;
        }
        let mut pairs: Vec<(u32, u32)> =
            links.iter().filter_map(|(from, to)| Some((*number.get(from)?, *number.get(to)?))).collect();
        pairs.sort_unstable();
        let summary = Summary {
            names: self.names.len(),
            concepts: concepts.len(),
            linked: pairs.len(),
            skipped: self.skipped,
        };
        let mut table = Vec::new();
        concepts::write(&concepts, &mut table);
        let content = Content {
            about: self.about,
            names: automaton.into_inner().ok()?,
            postings,
            lists,
            concepts: table,
            links: pairs
                .iter()
                .flat_map(|(from, to)| [from.to_le_bytes(), to.to_le_bytes()])
                .flat_map(|bytes| [bytes[0], bytes[1], bytes[2]])
                .collect(),
        };
        Some((content.to_bytes(), summary))
    }
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'))
}

/// `a|b c|d`: every choice of each word.
fn expand(pattern: &str) -> Vec<String> {
    pattern.split(' ').fold(vec![String::new()], |names, word| {
        let longer = |name: &String, choice: &str| {
            if name.is_empty() { choice.to_owned() } else { format!("{name} {choice}") }
        };
        names.iter().flat_map(|name| word.split('|').map(move |choice| longer(name, choice))).collect()
    })
}

/// The vocabularies whose short symbols mean what they say. In 500 abstracts (BC5CDR, training part) the symbols of three
/// and four letters that only MONDO, ChEBI or UNII have were wrong 130 times of 150, those of MeSH 10 times of 200.
const SYMBOL_VOCABULARIES: [&str; 3] = ["MESH:", "HGNC:", "HP:"];
