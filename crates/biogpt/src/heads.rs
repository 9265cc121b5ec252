//! Heads over the hidden states of a text that was read whole: names in it, relations of pairs of names, classes of its
//! parts. One reading of an abstract answers all of them.
//!
//! The pair scorer follows ATLOP (Zhou et al. 2021): an entity is the soft maximum of its mentions, a pair looks at the text
//! once more for what matters to both, and both sides are compared in blocks. Here the context comes from a small attention
//! of its own instead of the encoder's.

mod pairs;
mod pooling;

use burn::module::Module;
use burn::tensor::activation::gelu;
use burn::tensor::{Device, Tensor};
use operations::Precision;
use serde::{Deserialize, Serialize};

use crate::network::Linear;

pub use pairs::{Entities, PairScorer, PairsShape};
pub use pooling::{Classifier, ClassifierShape};

/// What the heads in one file are, in the order of their weights.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HeadsShape {
    /// Finds names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mentions: Option<TaggerShape>,
    /// Relate two entities, by task.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pairs: Vec<PairsShape>,
    /// Classes of texts or of parts of them, by task.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<ClassifierShape>,
}

/// The heads of one file.
#[derive(Module, Debug)]
pub struct Heads {
    /// Finds names.
    pub mentions: Option<Tagger>,
    /// In the order of [`HeadsShape::pairs`].
    pub pairs: Vec<PairScorer>,
    /// In the order of [`HeadsShape::classes`].
    pub classes: Vec<Classifier>,
}

impl Heads {
    /// Random weights over states of width `d`.
    #[must_use]
    pub fn init(shape: &HeadsShape, d: usize, device: &Device) -> Self {
        Self {
            mentions: shape.mentions.as_ref().map(|shape| Tagger::init(shape, d, device)),
            pairs: shape.pairs.iter().map(|shape| PairScorer::init(shape, d, device)).collect(),
            classes: shape.classes.iter().map(|shape| Classifier::init(shape, d, device)).collect(),
        }
    }
}

/// The shape of a tagger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaggerShape {
    /// The kinds of names it knows.
    pub kinds: Vec<String>,
    /// Numbers a token that are known beside its state: what a dictionary says of it.
    pub hints: usize,
    /// Width between its two maps.
    pub inner: usize,
}

/// Outside, beginning and inside of a name.
pub const TAGS: usize = 3;

/// Tells for each token and kind of name whether it is outside of a name, begins one, or goes on with one. Kinds are
/// independent of each other, so that a corpus teaches just those that it annotates.
#[derive(Module, Debug)]
pub struct Tagger {
    up: Linear,
    out: Linear,
}

impl Tagger {
    /// Random weights.
    #[must_use]
    pub fn init(shape: &TaggerShape, d: usize, device: &Device) -> Self {
        Self {
            up: linear(d + shape.hints, shape.inner, device),
            out: linear(shape.inner, TAGS * shape.kinds.len(), device),
        }
    }

    /// Logits of outside, beginning and inside for each kind.
    ///
    /// # Shapes
    /// states `[tokens, d]`, hints `[tokens, hints]`; gives `[tokens, kinds, 3]`.
    #[must_use]
    pub fn forward(&self, states: Tensor<2>, hints: Tensor<2>) -> Tensor<3> {
        let inner = gelu(self.up.forward(Tensor::cat(vec![states, hints], 1), Precision::F32));
        let logits = self.out.forward(inner, Precision::F32);
        let [tokens, all] = logits.dims();
        logits.reshape([tokens, all / TAGS, TAGS])
    }
}

/// A map whose outputs are as large as its inputs.
fn linear(inputs: usize, outputs: usize, device: &Device) -> Linear {
    Linear::init(inputs, outputs, 1.0 / (inputs as f64).sqrt(), device)
}
