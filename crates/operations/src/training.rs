//! How a forward pass of training differs from one of use.

use crate::{Dropout, Precision};

/// Dropout and rounding of a forward pass of training; the default has none.
#[derive(Debug, Clone, Copy, Default)]
pub struct Training {
    /// After each block and after the embedding.
    pub hidden_dropout: f32,
    /// Of attention probabilities.
    pub attention_dropout: f32,
    /// Inside the feed-forward block.
    pub activation_dropout: f32,
    /// Chooses the masks; a new one for each step.
    pub seed: u64,
    /// Of matrix products.
    pub precision: Precision,
}

impl Training {
    /// The dropout at place `site` of layer `layer` (0 is the embedding).
    #[must_use]
    pub fn at(&self, layer: usize, site: u64, probability: f32) -> Dropout {
        let seed = self.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add((layer as u64) << 8 | site);
        Dropout { probability, seed: seed ^ seed >> 29 }
    }
}
