//! Finding the names of a dictionary in a text.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use crate::concepts::{Concept, Kind};
use crate::file::Terms;
use crate::names::Entry;
use crate::variants::variants;
use crate::words::{Word, closing_brackets, fold, is_written_as_symbol, words};

/// How a stretch of text agrees with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Grade {
    /// Letter by letter, case aside.
    Exact,
    /// In another number, spelling, spacing or dash.
    Variant,
}

/// A name found in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// Where, in bytes; on word boundaries.
    pub range: Range<usize>,
    /// What it names.
    pub kind: Kind,
    /// How it agrees.
    pub grade: Grade,
    /// The ids it may stand for, MeSH first; more than one where the name is ambiguous or is in several vocabularies.
    pub concepts: Vec<Concept>,
}

/// Dictionaries that are searched together. The first ones go first where a name is in several.
#[derive(Debug, Clone, Default)]
pub struct Dictionary {
    layers: Vec<Arc<Terms>>,
}

/// Longer names than this are not looked for, in words.
const MOST_WORDS: usize = 12;

impl Dictionary {
    /// The given dictionaries, the most trusted one first.
    #[must_use]
    pub fn new(layers: Vec<Arc<Terms>>) -> Self {
        Self { layers }
    }

    /// The dictionaries in it.
    #[must_use]
    pub fn layers(&self) -> &[Arc<Terms>] {
        &self.layers
    }

    /// For each kind, the longest names from left to right; those of one kind do not overlap. A name does not reach over
    /// an empty line.
    #[must_use]
    pub fn find(&self, text: &str) -> Vec<Match> {
        let words = words(text);
        let mut found: Vec<Match> = Vec::new();
        let mut ends: BTreeMap<Kind, usize> = BTreeMap::new();
        let prepared: Vec<Vec<String>> = words.iter().map(|word| variants(&word.folded)).collect();
        for start in 0..words.len() {
            for (kind, matched) in self.longest_at(text, &words, &prepared, start) {
                let end = ends.entry(kind).or_default();
                if matched.range.start >= *end {
                    *end = matched.range.end;
                    found.push(matched);
                }
            }
        }
        found
    }

    /// The longest name of each kind that begins with a word.
    fn longest_at(
        &self,
        text: &str,
        words: &[Word],
        variants: &[Vec<String>],
        start: usize,
    ) -> BTreeMap<Kind, Match> {
        let mut longest: BTreeMap<Kind, Match> = BTreeMap::new();
        for terms in &self.layers {
            walk(terms, text, &words[start..], &variants[start..], |paths, range| {
                let as_symbol = is_written_as_symbol(&text[range.clone()]);
                for path in paths {
                    for (kind, concepts) in path.concepts(terms, as_symbol) {
                        let matched = Match { range: range.clone(), kind, grade: path.grade, concepts };
                        merge(&mut longest, matched);
                    }
                }
            });
        }
        longest
    }
}

/// Follows the words into the automaton as far as there are names that go on like this, and reports what has been
/// reached at the end of each word and after the brackets that close there.
pub(crate) fn walk(
    terms: &Terms,
    text: &str,
    words: &[Word],
    variants: &[Vec<String>],
    mut report: impl FnMut(&[Path], Range<usize>),
) {
    let digit = |c: char| c.is_ascii_digit();
    let mut paths = vec![Path { node: terms.automaton().root().addr(), rank: 0, grade: Grade::Exact }];
    for (place, word) in words.iter().enumerate().take(MOST_WORDS) {
        let mut skipped = Vec::new();
        if let Some(before) = place.checked_sub(1).map(|before| &words[before]) {
            // "cancer of the lung" is "cancer of lung".
            if word.folded == "the" && before.folded == "of" {
                skipped.extend(paths.iter().map(|path| Path { grade: Grade::Variant, ..*path }));
            }
            let between = &text[before.range.end..word.range.start];
            let beside_digit = before.folded.ends_with(digit) || word.folded.starts_with(digit);
            paths = paths.iter().flat_map(|path| path.across(terms, between, beside_digit)).collect();
        }
        paths = paths.iter().flat_map(|path| path.along(terms, &variants[place])).collect();
        let (start, end) = (words[0].range.start, word.range.end);
        report(&paths, start..end);
        let mut closed = paths.clone();
        for (index, bracket) in closing_brackets(&text[end..]).bytes().enumerate() {
            closed = closed.iter().filter_map(|path| path.step(terms, bracket)).collect();
            let end = end + index + 1;
            if !text[end..].starts_with(char::is_alphanumeric) {
                report(&closed, start..end);
            }
        }
        paths.extend(skipped);
        if paths.is_empty() {
            return;
        }
    }
}

/// Keeps the longest; of equals the better grade's concepts first, then the earlier dictionary's.
fn merge(longest: &mut BTreeMap<Kind, Match>, new: Match) {
    match longest.get_mut(&new.kind) {
        Some(old) if old.range.end > new.range.end => {}
        Some(old) if old.range.end == new.range.end => {
            if new.grade < old.grade {
                let before = std::mem::replace(old, new);
                add(&mut old.concepts, before.concepts);
            } else {
                add(&mut old.concepts, new.concepts);
            }
        }
        _ => {
            longest.insert(new.kind, new);
        }
    }
}

fn add(concepts: &mut Vec<Concept>, more: Vec<Concept>) {
    for concept in more {
        if !concepts.contains(&concept) {
            concepts.push(concept);
        }
    }
}

/// A way into the automaton.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Path {
    node: fst::raw::CompiledAddr,
    rank: u64,
    pub(crate) grade: Grade,
}

impl Path {
    /// The entries of the name that ends here; none where none does.
    pub(crate) fn entries(self, terms: &Terms) -> Vec<Entry> {
        let node = terms.automaton().node(self.node);
        if !node.is_final() {
            return Vec::new();
        }
        terms.entries(self.rank + node.final_output().value())
    }

    fn step(self, terms: &Terms, byte: u8) -> Option<Self> {
        let node = terms.automaton().node(self.node);
        let transition = node.transition(node.find_input(byte)?);
        Some(Self { node: transition.addr, rank: self.rank + transition.out.value(), ..self })
    }

    fn through(self, terms: &Terms, bytes: &[u8]) -> Option<Self> {
        bytes.iter().try_fold(self, |path, byte| path.step(terms, *byte))
    }

    /// Past the characters between two words. Blanks and dashes stand for each other, dashes also for nothing, and a
    /// possessive `'s` may come or go.
    fn across(self, terms: &Terms, between: &str, beside_digit: bool) -> Vec<Self> {
        if between.chars().count() > 4 || between.matches('\n').count() > 1 {
            return Vec::new();
        }
        let between = fold(between);
        let exact = self.through(terms, between.as_bytes());
        let others: &[&str] = match between.as_str() {
            " " if beside_digit => &["-", "", "'s "],
            " " => &["-", "'s "],
            "'s " => &[" ", "s ", "' "],
            "' " => &[" ", "'s "],
            "-" | "- " | " -" | " - " => &["-", " ", ""],
            "/" => &["-", " "],
            _ => &[],
        };
        let varied = Self { grade: Grade::Variant, ..self };
        let others = others.iter().filter(|join| **join != between);
        exact.into_iter().chain(others.filter_map(|join| varied.through(terms, join.as_bytes()))).collect()
    }

    /// Over a word in any of its variants. Between a letter and a digit of the text the name may have a blank or a dash.
    fn along(self, terms: &Terms, variants: &[String]) -> Vec<Self> {
        let mut reached = Vec::new();
        for (index, variant) in variants.iter().enumerate() {
            let grade = if index == 0 { self.grade } else { Grade::Variant };
            let mut paths = vec![Self { grade, ..self }];
            let bytes = variant.as_bytes();
            for (at, byte) in bytes.iter().enumerate() {
                if at > 0 && bytes[at - 1].is_ascii_digit() != byte.is_ascii_digit() {
                    let split = |join: u8| {
                        paths
                            .iter()
                            .filter_map(move |path| Self { grade: Grade::Variant, ..*path }.step(terms, join))
                    };
                    let more: Vec<Self> = split(b' ').chain(split(b'-')).collect();
                    paths.extend(more);
                }
                paths = paths.into_iter().filter_map(|path| path.step(terms, *byte)).collect();
                if paths.is_empty() {
                    break;
                }
            }
            reached.extend(paths);
        }
        reached
    }

    /// The concepts of the name that ends here, by kind, those of the first vocabulary first.
    fn concepts(self, terms: &Terms, as_symbol: bool) -> BTreeMap<Kind, Vec<Concept>> {
        let mut kinds: BTreeMap<Kind, Vec<Concept>> = BTreeMap::new();
        let entries = self.entries(terms);
        let entries = entries.iter().filter(|entry| as_symbol || !entry.symbol);
        let numbers: Vec<u32> = entries.map(|entry| entry.concept).collect();
        let all: Vec<Concept> = numbers.iter().filter_map(|number| terms.concept(*number)).collect();
        let direct = all.iter().filter(|concept| concept.vocabulary == "MESH").cloned();
        let linked = numbers.iter().zip(&all).filter_map(|(number, concept)| {
            let first = terms.concept(terms.linked(*number)?)?;
            Some(Concept { kind: concept.kind, ..first })
        });
        for concept in direct.chain(linked).chain(all.iter().cloned()) {
            add(kinds.entry(concept.kind).or_default(), vec![concept]);
        }
        kinds
    }
}
