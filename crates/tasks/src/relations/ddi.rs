//! DDI: drugs that interact with drugs.

use documents::corpora::ddi::Text;
use documents::{Document, Span};

use super::{Reading, Stated, interaction};
use crate::source;

/// The legal types, most frequent first.
pub const KINDS: [&str; 4] = ["effect", "mechanism", "advise", "int"];

/// The parts of the two names.
pub const ROLES: [&str; 2] = ["drug", "target"];

/// The training target of a document without relations; the wording is Osler's, as BioGPT leaves them out.
pub const NONE: &str = interaction::NONE;

/// The text, lower-cased.
#[must_use]
pub fn prompt(document: &Document, window: Span) -> String {
    source::lower_cased(document, window)
}

/// `the interaction between {drug} and {target} is {type}; ... .` in the order that BioGPT's data has, or [`NONE`].
/// `prompt` is the source text, by which the relations are ordered.
#[must_use]
pub fn target(relations: &[Stated], prompt: &str) -> String {
    interaction::target(relations, prompt)
}

/// The gold triples of a text in words.
#[must_use]
pub fn gold(record: &Text) -> Vec<Stated> {
    record
        .triples
        .iter()
        .map(|triple| Stated::new(&triple.drug, &triple.target, &triple.interaction))
        .collect()
}

/// Splits at `; ` and takes every part that begins like an interaction; names reach as far as they can.
#[must_use]
pub fn read(output: &str) -> Reading {
    interaction::read(output)
}
