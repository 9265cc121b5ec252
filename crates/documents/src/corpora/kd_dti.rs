//! KD-DTI: interactions between drugs and targets in PubMed abstracts (Hou et al., 2022). Names are DrugBank's and
//! often do not occur in the text.

use serde::Deserialize;

use super::records::FromRecord;
use super::{CorpusError, Records, named};
use crate::{Document, Relation};

/// One abstract with its gold interactions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Abstract {
    /// PubMed id.
    pub pmid: String,
    /// Title as the file writes it.
    pub title: String,
    /// Abstract as the file writes it.
    pub text: String,
    /// Gold interactions in the file's order.
    pub triples: Vec<Triple>,
}

/// A drug that acts on a target.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
pub struct Triple {
    /// Name of the drug; in the files without `.names` it may be a DrugBank id.
    pub drug: String,
    /// Name of the target, usually with its symbol in brackets; in the files without `.names` it may be an id.
    pub target: String,
    /// `inhibitor`, `agonist` ... as DrugBank names the action.
    pub interaction: String,
}

/// Reads `valid.names.json`, `test.names.json` or the files without `.names`.
///
/// # Errors
/// Where the file is not a JSON object.
pub fn read<'a>(json: &'a str, file: &str) -> Result<Records<'a, Abstract>, CorpusError> {
    Records::open(json, file, "KD-DTI")
}

impl Abstract {
    /// The abstract with its interactions between names (vocabulary `name`). The file has no offsets.
    #[must_use]
    pub fn document(&self) -> Document {
        let mut document =
            Document::from_parts(&self.pmid, &[("title", &self.title), ("abstract", &self.text)]);
        document.infons.insert("pmid".to_owned(), self.pmid.clone());
        document.relations = (1..)
            .zip(&self.triples)
            .map(|(number, triple)| {
                let arguments = vec![named("drug", &triple.drug), named("target", &triple.target)];
                Relation::new(format!("R{number}"), &triple.interaction, arguments)
            })
            .collect();
        document
    }
}

#[derive(Deserialize)]
pub(super) struct AbstractJson {
    #[serde(default)]
    title: String,
    #[serde(rename = "abstract")]
    text: String,
    #[serde(default)]
    triples: Vec<Triple>,
}

impl FromRecord for Abstract {
    type Json = AbstractJson;

    fn from_record(pmid: String, json: AbstractJson) -> Self {
        Self { pmid, title: json.title, text: json.text, triples: json.triples }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_triples_and_ignores_the_reviewers_marks() {
        let json = r#"{"7": {"title": "T.", "abstract": "Psoralen.", "pmid": "7", "triples": [{"drug": "Psoralen",
            "target": "Monoamine oxidase (MAO-A)", "interaction": "inhibitor", "triple_correct (1 true; 0 false)": 1}]}}"#;
        let record = read(json, "valid.names.json").unwrap().next().unwrap().unwrap();
        assert_eq!(record.triples[0].target, "Monoamine oxidase (MAO-A)");
        assert_eq!(record.document().passages.len(), 2);
    }
}
