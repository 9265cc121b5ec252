//! Classifying sentences, and by them a document.

use std::collections::BTreeMap;

use documents::{Content, Document, Grade, Prediction, Span};
use tasks::classify::LabelLogarithms;
use tasks::{classify as hallmarks, scores, sentences};

use crate::context::{Cancel, Meter};
use crate::relations::THRESHOLD;
use crate::{Continuation, InferenceError, LanguageModel, Prompt, TaskContext, TaskOutcome};

/// The task's name in a model's manifest.
pub(crate) const TASK: &str = "hoc";

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
    pub outcome: TaskOutcome,
}

pub(crate) fn prompt(sentence: &str) -> Prompt {
    Prompt::tuned(hallmarks::prompt(sentence), TASK)
}

/// Classifies a document; `on_sentence` receives each sentence.
///
/// # Errors
/// If the model was not tuned for it or cannot go on.
pub fn classify(
    context: &mut TaskContext<'_>,
    document: &Document,
    on_sentence: &mut dyn FnMut(Span, &[LabelScore]),
) -> Result<Classified, InferenceError> {
    let spans = sentences::of(document);
    let guidance = context.model.profile().guidance.clone();
    let guidance = guidance.or_none(TASK);
    let threshold = guidance.threshold.unwrap_or(THRESHOLD);
    let mut outcome = TaskOutcome::default();
    let mut found: Vec<(Span, Vec<LabelScore>)> = Vec::new();
    let scored = label_log_probabilities(context, document, &spans, &mut |number, written| {
        let span = spans[number];
        let Some(written) = written else {
            outcome
                .notices
                .push("A sentence that is longer than the model reads at once was left out.".to_owned());
            return;
        };
        let sentence = span.slice(&document.text).unwrap_or_default();
        let probabilities = hallmarks::probabilities(guidance, sentence, &written);
        let labels = hallmarks::HALLMARKS.into_iter().zip(probabilities);
        let scores: Vec<_> = labels.map(|(label, probability)| LabelScore { label, probability }).collect();
        on_sentence(span, &scores);
        found.push((span, scores));
    });
    match scored {
        Err(InferenceError::Cancelled) => outcome.stopped = true,
        scored => scored?,
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

/// The log-probabilities of the hallmarks for sentences of a document, before they are calibrated: see
/// [`LanguageModel::label_log_probabilities`].
///
/// # Errors
/// If the model was not tuned for it or cannot go on; [`InferenceError::Cancelled`] if it was stopped.
pub fn label_log_probabilities(
    context: &mut TaskContext<'_>,
    document: &Document,
    sentences: &[Span],
    on_sentence: &mut dyn FnMut(usize, Option<LabelLogarithms>),
) -> Result<(), InferenceError> {
    let TaskContext { model, cancel, meter } = context;
    model.profile().require(TASK, "the hallmarks of cancer")?;
    model.reset();
    model.label_log_probabilities(document, sentences, cancel, meter, on_sentence)
}

/// What the model writes first behind the target's beginning.
pub(crate) fn labels_by_prompt<M: LanguageModel + ?Sized>(
    model: &mut M,
    document: &Document,
    sentences: &[Span],
    cancel: &Cancel,
    meter: &mut Meter,
    on_sentence: &mut dyn FnMut(usize, Option<LabelLogarithms>),
) -> Result<(), InferenceError> {
    let stem = hallmarks::target::<&str>(&[]);
    let stem = stem.trim_end_matches('.').trim_end_matches(hallmarks::EMPTY).trim_end();
    let all = hallmarks::HALLMARKS.into_iter().chain([hallmarks::EMPTY]);
    let continuations: Vec<Continuation> =
        all.map(|label| Continuation { given: stem.to_owned(), scored: format!(" {label}") }).collect();
    let limit = model.profile().positions * 7 / 8;
    for (number, span) in sentences.iter().enumerate() {
        cancel.check()?;
        let prompt = prompt(span.slice(&document.text).unwrap_or_default());
        if model.prompt_length(&prompt) > limit {
            on_sentence(number, None);
            continue;
        }
        // What the sentence before has in common with this one is read again: the last bits of a score depend on what was
        // read at once, and a sentence has the same score wherever it is.
        model.reset();
        let scored = model.score(&prompt, &continuations)?;
        meter.count(scored.iter().map(Vec::len).sum());
        let written = std::array::from_fn(|place| match scored.get(place) {
            Some(tokens) => tokens.iter().sum(),
            None => f64::NEG_INFINITY,
        });
        on_sentence(number, Some(written));
    }
    Ok(())
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
