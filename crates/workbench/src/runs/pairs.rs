//! Do two names stand in a relation, and in which? Each pair is asked alone, behind the text that was read once.

use tasks::scores::RelationScore;
use tasks::{RelationTask, Stated, verdicts};

use crate::engine::{Desk, EngineError};
use crate::generator::{Continuation, Prompt};

/// Continuations scored between two looks at the cancel switch.
const AT_ONCE: usize = 128;

/// What a model says to a pair of names.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Verdict {
    /// By kind, none first; they sum to 1.
    pub(super) probabilities: Vec<(Option<&'static str>, f64)>,
}

impl Verdict {
    /// The likeliest kind.
    pub(super) fn best(&self) -> Option<(&'static str, f64)> {
        let kinds =
            self.probabilities.iter().filter_map(|(kind, probability)| Some(((*kind)?, *probability)));
        kinds.max_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// The probability of a kind.
    pub(super) fn of(&self, kind: &str) -> Option<f64> {
        let same =
            |(other, _): &&(Option<&str>, f64)| other.is_some_and(|other| other.eq_ignore_ascii_case(kind));
        self.probabilities.iter().find(same).map(|(_, probability)| *probability)
    }
}

/// The name of a task in its form that decides about pairs.
pub(super) fn tuned_name(task: RelationTask) -> String {
    format!("{}-pairs", task.name())
}

/// Whether each pair is related, and how. `None` if it was stopped.
pub(super) fn ask(
    desk: &mut Desk<'_>,
    task: RelationTask,
    source: &str,
    pairs: &[(String, String)],
) -> Result<Option<Vec<Verdict>>, EngineError> {
    let prompt = Prompt::tuned(source, tuned_name(task));
    let all = verdicts::all(task);
    let mut found = Vec::with_capacity(pairs.len());
    for some in pairs.chunks((AT_ONCE / all.len()).max(1)) {
        if desk.go_on().is_break() {
            return Ok(None);
        }
        let continuations: Vec<Continuation> = some
            .iter()
            .flat_map(|(head, tail)| {
                let given = verdicts::stem(task, head, tail);
                all.iter().map(move |(_, words)| Continuation { given: given.clone(), scored: words.clone() })
            })
            .collect();
        let scores = desk.generator.score(&prompt, &continuations)?;
        desk.meter.count(scores.iter().map(Vec::len).sum());
        for scores in scores.chunks(all.len()) {
            let sums: Vec<f64> = scores.iter().map(|tokens| tokens.iter().sum()).collect();
            let probabilities = all.iter().map(|(kind, _)| *kind).zip(shares(&sums)).collect();
            found.push(Verdict { probabilities });
        }
    }
    Ok(Some(found))
}

/// How likely relations are as answers of their own: against "there is none", and against the names swapped. `None` if it
/// was stopped.
pub(super) fn weigh(
    desk: &mut Desk<'_>,
    task: RelationTask,
    source: &str,
    relations: &[Stated],
) -> Result<Option<Vec<RelationScore>>, EngineError> {
    let prompt = Prompt::tuned(source, task.name());
    let alone = |stated: Stated| Continuation::whole(task.target(&[stated], ""));
    let mut found = Vec::with_capacity(relations.len());
    for some in relations.chunks(AT_ONCE / 2) {
        if desk.go_on().is_break() {
            return Ok(None);
        }
        let swaps = task != RelationTask::Ddi;
        let mut continuations = vec![Continuation::whole(task.target(&[], ""))];
        continuations.extend(some.iter().cloned().map(alone));
        if swaps {
            let swapped = |stated: &Stated| Stated::new(&stated.tail, &stated.head, &stated.kind);
            continuations.extend(some.iter().map(swapped).map(alone));
        }
        let scores = desk.generator.score(&prompt, &continuations)?;
        desk.meter.count(scores.iter().map(Vec::len).sum());
        let Some((none, rest)) = scores.split_first() else { continue };
        let (statements, swapped) = rest.split_at(some.len());
        found.extend(statements.iter().enumerate().map(|(place, statement)| {
            RelationScore::new(statement, Some(none), swapped.get(place).map(Vec::as_slice))
        }));
    }
    Ok(Some(found))
}

/// Probabilities that sum to 1, in proportion to the exponentials.
pub(super) fn shares(logarithms: &[f64]) -> Vec<f64> {
    let most = logarithms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if !most.is_finite() {
        return vec![1.0 / logarithms.len().max(1) as f64; logarithms.len()];
    }
    let weights: Vec<f64> = logarithms.iter().map(|logarithm| (logarithm - most).exp()).collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}
