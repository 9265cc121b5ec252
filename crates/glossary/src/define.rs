//! What is known of a term.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;
use terms::words::{is_symbol, key};
use terms::{Dictionary, spellings_of};

use crate::FileError;
use crate::entry::Entry;
use crate::file::Glossary;

/// What sources say about a term.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Definitions {
    /// As it was asked for.
    pub term: String,
    /// The things that it may mean, those with a text first. More than one: the term is ambiguous.
    pub meanings: Vec<Meaning>,
    /// Where there is no text: names that are spelled almost like the term and have one, the nearest first, folded.
    pub near: Vec<String>,
}

/// One of the things that a term may mean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Meaning {
    /// As the best of its sources calls it; the term itself where no source has a text.
    pub name: String,
    /// `Chemical`, `Disease`, ... as the dictionary has it, else what a source says (`cell`); empty where none does.
    pub kind: String,
    /// Ids in the dictionaries and in the sources, `VOCABULARY:id`.
    pub ids: Vec<String>,
    /// What sources say, best first. Empty where only the dictionary knows the term.
    pub entries: Vec<Entry>,
}

impl Definitions {
    /// Whether there is a text.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.meanings.iter().any(|meaning| !meaning.entries.is_empty())
    }
}

/// Names offered instead of one that is not known.
const MOST_NEAR: usize = 6;
/// Names tried for that.
const MOST_TRIED: usize = 60;
/// What an entry loses whose source does not have the name that was asked for: names are linked by what vocabularies
/// share, and some of them mean more or less than others.
const OTHERWISE_NAMED: u8 = 20;

/// Looks a term up, through every name that the dictionaries know for what it may mean. The first glossaries go first.
/// Nothing is guessed: a term that neither dictionary nor glossary has gives no meaning.
///
/// # Errors
/// Where the file of a glossary or dictionary is damaged.
pub fn define(
    term: &str,
    dictionary: &Dictionary,
    glossaries: &[Arc<Glossary>],
) -> Result<Definitions, FileError> {
    let meanings = meanings(term, dictionary, glossaries)?;
    let known = meanings.iter().any(|meaning| !meaning.entries.is_empty());
    let near = if known { Vec::new() } else { near(term, dictionary, glossaries)? };
    Ok(Definitions { term: term.to_owned(), meanings, near })
}

fn meanings(
    term: &str,
    dictionary: &Dictionary,
    glossaries: &[Arc<Glossary>],
) -> Result<Vec<Meaning>, FileError> {
    let Some(asked) = key(term) else { return Ok(Vec::new()) };
    let mut groups: Vec<Group> = dictionary.meanings(term).into_iter().map(Group::of).collect();
    let mut direct = Vec::new();
    for glossary in glossaries {
        direct.push(entries_of(glossary, &asked)?);
    }
    // A source may have a name that no dictionary has ("cold"): what it calls the thing leads to the other names.
    for entry in direct.iter().flatten() {
        if groups.iter().all(|group| group.holds(entry, &asked).is_none()) {
            groups.extend(dictionary.meanings(&entry.term).into_iter().map(Group::of));
        }
    }
    groups = merged(groups);
    let mut loose: Vec<Group> = Vec::new();
    for (layer, (glossary, direct)) in glossaries.iter().zip(direct).enumerate() {
        for mut entry in candidates(glossary, &groups, direct)? {
            let best = groups.iter_mut().filter_map(|group| Some((group.holds(&entry, &asked)?, group)));
            // The first of equals: `max_by_key` gives the last one.
            let best = best.fold(None, |best: Option<(u32, &mut Group)>, new| match best {
                Some(best) if best.0 >= new.0 => Some(best),
                _ => Some(new),
            });
            match best {
                Some((score, group)) => {
                    let otherwise = score < ID && entry.named_as(&asked).is_none();
                    let otherwise = if otherwise { OTHERWISE_NAMED } else { 0 };
                    entry.rank = entry.rank.saturating_add(otherwise);
                    let found = if score < TERM { &mut group.by_synonym } else { &mut group.entries };
                    found.push((layer, entry));
                }
                None => {
                    let Some(name) = entry.named_as(&asked) else { continue };
                    let symbol = is_symbol(name) && !is_symbol(term.trim());
                    match loose.iter_mut().find(|group| group.resembles(&entry)) {
                        Some(group) => {
                            group.symbol &= symbol;
                            group.entries.push((layer, entry));
                        }
                        None => {
                            loose.push(Group { symbol, entries: vec![(layer, entry)], ..Group::default() })
                        }
                    }
                }
            }
        }
    }
    let mut groups: Vec<Group> = groups.into_iter().chain(loose).collect();
    for group in groups.iter_mut().filter(|group| group.entries.is_empty()) {
        group.entries = std::mem::take(&mut group.by_synonym);
    }
    groups.sort_by_key(|group| (group.entries.is_empty(), group.symbol));
    let mut meanings: Vec<Meaning> = Vec::new();
    for group in groups {
        let meaning = group.meaning(term, &asked);
        // What the dictionary lists under two ids that are not linked is one thing where it has no text of its own.
        let said = meanings.iter().any(|other| other.kind == meaning.kind);
        if !(meaning.entries.is_empty() && said) {
            meanings.push(meaning);
        }
    }
    Ok(meanings)
}

/// Concepts of different vocabularies that share two names, or one of several words, are one, also where the dictionary
/// could not link them. ("Depression" alone may be a symptom or a disorder.)
fn merged(groups: Vec<Group>) -> Vec<Group> {
    let mut merged: Vec<Group> = Vec::new();
    for group in groups {
        // Several texts may have led to the same concept.
        if !group.ids.is_empty()
            && merged.iter().any(|other| group.ids.iter().all(|id| other.ids.contains(id)))
        {
            continue;
        }
        let same = merged.iter_mut().find(|other| {
            other.kind == group.kind
                && other.shares_names(&group)
                && other.vocabularies().is_disjoint(&group.vocabularies())
        });
        match same {
            Some(other) => {
                other.ids.extend(group.ids);
                other.names.extend(group.names);
                other.symbol &= group.symbol;
            }
            None => merged.push(group),
        }
    }
    merged
}

/// Entries under a folded name, or else under another spelling of it.
fn entries_of(glossary: &Glossary, asked: &str) -> Result<Vec<Entry>, FileError> {
    for spelling in spellings_of(asked) {
        let numbers = glossary.numbers_of_name(&spelling)?;
        if !numbers.is_empty() {
            return glossary.entries(&numbers);
        }
    }
    Ok(Vec::new())
}

/// The entries that may belong to one of the groups, and those of the term itself.
fn candidates(glossary: &Glossary, groups: &[Group], direct: Vec<Entry>) -> Result<Vec<Entry>, FileError> {
    let mut numbers = BTreeSet::new();
    for group in groups {
        for id in &group.ids {
            numbers.extend(glossary.numbers_of_id(id)?);
        }
        for name in &group.names {
            numbers.extend(glossary.numbers_of_name(name)?);
        }
    }
    let mut entries = glossary.entries(&numbers.into_iter().collect::<Vec<_>>())?;
    let more: Vec<Entry> = direct.into_iter().filter(|entry| !entries.contains(entry)).collect();
    entries.extend(more);
    Ok(entries)
}

/// An entry shares its id with the group: beyond doubt.
const ID: u32 = 1000;
/// The group has the name under which the source has its text.
const TERM: u32 = 100;

/// A meaning that is being gathered.
#[derive(Debug, Default)]
struct Group {
    kind: String,
    ids: Vec<String>,
    names: BTreeSet<String>,
    symbol: bool,
    /// With the number of their glossary.
    entries: Vec<(usize, Entry)>,
    /// Entries whose sources have a name of this as a synonym only: they may be about more or less, and count where there is
    /// nothing else.
    by_synonym: Vec<(usize, Entry)>,
}

impl Group {
    fn of(meaning: terms::Meaning) -> Self {
        let ids = meaning.concepts.iter().filter(|id| !id.id.is_empty());
        Self {
            kind: meaning.kind.name().to_owned(),
            ids: ids.map(terms::Concept::joined).collect(),
            names: meaning.names.into_iter().collect(),
            symbol: meaning.symbol,
            ..Self::default()
        }
    }

    fn shares_names(&self, other: &Self) -> bool {
        let mut shared = self.names.intersection(&other.names);
        shared.clone().nth(1).is_some() || shared.any(|name| name.contains(' '))
    }

    fn vocabularies(&self) -> BTreeSet<&str> {
        self.ids.iter().map(|id| id.split(':').next().unwrap_or_default()).collect()
    }

    /// How sure it is that an entry is about this; `None` where nothing says so. That both have the name that was asked for
    /// is no sign where others have it, too.
    fn holds(&self, entry: &Entry, asked: &str) -> Option<u32> {
        if !entry.id.is_empty() && self.ids.contains(&entry.id) {
            return Some(ID);
        }
        let has = |name: &str| key(name).filter(|key| self.names.contains(key));
        let by_term = has(&entry.term).filter(|key| !self.symbol || key != asked);
        let others: BTreeSet<String> =
            entry.synonyms.iter().filter_map(|name| has(name)).filter(|key| key != asked).collect();
        let score = if by_term.is_some() { TERM } else { 0 } + others.len() as u32;
        (score > 0).then_some(score)
    }

    /// Whether an entry that no dictionary knows is about the same as these.
    fn resembles(&self, entry: &Entry) -> bool {
        self.entries.iter().any(|(_, other)| {
            key(&other.term) == key(&entry.term) || !entry.id.is_empty() && other.id == entry.id
        })
    }

    fn meaning(mut self, term: &str, asked: &str) -> Meaning {
        // How a substance is built says neither what it is for nor what it does.
        self.entries.sort_by_key(|(layer, entry)| (*layer, !entry.tells(), entry.rank));
        let mut entries: Vec<Entry> = Vec::new();
        for (_, entry) in self.entries {
            // Ontologies import each other's texts.
            if !entries.iter().any(|other| other.text == entry.text) {
                entries.push(entry);
            }
        }
        let called = entries.iter().find(|entry| key(&entry.term).as_deref() == Some(asked));
        let name = called.or(entries.first()).map_or(term.trim(), |entry| entry.term.as_str()).to_owned();
        let kind = match entries.first() {
            Some(entry) if self.kind.is_empty() => entry.kind.clone(),
            _ => self.kind,
        };
        for entry in &entries {
            if !entry.id.is_empty() && !self.ids.contains(&entry.id) {
                self.ids.push(entry.id.clone());
            }
        }
        Meaning { name, kind, ids: self.ids, entries }
    }
}

impl Entry {
    /// The name by which its source has what was asked for.
    fn named_as(&self, asked: &str) -> Option<&str> {
        let spellings = spellings_of(asked);
        let names = std::iter::once(&self.term).chain(&self.synonyms);
        names.map(String::as_str).find(|name| key(name).is_some_and(|name| spellings.contains(&name)))
    }
}

fn near(term: &str, dictionary: &Dictionary, glossaries: &[Arc<Glossary>]) -> Result<Vec<String>, FileError> {
    let Some(asked) = key(term) else { return Ok(Vec::new()) };
    let mut nearest: BTreeMap<String, u8> = BTreeMap::new();
    for layer in dictionary.layers() {
        nearest.extend(layer.near(&asked)?.into_iter().map(|(slips, name)| (name, slips)));
    }
    for glossary in glossaries {
        nearest.extend(glossary.near(&asked)?.into_iter().map(|(slips, name)| (name, slips)));
    }
    let mut tried: Vec<(u8, bool, String)> = nearest
        .into_iter()
        .map(|(name, slips)| (slips, name.chars().next() != asked.chars().next(), name))
        .collect();
    tried.sort();
    let mut near: Vec<String> = Vec::new();
    for (_, _, name) in tried.into_iter().take(MOST_TRIED) {
        if near.len() == MOST_NEAR {
            break;
        }
        if meanings(&name, dictionary, glossaries)?.iter().any(|meaning| !meaning.entries.is_empty()) {
            near.push(name);
        }
    }
    Ok(near)
}
