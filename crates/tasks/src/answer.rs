//! PubMedQA: a research question answered yes, no or maybe by an abstract.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::LazyLock;

use documents::{Document, Span};
use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::guidance::TaskGuidance;
use crate::linear::Features;
use crate::reading::{LEAD_INS, pattern, without_lead_in};
use crate::scores::normalized;
use crate::{sentences, source};

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

/// The words after the stem, wherever it is; `None` if it does not.
#[must_use]
pub fn read(output: &str) -> Option<String> {
    let words = ANSWER.captures(without_lead_in(output, &LEAD_INS))?;
    Some(words[1].trim().to_owned())
}

fn one_blank(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

static DENIED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:no|not|neither|nor|without|failed|fail|lack|none|cannot|non-?significant|unrelated|similar|comparable|unchanged|equivalent|independent|same)\b",
    )
});
static AFFIRMED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:significant|significantly|p ?[<=]|associated|correlat\w*|predict\w*|increas\w*|higher|improv\w*|effective)\b",
    )
});
static NO_DIFFERENCE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:no|not|neither)\b[^.]{0,60}\b(?:significant\w*|differ\w*|associat\w*|correlat\w*|effect|change\w*|improv\w*|predict\w*|relat\w*)\b|\b(?:similar|comparable|did not|was not|were not|no difference\w*)\b",
    )
});
static DOUBTED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:may|might|possib\w*|trend|limited|small|although|however|but|while|whereas|only|borderline|unclear)\b",
    )
});
/// `p < 0.05`, `p=.2`: the characters between, and the digits after the point.
static P_VALUE: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\bp ?([<=>]) ?0?\.(\d+)"));
static WORDS: LazyLock<Regex> = LazyLock::new(|| pattern(r"[a-z0-9]+"));

/// Words of a question that say nothing about its subject.
const COMMON: [&str; 42] = [
    "the", "of", "and", "in", "to", "a", "with", "for", "is", "was", "were", "are", "by", "on", "at", "as",
    "an", "be", "from", "that", "this", "than", "it", "or", "does", "do", "can", "has", "have", "had",
    "between", "among", "patients", "study", "its", "their", "there", "we", "our", "which", "who", "whether",
];

/// The last sentences of an abstract, where results are in the reasoning-required setting.
const LAST: usize = 2;

fn stems(text: &str, letters: usize) -> BTreeSet<String> {
    let lower = text.to_lowercase();
    let words = WORDS.find_iter(&lower).map(|word| word.as_str()).filter(|word| !COMMON.contains(word));
    words.map(|word| word.chars().take(letters).collect()).collect()
}

/// What question and text show of the answer: words that deny, affirm or doubt, in all of the text, at its end and in
/// the sentences that share words with the question; p-values below and above 0.05; the words of the question. Counts
/// are logarithms, `ln(1 + n)`.
#[must_use]
pub fn signs(question: &str, document: &Document, window: Span) -> Features {
    let context = source::pieces(document, window).join(" ");
    let sentences: Vec<&str> =
        sentences::split(&context).into_iter().filter_map(|span| span.slice(&context)).collect();
    let asked = stems(question, 5);
    let shared: Vec<f64> = sentences
        .iter()
        .map(|sentence| {
            let common = stems(sentence, 5).intersection(&asked).count();
            common as f64 / asked.len().max(1) as f64
        })
        .collect();
    let mut signs = Features::new();
    let kinds = [
        ("denied", &DENIED),
        ("affirmed", &AFFIRMED),
        ("no difference", &NO_DIFFERENCE),
        ("doubted", &DOUBTED),
    ];
    for (name, pattern) in kinds {
        let counts: Vec<f64> =
            sentences.iter().map(|sentence| pattern.find_iter(sentence).count() as f64).collect();
        let all: f64 = counts.iter().sum();
        let last: f64 = counts.iter().rev().take(LAST).sum();
        let near: f64 = counts.iter().zip(&shared).map(|(count, shared)| count * shared).sum();
        signs.insert(format!("{name} anywhere"), all.ln_1p());
        signs.insert(format!("{name} a sentence"), all / sentences.len().max(1) as f64);
        signs.insert(format!("{name} at the end"), last.ln_1p());
        signs.insert(format!("{name} near"), near.ln_1p());
    }
    let (mut low, mut high) = (0.0f64, 0.0f64);
    for found in P_VALUE.captures_iter(&context) {
        let value: f64 = format!("0.{}", &found[2]).parse().unwrap_or(1.0);
        *(if &found[1] != ">" && value <= 0.05 { &mut low } else { &mut high }) += 1.0;
    }
    signs.insert("small p".to_owned(), low.ln_1p());
    signs.insert("large p".to_owned(), high.ln_1p());
    signs.insert("words shared".to_owned(), shared.iter().copied().fold(0.0, f64::max));
    let lower = question.to_lowercase();
    for word in WORDS.find_iter(&lower) {
        let stem: String = word.as_str().chars().take(7).collect();
        signs.insert(format!("asked {stem}"), 1.0);
    }
    signs
}

/// The probabilities of the answers in the order of [`Answer::ALL`], from the log-probabilities of the three targets as
/// whole sequences and what question and text show.
#[must_use]
pub fn probabilities(guidance: &TaskGuidance, signs: &Features, written: [f64; 3]) -> [f64; 3] {
    let of = |place: usize| {
        let word = Answer::ALL[place].word();
        let bias = guidance.biases.get(word).copied().unwrap_or_default();
        match guidance.signs.get(word) {
            Some(shown) => shown.log_probability(signs) + guidance.weighed(written[place]) + bias,
            None => written[place] + bias,
        }
    };
    normalized([of(0), of(1), of(2)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linear::Linear;

    #[test]
    fn signs_are_those_of_question_and_text() {
        let document = Document::from_parts(
            "1",
            &[(
                "abstract",
                "Forty rats were fed. Weight did not differ (p = 0.40). Fur was darker (P<.001).",
            )],
        );
        let signs = signs("Does food change the weight of rats?", &document, source::whole(&document));
        assert_eq!(signs["small p"], 1f64.ln_1p());
        assert_eq!(signs["large p"], 1f64.ln_1p());
        assert!(signs["no difference near"] > 0.0 && signs["asked weight"] == 1.0);
        assert_eq!(signs["doubted anywhere"], 0.0);
    }

    #[test]
    fn signs_and_model_are_weighed_together() {
        let written = [-1.0, -2.0, -4.0];
        let mut guidance = TaskGuidance::default();
        let signs = Features::from([("denied near".to_owned(), 1.0)]);
        let alone = probabilities(&guidance, &signs, written);
        assert!(alone[0] > alone[1] && alone[1] > alone[2]);
        let says = |weight| Linear { intercept: 0.0, weights: [("denied near".to_owned(), weight)].into() };
        guidance.signs = [("yes", -2.0), ("no", 2.0), ("maybe", -1.0)]
            .map(|(word, weight)| (word.to_owned(), says(weight)))
            .into();
        let shown = probabilities(&guidance, &signs, written);
        assert!(shown[1] > 0.6, "{shown:?}");
        guidance.model_weight = 3.0;
        assert!(probabilities(&guidance, &signs, written)[0] > shown[0], "the model says yes");
    }

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
