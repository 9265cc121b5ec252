//! BioC: collections of documents of passages, with annotations and relations (Comeau et al., 2013), as XML and JSON.
//!
//! Offsets count from the start of the document, in code points by Osler's writing; bytes and UTF-16 units occur in
//! the wild and are told by what they point at. What BioC has no place for goes into its key-value "infons":
//! `score`, `note`, `evidence` (pairs of offset and length) and, only where the plain form would not read back the
//! same, `osler` (JSON).

mod export;
mod import;
pub(super) mod json;
mod relations;
pub(super) mod xml;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::import::Intake;
use crate::{Argument, Concept, Entity, Infons, Relation};

/// A document as BioC has it.
#[derive(Debug, Default, Serialize)]
struct BiocDocument {
    id: String,
    infons: Infons,
    passages: Vec<BiocPassage>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    annotations: Vec<BiocAnnotation>,
    relations: Vec<BiocRelation>,
}

/// A passage, or a sentence of one.
#[derive(Debug, Default, Serialize)]
struct BiocPassage {
    infons: Infons,
    offset: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    sentences: Vec<BiocPassage>,
    annotations: Vec<BiocAnnotation>,
    relations: Vec<BiocRelation>,
}

#[derive(Debug, Default, Serialize)]
struct BiocAnnotation {
    id: String,
    infons: Infons,
    locations: Vec<Location>,
    text: String,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
struct Location {
    offset: i64,
    length: i64,
}

#[derive(Debug, Default, Serialize)]
struct BiocRelation {
    id: String,
    infons: Infons,
    nodes: Vec<Node>,
}

#[derive(Debug, Default, Serialize)]
struct Node {
    refid: String,
    role: String,
}

/// Infon keys with a meaning of their own.
mod keys {
    pub const TYPE: &str = "type";
    pub const IDENTIFIER: &str = "identifier";
    pub const NOTE: &str = "note";
    pub const SCORE: &str = "score";
    pub const EVIDENCE: &str = "evidence";
    /// What the plain form would not read back the same, as JSON.
    pub const EXACT: &str = "osler";
    /// The document's own passages inside this one, as JSON, where they are not this one: none in a stretch that no
    /// passage covers, several where a mention spans them.
    pub const PASSAGES: &str = "osler.passages";
    /// The whole text, where the passages and their offsets do not give it.
    pub const TEXT: &str = "osler.text";
    /// The collection's reproducibility records, as JSON.
    pub const RUNS: &str = "osler.runs";
}

/// Terminologies that tools use as an infon's key (`MESH` → `D003000`).
const VOCABULARIES: [&str; 18] = [
    "MESH",
    "MeSH",
    "OMIM",
    "NCBI Gene",
    "NCBIGene",
    "NCBI Taxonomy",
    "CHEBI",
    "ChEBI",
    "DrugBank",
    "UniProt",
    "UMLS",
    "HGNC",
    "MONDO",
    "DOID",
    "GO",
    "HP",
    "SNOMEDCT",
    "CVCL",
];

/// A passage in `keys::PASSAGES`: code points from the start of the one around it.
#[derive(Serialize, Deserialize)]
struct Inner {
    start: usize,
    end: usize,
    kind: String,
    infons: Infons,
}

/// What `keys::EXACT` of an annotation holds.
#[derive(Serialize, Deserialize)]
struct ExactEntity {
    kind: String,
    /// The words, where the file shows others: those of the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    concepts: Vec<Concept>,
    note: Option<String>,
    score: Option<f64>,
    infons: Infons,
}

impl ExactEntity {
    fn of(entity: &Entity, shown: &str) -> Self {
        Self {
            kind: entity.kind.clone(),
            text: (entity.text != shown).then(|| entity.text.clone()),
            concepts: entity.concepts.clone(),
            note: entity.note.clone(),
            score: entity.score,
            infons: entity.infons.clone(),
        }
    }
}

/// What `keys::EXACT` of a relation holds.
#[derive(Serialize, Deserialize)]
struct ExactRelation {
    kind: String,
    arguments: Vec<Argument>,
    note: Option<String>,
    score: Option<f64>,
    infons: Infons,
}

impl ExactRelation {
    fn of(relation: &Relation) -> Self {
        Self {
            kind: relation.kind.clone(),
            arguments: relation.arguments.clone(),
            note: relation.note.clone(),
            score: relation.score,
            infons: relation.infons.clone(),
        }
    }
}

/// A finite number written so that it reads back the same.
fn take_score(infons: &mut Infons) -> Option<f64> {
    let score: f64 = infons.get(keys::SCORE)?.parse().ok()?;
    if !score.is_finite() {
        return None;
    }
    infons.remove(keys::SCORE);
    Some(score)
}

/// The source and the key that Osler gives its collections.
const SOURCE: &str = "Osler";
const KEY: &str = "osler.key";

/// A property of the collection: the reproducibility records are taken, others are told as left out.
fn collection_property(key: &str, value: &str, intake: &mut Intake<'_>) {
    if key == keys::RUNS {
        intake.runs = serde_json::from_str(value).unwrap_or_default();
    } else if !matches!(value.trim(), "" | SOURCE | KEY) {
        intake.left_out("properties of the collection (source, date, key)", 1);
    }
}

/// Reproducibility records, to and from their infon.
fn runs_to_json(runs: &BTreeMap<String, Infons>) -> Option<String> {
    (!runs.is_empty()).then(|| serde_json::to_string(runs).ok()).flatten()
}
