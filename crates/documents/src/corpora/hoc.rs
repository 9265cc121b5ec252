//! HoC: sentences of PubMed abstracts labelled with the ten hallmarks of cancer (Baker et al., 2016).

use serde::{Deserialize, Serialize};

use super::CorpusError;
use crate::Document;

/// One line of `train.tsv` or `test.tsv`: a tokenized sentence and its label field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelledSentence {
    /// The sentence as the file writes it (tokens separated by blanks).
    pub text: String,
    /// The label field as the file writes it: `a|b`, or `empty`.
    pub label: String,
}

impl LabelledSentence {
    /// The hallmarks in the file's order; none for `empty`.
    pub fn hallmarks(&self) -> impl Iterator<Item = &str> {
        self.label.split('|').map(str::trim).filter(|label| !label.is_empty() && *label != "empty")
    }
}

/// One abstract of `documents.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Abstract {
    /// PubMed id.
    pub pmid: String,
    /// `train`, `test` or `unused`.
    pub split: String,
    /// Hallmarks of the abstract, lower case.
    pub labels: Vec<String>,
    /// Its sentences in reading order.
    pub sentences: Vec<Sentence>,
}

/// One sentence of an [`Abstract`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sentence {
    /// Tokenized text.
    pub text: String,
    /// Full label paths (`Sustaining proliferative signaling--Receptors`).
    pub labels: Vec<String>,
}

impl Sentence {
    /// The hallmarks of the sentence as the `.tsv` files write them: the head of each path, lower case, each once.
    #[must_use]
    pub fn hallmarks(&self) -> Vec<String> {
        let mut hallmarks: Vec<String> = Vec::new();
        for path in &self.labels {
            let head = path.split("--").next().unwrap_or(path).trim().to_lowercase();
            if !head.is_empty() && !hallmarks.contains(&head) {
                hallmarks.push(head);
            }
        }
        hallmarks
    }
}

/// Reads the sentences of a `.tsv` file. Blank lines are skipped: they separate nothing.
pub fn read<'a>(
    tsv: &'a str,
    file: &'a str,
) -> impl Iterator<Item = Result<LabelledSentence, CorpusError>> + 'a {
    lines(tsv).map(move |(number, line)| {
        let (text, label) = line.rsplit_once('\t').ok_or_else(|| CorpusError::Record {
            file: file.to_owned(),
            place: format!("line {number}"),
            problem: "there is no tab between the sentence and its labels".to_owned(),
        })?;
        Ok(LabelledSentence { text: text.to_owned(), label: label.to_owned() })
    })
}

/// Reads the abstracts of `documents.jsonl`.
pub fn read_documents<'a>(
    jsonl: &'a str,
    file: &'a str,
) -> impl Iterator<Item = Result<Abstract, CorpusError>> + 'a {
    lines(jsonl).map(move |(number, line)| {
        serde_json::from_str(line).map_err(|error| CorpusError::Record {
            file: file.to_owned(),
            place: format!("line {number}"),
            problem: error.to_string(),
        })
    })
}

fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let text = text.trim_start_matches('\u{feff}');
    (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty())
}

impl Abstract {
    /// The abstract with one passage per sentence; a passage's labels and the document's are in `labels`, joined by `|`.
    #[must_use]
    pub fn document(&self) -> Document {
        let sentences: Vec<(&str, &str)> =
            self.sentences.iter().map(|sentence| ("sentence", sentence.text.as_str())).collect();
        let mut document = Document::from_parts(&self.pmid, &sentences);
        document.infons.insert("pmid".to_owned(), self.pmid.clone());
        document.infons.insert("labels".to_owned(), self.labels.join("|"));
        for (passage, sentence) in document.passages.iter_mut().zip(&self.sentences) {
            passage.infons.insert("labels".to_owned(), sentence.labels.join("|"));
        }
        document
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_labels_and_reports_a_line_without_them() {
        let tsv =
            "\nCells divide .\tresisting cell death|cellular energetics\n\nCells rest .\tempty\nno label\n";
        let sentences: Vec<_> = read(tsv, "test.tsv").collect();
        assert_eq!(sentences.len(), 3);
        let first: Vec<&str> = sentences[0].as_ref().unwrap().hallmarks().collect();
        assert_eq!(first, ["resisting cell death", "cellular energetics"]);
        assert_eq!(sentences[1].as_ref().unwrap().hallmarks().count(), 0);
        assert!(sentences[2].as_ref().unwrap_err().to_string().starts_with("test.tsv, line 5:"));
    }

    #[test]
    fn joins_sentences_to_a_document() {
        let line = r#"{"pmid": "5", "split": "train", "labels": ["a"], "sentences": [
            {"text": "One .", "labels": ["A--x", "A--y"]}, {"text": "Two .", "labels": []}]}"#
            .replace('\n', " ");
        let record = read_documents(&line, "documents.jsonl").next().unwrap().unwrap();
        assert_eq!(record.sentences[0].hallmarks(), ["a"]);
        let document = record.document();
        assert_eq!(document.text, "One .\nTwo .");
        assert_eq!(document.passages[1].span.slice(&document.text), Some("Two ."));
    }
}
