//! BC5CDR: chemicals that induce diseases.

use std::sync::LazyLock;

use documents::corpora::bc5cdr::Abstract;
use documents::{Document, Span};
use regex::Regex;

use super::{Reading, Stated, longest};
use crate::reading::{BC5CDR_LEAD_INS, pattern, without_lead_in};
use crate::source;

/// The one relation type: chemical-induced disease.
pub const KINDS: [&str; 1] = ["CID"];

/// The parts of the two names.
pub const ROLES: [&str; 2] = ["Chemical", "Disease"];

/// The training target of a document without relations. BioGPT leaves such documents out of training and therefore has
/// no word for it; this one is Osler's.
pub const NONE: &str = "there is no relation.";

static RELATION: LazyLock<Regex> = LazyLock::new(|| pattern("^the relation between (.*) and (.*) exists"));

/// Title and abstract, lower-cased.
#[must_use]
pub fn prompt(document: &Document, window: Span) -> String {
    source::lower_cased(document, window)
}

/// `the relation between {chemical} and {disease} exists; ... .`, in the given order, or [`NONE`].
#[must_use]
pub fn target(relations: &[Stated]) -> String {
    if relations.is_empty() {
        return NONE.to_owned();
    }
    let sentences: Vec<String> = relations
        .iter()
        .map(|relation| {
            format!("the relation between {} and {} exists", lower(&relation.head), lower(&relation.tail))
        })
        .collect();
    sentences.join("; ") + "."
}

/// The gold pairs of an abstract in words: each MeSH id as the longest of its surface forms (the first of
/// equals). A pair without a surface form is left out.
#[must_use]
pub fn gold(record: &Abstract) -> Vec<Stated> {
    let name = |names: &[(String, String)], id: &str| {
        longest(names.iter().filter(|(_, other)| other == id).map(|(name, _)| name.as_str()))
            .map(str::to_owned)
    };
    record
        .relations
        .iter()
        .filter_map(|pair| {
            let head = name(&record.chemicals, &pair.chemical)?;
            Some(Stated::new(head, name(&record.diseases, &pair.disease)?, KINDS[0]))
        })
        .collect()
}

/// Splits at `;` and takes every part that begins like a relation; names reach as far as they can.
#[must_use]
pub fn read(output: &str) -> Reading {
    let answer = without_lead_in(output, &BC5CDR_LEAD_INS);
    let mut reading = Reading { none: answer == NONE.trim_end_matches('.'), ..Reading::default() };
    for part in answer.split(';').map(str::trim).filter(|part| !part.is_empty() && !reading.none) {
        match RELATION.captures(part) {
            Some(names) => reading.relations.push(Stated::new(names[1].trim(), names[2].trim(), KINDS[0])),
            None => reading.unread.push(part.to_owned()),
        }
    }
    reading
}

fn lower(name: &str) -> String {
    name.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let relations = [Stated::new("nalidixic acid", "pain", "CID"), Stated::new("K+", "pain", "CID")];
        let text = target(&relations);
        assert_eq!(
            text,
            "the relation between nalidixic acid and pain exists; the relation between k+ and pain exists."
        );
        let reading = read(&text);
        assert_eq!(reading.relations[0], relations[0]);
        assert_eq!(reading.relations[1].head, "k+");
        assert!(reading.unread.is_empty() && !reading.is_failed());
    }

    #[test]
    fn no_relation_is_an_answer_and_nonsense_is_not() {
        assert!(read(&target(&[])).none);
        assert!(!read(&target(&[])).is_failed());
        let reading = read("the relation between a and b exists; the relation bet");
        assert_eq!(reading.unread, ["the relation bet"]);
        assert!(read("words; words").is_failed());
    }
}
