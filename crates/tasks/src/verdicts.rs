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

/// The log-odds that a pair is related in any way, by the log-probability of the verdict that it is not.
#[must_use]
pub fn log_odds(none: f64) -> f64 {
    let none = none.exp().clamp(1e-9, 1.0 - 1e-9);
    ((1.0 - none) / none).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_positive_verdict_reads_as_the_relation_itself() {
        for task in RelationTask::ALL {
            for kind in std::iter::once(None).chain(task.kinds().iter().map(|kind| Some(*kind))) {
                let text = stem(task, "Aspirin", "Asthma") + &verdict(task, kind);
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

    #[test]
    fn log_odds_fall_with_the_probability_of_none_and_stay_finite() {
        assert!(log_odds(0.5f64.ln()).abs() < 1e-12);
        assert!(log_odds(-0.1) < log_odds(-1.0));
        assert!(log_odds(0.0).is_finite() && log_odds(f64::NEG_INFINITY).is_finite());
    }
}
