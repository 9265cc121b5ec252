//! Burn operations that BioGPT needs and Burn lacks or does slowly, forward and backward.
//!
//! Each function takes and gives Burn tensors and works on every device. On the CPU it runs one kernel of `kernels`
//! through Burn's backend extension, with a gradient of its own; elsewhere it is composed of Burn's operations, which
//! Burn fuses and differentiates, or, where no gradient is asked for, one kernel of `gpu`. All ways give the same
//! numbers: the tests compare them.

mod autodiff;
mod cached;
pub mod choice;
mod composed;
mod cpu;
mod gpu;
mod quantized;
mod training;

use burn::backend::{Dispatch, DispatchDevice};
use burn::tensor::{Device, Int, Tensor};

use cached::CachedOperations;
pub use cached::{FEW, KeysValues, Move, Past, cached_attention};
use cpu::CpuOperations;
pub use cpu::{Dropout, Visibility};
use gpu::GpuOperations;
pub use kernels::{Precision, activation::Activation, logits, memory, optimizer::AdamStep};
pub use quantized::{Bits, LayerNorm, Quantized, QuantizedHalf};
pub use training::Training;

/// Whether tensors of this device live in the memory of the CPU, so that kernels over slices apply.
#[must_use]
pub fn is_cpu(device: &Device) -> bool {
    match device.as_dispatch() {
        DispatchDevice::Flex(_) => true,
        DispatchDevice::Autodiff(device) => matches!(device.clone().inner(), DispatchDevice::Flex(_)),
        _ => false,
    }
}

fn follows_gradients(device: &Device) -> bool {
    matches!(device.as_dispatch(), DispatchDevice::Autodiff(_))
}

/// x·Wᵀ + b over the last axis.
///
/// # Shapes
/// x `[.., in]`, weight `[out, in]` (as PyTorch stores it), bias `[out]`; gives `[.., out]`.
#[must_use]
pub fn linear<const D: usize>(
    x: Tensor<D>,
    weight: Tensor<2>,
    bias: Tensor<1>,
    precision: Precision,
) -> Tensor<D> {
    if is_cpu(&x.device()) {
        let (x, weight, bias) = (x.into_dispatch(), weight.into_dispatch(), bias.into_dispatch());
        Tensor::from_dispatch(<Dispatch as CpuOperations>::linear(x, weight, bias, precision))
    } else {
        composed::linear(x, weight, bias, precision)
    }
}

/// x·Wᵀ: hidden states to the logits of the vocabulary.
///
/// # Shapes
/// x `[rows, d]`, weight `[vocabulary, d]`; gives `[rows, vocabulary]`.
#[must_use]
pub fn project(x: Tensor<2>, weight: Tensor<2>) -> Tensor<2> {
    if is_cpu(&x.device()) {
        let (x, weight) = (x.into_dispatch(), weight.into_dispatch());
        Tensor::from_dispatch(<Dispatch as CachedOperations>::project(x, weight))
    } else {
        x.matmul(weight.transpose())
    }
}

/// Layer normalization over the last axis.
///
/// # Shapes
/// x `[.., d]`, gamma and beta `[d]`; gives `[.., d]`.
#[must_use]
pub fn layer_norm<const D: usize>(
    x: Tensor<D>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    epsilon: f32,
) -> Tensor<D> {
    if is_cpu(&x.device()) {
        let (x, gamma, beta) = (x.into_dispatch(), gamma.into_dispatch(), beta.into_dispatch());
        Tensor::from_dispatch(<Dispatch as CpuOperations>::layer_norm(x, gamma, beta, epsilon))
    } else if !follows_gradients(&x.device()) {
        let (x, gamma, beta) = (x.into_dispatch(), gamma.into_dispatch(), beta.into_dispatch());
        Tensor::from_dispatch(<Dispatch as GpuOperations>::norm_in_one(x, gamma, beta, epsilon))
    } else {
        composed::layer_norm(x, gamma, beta, epsilon)
    }
}

/// GELU or ReLU, element by element.
#[must_use]
pub fn activate<const D: usize>(x: Tensor<D>, activation: Activation) -> Tensor<D> {
    if is_cpu(&x.device()) {
        Tensor::from_dispatch(<Dispatch as CpuOperations>::activate(x.into_dispatch(), activation))
    } else {
        composed::activate(x, activation)
    }
}

/// Multi-head attention of whole sequences, each with itself.
///
/// # Shapes
/// qkv `[batch, length, 3·d]`: queries, keys and values side by side; gives `[batch, length, d]`.
#[must_use]
pub fn attention(
    qkv: Tensor<3>,
    heads: usize,
    visibility: &Visibility,
    dropout: Dropout,
    precision: Precision,
) -> Tensor<3> {
    if is_cpu(&qkv.device()) {
        let (qkv, visibility) = (qkv.into_dispatch(), visibility.clone());
        Tensor::from_dispatch(<Dispatch as CpuOperations>::attention(
            qkv, heads, visibility, dropout, precision,
        ))
    } else {
        composed::attention(qkv, heads, visibility, dropout, precision)
    }
}

/// Sum over rows of `weights[i] · -log softmax(hidden·headᵀ)[i, targets[i]]`, without holding all logits on a CPU.
///
/// # Shapes
/// hidden `[rows, d]`, head `[vocabulary, d]`, targets and weights `[rows]`; gives `[1]`.
#[must_use]
pub fn cross_entropy(
    hidden: Tensor<2>,
    head: Tensor<2>,
    targets: Tensor<1, Int>,
    weights: Tensor<1>,
    precision: Precision,
) -> Tensor<1> {
    if is_cpu(&hidden.device()) {
        let (hidden, head) = (hidden.into_dispatch(), head.into_dispatch());
        let (targets, weights) = (targets.into_dispatch(), weights.into_dispatch());
        Tensor::from_dispatch(<Dispatch as CpuOperations>::cross_entropy(
            hidden, head, targets, weights, precision,
        ))
    } else {
        composed::cross_entropy(hidden, head, targets, weights, precision)
    }
}

/// Zeroes a share of the elements and scales the rest. On a CPU the mask is a function of the seed alone.
#[must_use]
pub fn dropout<const D: usize>(x: Tensor<D>, dropout: Dropout) -> Tensor<D> {
    if dropout.probability == 0.0 {
        x
    } else if is_cpu(&x.device()) {
        Tensor::from_dispatch(<Dispatch as CpuOperations>::dropout(x.into_dispatch(), dropout))
    } else {
        composed::dropout(x, dropout)
    }
}

/// Rows of `table` by index, summed gradient backward.
///
/// # Shapes
/// table `[rows, d]`, indices `[batch, length]`; gives `[batch, length, d]`.
#[must_use]
pub fn embed(table: Tensor<2>, indices: Tensor<2, Int>) -> Tensor<3> {
    if is_cpu(&table.device()) {
        let (table, indices) = (table.into_dispatch(), indices.into_dispatch());
        Tensor::from_dispatch(<Dispatch as CpuOperations>::embed(table, indices))
    } else {
        composed::embed(table, indices)
    }
}

/// One step of Adam: gives the new weights and both moments. On a CPU the tensors are updated in place where nobody
/// else holds them.
#[must_use]
pub fn adam<const D: usize>(
    weights: Tensor<D>,
    gradients: Tensor<D>,
    first: Tensor<D>,
    second: Tensor<D>,
    step: AdamStep,
) -> (Tensor<D>, Tensor<D>, Tensor<D>) {
    if is_cpu(&weights.device()) {
        let (w, g) = (weights.into_dispatch(), gradients.into_dispatch());
        let (m, v) = (first.into_dispatch(), second.into_dispatch());
        let (w, m, v) = <Dispatch as CpuOperations>::adam(w, g, m, v, step);
        (Tensor::from_dispatch(w), Tensor::from_dispatch(m), Tensor::from_dispatch(v))
    } else {
        composed::adam(weights, gradients, first, second, step)
    }
}
