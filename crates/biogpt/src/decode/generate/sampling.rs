//! How the next token is chosen.

use crate::decode::DecodeError;
use crate::decode::rules::positive;

/// How the next token is chosen.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Choice {
    /// The likeliest.
    #[default]
    Greedy,
    /// By chance.
    Sampled(Sampling),
}

/// Sampling, with the processors of the reference in its order: temperature, top-k, top-p.
#[derive(Debug, Clone, PartialEq)]
pub struct Sampling {
    /// Logits are divided by this: below 1 the likely becomes likelier.
    pub temperature: f32,
    /// Only so many of the likeliest tokens; 0 for all.
    pub top_k: usize,
    /// Only the likeliest tokens that together have this probability; 1 for all.
    pub top_p: f32,
    /// The same seed gives the same text.
    pub seed: u64,
}

impl Default for Sampling {
    fn default() -> Self {
        Self { temperature: 1.0, top_k: 0, top_p: 1.0, seed: 0 }
    }
}

impl Sampling {
    pub(super) fn check(&self) -> Result<(), DecodeError> {
        positive("temperature", self.temperature)?;
        positive("top-p", self.top_p)?;
        if self.top_p > 1.0 {
            let (value, expected) = (self.top_p.to_string(), "at most 1");
            return Err(DecodeError::Setting { name: "top-p", value, expected });
        }
        Ok(())
    }
}
