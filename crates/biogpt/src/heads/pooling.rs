//! Classes of a text or of its parts.

use std::ops::Range;

use burn::module::Module;
use burn::tensor::activation::{gelu, softmax};
use burn::tensor::{Device, Tensor, TensorData};
use operations::Precision;
use serde::{Deserialize, Serialize};

use super::linear;
use crate::network::Linear;

/// The shape of a classifier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassifierShape {
    /// The task.
    pub name: String,
    /// The classes.
    pub labels: Vec<String>,
    /// Whether just one of them holds.
    pub exclusive: bool,
    /// Width between its two maps.
    pub inner: usize,
}

/// Sums the states of a part of a text, weighed by an attention with one learned question, and classifies the sum.
#[derive(Module, Debug)]
pub struct Classifier {
    question: Linear,
    up: Linear,
    out: Linear,
}

impl Classifier {
    /// Random weights.
    #[must_use]
    pub fn init(shape: &ClassifierShape, d: usize, device: &Device) -> Self {
        Self {
            question: linear(d, 1, device),
            up: linear(2 * d, shape.inner, device),
            out: linear(shape.inner, shape.labels.len(), device),
        }
    }

    /// Logits of the classes of each part.
    ///
    /// # Shapes
    /// states `[tokens, d]`; `parts` are ranges of tokens, at least one, none empty; gives `[parts, labels]`.
    #[must_use]
    pub fn forward(&self, states: Tensor<2>, parts: &[Range<usize>]) -> Tensor<2> {
        let ([tokens, _], device) = (states.dims(), states.device());
        let matrix = |inside: &dyn Fn(&Range<usize>) -> f32, outside: f32| {
            let mut values = vec![outside; parts.len() * tokens];
            for (row, part) in values.chunks_exact_mut(tokens).zip(parts) {
                row[part.start.min(tokens)..part.end.min(tokens)].fill(inside(part));
            }
            Tensor::<2>::from_data(TensorData::new(values, [parts.len(), tokens]), &device)
        };
        let scores = self.question.forward(states.clone(), Precision::F32).reshape([1, tokens]);
        let weights = softmax(scores + matrix(&|_| 0.0, -1e9), 1);
        let mean = matrix(&|part| 1.0 / part.len().max(1) as f32, 0.0);
        let pooled = Tensor::cat(vec![weights.matmul(states.clone()), mean.matmul(states)], 1);
        self.out.forward(gelu(self.up.forward(pooled, Precision::F32)), Precision::F32)
    }
}
