//! Classifying sentences, and by them a document.

use std::collections::BTreeMap;
use std::sync::Arc;

use documents::{Content, Document, Grade, Prediction, Span};
use tasks::classify::LabelLogarithms;
use tasks::guidance::TaskGuidance;
use tasks::{classify as hallmarks, scores, sentences};

use crate::context::{Cancel, Meter};
use crate::relations::THRESHOLD;
use crate::{Continuation, InferenceError, LanguageModel, Prompt, TaskContext, TaskOutcome};

/// The name of a model's own classes among its guidance.
const OWN: &str = "classify";
/// The task's name in a model's manifest.
pub(crate) const TASK: &str = "hoc";

/// The classes that a model gives sentences, of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Classes {
    /// What each is called; `None` for one that says that there is nothing to say.
    pub labels: Vec<Option<String>>,
    /// Whether a sentence has exactly one.
    pub exclusive: bool,
}

/// A label and its probability.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelScore {
    /// One of [`tasks::classify::HALLMARKS`], or of the model's own classes.
    pub label: Arc<str>,
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
    let guidance = context.model.profile().guidance.clone();
    let own = context.model.classes().cloned();
    let threshold = guidance.or_none(if own.is_some() { OWN } else { TASK }).threshold.unwrap_or(THRESHOLD);
    let mut outcome = TaskOutcome::default();
    let mut found: Vec<LabelledSentence> = Vec::new();
    let mut left_out = false;
    let mut hear = |sentence: Option<LabelledSentence>| match sentence {
        Some(sentence) => {
            on_sentence(sentence.span, &sentence.scores);
            found.push(sentence);
        }
        None => left_out = true,
    };
    let scored = match &own {
        Some(classes) => by_own_classes(context, document, classes, threshold, &mut hear),
        None => by_hallmarks(context, document, guidance.or_none(TASK), threshold, &mut hear),
    };
    match scored {
        Err(InferenceError::Cancelled) => outcome.stopped = true,
        scored => scored?,
    }
    if left_out {
        outcome
            .notices
            .push("A sentence that is longer than the model reads at once was left out.".to_owned());
    }
    let exclusive = own.is_some_and(|classes| classes.exclusive);
    let names = found.first().map_or(&[][..], |sentence| &sentence.scores);
    let mut labels: Vec<LabelScore> = names
        .iter()
        .enumerate()
        .map(|(place, name)| {
            let of_sentences: Vec<f64> =
                found.iter().filter_map(|sentence| Some(sentence.scores.get(place)?.probability)).collect();
            // A class that each sentence has one of is as sure as in the sentence that shows it best.
            let probability = if exclusive {
                of_sentences.iter().copied().fold(0.0, f64::max)
            } else {
                scores::in_any(&of_sentences)
            };
            LabelScore { label: name.label.clone(), probability: probability.clamp(0.0, 1.0) }
        })
        .collect();
    labels.sort_by(|a, b| b.probability.total_cmp(&a.probability));
    for sentence in &found {
        let own = sentence.holds.iter().filter_map(|place| sentence.scores.get(*place));
        outcome.predictions.extend(own.map(|score| label(score, Some(sentence.span))));
    }
    // A document has the labels of its sentences, as in the corpus.
    for score in &labels {
        let has = |sentence: &&LabelledSentence| {
            let mut own = sentence.holds.iter().filter_map(|place| sentence.scores.get(*place));
            own.any(|one| one.label == score.label)
        };
        let supports: Vec<Span> = found.iter().filter(has).map(|sentence| sentence.span).collect();
        if !supports.is_empty() {
            outcome.predictions.push(Prediction { evidence: supports, ..label(score, None) });
        }
    }
    let sentences = found.into_iter().map(|sentence| (sentence.span, sentence.scores)).collect();
    Ok(Classified { sentences, labels, threshold, outcome })
}

/// A sentence with the probability of each label, and the places of those that it has.
struct LabelledSentence {
    span: Span,
    scores: Vec<LabelScore>,
    holds: Vec<usize>,
}

fn reached(scores: &[LabelScore], threshold: f64) -> Vec<usize> {
    (0..scores.len()).filter(|place| scores[*place].probability >= threshold).collect()
}

/// The hallmarks of cancer of each sentence; `hear` gets nothing for one that is too long.
fn by_hallmarks(
    context: &mut TaskContext<'_>,
    document: &Document,
    guidance: &TaskGuidance,
    threshold: f64,
    hear: &mut dyn FnMut(Option<LabelledSentence>),
) -> Result<(), InferenceError> {
    let names = hallmarks::HALLMARKS.map(Arc::<str>::from);
    let spans = sentences::of(document);
    label_log_probabilities(context, document, &spans, &mut |number, written| {
        let span = spans[number];
        hear(written.map(|written| {
            let sentence = span.slice(&document.text).unwrap_or_default();
            let probabilities = hallmarks::probabilities(guidance, sentence, &written);
            let labels = names.iter().cloned().zip(probabilities);
            let scores: Vec<_> =
                labels.map(|(label, probability)| LabelScore { label, probability }).collect();
            LabelledSentence { span, holds: reached(&scores, threshold), scores }
        }));
    })
}

/// The model's own classes of each sentence. Where they exclude each other a sentence has the likeliest one; else all that reach the
/// threshold.
fn by_own_classes(
    context: &mut TaskContext<'_>,
    document: &Document,
    classes: &Classes,
    threshold: f64,
    hear: &mut dyn FnMut(Option<LabelledSentence>),
) -> Result<(), InferenceError> {
    let names: Vec<Option<Arc<str>>> =
        classes.labels.iter().map(|label| label.as_deref().map(Arc::from)).collect();
    context.model.reset();
    for span in sentences::of(document) {
        context.cancel.check()?;
        let found = context.model.class_probabilities(span.slice(&document.text).unwrap_or_default())?;
        context.meter.count(1);
        hear(found.map(|probabilities| {
            let likeliest = (0..probabilities.len().min(names.len()))
                .max_by(|a, b| probabilities[*a].total_cmp(&probabilities[*b]));
            let named = names.iter().zip(&probabilities).enumerate();
            let (places, scores): (Vec<usize>, Vec<LabelScore>) = named
                .filter_map(|(place, (label, probability))| {
                    Some((place, LabelScore { label: label.clone()?, probability: *probability }))
                })
                .unzip();
            let holds = if classes.exclusive {
                places.iter().position(|place| Some(*place) == likeliest).into_iter().collect()
            } else {
                reached(&scores, threshold)
            };
            LabelledSentence { span, scores, holds }
        }));
    }
    Ok(())
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
    let TaskContext { model, cancel, meter, .. } = context;
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
        content: Content::Label { label: score.label.to_string(), span },
        score: Some(score.probability.clamp(0.0, 1.0)),
        masked_mass: None,
        masked_masses: Vec::new(),
        figures: BTreeMap::new(),
        evidence: span.into_iter().collect(),
        grade: Grade::Exact,
        readings: Vec::new(),
        warnings: Vec::new(),
    }
}
