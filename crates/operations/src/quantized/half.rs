//! Half a layer with quantized matrices.

use burn::backend::Dispatch;
use burn::tensor::Tensor;
use kernels::activation::Activation;

use super::{Half, Quantized, QuantizedOperations};
use crate::cached::{KeysValues, Past};
use crate::gpu::{GpuOperations, MOST_ROWS};

/// A layer normalization.
#[derive(Debug, Clone)]
pub struct LayerNorm {
    /// `[d]`
    pub gamma: Tensor<1>,
    /// `[d]`
    pub beta: Tensor<1>,
    /// Added to the variance.
    pub epsilon: f32,
}

impl LayerNorm {
    fn of(self, x: Tensor<3>) -> Tensor<3> {
        crate::layer_norm(x, self.gamma, self.beta, self.epsilon)
    }
}

/// sum + x·Wᵀ + b on a graphics device.
fn added(sum: Tensor<3>, x: Tensor<3>, (weights, bias): (&Quantized, Tensor<1>)) -> Tensor<3> {
    if weights.rows(&x) > MOST_ROWS {
        return sum + weights.product(x, Some(bias), None);
    }
    Tensor::from_dispatch(<Dispatch as GpuOperations>::packed_product_added(
        x.into_dispatch(),
        weights.words.clone().into_dispatch(),
        bias.into_dispatch(),
        sum.into_dispatch(),
        weights.shape[0],
        weights.bits,
    ))
}

/// Half a layer whose matrices are quantized: a norm, and the maps into and out of what lies between them.
#[derive(Debug)]
pub struct QuantizedHalf<'a> {
    /// Before the first map.
    pub norm: LayerNorm,
    /// To queries, keys and values, or up.
    pub into: (&'a Quantized, Tensor<1>),
    /// Back to the residual stream.
    pub from: (&'a Quantized, Tensor<1>),
}

impl QuantizedHalf<'_> {
    fn into_dispatch(self) -> Half<Dispatch> {
        let ((into, into_bias), (from, from_bias)) = (self.into, self.from);
        Half {
            gamma: self.norm.gamma.into_dispatch(),
            beta: self.norm.beta.into_dispatch(),
            epsilon: self.norm.epsilon,
            into_words: into.words.clone().into_dispatch(),
            into_bias: into_bias.into_dispatch(),
            into_bits: into.bits,
            from_words: from.words.clone().into_dispatch(),
            from_bias: from_bias.into_dispatch(),
            from_bits: from.bits,
        }
    }

    /// x + from(f(into(norm(x)))), the feed-forward half, in place where nobody else holds x.
    ///
    /// # Shapes
    /// x `[rows, new, d]`; gives the same.
    #[must_use]
    pub fn feed_forward(self, x: Tensor<3>, activation: Activation) -> Tensor<3> {
        if !crate::is_cpu(&x.device()) {
            let (up, bias) = self.into;
            let inner = up.product(self.norm.of(x.clone()), Some(bias), Some(activation));
            return added(x, inner, self.from);
        }
        let half = self.into_dispatch();
        let x = x.into_dispatch();
        Tensor::from_dispatch(<Dispatch as QuantizedOperations>::quantized_feed_forward(x, half, activation))
    }

    /// x + from(attention(into(norm(x)))), as [`crate::cached_attention`] attends.
    ///
    /// # Shapes
    /// x as there, of width d; gives the same, and the longer past.
    #[must_use]
    pub fn attention(self, x: Tensor<3>, past: Past, heads: usize) -> (Tensor<3>, KeysValues) {
        if !crate::is_cpu(&x.device()) {
            let (weights, bias) = self.into;
            let qkv = weights.product(self.norm.of(x.clone()), Some(bias), None);
            let (mixed, own) = crate::cached_attention(qkv, past, heads);
            return (added(x, mixed, self.from), own);
        }
        let (x, keys, values) = <Dispatch as QuantizedOperations>::quantized_attention(
            x.into_dispatch(),
            self.into_dispatch(),
            past.into_dispatch(),
            heads,
        );
        (Tensor::from_dispatch(x), KeysValues::from_dispatch(keys, values))
    }
}
