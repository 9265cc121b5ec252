//! Which relation two entities of a text stand in.

use std::ops::Range;

use burn::module::Module;
use burn::tensor::activation::{gelu, softmax};
use burn::tensor::{Device, Int, Tensor, TensorData};
use operations::Precision;
use serde::{Deserialize, Serialize};

use super::linear;
use crate::network::Linear;

/// The shape of a pair scorer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairsShape {
    /// The task.
    pub name: String,
    /// Kinds of relation; the first is "none".
    pub labels: Vec<String>,
    /// Width of each side; a multiple of heads and block.
    pub inner: usize,
    /// Heads of the attention that finds a pair's context; the width of the states is a multiple of it.
    pub heads: usize,
    /// Width of the blocks in which both sides are multiplied.
    pub block: usize,
}

/// Entities of a text: where each is mentioned, in tokens.
#[derive(Debug, Clone, Default)]
pub struct Entities {
    /// Of each entity, the tokens of its mentions; none is empty.
    pub mentions: Vec<Vec<Range<usize>>>,
}

/// Scores pairs of entities.
#[derive(Module, Debug)]
pub struct PairScorer {
    query: Linear,
    key: Linear,
    value: Linear,
    head: Linear,
    tail: Linear,
    out: Linear,
    heads: usize,
    block: usize,
}

impl PairScorer {
    /// Random weights.
    #[must_use]
    pub fn init(shape: &PairsShape, d: usize, device: &Device) -> Self {
        let inner = shape.inner;
        Self {
            query: linear(2 * d, inner, device),
            key: linear(d, inner, device),
            value: linear(d, inner, device),
            head: linear(d + inner, inner, device),
            tail: linear(d + inner, inner, device),
            out: linear(inner * shape.block + 2 * inner, shape.labels.len(), device),
            heads: shape.heads,
            block: shape.block,
        }
    }

    /// Logits of the kinds of relation.
    ///
    /// # Shapes
    /// states `[tokens, d]`; `pairs` are places in `entities`, at least one; gives `[pairs, labels]`.
    #[must_use]
    pub fn forward(&self, states: Tensor<2>, entities: &Entities, pairs: &[(usize, usize)]) -> Tensor<2> {
        let device = states.device();
        let all = entities.states(states.clone());
        let side = |of: &dyn Fn(&(usize, usize)) -> usize| {
            let places: Vec<i32> = pairs.iter().map(|pair| of(pair) as i32).collect();
            all.clone()
                .select(0, Tensor::<1, Int>::from_data(TensorData::new(places, [pairs.len()]), &device))
        };
        let (head, tail) = (side(&|pair| pair.0), side(&|pair| pair.1));
        let context = self.context(states, Tensor::cat(vec![head.clone(), tail.clone()], 1));
        let compare = |map: &Linear, entity| {
            gelu(map.forward(Tensor::cat(vec![entity, context.clone()], 1), Precision::F32))
        };
        let (head, tail) = (compare(&self.head, head), compare(&self.tail, tail));
        let [count, inner] = head.dims();
        let blocks = inner / self.block;
        let left = head.clone().reshape([count, blocks, self.block, 1]);
        let right = tail.clone().reshape([count, blocks, 1, self.block]);
        let products = (left * right).reshape([count, inner * self.block]);
        self.out.forward(Tensor::cat(vec![products, head, tail], 1), Precision::F32)
    }

    /// What the text says that matters to both entities of each pair, `[pairs, inner]`.
    fn context(&self, states: Tensor<2>, both: Tensor<2>) -> Tensor<2> {
        let ([tokens, _], [pairs, _]) = (states.dims(), both.dims());
        let split = |x: Tensor<2>, rows: usize| {
            let width = x.dims()[1] / self.heads;
            x.reshape([rows, self.heads, width]).swap_dims(0, 1)
        };
        let queries = split(self.query.forward(both, Precision::F32), pairs);
        let keys = split(self.key.forward(states.clone(), Precision::F32), tokens);
        let values = split(self.value.forward(states, Precision::F32), tokens);
        let [_, _, width] = queries.dims();
        let scores = queries.matmul(keys.swap_dims(1, 2)) / (width as f64).sqrt();
        let found = softmax(scores, 2).matmul(values);
        found.swap_dims(0, 1).reshape([pairs, self.heads * width])
    }
}

impl Entities {
    /// The soft maximum of the mentions' states (log Σ exp), each the mean of its tokens: `[entities, d]`.
    fn states(&self, states: Tensor<2>) -> Tensor<2> {
        let ([tokens, d], device) = (states.dims(), states.device());
        let all: Vec<&Range<usize>> = self.mentions.iter().flatten().collect();
        let mut shares = vec![0.0f32; all.len() * tokens];
        for (row, mention) in shares.chunks_exact_mut(tokens).zip(&all) {
            let to = mention.end.min(tokens);
            let from = mention.start.min(to.saturating_sub(1));
            row[from..to].fill(1.0 / (to - from) as f32);
        }
        let shares = Tensor::<2>::from_data(TensorData::new(shares, [all.len(), tokens]), &device);
        let mentions = shares.matmul(states);
        // Entities have as many rows as the one with the most mentions; rows that are too many count for nothing.
        let most = self.mentions.iter().map(Vec::len).max().unwrap_or(0);
        let (mut places, mut absent) = (Vec::new(), Vec::new());
        let mut first = 0;
        for own in &self.mentions {
            for i in 0..most {
                places.push((first + i.min(own.len() - 1)) as i32);
                absent.push(if i < own.len() { 0.0f32 } else { -1e9 });
            }
            first += own.len();
        }
        let count = self.mentions.len();
        let places = Tensor::<1, Int>::from_data(TensorData::new(places, [count * most]), &device);
        let absent = Tensor::<3>::from_data(TensorData::new(absent, [count, most, 1]), &device);
        let rows = mentions.select(0, places).reshape([count, most, d]) + absent;
        let largest = rows.clone().max_dim(1).detach();
        let sums = (rows - largest.clone()).exp().sum_dim(1).log() + largest;
        sums.reshape([count, d])
    }
}
