//! BC5CDR: the BioCreative V evaluation of chemical-induced disease relations, on ids.

use std::collections::{BTreeSet, HashMap};

use documents::corpora::bc5cdr::Names;
use serde::{Deserialize, Serialize};

use super::{f1, ratio};
use crate::relations::Stated;

/// Scores over the distinct (document, chemical, disease) triples.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ChemicalDiseaseScores {
    /// Predicted and gold.
    pub tp: f64,
    /// Predicted only.
    pub fp: f64,
    /// Gold only.
    #[serde(rename = "fn")]
    pub fn_: f64,
    /// `tp / (tp + fp)`.
    pub precision: f64,
    /// `tp / (tp + fn)`.
    pub recall: f64,
    /// The harmonic mean of both.
    pub f: f64,
}

/// Names (lower case) to ids. A name that is not in it gets the id `-1`, which is in no gold set.
#[derive(Debug, Clone, Default)]
pub struct NameTable {
    chemicals: HashMap<String, String>,
    diseases: HashMap<String, String>,
}

impl NameTable {
    /// The table of all documents that the official scoring uses; of equal names the last counts.
    #[must_use]
    pub fn new(names: &Names) -> Self {
        Self {
            chemicals: names.chemicals.iter().cloned().collect(),
            diseases: names.diseases.iter().cloned().collect(),
        }
    }

    /// The ids of both names of a relation. Names are looked up as they are: the reference does not lower-case them.
    #[must_use]
    pub fn ids(&self, relation: &Stated) -> (String, String) {
        let id = |names: &HashMap<String, String>, name: &str| {
            names.get(name).map_or_else(|| "-1".to_owned(), Clone::clone)
        };
        (id(&self.chemicals, &relation.head), id(&self.diseases, &relation.tail))
    }
}

/// Compares two sets of (document, chemical id, disease id); repeats count once.
#[must_use]
pub fn chemical_disease(
    predicted: &BTreeSet<(String, String, String)>,
    gold: &BTreeSet<(String, String, String)>,
) -> ChemicalDiseaseScores {
    let common = predicted.intersection(gold).count();
    let (precision, recall) = (ratio(common, predicted.len()), ratio(common, gold.len()));
    ChemicalDiseaseScores {
        tp: common as f64,
        fp: (predicted.len() - common) as f64,
        fn_: (gold.len() - common) as f64,
        precision,
        recall,
        f: f1(precision, recall),
    }
}
