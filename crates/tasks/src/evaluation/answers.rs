//! PubMedQA: accuracy.

use serde::{Deserialize, Serialize};

use super::ratio;

/// Scores of PubMedQA.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AnswerScores {
    /// Part of the questions whose answer is exactly the gold word.
    pub accuracy: f64,
}

/// Compares what was read of each output (`None` if nothing) with the gold words.
#[must_use]
pub fn answers(predicted: &[Option<String>], gold: &[String]) -> AnswerScores {
    let right = predicted.iter().zip(gold).filter(|(words, gold)| words.as_ref() == Some(gold)).count();
    AnswerScores { accuracy: ratio(right, gold.len()) }
}
