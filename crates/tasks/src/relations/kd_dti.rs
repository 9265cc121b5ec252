//! KD-DTI: drugs that act on targets. Its names are DrugBank's and often do not occur in the text.

use documents::corpora::kd_dti::Abstract;
use documents::{Document, Span};

use super::{Reading, Stated, interaction};
use crate::source;

/// The legal types, most frequent first: DrugBank's actions, as the corpus's development part uses them.
pub const KINDS: [&str; 29] = [
    "inhibitor",
    "antagonist",
    "agonist",
    "modulator",
    "binder",
    "positive allosteric modulator",
    "cofactor",
    "activator",
    "ligand",
    "inducer",
    "antibody",
    "negative modulator",
    "adduct",
    "blocker",
    "other",
    "product of",
    "other/unknown",
    "chelator",
    "partial agonist",
    "allosteric modulator",
    "stimulator",
    "downregulator",
    "potentiator",
    "cross-linking/alkylation",
    "substrate",
    "intercalation",
    "chaperone",
    "partial antagonist",
    "inverse agonist",
];

/// The parts of the two names.
pub const ROLES: [&str; 2] = ["drug", "target"];

/// The training target of a document without relations; the wording is Osler's, as BioGPT leaves them out.
pub const NONE: &str = interaction::NONE;

/// Title and abstract, lower-cased.
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

/// The gold triples of an abstract in words.
#[must_use]
pub fn gold(record: &Abstract) -> Vec<Stated> {
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
