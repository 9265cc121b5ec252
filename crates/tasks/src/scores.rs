//! Figures of certainty, from the log-probabilities that an engine gives.

use serde::{Deserialize, Serialize};

/// How sure a model is of one relation. All figures are natural logarithms per token.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RelationScore {
    /// Length-normalized log-probability of the words that state it.
    pub log_probability: f64,
    /// The same minus that of the task's "there is none"; above 0 the model prefers the relation.
    pub against_none: Option<f64>,
    /// The same minus that of the relation with its two names swapped; above 0 the model prefers this direction.
    pub against_swapped: Option<f64>,
}

impl RelationScore {
    /// From the log-probabilities of the tokens of the statement, of "none" and of the swapped statement.
    #[must_use]
    pub fn new(statement: &[f64], none: Option<&[f64]>, swapped: Option<&[f64]>) -> Self {
        let log_probability = length_normalized(statement);
        let against = |other: Option<&[f64]>| other.map(|other| log_probability - length_normalized(other));
        Self { log_probability, against_none: against(none), against_swapped: against(swapped) }
    }
}

/// The mean log-probability of the tokens; 0 for no token.
#[must_use]
pub fn length_normalized(tokens: &[f64]) -> f64 {
    if tokens.is_empty() { 0.0 } else { tokens.iter().sum::<f64>() / tokens.len() as f64 }
}

/// Probabilities that sum to 1, in proportion to the exponentials of the logarithms.
#[must_use]
pub fn normalized<const N: usize>(logarithms: [f64; N]) -> [f64; N] {
    let most = logarithms.into_iter().fold(f64::NEG_INFINITY, f64::max);
    if !most.is_finite() {
        return [1.0 / N as f64; N];
    }
    let weights = logarithms.map(|logarithm| (logarithm - most).exp());
    let sum: f64 = weights.iter().sum();
    weights.map(|weight| weight / sum)
}

/// The probability that a label holds for a document at all, from those of its sentences, taken as independent.
#[must_use]
pub fn in_any(sentences: &[f64]) -> f64 {
    1.0 - sentences.iter().map(|probability| 1.0 - probability.clamp(0.0, 1.0)).product::<f64>()
}

/// Where a program should not decide alone.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AbstainBand {
    /// Below this the answer is no.
    pub from: f64,
    /// From this on the answer is yes.
    pub to: f64,
}

/// What a probability leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Above the band.
    Yes,
    /// Below the band.
    No,
    /// In the band, or not a number: a person should look.
    Abstain,
}

impl AbstainBand {
    /// What a probability leads to.
    #[must_use]
    pub fn verdict(self, probability: f64) -> Verdict {
        if probability >= self.to {
            Verdict::Yes
        } else if probability < self.from {
            Verdict::No
        } else {
            Verdict::Abstain
        }
    }
}

/// The threshold from which on scores count as yes, with the F1 it reaches.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    /// Scores of at least this count.
    pub at: f64,
    /// F1 on the data it was fitted on.
    pub f1: f64,
}

/// The threshold with the best F1. `right`: which scored items are gold; `gold` is the number of all gold items,
/// those that were never scored included. `None` if no threshold finds anything right.
#[must_use]
pub fn best_threshold(scored: &[(f64, bool)], gold: usize) -> Option<Threshold> {
    let mut scored: Vec<(f64, bool)> = scored.iter().copied().filter(|(score, _)| !score.is_nan()).collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut best: Option<Threshold> = None;
    let mut right = 0;
    for (index, (score, is_right)) in scored.iter().enumerate() {
        right += usize::from(*is_right);
        let next = scored.get(index + 1).map(|(next, _)| *next);
        if next == Some(*score) {
            continue;
        }
        let f1 = 2.0 * right as f64 / (index + 1 + gold).max(1) as f64;
        if right > 0 && best.is_none_or(|best| f1 > best.f1) {
            // Half way to the next score, so that rounding does not decide.
            best = Some(Threshold { at: next.map_or(*score, |next| score.midpoint(next)), f1 });
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relation_is_compared_with_none_and_with_its_reverse() {
        let score = RelationScore::new(&[-1.0, -3.0], Some(&[-4.0]), None);
        assert_eq!(
            score,
            RelationScore { log_probability: -2.0, against_none: Some(2.0), against_swapped: None }
        );
        assert_eq!(length_normalized(&[]), 0.0);
    }

    #[test]
    fn probabilities_sum_to_one_however_small_the_logarithms() {
        let probabilities = normalized([-1000.0, -1001.0, f64::NEG_INFINITY]);
        assert!((probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!(probabilities[0] > 0.7 && probabilities[2] == 0.0);
        assert_eq!(normalized([f64::NEG_INFINITY; 2]), [0.5, 0.5]);
        assert!((in_any(&[0.5, 0.5]) - 0.75).abs() < 1e-12);
        assert_eq!(in_any(&[]), 0.0);
    }

    #[test]
    fn the_band_abstains_between_its_ends() {
        let band = AbstainBand { from: 0.4, to: 0.6 };
        assert_eq!(band.verdict(0.6), Verdict::Yes);
        assert_eq!(band.verdict(0.5), Verdict::Abstain);
        assert_eq!(band.verdict(0.1), Verdict::No);
        assert_eq!(band.verdict(f64::NAN), Verdict::Abstain);
    }

    #[test]
    fn the_best_threshold_counts_what_was_never_scored() {
        let scored = [(0.9, true), (0.8, false), (0.7, true), (0.7, false), (0.1, false), (f64::NAN, true)];
        let best = best_threshold(&scored, 3).unwrap();
        assert!((best.f1 - 4.0 / 7.0).abs() < 1e-12 && best.at > 0.1 && best.at < 0.7);
        assert_eq!(best_threshold(&[(1.0, false)], 1), None);
    }
}
