//! The choice among a vocabulary on a graphics device: one launch, a few numbers a row. No gradients.

use burn::backend::Dispatch;
use burn::tensor::{Int, Tensor, TensorData};

use crate::gpu::GpuOperations;

/// What is asked of a row of logits.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The tokens that may come.
    pub legal: Listed<'a>,
    /// Tokens that were read or written before, for the penalty.
    pub read: &'a [u32],
    /// Where in the distribution to draw, in [0, 1), or what is added to the row's log-probabilities.
    pub number: f32,
}

/// Tokens.
#[derive(Debug, Clone, Copy)]
pub enum Listed<'a> {
    /// All but these.
    Except(&'a [u32]),
    /// These.
    Only(&'a [u32]),
}

/// How tokens are chosen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pick {
    /// The one of the greatest logit.
    Greatest,
    /// So many of the greatest log-probabilities.
    Best(usize),
    /// One, at random.
    Drawn {
        /// Logits are divided by it.
        temperature: f32,
        /// Only so many of the likeliest; 0 for all.
        top_k: usize,
        /// Only the likeliest that together have this probability.
        top_p: f32,
    },
}

impl Pick {
    pub(crate) const fn count(self) -> usize {
        match self {
            Self::Best(count) => count,
            Self::Greatest | Self::Drawn { .. } => 1,
        }
    }
}

/// What is done with all rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Choosing {
    /// Scores of tokens that were read are divided by it if positive, multiplied if negative.
    pub penalty: f32,
    /// How many of the likeliest tokens to return.
    pub alternatives: usize,
    /// How to choose.
    pub pick: Pick,
}

impl Choosing {
    /// Numbers that are returned for a row.
    #[must_use]
    pub const fn width(&self) -> usize {
        1 + 2 * self.alternatives + 4 * self.pick.count()
    }

    pub(crate) fn has_penalty(&self) -> bool {
        self.penalty != 1.0
    }
}

/// Chooses in each row.
///
/// # Shapes
/// logits `[rows, vocabulary]`. For each row: the probability of all that may come; log-probability and id of each
/// of the likeliest; score, id, log-probability and rank (how many are likelier) of each that was chosen, best first. Where
/// there are not so many to choose, scores are below -10³⁸.
#[must_use]
pub fn choose(logits: Tensor<2>, asked: &[Asked], how: Choosing) -> Tensor<2> {
    let [rows, vocabulary] = logits.dims();
    let flags = vocabulary.div_ceil(32);
    let lists = if how.has_penalty() { 2 } else { 1 };
    let mut words = Vec::with_capacity(rows * (1 + lists * flags));
    for asked in asked {
        words.push(asked.number.to_bits() as i32);
        words.extend(match asked.legal {
            Listed::Except(tokens) => bits(tokens, flags, true),
            Listed::Only(tokens) => bits(tokens, flags, false),
        });
        if how.has_penalty() {
            words.extend(bits(asked.read, flags, false));
        }
    }
    let logits = without_gradients(logits);
    let words =
        Tensor::<1, Int>::from_data(TensorData::new(words, [rows * (1 + lists * flags)]), &logits.device());
    let (logits, words) = (logits.into_dispatch(), words.into_dispatch());
    Tensor::from_dispatch(<Dispatch as GpuOperations>::choose(logits, words, how, how.width()))
}

/// Log-probabilities of given tokens: (row, token) each.
///
/// # Shapes
/// logits `[rows, vocabulary]`; gives as many as there are targets.
#[must_use]
pub fn log_probabilities(logits: Tensor<2>, targets: &[(usize, u32)]) -> Tensor<1> {
    let logits = without_gradients(logits);
    let numbers: Vec<i32> = targets.iter().flat_map(|(row, token)| [*row as i32, *token as i32]).collect();
    let numbers =
        Tensor::<1, Int>::from_data(TensorData::new(numbers, [2 * targets.len()]), &logits.device());
    let (logits, numbers) = (logits.into_dispatch(), numbers.into_dispatch());
    Tensor::from_dispatch(<Dispatch as GpuOperations>::log_probabilities(logits, numbers, targets.len()))
}

fn without_gradients(logits: Tensor<2>) -> Tensor<2> {
    if crate::follows_gradients(&logits.device()) { logits.inner() } else { logits }
}

/// A bit for each token, set for these or for all others.
fn bits(tokens: &[u32], words: usize, others: bool) -> Vec<i32> {
    let mut bits = vec![if others { -1 } else { 0 }; words];
    for token in tokens {
        let (word, bit) = (&mut bits[*token as usize / 32], 1 << (token % 32));
        *word = if others { *word & !bit } else { *word | bit };
    }
    bits
}
