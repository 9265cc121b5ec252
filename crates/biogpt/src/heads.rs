//! Heads over the hidden states of a text that was read whole: mentions, relations of pairs of entities, classes of parts of
//! the text. One pass over an abstract serves all of them.
//!
//! The pair scorer follows ATLOP (Zhou et al. 2021): an entity is the log-sum-exp of its mentions, each pair has a context
//! vector of its own, and a bilinear form in blocks compares the two sides. The context comes from a small attention of the
//! scorer instead of the encoder's.

mod pairs;
mod pooling;

use std::cell::Cell;

use burn::module::Module;
use burn::tensor::activation::gelu;
use burn::tensor::{Device, Tensor};
use operations::Precision;
use serde::{Deserialize, Serialize};

use crate::network::{Linear, seeded};

pub use pairs::{Entities, PairScorer, PairsShape};
pub use pooling::{Classifier, ClassifierShape};

/// What the heads in one file are, in the order of their weights.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HeadsShape {
    /// Tags mentions.
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
    /// Tags mentions.
    pub mentions: Option<Tagger>,
    /// In the order of [`HeadsShape::pairs`].
    pub pairs: Vec<PairScorer>,
    /// In the order of [`HeadsShape::classes`].
    pub classes: Vec<Classifier>,
}

/// The widest that a manifest may ask for, in whatever direction.
const WIDEST: usize = 1 << 16;

impl HeadsShape {
    /// Numbers in heads of this shape over states of width `d`. `None` if there can be no such heads: something is 0, a
    /// width is not a multiple of what divides it, or one is too large to be meant.
    #[must_use]
    pub fn parameters(&self, d: usize) -> Option<usize> {
        let fits = |width: usize| (1..=WIDEST).contains(&width);
        let mentions = self
            .mentions
            .iter()
            .all(|shape| fits(shape.kinds.len()) && fits(shape.inner) && shape.hints <= WIDEST);
        let pairs = self.pairs.iter().all(|shape| {
            let parts = [shape.inner, shape.heads, shape.block, shape.labels.len()];
            parts.into_iter().all(fits)
                && shape.inner.is_multiple_of(shape.heads)
                && shape.inner.is_multiple_of(shape.block)
        });
        let classes = self.classes.iter().all(|shape| fits(shape.inner) && fits(shape.labels.len()));
        if !(mentions && pairs && classes && fits(d)) {
            return None;
        }
        let (sum, device) = (Cell::new(Some(0_usize)), Device::flex());
        let _ = Heads::build(self, d, &|inputs, outputs| {
            let own = inputs.checked_add(1).and_then(|columns| columns.checked_mul(outputs));
            sum.set(sum.get().zip(own).and_then(|(sum, own)| sum.checked_add(own)));
            Linear::zeros(1, 1, &device)
        });
        sum.get()
    }
}

/// Heads of these shapes over states of width `d`, with random weights that follow from the seed.
#[must_use]
pub fn init(shapes: &[HeadsShape], d: usize, seed: u64, device: &Device) -> Vec<Heads> {
    // Outputs are as large as inputs.
    let linear =
        |inputs: usize, outputs: usize| Linear::init(inputs, outputs, 1.0 / (inputs as f64).sqrt(), device);
    seeded(seed, device, || shapes.iter().map(|shape| Heads::build(shape, d, &linear)).collect())
}

/// Makes an affine map of so many inputs and outputs.
type MakeLinear<'a> = &'a dyn Fn(usize, usize) -> Linear;

impl Heads {
    /// All numbers 0: to be filled in from a file.
    #[must_use]
    pub fn zeros(shape: &HeadsShape, d: usize, device: &Device) -> Self {
        Self::build(shape, d, &|inputs, outputs| Linear::zeros(inputs, outputs, device))
    }

    fn build(shape: &HeadsShape, d: usize, linear: MakeLinear<'_>) -> Self {
        Self {
            mentions: shape.mentions.as_ref().map(|shape| Tagger::build(shape, d, linear)),
            pairs: shape.pairs.iter().map(|shape| PairScorer::build(shape, d, linear)).collect(),
            classes: shape.classes.iter().map(|shape| Classifier::build(shape, d, linear)).collect(),
        }
    }
}

/// The shape of a tagger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaggerShape {
    /// The kinds of mentions.
    pub kinds: Vec<String>,
    /// Features of a token that are appended to its state: what dictionaries say of it.
    pub hints: usize,
    /// Width of the hidden layer.
    pub inner: usize,
}

/// Outside, beginning and inside of a mention.
pub const TAGS: usize = 3;

/// Tags each token for each kind of mention: outside, beginning, inside. Kinds are independent of each other, so that a corpus
/// teaches just those that it annotates.
#[derive(Module, Debug)]
pub struct Tagger {
    up: Linear,
    out: Linear,
}

impl Tagger {
    fn build(shape: &TaggerShape, d: usize, linear: MakeLinear<'_>) -> Self {
        Self { up: linear(d + shape.hints, shape.inner), out: linear(shape.inner, TAGS * shape.kinds.len()) }
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
