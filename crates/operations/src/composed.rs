//! The same operations made of Burn's own, for devices other than the CPU.

use burn::tensor::activation::{gelu, log_softmax, relu};
use burn::tensor::module::{attention, linear as burn_linear};
use burn::tensor::ops::AttentionModuleOptions;
use burn::tensor::{Distribution, Int, Tensor};
use kernels::activation::Activation;
use kernels::attention::Dropout;
use kernels::optimizer::AdamStep;

pub(crate) fn linear<const D: usize>(x: Tensor<D>, weight: Tensor<2>, bias: Tensor<1>) -> Tensor<D> {
    burn_linear(x, weight.transpose(), Some(bias))
}

pub(crate) fn layer_norm<const D: usize>(
    x: Tensor<D>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    epsilon: f32,
) -> Tensor<D> {
    let (variance, mean) = x.clone().var_mean_bias(D - 1);
    let normal = (x - mean) / (variance + epsilon).sqrt();
    normal * gamma.unsqueeze() + beta.unsqueeze()
}

pub(crate) fn activate<const D: usize>(x: Tensor<D>, activation: Activation) -> Tensor<D> {
    match activation {
        Activation::Gelu => gelu(x),
        Activation::Relu => relu(x),
    }
}

pub(crate) fn causal_attention(qkv: Tensor<3>, heads: usize, dropping: Dropout) -> Tensor<3> {
    let [batch, length, width] = qkv.dims();
    let d = width / 3;
    let part = |i: usize| {
        let part = qkv.clone().slice([0..batch, 0..length, i * d..(i + 1) * d]);
        part.reshape([batch, length, heads, d / heads]).swap_dims(1, 2)
    };
    let (q, k, v) = (part(0), part(1), part(2));
    let out = if dropping.probability == 0.0 {
        let options = AttentionModuleOptions { scale: None, softcap: None, is_causal: true };
        attention(q, k, v, None, None, options)
    } else {
        let scores = q.matmul(k.swap_dims(2, 3)) / ((d / heads) as f64).sqrt();
        let hidden = Tensor::<2, burn::tensor::Bool>::tril_mask([length, length], 0, &scores.device());
        let p = burn::tensor::activation::softmax(scores.mask_fill(hidden.unsqueeze(), f32::NEG_INFINITY), 3);
        dropout(p, dropping).matmul(v)
    };
    out.swap_dims(1, 2).reshape([batch, length, d])
}

pub(crate) fn cross_entropy(
    hidden: Tensor<2>,
    head: Tensor<2>,
    targets: Tensor<1, Int>,
    weights: Tensor<1>,
) -> Tensor<1> {
    let log_probabilities = log_softmax(hidden.matmul(head.transpose()), 1);
    let rows = targets.dims()[0];
    let found: Tensor<1> = log_probabilities.gather(1, targets.reshape([rows, 1])).reshape([rows]);
    -(found * weights).sum()
}

pub(crate) fn dropout<const D: usize>(x: Tensor<D>, dropout: Dropout) -> Tensor<D> {
    let keep = 1.0 - f64::from(dropout.probability);
    let mask = x.random_like(Distribution::Bernoulli(keep));
    x * mask / keep
}

pub(crate) fn embed(table: Tensor<2>, indices: Tensor<2, Int>) -> Tensor<3> {
    burn::tensor::module::embedding(table, indices)
}

pub(crate) fn adam<const D: usize>(
    weights: Tensor<D>,
    gradients: Tensor<D>,
    first: Tensor<D>,
    second: Tensor<D>,
    how: AdamStep,
) -> (Tensor<D>, Tensor<D>, Tensor<D>) {
    let g = gradients * how.gradient_scale;
    let m = first * how.beta_1 + g.clone() * (1.0 - how.beta_1);
    let v = second * how.beta_2 + g.square() * (1.0 - how.beta_2);
    let correct_1 = 1.0 - how.beta_1.powi(how.step as i32);
    let correct_2 = 1.0 - how.beta_2.powi(how.step as i32);
    let change = (m.clone() / correct_1) / ((v.clone() / correct_2).sqrt() + how.epsilon);
    let w = weights * (1.0 - how.learning_rate * how.weight_decay) - change * how.learning_rate;
    (w, m, v)
}
