//! Do two names stand in a relation, and in which? Each pair is asked alone, behind the text that was read once.

use tasks::scores::RelationScore;
use tasks::{RelationTask, Stated, verdicts};

use crate::engine::{Desk, EngineError};
use crate::generator::{Continuation, Prompt};

/// Continuations scored between two looks at the cancel switch.
const AT_ONCE: usize = 128;

/// The name of a task in its form that decides about pairs.
pub(super) fn tuned_name(task: RelationTask) -> String {
    format!("{}-pairs", task.name())
}

/// The log-odds that each pair is related in any way: one continuation a pair. `None` if it was stopped.
pub(super) fn ask(
    desk: &mut Desk<'_>,
    task: RelationTask,
    source: &str,
    pairs: &[(String, String)],
) -> Result<Option<Vec<f64>>, EngineError> {
    let none = verdicts::verdict(task, None);
    let found = continued(desk, task, source, pairs, std::slice::from_ref(&none))?;
    Ok(found.map(|all| all.iter().map(|sums| verdicts::log_odds(sums[0])).collect()))
}

/// The log-probabilities of the kinds of relation, in the order of [`RelationTask::kinds`], for each pair. A task with one
/// kind is not asked. `None` if it was stopped.
pub(super) fn kinds(
    desk: &mut Desk<'_>,
    task: RelationTask,
    source: &str,
    pairs: &[(String, String)],
) -> Result<Option<Vec<Vec<f64>>>, EngineError> {
    if task.kinds().len() == 1 {
        return Ok(Some(vec![vec![0.0]; pairs.len()]));
    }
    let words: Vec<String> = task.kinds().iter().map(|kind| verdicts::verdict(task, Some(kind))).collect();
    continued(desk, task, source, pairs, &words)
}

/// The log-probability of each of the words behind the question about each pair.
fn continued(
    desk: &mut Desk<'_>,
    task: RelationTask,
    source: &str,
    pairs: &[(String, String)],
    words: &[String],
) -> Result<Option<Vec<Vec<f64>>>, EngineError> {
    let prompt = Prompt::tuned(source, tuned_name(task));
    let mut found = Vec::with_capacity(pairs.len());
    for some in pairs.chunks((AT_ONCE / words.len()).max(1)) {
        if desk.go_on().is_break() {
            return Ok(None);
        }
        let continuations: Vec<Continuation> = some
            .iter()
            .flat_map(|(head, tail)| {
                let given = verdicts::stem(task, head, tail);
                words.iter().map(move |words| Continuation { given: given.clone(), scored: words.clone() })
            })
            .collect();
        let scores = desk.generator.score(&prompt, &continuations)?;
        desk.meter.count(scores.iter().map(Vec::len).sum());
        found.extend(
            scores.chunks(words.len()).map(|of_pair| of_pair.iter().map(|one| one.iter().sum()).collect()),
        );
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
