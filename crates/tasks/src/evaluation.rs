//! The official scores of each task, as the BioGPT repository's evaluation scripts compute them.
//!
//! Serialized, each score struct has the keys of those scripts' reports.

mod answers;
mod chemical_disease;
mod labels;
mod triples;

pub use answers::{AnswerScores, answers};
pub use chemical_disease::{ChemicalDiseaseScores, NameTable, chemical_disease};
pub use labels::{LabelScores, labels};
pub use triples::{DocumentF1, SlotScores, TripleScores, triples};

/// The harmonic mean; 0 where both are 0.
pub(crate) fn f1(precision: f64, recall: f64) -> f64 {
    if precision + recall > 0.0 { 2.0 * precision * recall / (precision + recall) } else { 0.0 }
}

/// `part / whole`; 0 of nothing is 0.
pub(crate) fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
