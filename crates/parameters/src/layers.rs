//! Layers whose matrix may be of any precision.

use burn::module::{Module, Param};
use burn::tensor::{Device, Distribution, Tensor};
use operations::{Precision, Quantised};

use crate::Matrix;

/// An affine map.
#[derive(Module, Debug)]
pub struct Linear {
    /// `[out, in]`, as PyTorch stores it: each output's weights lie together.
    pub weight: Matrix,
    /// `[out]`
    pub bias: Param<Tensor<1>>,
}

/// Scale and shift of a layer normalisation.
#[derive(Module, Debug)]
pub struct LayerNorm {
    /// `[d]`
    pub gamma: Param<Tensor<1>>,
    /// `[d]`
    pub beta: Param<Tensor<1>>,
    /// Added to the variance.
    pub epsilon: f64,
}

impl Linear {
    /// Normal weights of this deviation, bias 0.
    #[must_use]
    pub fn init(inputs: usize, outputs: usize, deviation: f64, device: &Device) -> Self {
        let weight = Tensor::random([outputs, inputs], Distribution::Normal(0.0, deviation), device);
        Self {
            weight: Matrix::from_tensor(weight),
            bias: Param::from_tensor(Tensor::zeros([outputs], device)),
        }
    }

    /// Weights and bias, where the weights are quantised.
    #[must_use]
    pub fn quantised(&self) -> Option<(&Quantised, Tensor<1>)> {
        match &self.weight {
            Matrix::Quantised(weight) => Some((weight, self.bias.val())),
            _ => None,
        }
    }

    /// # Shapes
    /// x `[.., in]`; gives `[.., out]`.
    #[must_use]
    pub fn forward<const D: usize>(&self, x: Tensor<D>, precision: Precision) -> Tensor<D> {
        self.weight.linear(x, self.bias.val(), precision)
    }
}

impl LayerNorm {
    /// Scale 1, shift 0.
    #[must_use]
    pub fn init(d: usize, epsilon: f64, device: &Device) -> Self {
        Self {
            gamma: Param::from_tensor(Tensor::ones([d], device)),
            beta: Param::from_tensor(Tensor::zeros([d], device)),
            epsilon,
        }
    }

    /// # Shapes
    /// x `[.., d]`; gives the same.
    #[must_use]
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        let operations::LayerNorm { gamma, beta, epsilon } = self.for_operations();
        operations::layer_norm(x, gamma, beta, epsilon)
    }

    /// Its tensors, for operations that normalise on the way.
    #[must_use]
    pub fn for_operations(&self) -> operations::LayerNorm {
        let epsilon = self.epsilon as f32;
        operations::LayerNorm { gamma: self.gamma.val(), beta: self.beta.val(), epsilon }
    }
}
