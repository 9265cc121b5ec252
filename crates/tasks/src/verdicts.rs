//! The exhaustive mode's question: do these two names stand in a relation, and in which?
//!
//! The words go on from BioGPT's own sentence, so that one model serves both ways: "the relation between A and B
//! exists" against "... does not exist", "the interaction between A and B is effect" against "... is none".

use crate::relations::RelationTask;

/// The verdict of DDI and KD-DTI that no relation holds.
pub const NO_KIND: &str = "none";

/// The question, up to the word that decides.
#[must_use]
pub fn stem(task: RelationTask, head: &str, tail: &str) -> String {
    let (head, tail) = (head.to_lowercase(), tail.to_lowercase());
    match task {
        RelationTask::Bc5cdr => format!("the relation between {head} and {tail}"),
        RelationTask::Ddi | RelationTask::KdDti => format!("the interaction between {head} and {tail} is"),
    }
}

/// What follows the question: `kind` for the relation that holds, `None` for none.
#[must_use]
pub fn verdict(task: RelationTask, kind: Option<&str>) -> String {
    match (task, kind) {
        (RelationTask::Bc5cdr, Some(_)) => " exists".to_owned(),
        (RelationTask::Bc5cdr, None) => " does not exist".to_owned(),
        (_, kind) => format!(" {}", kind.unwrap_or(NO_KIND).to_lowercase()),
    }
}

/// Question and verdict.
#[must_use]
pub fn statement(task: RelationTask, head: &str, tail: &str, kind: Option<&str>) -> String {
    stem(task, head, tail) + &verdict(task, kind)
}

/// The verdicts that a task allows: none first, then its kinds.
#[must_use]
pub fn all(task: RelationTask) -> Vec<(Option<&'static str>, String)> {
    let kinds = task.kinds().iter().map(|kind| Some(*kind));
    std::iter::once(None).chain(kinds).map(|kind| (kind, verdict(task, kind))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_positive_verdict_reads_as_the_relation_itself() {
        for task in RelationTask::ALL {
            for (kind, verdict) in all(task) {
                let text = stem(task, "Aspirin", "Asthma") + &verdict;
                assert_eq!(text, statement(task, "aspirin", "asthma", kind));
                let reading = task.read(&text);
                match kind {
                    Some(kind) => assert_eq!(reading.relations[0].kind.to_lowercase(), kind.to_lowercase()),
                    None if task == RelationTask::Bc5cdr => assert!(reading.relations.is_empty()),
                    None => assert_eq!(reading.relations[0].kind, NO_KIND),
                }
            }
        }
    }
}
