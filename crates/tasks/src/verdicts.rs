//! The exhaustive mode's question: are these two names related, and how?
//!
//! The words go on from BioGPT's own sentence, so that one model serves both ways: "the relation between A and B
//! exists" against "... does not exist", "the interaction between A and B is effect" against "... is none".

use crate::calibration::logistic;
use crate::guidance::{RELATED, TaskGuidance};
use crate::linear::Features;
use crate::pair_features::{MentionContext, PairFeatures};
use crate::relations::RelationTask;

/// The verdict of DDI and KD-DTI that no relation holds.
pub const NO_KIND: &str = "none";

/// The question, up to the word that decides.
#[must_use]
pub fn question(task: RelationTask, head: &str, tail: &str) -> String {
    let (head, tail) = (head.to_lowercase(), tail.to_lowercase());
    match task {
        RelationTask::Bc5cdr => format!("the relation between {head} and {tail}"),
        RelationTask::Ddi | RelationTask::KdDti => format!("the interaction between {head} and {tail} is"),
    }
}

/// What follows the question: `kind` for the relation that holds, `None` for none.
#[must_use]
pub fn answer_text(task: RelationTask, kind: Option<&str>) -> String {
    match (task, kind) {
        (RelationTask::Bc5cdr, Some(_)) => " exists".to_owned(),
        (RelationTask::Bc5cdr, None) => " does not exist".to_owned(),
        (_, kind) => format!(" {}", kind.unwrap_or(NO_KIND).to_lowercase()),
    }
}

/// Question and verdict.
#[must_use]
pub fn statement(task: RelationTask, head: &str, tail: &str, kind: Option<&str>) -> String {
    question(task, head, tail) + &answer_text(task, kind)
}

/// The log-odds that a pair is related in any way, by the log-probability of the verdict that it is not.
#[must_use]
pub fn log_odds(none: f64) -> f64 {
    let none = none.exp().clamp(1e-9, 1.0 - 1e-9);
    ((1.0 - none) / none).ln()
}

/// The features that two names are related by: words, and the others.
#[must_use]
pub fn features(places: &MentionContext<'_>, head: &[usize], tail: &[usize]) -> Features {
    let mut signs = places.words(head, tail);
    places.of(head, tail).add_together(&mut signs);
    signs
}

/// What a text shows about two names, learned words included.
#[must_use]
pub fn pair_features(
    guidance: &TaskGuidance,
    places: &MentionContext<'_>,
    head: &[usize],
    tail: &[usize],
) -> PairFeatures {
    let evidence = places.of(head, tail);
    match guidance.signs.get(RELATED) {
        Some(words) => evidence.with_words(words.log_odds(&features(places, head, tail))),
        None => evidence,
    }
}

/// The probability that two names are related in any way: calibrated, where something was fitted for it.
#[must_use]
pub fn probability(guidance: &TaskGuidance, log_odds: f64, shown: &PairFeatures) -> f64 {
    match &guidance.calibration {
        Some(calibration) => calibration.probability_with(log_odds, shown),
        None => logistic(log_odds),
    }
}

/// How the probability that two names are related is shared among the kinds of relation, in the order of
/// `kinds`, from the log-probability of each kind's verdict and the words of the text.
#[must_use]
pub fn kind_probabilities<S: AsRef<str>>(
    guidance: &TaskGuidance,
    kinds: &[S],
    words: &Features,
    written: &[f64],
) -> Vec<f64> {
    let of = |(kind, written): (&S, &f64)| match guidance.signs.get(kind.as_ref()) {
        Some(signs) => signs.log_probability(words) + guidance.weighed(*written),
        None => *written,
    };
    let logarithms: Vec<f64> = kinds.iter().zip(written).map(of).collect();
    let most = logarithms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if !most.is_finite() {
        return vec![1.0 / logarithms.len().max(1) as f64; logarithms.len()];
    }
    let weights: Vec<f64> = logarithms.iter().map(|logarithm| (logarithm - most).exp()).collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linear::Linear;

    #[test]
    fn kinds_share_by_model_and_words() {
        let task = RelationTask::Ddi;
        let mut guidance = TaskGuidance::default();
        let words = Features::from([("between increases".to_owned(), 1.0)]);
        let written: Vec<f64> = (0..task.kinds().len()).map(|place| -(place as f64)).collect();
        let alone = kind_probabilities(&guidance, task.kinds(), &words, &written);
        assert!((alone.iter().sum::<f64>() - 1.0).abs() < 1e-12 && alone[0] > alone[1]);
        for kind in task.kinds() {
            let weight = if *kind == task.kinds()[1] { 3.0 } else { -3.0 };
            let weights = [("between increases".to_owned(), weight)].into();
            guidance.signs.insert((*kind).to_owned(), Linear { intercept: 0.0, weights });
        }
        assert!(kind_probabilities(&guidance, task.kinds(), &words, &written)[1] > 0.8);
        assert_eq!(
            kind_probabilities(&TaskGuidance::default(), task.kinds(), &words, &[f64::NEG_INFINITY; 4]),
            [0.25; 4]
        );
    }

    #[test]
    fn a_positive_verdict_reads_as_the_relation_itself() {
        for task in RelationTask::ALL {
            for kind in std::iter::once(None).chain(task.kinds().iter().map(|kind| Some(*kind))) {
                let text = question(task, "Aspirin", "Asthma") + &answer_text(task, kind);
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
