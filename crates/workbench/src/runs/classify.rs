//! Classifying sentences, and by them a document.

use std::collections::BTreeMap;

use documents::{Document, Span};
use sessions::{Content, Grade, Prediction};
use tasks::{classify as hallmarks, scores, sentences};

use super::relations::THRESHOLD;
use super::{Outcome, require};
use crate::engine::{Desk, EngineError};
use crate::generator::{Continuation, Prompt};

/// The task's name in a model's manifest.
pub(super) const TASK: &str = "hoc";

/// A label and its probability.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LabelScore {
    /// One of [`tasks::classify::HALLMARKS`].
    pub label: &'static str,
    /// Between 0 and 1.
    pub probability: f64,
}

/// What was found in a document.
#[derive(Debug, Clone, PartialEq)]
pub struct Classified {
    /// Each sentence with all labels, in the order of the text.
    pub sentences: Vec<(Span, Vec<LabelScore>)>,
    /// The probability that a label holds for any sentence, the likeliest label first.
    pub labels: Vec<LabelScore>,
    /// From this probability on a sentence has a label, and the document with it.
    pub threshold: f64,
    /// As findings.
    pub outcome: Outcome,
}

pub(super) fn prompt(sentence: &str) -> Prompt {
    Prompt::tuned(hallmarks::prompt(sentence), TASK)
}

/// Classifies a document; `tell` hears each sentence.
///
/// # Errors
/// If the model was not tuned for it or cannot go on.
pub fn classify(
    desk: &mut Desk<'_>,
    document: &Document,
    tell: &mut dyn FnMut(Span, &[LabelScore]),
) -> Result<Classified, EngineError> {
    require(desk.generator.profile(), TASK, "the hallmarks of cancer")?;
    desk.generator.forget();
    let threshold = desk.generator.profile().guidance.or_none(TASK).threshold.unwrap_or(THRESHOLD);
    let limit = desk.generator.profile().positions * 7 / 8;
    let mut outcome = Outcome::default();
    let mut found: Vec<(Span, Vec<LabelScore>)> = Vec::new();
    for span in sentences::of(document) {
        if desk.go_on().is_break() {
            outcome.stopped = true;
            break;
        }
        let sentence = span.slice(&document.text).unwrap_or_default();
        let prompt = prompt(sentence);
        if desk.generator.length(&prompt) > limit {
            outcome
                .notices
                .push("A sentence that is longer than the model reads at once was left out.".to_owned());
            continue;
        }
        let scores = label_scores(desk, &prompt, sentence)?;
        tell(span, &scores);
        found.push((span, scores));
    }
    let mut labels: Vec<LabelScore> = hallmarks::HALLMARKS
        .iter()
        .enumerate()
        .map(|(place, label)| {
            let of_sentences: Vec<f64> =
                found.iter().filter_map(|(_, scores)| Some(scores.get(place)?.probability)).collect();
            LabelScore { label, probability: scores::in_any(&of_sentences).clamp(0.0, 1.0) }
        })
        .collect();
    labels.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    let counts = |score: &&LabelScore| score.probability >= threshold;
    for (span, scores) in &found {
        outcome.predictions.extend(scores.iter().filter(counts).map(|score| label(score, Some(*span))));
    }
    // A document has the labels of its sentences, as in the corpus.
    for score in &labels {
        let supports: Vec<Span> = found
            .iter()
            .filter(|(_, scores)| scores.iter().filter(counts).any(|one| one.label == score.label))
            .map(|(span, _)| *span)
            .collect();
        if !supports.is_empty() {
            outcome.predictions.push(Prediction { evidence: supports, ..label(score, None) });
        }
    }
    Ok(Classified { sentences: found, labels, threshold, outcome })
}

/// How likely each label is, by what the model writes first and the words of the sentence.
fn label_scores(
    desk: &mut Desk<'_>,
    prompt: &Prompt,
    sentence: &str,
) -> Result<Vec<LabelScore>, EngineError> {
    let stem = hallmarks::target::<&str>(&[]);
    let stem = stem.trim_end_matches('.').trim_end_matches(hallmarks::EMPTY).trim_end();
    let all: Vec<&'static str> = hallmarks::HALLMARKS.into_iter().chain([hallmarks::EMPTY]).collect();
    let continuations: Vec<Continuation> = all
        .iter()
        .map(|label| Continuation { given: stem.to_owned(), scored: format!(" {label}") })
        .collect();
    let scored = desk.generator.score(prompt, &continuations)?;
    desk.meter.count(scored.iter().map(Vec::len).sum());
    let written = std::array::from_fn(|place| match scored.get(place) {
        Some(tokens) => tokens.iter().sum(),
        None => f64::NEG_INFINITY,
    });
    let guidance = desk.generator.profile().guidance.or_none(TASK);
    let probabilities = hallmarks::probabilities(guidance, sentence, &written);
    let labels = hallmarks::HALLMARKS.into_iter().zip(probabilities);
    Ok(labels.map(|(label, probability)| LabelScore { label, probability }).collect())
}

fn label(score: &LabelScore, span: Option<Span>) -> Prediction {
    Prediction {
        content: Content::Label { label: score.label.to_owned(), span },
        score: Some(score.probability.clamp(0.0, 1.0)),
        masked_mass: None,
        masked_masses: Vec::new(),
        figures: BTreeMap::new(),
        evidence: span.into_iter().collect(),
        grade: Grade::Exact,
        warnings: Vec::new(),
    }
}
