//! Test and validation sets, so that nothing of them is trained on.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use serde::Deserialize;

use crate::Error;
use crate::duplicates::{runs, words};

/// Words in a run. Eleven words in common are a stock phrase ("the aim of this study was to evaluate the effect of").
const RUN: usize = 12;
/// Runs that a text must share with one held-out document to be a copy of it rather than to quote the same phrase.
const SHARED_RUNS: usize = 4;
/// Shorter titles ("Introduction", "Case report") name no document.
const TITLE_WORDS: usize = 4;

/// Why a record may not be trained on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leak {
    /// It has a held-out document's id.
    Id,
    /// It has a held-out document's title.
    Title,
    /// It shares word runs with a held-out document.
    Runs,
}

/// What to look for: ids, titles and word runs of the test and validation documents of all tasks.
#[derive(Debug, Default)]
pub struct HeldOut {
    ids: HashSet<String>,
    titles: HashSet<String>,
    runs: HashMap<u64, Vec<u32>>,
    documents: u32,
}

#[derive(Deserialize)]
struct TaskDocument {
    #[serde(default, alias = "QUESTION")]
    title: String,
    #[serde(default, rename = "abstract")]
    text: String,
    #[serde(default, rename = "CONTEXTS")]
    contexts: Vec<String>,
    #[serde(default, rename = "LONG_ANSWER")]
    answer: String,
}

#[derive(Deserialize)]
struct HallmarkDocument {
    pmid: String,
    split: String,
    sentences: Vec<Sentence>,
}

#[derive(Deserialize)]
struct Sentence {
    text: String,
}

impl HeldOut {
    /// Reads the test and validation files of all tasks. One that is missing is an error: what is not known cannot be held out,
    /// and nobody would see it in the figures.
    pub fn read(tasks: &Path) -> Result<Self, Error> {
        let mut held_out = Self::default();
        let files = [
            "bc5cdr/valid.json",
            "bc5cdr/test.json",
            "ddi/valid.json",
            "ddi/test.json",
            "kd-dti/valid.json",
            "kd-dti/test.json",
            "pubmedqa/pqal_fold0/dev_set.json",
            "pubmedqa/test_set.json",
        ];
        for file in files {
            let path = tasks.join(file);
            is_there(&path)?;
            let text = std::fs::read_to_string(&path).map_err(Error::read(&path))?;
            let documents: HashMap<String, TaskDocument> = serde_json::from_str(&text)
                .map_err(|error| Error::malformed(&path, format!("line {}", error.line()), error))?;
            for (id, document) in documents {
                let body = [document.text, document.contexts.join(" "), document.answer].join(" ");
                held_out.add(&id, &document.title, &body);
            }
        }
        let hallmarks = tasks.join("hoc/documents.jsonl");
        is_there(&hallmarks)?;
        crate::records::read_lines(&hallmarks, |document: HallmarkDocument| {
            if document.split == "test" {
                let sentences: Vec<String> = document.sentences.into_iter().map(|s| s.text).collect();
                held_out.add(&document.pmid, "", &sentences.join(" "));
            }
            Ok(())
        })?;
        Ok(held_out)
    }

    /// Holds out one more document.
    pub fn add(&mut self, id: &str, title: &str, text: &str) {
        self.ids.insert(id.to_owned());
        let title_words = words(title);
        if title_words.len() >= TITLE_WORDS {
            self.titles.insert(title_words.join(" "));
        }
        // Titles are in the runs too, but not across the seam: elsewhere something else may be between.
        for run in runs(&title_words, RUN).chain(runs(&words(text), RUN)) {
            let documents = self.runs.entry(run).or_default();
            if documents.last() != Some(&self.documents) {
                documents.push(self.documents);
            }
        }
        self.documents += 1;
    }

    /// The number of held-out documents.
    pub const fn len(&self) -> usize {
        self.documents as usize
    }

    /// Whether nothing is held out.
    pub const fn is_empty(&self) -> bool {
        self.documents == 0
    }

    /// Whether a text is, or copies from, a held-out document. `ids`: any that it goes by, with or without `PMID`.
    pub fn leak<'i>(&self, ids: impl IntoIterator<Item = &'i str>, title: &str, text: &str) -> Option<Leak> {
        let held = |id: &str| {
            self.ids.contains(id) || id.strip_prefix("PMID").is_some_and(|id| self.ids.contains(id))
        };
        if ids.into_iter().any(held) {
            return Some(Leak::Id);
        }
        let title_words = words(title);
        if title_words.len() >= TITLE_WORDS && self.titles.contains(&title_words.join(" ")) {
            return Some(Leak::Title);
        }
        let text_words = words(text);
        let mut shared: HashMap<u32, HashSet<u64>> = HashMap::new();
        for run in runs(&title_words, RUN).chain(runs(&text_words, RUN)) {
            for document in self.runs.get(&run).into_iter().flatten() {
                shared.entry(*document).or_default().insert(run);
            }
        }
        shared.values().any(|runs| runs.len() >= SHARED_RUNS).then_some(Leak::Runs)
    }
}

fn is_there(path: &Path) -> Result<(), Error> {
    if path.is_file() { Ok(()) } else { Err(Error::NothingHeldOut { path: path.to_owned() }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Lithium given for mania caused polyuria in nine of forty patients, which went when the drug was \
                        stopped; serum sodium rose in three of them and none needed treatment.";

    #[test]
    fn ids_titles_and_copied_sentences_are_found_and_stock_phrases_are_not() {
        let mut held_out = HeldOut::default();
        held_out.add("123", "Polyuria under lithium: a series", TEXT);
        let leak = |id, title, text| held_out.leak([id], title, text);
        assert_eq!(leak("PMID123", "", ""), Some(Leak::Id));
        assert_eq!(leak("9", "POLYURIA under Lithium - a series.", ""), Some(Leak::Title));
        let copied = format!("Earlier work said: {}", TEXT.to_lowercase().replace(';', " ;"));
        assert_eq!(leak("9", "", &copied), Some(Leak::Runs));
        let phrase = "Lithium given for mania caused polyuria in nine of forty patients, which";
        assert_eq!(leak("9", "", phrase), None);
        assert_eq!(leak("9", "Case series", "Nothing in common."), None);
    }
}
