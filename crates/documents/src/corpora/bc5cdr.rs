//! BC5CDR: chemical-induced disease relations in 1,500 PubMed abstracts (Li et al., 2016; Wei et al., 2016).

use serde::Deserialize;

use super::records::{self, FromRecord, Ordered};
use super::{CorpusError, Records};
use crate::formats::{self, Import, ReadError};
use crate::{Argument, Concept, Document, Relation, Target};

/// One abstract with its gold relations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Abstract {
    /// PubMed id.
    pub pmid: String,
    /// Title as the file writes it.
    pub title: String,
    /// Abstract as the file writes it.
    pub text: String,
    /// Gold pairs in the file's order.
    pub relations: Vec<Pair>,
    /// Chemical surface forms (lower case) and their MeSH ids, in the file's order; `-1` where unknown.
    pub chemicals: Vec<(String, String)>,
    /// Disease surface forms (lower case) and their MeSH ids, in the file's order; `-1` where unknown.
    pub diseases: Vec<(String, String)>,
}

/// A chemical that induces a disease.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
pub struct Pair {
    /// MeSH id of the chemical.
    pub chemical: String,
    /// MeSH id of the disease.
    pub disease: String,
}

/// Surface name to MeSH id over all abstracts of a split (`*.entities.json`): the table of the official scoring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// Chemical names (lower case) and ids, in the file's order.
    pub chemicals: Vec<(String, String)>,
    /// Disease names (lower case) and ids, in the file's order.
    pub diseases: Vec<(String, String)>,
}

/// Reads `train.json`, `valid.json` or `test.json`.
///
/// # Errors
/// Where the file is not a JSON object.
pub fn read<'a>(json: &'a str, file: &str) -> Result<Records<'a, Abstract>, CorpusError> {
    Records::open(json, file, "BC5CDR")
}

/// Reads `*.entities.json`.
///
/// # Errors
/// Where the file does not have that shape.
pub fn read_names(json: &str, file: &str) -> Result<Names, CorpusError> {
    let names: NamesJson = records::parse(json, file, "BC5CDR entities")?;
    Ok(Names { chemicals: names.chemical2id.0, diseases: names.disease2id.0 })
}

/// Reads `CDR_*Set.PubTator.txt`: every mention with its place, and the relations.
///
/// # Errors
/// Where nothing of the file can be read; a bad line is an issue of the result.
pub fn read_pubtator(text: &str, file: &str) -> Result<Import, ReadError> {
    let mut import = formats::read(text.as_bytes(), file)?;
    // The corpus writes MeSH ids without saying so.
    let mesh = |concept: &mut Concept| {
        if concept.vocabulary.is_empty() && concept.id != "-1" {
            "MESH".clone_into(&mut concept.vocabulary);
        }
    };
    for document in &mut import.documents {
        document.entities.iter_mut().flat_map(|entity| &mut entity.concepts).for_each(mesh);
        for argument in document.relations.iter_mut().flat_map(|relation| &mut relation.arguments) {
            if let Target::Concept(concept) = &mut argument.target {
                mesh(concept);
            }
        }
    }
    Ok(import)
}

impl Abstract {
    /// The abstract with its relations between MeSH concepts (`CID`). The file has no mentions.
    #[must_use]
    pub fn document(&self) -> Document {
        let mut document =
            Document::from_parts(&self.pmid, &[("title", &self.title), ("abstract", &self.text)]);
        document.infons.insert("pmid".to_owned(), self.pmid.clone());
        let mesh = |role: &str, id: &str| Argument {
            role: role.to_owned(),
            target: Target::Concept(Concept { vocabulary: "MESH".to_owned(), id: id.to_owned() }),
        };
        document.relations = (1..)
            .zip(&self.relations)
            .map(|(number, pair)| {
                let arguments = vec![mesh("Chemical", &pair.chemical), mesh("Disease", &pair.disease)];
                Relation::new(format!("R{number}"), "CID", arguments)
            })
            .collect();
        document
    }
}

#[derive(Deserialize)]
pub(super) struct AbstractJson {
    title: String,
    #[serde(rename = "abstract")]
    text: String,
    #[serde(default)]
    relations: Vec<Pair>,
    #[serde(default)]
    chemical2id: Ordered<String>,
    #[serde(default)]
    disease2id: Ordered<String>,
}

#[derive(Deserialize)]
struct NamesJson {
    chemical2id: Ordered<String>,
    disease2id: Ordered<String>,
}

impl FromRecord for Abstract {
    type Json = AbstractJson;

    fn from_record(pmid: String, json: AbstractJson) -> Self {
        Self {
            pmid,
            title: json.title,
            text: json.text,
            relations: json.relations,
            chemicals: json.chemical2id.0,
            diseases: json.disease2id.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = r#"{"9": {"title": "Zidovudine and anaemia.", "abstract": "It happens.",
        "relations": [{"chemical": "D015215", "disease": "D000740"}],
        "chemical2id": {"zidovudine": "D015215", "azt": "D015215"}, "disease2id": {"anaemia": "D000740"}},
        "1": {"title": 3, "abstract": ""}}"#;

    #[test]
    fn keeps_the_order_and_reports_a_bad_record() {
        let records: Vec<_> = read(TWO, "train.json").unwrap().collect();
        let first = records[0].as_ref().unwrap();
        assert_eq!(first.pmid, "9");
        assert_eq!(first.chemicals[1], ("azt".to_owned(), "D015215".to_owned()));
        let document = first.document();
        assert_eq!(document.text, "Zidovudine and anaemia.\nIt happens.");
        assert_eq!(document.relations.len(), 1);
        let error = records[1].as_ref().unwrap_err().to_string();
        assert!(error.starts_with("train.json, record 1: invalid type: integer `3`"), "{error}");
    }

    #[test]
    fn refuses_another_shape() {
        assert!(read("[1]", "train.json").unwrap_err().to_string().contains("is not a BC5CDR file"));
        assert!(read_names("{}", "train.entities.json").is_err());
    }
}
