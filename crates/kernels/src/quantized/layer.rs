//! The two halves of a transformer layer with quantized weights, each in one call: between two products there is
//! nothing then but what the next one needs, and one sum stays where it is from the first layer to the last.

use super::{Packed, Then, linear};
use crate::activation::Activation;
use crate::attention::Visibility;
use crate::cached_attention::{self, Own, Prefix, Stored};
use crate::layer_norm;

/// A layer normalization.
#[derive(Debug, Clone, Copy)]
pub struct Norm<'a> {
    /// `[d]`
    pub gamma: &'a [f32],
    /// `[d]`
    pub beta: &'a [f32],
    /// Added to the variance.
    pub epsilon: f32,
}

impl Norm<'_> {
    fn of(self, x: &[f32]) -> Vec<f32> {
        let (mut y, mut statistics) = (vec![0.0; x.len()], vec![[0.0; 2]; x.len() / self.gamma.len()]);
        layer_norm::forward(x, self.gamma, self.beta, self.epsilon, &mut y, &mut statistics);
        y
    }
}

/// An affine map.
#[derive(Debug, Clone, Copy)]
pub struct Affine<'a> {
    /// `[outputs, inputs]`
    pub weights: Packed<'a>,
    /// `[outputs]`
    pub bias: &'a [f32],
}

impl Affine<'_> {
    fn of(self, x: &[f32], then: Then) -> Vec<f32> {
        let mut y = vec![0.0; x.len() / self.weights.inputs() * self.weights.outputs()];
        linear(x, self.weights, Some(self.bias), then, &mut y);
        y
    }
}

/// x += down(f(up(norm(x))))
///
/// # Shapes
/// x `[rows, d]`, up `[ffn, d]`, down `[d, ffn]`.
///
/// # Panics
/// If the shapes do not fit.
pub fn feed_forward(x: &mut [f32], norm: Norm, up: Affine, activation: Activation, down: Affine) {
    let inner = up.of(&norm.of(x), Then::Activate(activation));
    linear(&inner, down.weights, Some(down.bias), Then::Add, x);
}

/// x += output(attention(query_key_value(norm(x)))), with cached keys and values as
/// [`cached_attention::forward`] takes them.
///
/// # Shapes
/// x `[new tokens, d]`, query_key_value `[3·d, d]`, output `[d, d]`.
///
/// # Panics
/// If the shapes do not fit.
#[expect(clippy::too_many_arguments, reason = "weights and cache of an attention")]
pub fn attention<S: Stored>(
    x: &mut [f32],
    norm: Norm,
    query_key_value: Affine,
    output: Affine,
    prefix: Prefix<'_, S>,
    own: Own<'_, S>,
    heads: usize,
    new: &[usize],
    visibility: &Visibility,
) {
    let qkv = query_key_value.of(&norm.of(x), Then::Write);
    let mut mixed = vec![0.0; x.len()];
    cached_attention::forward(&qkv, &mut mixed, prefix, own, heads, new, visibility);
    linear(&mixed, output.weights, Some(output.bias), Then::Add, x);
}
