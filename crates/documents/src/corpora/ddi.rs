//! DDI: interactions between drugs in DrugBank texts and MEDLINE abstracts (Herrero-Zazo et al., 2013), in the shape
//! BioGPT trains on.

use serde::Deserialize;

use super::records::FromRecord;
use super::{CorpusError, Records, named};
use crate::{Document, Relation};

/// One text with its gold interactions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The corpus's id, such as `DDI-MedLine.d200`; not a PMID.
    pub id: String,
    /// The text as the file writes it.
    pub text: String,
    /// Gold interactions in the file's order.
    pub triples: Vec<Triple>,
}

/// An interaction between two drugs, named as in the text.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
pub struct Triple {
    /// The first drug.
    pub drug: String,
    /// The second drug.
    pub target: String,
    /// `effect`, `mechanism`, `advise` or `int`.
    pub interaction: String,
    /// Whether BioGPT's authors changed a name (a discontinuous mention) so that it can be written.
    #[serde(default)]
    pub modify: bool,
}

/// Reads `train.json`, `valid.json` or `test.json`.
///
/// # Errors
/// Where the file is not a JSON object.
pub fn read<'a>(json: &'a str, file: &str) -> Result<Records<'a, Text>, CorpusError> {
    Records::open(json, file, "DDI")
}

impl Text {
    /// The text with its interactions between names (vocabulary `name`). The file has no offsets.
    #[must_use]
    pub fn document(&self) -> Document {
        let mut document = Document::from_parts(&self.id, &[("abstract", &self.text)]);
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
pub(super) struct TextJson {
    #[serde(rename = "abstract")]
    text: String,
    #[serde(default)]
    triples: Vec<Triple>,
}

impl FromRecord for Text {
    type Json = TextJson;

    fn from_record(id: String, json: TextJson) -> Self {
        Self { id, text: json.text, triples: json.triples }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_triples_in_order() {
        let json = r#"{"DDI-DrugBank.d1": {"abstract": "A lowers B.", "triples": [
            {"drug": "B", "target": "A", "interaction": "effect", "modify": true},
            {"drug": "A", "target": "B", "interaction": "int"}], "pmid": "DDI-DrugBank.d1"}}"#;
        let text = read(json, "train.json").unwrap().next().unwrap().unwrap();
        assert_eq!(text.triples[0].drug, "B");
        assert!(text.triples[0].modify && !text.triples[1].modify);
        assert_eq!(text.document().relations[1].kind, "int");
    }
}
