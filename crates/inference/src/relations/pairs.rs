//! Pairs of names: which ones are asked about, and how a model is asked by prompts. Each pair is asked alone, behind the
//! text that was read once.

use std::collections::BTreeSet;

use documents::{Document, Span};
use tasks::scores::RelationScore;
use tasks::{Mention, RelationTask, Stated, exhaustive, verdicts};

use super::LONGEST_NAME;
use crate::context::{Cancel, Meter};
use crate::{Continuation, InferenceError, LanguageModel, Prompt};

/// Continuations scored between two looks at the cancel switch.
const AT_ONCE: usize = 128;
/// More pairs than this are not asked about in one window of a text.
const MAX_PAIRS: usize = 2_000;

/// A window of a document that is searched for relations.
#[derive(Debug, Clone, Copy)]
pub struct TextWindow<'a> {
    /// The task.
    pub task: RelationTask,
    /// The document.
    pub document: &'a Document,
    /// The part of its text that is read.
    pub span: Span,
    /// All sentences of the document.
    pub sentences: &'a [Span],
    /// The mentions inside the window.
    pub mentions: &'a [Mention],
}

impl TextWindow<'_> {
    /// The text as the model reads it.
    pub(super) fn source(&self) -> String {
        self.task.prompt(self.document, self.span)
    }
}

/// Two names that may be related.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamePair {
    /// The first name.
    pub head: String,
    /// The second name.
    pub tail: String,
    /// Numbers of the mentions of the first name, among those of the window.
    pub head_mentions: Vec<usize>,
    /// Numbers of the mentions of the second name.
    pub tail_mentions: Vec<usize>,
}

/// The name of a task in its form that decides about pairs.
#[must_use]
pub fn pairs_task(task: RelationTask) -> String {
    format!("{}-pairs", task.name())
}

/// The pairs of names of a window that could be related, each once, without names that are too long for the model, and
/// what the user should know where there are too many.
#[must_use]
pub fn candidate_pairs(
    model: &dyn LanguageModel,
    window: &TextWindow<'_>,
) -> (Vec<NamePair>, Option<String>) {
    let short = |name: &str| model.count_tokens(name) <= LONGEST_NAME;
    let mut seen = BTreeSet::new();
    let mut pairs = Vec::new();
    for candidate in exhaustive::candidates(window.task, window.sentences, window.mentions) {
        let Stated { head, tail, .. } = candidate.stated;
        if seen.insert((head.clone(), tail.clone())) && short(&head) && short(&tail) {
            pairs.push(NamePair { head, tail, head_mentions: candidate.head, tail_mentions: candidate.tail });
        }
    }
    let notice = (pairs.len() > MAX_PAIRS).then(|| {
        format!(
            "A part of the text has {} pairs of names; the first {MAX_PAIRS} were asked about.",
            pairs.len()
        )
    });
    pairs.truncate(MAX_PAIRS);
    (pairs, notice)
}

/// The log-odds that each pair is related in any way: one continuation a pair.
pub(crate) fn pairs_by_prompt<M: LanguageModel + ?Sized>(
    model: &mut M,
    window: &TextWindow<'_>,
    pairs: &[NamePair],
    cancel: &Cancel,
    meter: &mut Meter,
) -> Result<Vec<f64>, InferenceError> {
    let none = [verdicts::answer_text(window.task, None)];
    let found = answered(model, window, pairs, &none, cancel, meter)?;
    Ok(found.iter().map(|sums| verdicts::log_odds(sums[0])).collect())
}

/// The log-probabilities of the kinds of relation for each pair.
pub(crate) fn kinds_by_prompt<M: LanguageModel + ?Sized>(
    model: &mut M,
    window: &TextWindow<'_>,
    pairs: &[NamePair],
    cancel: &Cancel,
    meter: &mut Meter,
) -> Result<Vec<Vec<f64>>, InferenceError> {
    let kinds = window.task.kinds();
    if kinds.len() == 1 {
        return Ok(vec![vec![0.0]; pairs.len()]);
    }
    let words: Vec<String> =
        kinds.iter().map(|kind| verdicts::answer_text(window.task, Some(kind))).collect();
    answered(model, window, pairs, &words, cancel, meter)
}

/// The log-probability of each of the answers to the question about each pair.
fn answered<M: LanguageModel + ?Sized>(
    model: &mut M,
    window: &TextWindow<'_>,
    pairs: &[NamePair],
    answers: &[String],
    cancel: &Cancel,
    meter: &mut Meter,
) -> Result<Vec<Vec<f64>>, InferenceError> {
    let prompt = Prompt::tuned(window.source(), pairs_task(window.task));
    let mut found = Vec::with_capacity(pairs.len());
    for some in pairs.chunks((AT_ONCE / answers.len()).max(1)) {
        cancel.check()?;
        let continuations: Vec<Continuation> = some
            .iter()
            .flat_map(|pair| {
                let given = verdicts::question(window.task, &pair.head, &pair.tail);
                answers
                    .iter()
                    .map(move |answer| Continuation { given: given.clone(), scored: answer.clone() })
            })
            .collect();
        let scores = model.score(&prompt, &continuations)?;
        meter.count(scores.iter().map(Vec::len).sum());
        let of_pairs = scores.chunks(answers.len());
        found
            .extend(of_pairs.map(|of_pair| of_pair.iter().map(|one| one.iter().sum()).collect::<Vec<f64>>()));
    }
    Ok(found)
}

/// How likely relations are as answers of their own: against "there is none", and against the names swapped.
pub(super) fn score_statements(
    model: &mut dyn LanguageModel,
    window: &TextWindow<'_>,
    relations: &[Stated],
    cancel: &Cancel,
    meter: &mut Meter,
) -> Result<Vec<RelationScore>, InferenceError> {
    let task = window.task;
    let prompt = Prompt::tuned(window.source(), task.name());
    let alone = |stated: Stated| Continuation::whole(task.target(&[stated], ""));
    let mut found = Vec::with_capacity(relations.len());
    for some in relations.chunks(AT_ONCE / 2) {
        cancel.check()?;
        let swaps = task != RelationTask::Ddi;
        let mut continuations = vec![Continuation::whole(task.target(&[], ""))];
        continuations.extend(some.iter().cloned().map(alone));
        if swaps {
            let swapped = |stated: &Stated| Stated::new(&stated.tail, &stated.head, &stated.kind);
            continuations.extend(some.iter().map(swapped).map(alone));
        }
        let scores = model.score(&prompt, &continuations)?;
        meter.count(scores.iter().map(Vec::len).sum());
        let Some((none, rest)) = scores.split_first() else { continue };
        let (statements, swapped) = rest.split_at(some.len());
        found.extend(statements.iter().enumerate().map(|(place, statement)| {
            RelationScore::new(statement, Some(none), swapped.get(place).map(Vec::as_slice))
        }));
    }
    Ok(found)
}
