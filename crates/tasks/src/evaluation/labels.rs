//! HoC: micro F1 over the ten hallmarks and `empty`.

use serde::{Deserialize, Serialize};

use super::ratio;
use crate::classify;

/// Scores of HoC.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LabelScores {
    /// F1 over all decisions, eleven per sentence.
    pub micro_f1: f64,
}

/// Compares the label fields read of each output (`None` if nothing) with the gold fields.
#[must_use]
pub fn labels(predicted: &[Option<String>], gold: &[String]) -> LabelScores {
    let (mut common, mut sum) = (0, 0);
    for (field, gold) in predicted.iter().zip(gold) {
        let field = classify::labels(field.as_deref().unwrap_or_default());
        let gold = classify::labels(gold);
        common += field.iter().filter(|label| gold.contains(label)).count();
        sum += field.len() + gold.len();
    }
    LabelScores { micro_f1: ratio(2 * common, sum) }
}
