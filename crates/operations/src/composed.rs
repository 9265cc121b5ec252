//! The same operations made of Burn's own, for devices other than the CPU.

use burn::tensor::activation::{gelu, log_softmax, relu};
use burn::tensor::module::{attention as burn_attention, linear as burn_linear};
use burn::tensor::ops::AttentionModuleOptions;
use burn::tensor::{Bool, DType, Device, Distribution, Int, Tensor, TensorData};
use kernels::Precision;
use kernels::activation::Activation;
use kernels::attention::{Dropout, Visibility};
use kernels::optimizer::AdamStep;

/// A factor of a matrix product: in bfloat16 where that is asked for and the device has it.
fn factor<const D: usize>(x: Tensor<D>, precision: Precision) -> Tensor<D> {
    match precision {
        Precision::Bf16 if x.device().supports_dtype(DType::BF16) => x.cast(DType::BF16),
        _ => x,
    }
}

pub(crate) fn linear<const D: usize>(
    x: Tensor<D>,
    weight: Tensor<2>,
    bias: Tensor<1>,
    precision: Precision,
) -> Tensor<D> {
    let whole = x.dtype();
    let (x, weight) = (factor(x, precision), factor(weight.transpose(), precision));
    if x.dtype() == whole {
        return burn_linear(x, weight, Some(bias));
    }
    burn_linear(x, weight, None).cast(whole) + bias.unsqueeze()
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

/// True where a query may not look: `[batch or 1, 1, length, length]`.
fn hidden(visibility: &Visibility, batch: usize, length: usize, device: &Device) -> Tensor<4, Bool> {
    if *visibility == Visibility::Causal {
        return Tensor::<2, Bool>::tril_mask([length, length], 0, device).unsqueeze();
    }
    let hidden: Vec<bool> = (0..batch)
        .flat_map(|b| (0..length).map(move |query| (b, query)))
        .flat_map(|(b, query)| {
            let seen = visibility.seen(b, query, length);
            (0..length).map(move |key| key >= seen)
        })
        .collect();
    Tensor::from_data(TensorData::new(hidden, [batch, 1, length, length]), device)
}

pub(crate) fn attention(
    qkv: Tensor<3>,
    heads: usize,
    visibility: &Visibility,
    dropping: Dropout,
    precision: Precision,
) -> Tensor<3> {
    let [batch, length, width] = qkv.dims();
    let d = width / 3;
    let whole = qkv.dtype();
    let qkv = factor(qkv, precision);
    let part = |i: usize| {
        let part = qkv.clone().slice([0..batch, 0..length, i * d..(i + 1) * d]);
        part.reshape([batch, length, heads, d / heads]).swap_dims(1, 2)
    };
    let (q, k, v) = (part(0), part(1), part(2));
    let out = if dropping.probability == 0.0 && *visibility == Visibility::Causal {
        let options = AttentionModuleOptions { scale: None, softcap: None, is_causal: true };
        burn_attention(q, k, v, None, None, options)
    } else {
        let scores = q.matmul(k.swap_dims(2, 3)).cast(whole) / ((d / heads) as f64).sqrt();
        let hidden = hidden(visibility, batch, length, &scores.device());
        let hidden = hidden.expand([batch, heads, length, length]);
        let p = burn::tensor::activation::softmax(scores.mask_fill(hidden, f32::NEG_INFINITY), 3);
        factor(dropout(p, dropping), precision).matmul(v)
    };
    let out = out.cast(whole);
    out.swap_dims(1, 2).reshape([batch, length, d])
}

pub(crate) fn cross_entropy(
    hidden: Tensor<2>,
    head: Tensor<2>,
    targets: Tensor<1, Int>,
    weights: Tensor<1>,
    precision: Precision,
) -> Tensor<1> {
    let whole = hidden.dtype();
    let logits = factor(hidden, precision).matmul(factor(head.transpose(), precision)).cast(whole);
    let log_probabilities = log_softmax(logits, 1);
    let rows = targets.dims()[0];
    let found: Tensor<1> = log_probabilities.gather(1, targets.reshape([rows, 1])).reshape([rows]);
    -(found * weights).sum()
}

pub(crate) fn dropout<const D: usize>(x: Tensor<D>, dropout: Dropout) -> Tensor<D> {
    if dropout.probability == 0.0 {
        return x;
    }
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

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;

    /// What CPU kernels compute through their own gradients, Burn's operations compute through Burn's.
    #[test]
    fn attention_and_its_gradient_are_those_of_the_kernels_whatever_is_seen() {
        let device = Device::flex().autodiff();
        let (batch, length, heads, width) = (3, 9, 2, 4);
        let numbers = |count: usize, seed: f32| {
            let values = (0..count).map(|i| ((i as f32 + seed) * 12.9898).sin()).collect::<Vec<f32>>();
            TensorData::new(values, [count])
        };
        let (count, d) = (batch * length * 3 * heads * width, heads * width);
        let dropout = Dropout::default();
        for visibility in [
            Visibility::Causal,
            Visibility::Prefix(vec![length; batch]),
            Visibility::Prefix(vec![0, 4, length + 3]),
        ] {
            let run = |by_kernels: bool| {
                let qkv = Tensor::<1>::from_data(numbers(count, 1.0), &device).require_grad();
                let input = qkv.clone().reshape([batch, length, 3 * d]);
                let out = if by_kernels {
                    crate::attention(input, heads, &visibility, dropout, Precision::F32)
                } else {
                    attention(input, heads, &visibility, dropout, Precision::F32)
                };
                let weights = Tensor::<1>::from_data(numbers(batch * length * d, 2.0), &device);
                let loss = (out.clone().reshape([batch * length * d]) * weights).sum();
                let gradient = qkv.grad(&loss.backward()).unwrap_or_else(|| qkv.inner().zeros_like());
                (out.inner().into_data(), gradient.into_data())
            };
            let (kernels, composed) = (run(true), run(false));
            let tolerance = burn::tensor::Tolerance::<f32>::absolute(1e-5);
            kernels.0.assert_approx_eq(&composed.0, tolerance);
            kernels.1.assert_approx_eq(&composed.1, tolerance);
        }
    }

    #[test]
    fn rounded_factors_keep_values_gradients_and_their_types() {
        let device = Device::flex().autodiff();
        let numbers = |seed: i64, shape: [usize; 2]| {
            let count = (shape[0] * shape[1]) as i64;
            let values = Tensor::<1, Int>::arange(0..count, &device) * seed;
            (values.float() * 0.37).sin().reshape(shape)
        };
        let run = |precision| {
            let (x, w) = (numbers(3, [6, 16]).require_grad(), numbers(5, [48, 16]).require_grad());
            let qkv = linear(x, w.clone(), Tensor::zeros([48], &device), precision);
            let dropping = Dropout { probability: 0.0, seed: 0 };
            let out = attention(qkv.reshape([1, 6, 48]), 2, &Visibility::Causal, dropping, precision);
            let out = out.reshape([6, 16]);
            let targets = Tensor::arange(0..6, &device);
            let loss =
                cross_entropy(out, numbers(7, [9, 16]), targets, Tensor::ones([6], &device), precision);
            let gradient = w.grad(&loss.backward()).unwrap_or_else(|| w.clone().inner().zeros_like());
            (loss.dtype(), loss.into_data().iter::<f32>().next(), gradient)
        };
        let (whole, rounded) = (run(Precision::F32), run(Precision::Bf16));
        assert!(device.supports_dtype(DType::BF16), "else nothing is compared");
        assert_eq!((whole.0, rounded.0), (DType::F32, DType::F32));
        assert!(
            whole.1.zip(rounded.1).is_some_and(|(a, b)| a != b && (a - b).abs() < 0.02 * a),
            "{:?} {:?}",
            whole.1,
            rounded.1
        );
        assert_eq!(rounded.2.dtype(), DType::F32);
        let size = whole.2.clone().abs().max().into_scalar::<f32>();
        let off = (whole.2 - rounded.2).abs().max().into_scalar::<f32>();
        assert!(size > 0.0 && off < 0.05 * size, "{off} of {size}");
    }
}
