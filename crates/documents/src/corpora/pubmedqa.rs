//! PubMedQA: research questions answered yes, no or maybe by an abstract (Jin et al., 2019).

use serde::Deserialize;

use super::records::{self, FromRecord, Ordered};
use super::{CorpusError, Records};
use crate::Document;

/// One question with the abstract that answers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// PubMed id of the abstract.
    pub pmid: String,
    /// The question.
    pub question: String,
    /// The abstract without its conclusion, one string per section.
    pub contexts: Vec<String>,
    /// The section names (`METHODS`), one per context where the source is sound.
    pub labels: Vec<String>,
    /// MeSH headings.
    pub meshes: Vec<String>,
    /// Year of publication.
    pub year: Option<String>,
    /// The conclusion. It gives the answer away: not part of the input in the reasoning-required setting.
    pub long_answer: String,
    /// `yes`, `no` or `maybe`; absent in files without gold answers.
    pub answer: Option<String>,
}

/// Which questions are for development and for testing, by PMID.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Splits {
    /// The test set.
    pub test: Vec<String>,
    /// The development set of each of the ten folds; the rest of a fold is its train set.
    pub folds_dev: Vec<Vec<String>>,
}

/// Reads `ori_pqal.json`, `train_set.json`, `dev_set.json` or `test_set.json`.
///
/// # Errors
/// Where the file is not a JSON object.
pub fn read<'a>(json: &'a str, file: &str) -> Result<Records<'a, Question>, CorpusError> {
    Records::open(json, file, "PubMedQA")
}

/// Reads `test_ground_truth.json`: PMID and answer, in the file's order.
///
/// # Errors
/// Where the file does not have that shape.
pub fn read_answers(json: &str, file: &str) -> Result<Vec<(String, String)>, CorpusError> {
    records::parse::<Ordered<String>>(json, file, "PubMedQA answers").map(|answers| answers.0)
}

/// Reads `splits.json`.
///
/// # Errors
/// Where the file does not have that shape.
pub fn read_splits(json: &str, file: &str) -> Result<Splits, CorpusError> {
    records::parse(json, file, "PubMedQA splits")
}

impl Question {
    /// The abstract's sections as passages (`section` names each); question and answer are infons of the document.
    #[must_use]
    pub fn document(&self) -> Document {
        let sections: Vec<(&str, &str)> =
            self.contexts.iter().map(|context| ("abstract", context.as_str())).collect();
        let mut document = Document::from_parts(&self.pmid, &sections);
        for (passage, label) in document.passages.iter_mut().zip(&self.labels) {
            passage.infons.insert("section".to_owned(), label.clone());
        }
        let mut keep = |key: &str, value: &str| document.infons.insert(key.to_owned(), value.to_owned());
        keep("pmid", &self.pmid);
        keep("question", &self.question);
        if let Some(year) = &self.year {
            keep("year", year);
        }
        if let Some(answer) = &self.answer {
            keep("answer", answer);
        }
        document
    }
}

#[derive(Deserialize)]
pub(super) struct QuestionJson {
    #[serde(rename = "QUESTION")]
    question: String,
    #[serde(rename = "CONTEXTS")]
    contexts: Vec<String>,
    #[serde(rename = "LABELS", default)]
    labels: Vec<String>,
    #[serde(rename = "MESHES", default)]
    meshes: Vec<String>,
    #[serde(rename = "YEAR", default)]
    year: Option<String>,
    #[serde(rename = "LONG_ANSWER", default)]
    long_answer: String,
    #[serde(default)]
    final_decision: Option<String>,
}

impl FromRecord for Question {
    type Json = QuestionJson;

    fn from_record(pmid: String, json: QuestionJson) -> Self {
        Self {
            pmid,
            question: json.question,
            contexts: json.contexts,
            labels: json.labels,
            meshes: json.meshes,
            year: json.year,
            long_answer: json.long_answer,
            answer: json.final_decision,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_questions_answers_and_splits() {
        let json = r#"{"3": {"QUESTION": "Is it?", "CONTEXTS": ["A.", "B."], "LABELS": ["AIMS", "METHODS"],
            "YEAR": null, "final_decision": "maybe", "LONG_ANSWER": "It may be."}}"#;
        let question = read(json, "test_set.json").unwrap().next().unwrap().unwrap();
        assert_eq!(question.answer.as_deref(), Some("maybe"));
        let document = question.document();
        assert_eq!(document.passages[1].infons["section"], "METHODS");
        assert!(!document.text.contains("may be"), "the conclusion gives the answer away");
        assert_eq!(read_answers(r#"{"3": "yes"}"#, "a.json").unwrap(), [("3".to_owned(), "yes".to_owned())]);
        assert_eq!(
            read_splits(r#"{"test": ["3"], "folds_dev": [["1"]]}"#, "s.json").unwrap().folds_dev[0],
            ["1"]
        );
    }
}
