//! PubMedQA: a research question answered yes, no or maybe by an abstract.

use std::fmt;
use std::sync::LazyLock;

use documents::{Document, Span};
use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::reading::{LEAD_INS, pattern, without_lead_in};
use crate::source;

/// One of the three answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// The abstract says so.
    Yes,
    /// The abstract says that it is not so.
    No,
    /// The abstract leaves it open.
    Maybe,
}

impl Answer {
    /// In the order in which scores are given.
    pub const ALL: [Self; 3] = [Self::Yes, Self::No, Self::Maybe];

    /// As the model writes it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Maybe => "maybe",
        }
    }

    /// The answer that is exactly this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|answer| answer.word() == word)
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What the target says before the answer.
pub(crate) const STEM: &str = "the answer to the question given the context is";

static ANSWER: LazyLock<Regex> = LazyLock::new(|| pattern(&format!("{STEM}(.*)")));

/// `question: {question} context: {context} `, in the author's case, every run of white space being one blank; the
/// blank at the end is the reference's.
#[must_use]
pub fn prompt(question: &str, document: &Document, window: Span) -> String {
    let context = source::pieces(document, window).join(" ");
    format!("question: {} context: {} ", one_blank(question), one_blank(&context))
}

/// `the answer to the question given the context is {answer}.`
#[must_use]
pub fn target(answer: Answer) -> String {
    format!("{STEM} {answer}.")
}

/// The words after the stem, wherever it stands; `None` if it does not.
#[must_use]
pub fn read(output: &str) -> Option<String> {
    let words = ANSWER.captures(without_lead_in(output, &LEAD_INS))?;
    Some(words[1].trim().to_owned())
}

fn one_blank(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        for answer in Answer::ALL {
            let words = read(&target(answer)).unwrap();
            assert_eq!(Answer::from_word(&words), Some(answer));
        }
        assert_eq!(read("yes."), None);
        assert_eq!(
            Answer::from_word(&read("the answer to the question given the context is: no").unwrap()),
            None
        );
    }

    #[test]
    fn asks_with_one_blank_between_words() {
        let document =
            Document::from_parts("1", &[("abstract", " One.\n "), ("abstract", "Two  and three.")]);
        let text = prompt(" Is it? ", &document, source::whole(&document));
        assert_eq!(text, "question: Is it? context: One. Two and three. ");
    }
}
