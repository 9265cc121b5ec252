//! Whether sources say what a generated text says, sentence by sentence: words in the same order, numbers with their units,
//! names, and what is denied. No model: what it finds can be followed by eye.
//!
//! It marks and never blocks. A sentence is supported where one passage of one source has all of its words, most of them in its
//! order: definitions are written to patterns, and one other word makes another statement. Whatever
//! no source has of what readers act on, a number, a dose, a name, a denial, is an alarm, and a sentence with one is
//! never called supported.

mod alarms;
mod denials;
mod numbers;
mod passages;

use documents::Span;
use serde::{Deserialize, Serialize};
use terms::Dictionary;

use crate::sentences;
use alarms::alarms;
use passages::{Passage, Token, passages_of, shared_in_order, tokens};

pub(crate) use numbers::numbers;
pub(crate) use passages::{is_function_word, stem};

/// Of a sentence's words, what a passage must have in their order for the sentence to be supported by it.
const SUPPORTED: f64 = 0.8;
/// And to be supported in part.
const PARTLY: f64 = 0.5;

/// A text that is held to be true.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Names of what it is about: a definition rarely repeats its term.
    pub about: &'a [&'a str],
    /// The text.
    pub text: &'a str,
}

/// How far sources say what a sentence says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Support {
    /// One passage says it.
    Supported,
    /// A passage says a part of it, or something in it is nowhere.
    Partly,
    /// No source says it.
    None,
}

/// What no source has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AlarmKind {
    /// A number.
    Number,
    /// A number with a unit of dose.
    Dose,
    /// A chemical, disease or gene, or a word that is built like the name of one.
    Name,
    /// It denies what the sources state, states what they deny, or says the opposite.
    Negation,
}

/// A place of the text that no source supports, of a kind that readers act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Alarm {
    /// What is nowhere.
    pub kind: AlarmKind,
    /// Where it is in the text, in UTF-8 bytes.
    pub span: Span,
}

/// A sentence of the text with what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checked {
    /// Where it is in the text, in UTF-8 bytes.
    pub span: Span,
    /// How far sources say it.
    pub support: Support,
    /// Places in the list of sources of those that do, the closest first; empty where none does.
    pub sources: Vec<usize>,
    /// What no source has, in the order of the text.
    pub alarms: Vec<Alarm>,
}

/// Holds each sentence of a text against the sources. The dictionary knows names and what else they are called.
#[must_use]
pub fn check(text: &str, sources: &[Source<'_>], dictionary: &Dictionary) -> Vec<Checked> {
    let passages: Vec<Vec<Passage>> =
        sources.iter().map(|source| passages_of(source.about, source.text, dictionary)).collect();
    let all = alarms::Known::of(sources, dictionary);
    let spans = sentences::split(text).into_iter();
    spans.map(|span| checked(span, text, &passages, &all, dictionary)).collect()
}

/// The share of the sentences that are supported; 0 where there is none.
#[must_use]
pub fn coverage(checked: &[Checked]) -> f64 {
    let supported = checked.iter().filter(|sentence| sentence.support == Support::Supported).count();
    if checked.is_empty() { 0.0 } else { supported as f64 / checked.len() as f64 }
}

fn checked(
    span: Span,
    text: &str,
    passages: &[Vec<Passage>],
    all: &alarms::Known,
    dictionary: &Dictionary,
) -> Checked {
    let words = span.slice(text).unwrap_or_default();
    let sentence = tokens(words, dictionary);
    // The best passage of each source, with its share of the sentence's words.
    let mut best: Vec<(f64, usize, &Passage)> = Vec::new();
    for (source, passages) in passages.iter().enumerate() {
        let shares = passages.iter().map(|passage| (share(&sentence, passage), source, passage));
        best.extend(shares.max_by(|a, b| a.0.total_cmp(&b.0).then(b.2.length().cmp(&a.2.length()))));
    }
    best.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let closest = best.first().filter(|(share, ..)| *share >= PARTLY).map(|(_, _, passage)| *passage);
    let mut found = alarms(words, &sentence, closest, all, dictionary);
    found.iter_mut().for_each(|alarm| {
        alarm.span = Span::new(alarm.span.start + span.start, alarm.span.end + span.start);
    });
    let of = |least: f64| best.iter().filter(move |(share, ..)| *share >= least);
    let has_all =
        |passage: &Passage| sentence.iter().all(|word| passage.tokens().iter().any(|own| word.agrees(own)));
    let supported: Vec<usize> =
        of(SUPPORTED).filter(|(.., passage)| has_all(passage)).map(|(_, source, _)| *source).collect();
    let partly: Vec<usize> = of(PARTLY).map(|(_, source, _)| *source).collect();
    let says_something = sentence.iter().any(|token| !token.is_about_nothing());
    let (support, sources) = if partly.is_empty() || !says_something {
        (Support::None, Vec::new())
    } else if !supported.is_empty() && found.is_empty() {
        (Support::Supported, supported)
    } else {
        (Support::Partly, partly)
    };
    Checked { span, support, sources, alarms: found }
}

fn share(sentence: &[Token], passage: &Passage) -> f64 {
    if sentence.is_empty() {
        return 0.0;
    }
    shared_in_order(sentence, passage.tokens()) as f64 / sentence.len() as f64
}

#[cfg(test)]
mod tests;
