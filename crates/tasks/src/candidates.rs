//! Names in a document that a relation may be about: what a curator or a file gave, what the dictionary finds, and the
//! abbreviations that the text defines for them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{Arc, LazyLock};

use documents::{Concept, Document, Span};
use regex::Regex;
use terms::abbreviations::{Abbreviation, abbreviations};
use terms::words::fold;
use terms::{Dictionary, Kind, Match, Terms};

use crate::lexicon::Lexicon;
use crate::reading::pattern;

/// How a mention became known, the most trusted way first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// The document has it: from its file or by a curator.
    Given,
    /// A tagger found it in the text.
    Tagger,
    /// It is a short form of a name that the text defines.
    Abbreviation,
    /// A dictionary has it.
    Dictionary,
    /// It is written as laboratories number their substances (`LY274614`, `CP 93129`).
    Code,
}

/// A name in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mention {
    /// Where it is; more than one stretch for a discontinuous mention that the document gives. Never empty.
    pub spans: Vec<Span>,
    /// The author's words, with single blanks.
    pub text: String,
    /// What it names.
    pub kind: Kind,
    /// How it became known.
    pub origin: Origin,
    /// The ids it may stand for, best first.
    pub concepts: Vec<Concept>,
}

impl Mention {
    /// From the first byte of the first stretch to the last byte of the last one.
    #[must_use]
    pub fn cover(&self) -> Span {
        let start = self.spans.iter().map(|span| span.start).min().unwrap_or(0);
        Span::new(start, self.spans.iter().map(|span| span.end).max().unwrap_or(start))
    }

    /// The name as a model writes it that reads lower-cased text.
    #[must_use]
    pub fn lower(&self) -> String {
        self.text.to_lowercase()
    }
}

/// Finds the mentions of documents.
#[derive(Debug, Clone, Default)]
pub struct Finder {
    dictionary: Dictionary,
    rejected: BTreeSet<(Kind, String)>,
}

impl Finder {
    /// Looks names up in these dictionaries, the most trusted one first.
    #[must_use]
    pub fn new(layers: Vec<Arc<Terms>>) -> Self {
        Self { dictionary: Dictionary::new(layers), rejected: BTreeSet::new() }
    }

    /// The same with what a task's training data taught: more names, and names that do not count.
    #[must_use]
    pub fn with_lexicon(self, lexicon: &Lexicon) -> Self {
        let own = lexicon.terms().map(Arc::new);
        let layers = own.into_iter().chain(self.dictionary.layers().iter().cloned()).collect();
        Self { dictionary: Dictionary::new(layers), rejected: lexicon.rejected() }
    }

    /// The dictionaries that it looks names up in.
    #[must_use]
    pub fn dictionary(&self) -> &Dictionary {
        &self.dictionary
    }

    /// The mentions of a document in text order. Those of one kind do not overlap, unless the document gives them so.
    #[must_use]
    pub fn mentions(&self, document: &Document) -> Vec<Mention> {
        let given = given(document);
        let mut found = Vec::new();
        let mut definitions = Vec::new();
        for passage in passages(document) {
            let Some(text) = passage.slice(&document.text) else { continue };
            found.extend(
                self.dictionary.find(text).into_iter().map(|matched| shifted(matched, passage.start)),
            );
            definitions.extend(abbreviations(text).into_iter().map(|definition| Abbreviation {
                short: shifted_range(definition.short, passage.start),
                long: shifted_range(definition.long, passage.start),
            }));
        }
        found.retain(|matched| {
            !self.rejected.contains(&(matched.kind, fold(&document.text[matched.range.clone()])))
        });
        let mut mentions = of_short_forms(document, &definitions, &found, &given);
        mentions.extend(given);
        for matched in found {
            let span = Span::new(matched.range.start, matched.range.end);
            let taken = mentions.iter().any(|other| other.beats(span, matched.kind));
            if !taken && !is_short_form(&document.text, span, &definitions) {
                mentions.push(Mention {
                    spans: vec![span],
                    text: single_blanks(&document.text[matched.range]),
                    kind: matched.kind,
                    origin: Origin::Dictionary,
                    concepts: matched.concepts.into_iter().filter_map(concept).collect(),
                });
            }
        }
        let codes = codes(document);
        mentions.extend(
            codes
                .into_iter()
                .filter(|code| {
                    let known = self.rejected.contains(&(code.kind, fold(&code.text)));
                    !known && !mentions.iter().any(|other| other.cover().overlaps(code.cover()))
                })
                .collect::<Vec<_>>(),
        );
        mentions.sort_by_key(|mention| (mention.cover(), mention.kind, mention.origin));
        mentions
    }
}

impl Mention {
    /// Whether this mention, which is more trusted, takes the place of one of the dictionary.
    fn beats(&self, span: Span, kind: Kind) -> bool {
        let cover = self.cover();
        match self.origin {
            Origin::Given => cover == span || self.kind == kind && cover.overlaps(span),
            // "MTX toxicity" may be a disease of which "MTX" is a part.
            _ => cover == span || self.kind == kind && cover.contains(span),
        }
    }
}

/// The parts of a text that names do not reach over.
fn passages(document: &Document) -> Vec<Span> {
    if document.passages.is_empty() {
        return vec![Span::new(0, document.text.len())];
    }
    document.passages.iter().map(|passage| passage.span).collect()
}

fn shifted(matched: Match, by: usize) -> Match {
    Match { range: shifted_range(matched.range, by), ..matched }
}

fn shifted_range(range: Range<usize>, by: usize) -> Range<usize> {
    range.start + by..range.end + by
}

/// A concept as documents have it; `None` for a name without id.
fn concept(concept: terms::Concept) -> Option<Concept> {
    (!concept.id.is_empty()).then_some(Concept { vocabulary: concept.vocabulary, id: concept.id })
}

pub(crate) fn single_blanks(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn given(document: &Document) -> Vec<Mention> {
    let mentions = document.entities.iter().map(|entity| {
        let parts: Option<Vec<&str>> = entity.spans.iter().map(|span| span.slice(&document.text)).collect();
        let text = parts.map(|parts| single_blanks(&parts.join(" ")))?;
        (!text.is_empty()).then(|| Mention {
            spans: entity.spans.clone(),
            text,
            kind: Kind::of_type(&entity.kind),
            origin: Origin::Given,
            concepts: entity.concepts.clone(),
        })
    });
    mentions.flatten().collect()
}

static CODE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b([A-Z]{2,4})[- ]?[0-9]{3,6}[A-Z]?\b"));

/// Letters before numbers that are cell lines, trials, registers and rooms rather than substances.
const OTHER_CODES: [&str; 24] = [
    "AT", "ATCC", "CI", "COVID", "CYP", "DSM", "GSE", "HCT", "HEK", "HT", "ICD", "IH", "ISO", "LS", "NCI",
    "NCT", "NIH", "PMID", "PS", "RM", "SK", "SNP", "SW", "US",
];

/// Names that are written as laboratories number their substances: in the training part of BC5CDR 116 of 129 such words
/// are chemicals.
fn codes(document: &Document) -> Vec<Mention> {
    let mut codes = Vec::new();
    for found in CODE.captures_iter(&document.text) {
        let (Some(code), Some(letters)) = (found.get(0), found.get(1)) else { continue };
        let attached = |c: char| c == '-' || c.is_alphanumeric();
        if !OTHER_CODES.contains(&letters.as_str()) && !document.text[..code.start()].ends_with(attached) {
            codes.push(Mention {
                spans: vec![Span::new(code.start(), code.end())],
                text: code.as_str().to_owned(),
                kind: Kind::Chemical,
                origin: Origin::Code,
                concepts: Vec::new(),
            });
        }
    }
    codes
}

/// Every place of every short form whose long form is a known name.
fn of_short_forms(
    document: &Document,
    definitions: &[Abbreviation],
    found: &[Match],
    given: &[Mention],
) -> Vec<Mention> {
    let mut mentions: Vec<Mention> = Vec::new();
    for definition in definitions {
        let long = Span::new(definition.long.start, definition.long.end);
        for (kind, concepts) in meanings(long, found, given) {
            for span in places(&document.text, &document.text[definition.short.clone()]) {
                let taken = |other: &Mention| other.beats(span, kind);
                if !given.iter().any(taken) && !mentions.iter().any(taken) {
                    mentions.push(Mention {
                        spans: vec![span],
                        text: single_blanks(&document.text[span.start..span.end]),
                        kind,
                        origin: Origin::Abbreviation,
                        concepts: concepts.clone(),
                    });
                }
            }
        }
    }
    mentions
}

/// What a long form means: the known names that end where it ends and are at least half of it.
fn meanings(long: Span, found: &[Match], given: &[Mention]) -> BTreeMap<Kind, Vec<Concept>> {
    let is_most = |span: Span| span.end == long.end && span.len() * 2 >= long.len();
    let mut meanings = BTreeMap::new();
    for matched in found.iter().filter(|matched| is_most(Span::new(matched.range.start, matched.range.end))) {
        meanings.insert(matched.kind, matched.concepts.iter().cloned().filter_map(concept).collect());
    }
    let of_document: BTreeMap<Kind, Vec<Concept>> = given
        .iter()
        .filter(|mention| is_most(mention.cover()))
        .map(|mention| (mention.kind, mention.concepts.clone()))
        .collect();
    if of_document.is_empty() { meanings } else { of_document }
}

/// Where a short form is a word of its own, in the same case; a plural `s` is left out.
fn places(text: &str, short: &str) -> Vec<Span> {
    let mut places = Vec::new();
    for (start, _) in text.match_indices(short) {
        let end = start + short.len();
        let rest = text[end..].strip_prefix('s').unwrap_or(&text[end..]);
        let alone = |c: char| !c.is_alphanumeric();
        if text[..start].chars().next_back().is_none_or(alone) && rest.chars().next().is_none_or(alone) {
            places.push(Span::new(start, end));
        }
    }
    places
}

/// Whether the words are a short form that the text defines: then the dictionary's meaning of it does not count.
fn is_short_form(text: &str, span: Span, definitions: &[Abbreviation]) -> bool {
    let words = &text[span.start..span.end];
    definitions.iter().any(|definition| {
        let short = &text[definition.short.clone()];
        words == short || words.strip_suffix('s') == Some(short)
    })
}

/// The mentions of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What it is.
    pub kind: Kind,
    /// Its ids, best first.
    pub concepts: Vec<Concept>,
    /// Numbers of its mentions in the list that was grouped, in text order.
    pub mentions: Vec<usize>,
    /// The longest name in lower case, the first of equals: the one that BioGPT's BC5CDR targets use.
    pub name: String,
}

/// Puts mentions of one kind together that have the same first id or, without id, the same words. Groups are in the order
/// of their first mention.
#[must_use]
pub fn groups(mentions: &[Mention], kind: Kind) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (number, mention) in mentions.iter().enumerate().filter(|(_, mention)| mention.kind == kind) {
        let same = groups.iter_mut().find(|group| match (group.concepts.first(), mention.concepts.first()) {
            (Some(first), Some(other)) => first == other,
            (None, None) => fold(&group.name) == fold(&mention.text),
            _ => false,
        });
        let name = mention.lower();
        match same {
            Some(group) => {
                group.mentions.push(number);
                if name.chars().count() > group.name.chars().count() {
                    group.name = name;
                }
            }
            None => {
                groups.push(Group { kind, concepts: mention.concepts.clone(), mentions: vec![number], name });
            }
        }
    }
    groups
}
