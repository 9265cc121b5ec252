//! Layers whose matrix may be of any precision.

use burn::module::{Module, Param};
use burn::tensor::{Device, Distribution, Int, Tensor, TensorData};
use operations::{Precision, Quantized};

use crate::Matrix;

/// An affine map.
#[derive(Module, Debug)]
pub struct Linear {
    /// `[out, in]`, as PyTorch stores it: each output's weights lie together.
    pub weight: Matrix,
    /// `[out]`
    pub bias: Param<Tensor<1>>,
}

/// Scale and shift of a layer normalization.
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

    /// All numbers 0: to be filled in from a file.
    #[must_use]
    pub fn zeros(inputs: usize, outputs: usize, device: &Device) -> Self {
        Self {
            weight: Matrix::from_tensor(Tensor::zeros([outputs, inputs], device)),
            bias: Param::from_tensor(Tensor::zeros([outputs], device)),
        }
    }

    /// Weights and bias, where the weights are quantized.
    #[must_use]
    pub fn quantized(&self) -> Option<(&Quantized, Tensor<1>)> {
        match &self.weight {
            Matrix::Quantized(weight) => Some((weight, self.bias.val())),
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

    /// Its tensors, for operations that normalize on the way.
    #[must_use]
    pub fn for_operations(&self) -> operations::LayerNorm {
        let epsilon = self.epsilon as f32;
        operations::LayerNorm { gamma: self.gamma.val(), beta: self.beta.val(), epsilon }
    }
}

/// Rows of a matrix by ascending indices, `[indices, d]`.
#[must_use]
pub fn rows_of(hidden: Tensor<2>, indices: &[usize]) -> Tensor<2> {
    if indices.len() == hidden.dims()[0] {
        return hidden; // They ascend, so these are all of them in order.
    }
    let device = hidden.device();
    let count = indices.len();
    let indices: Vec<i32> = indices.iter().map(|index| *index as i32).collect();
    hidden.select(0, Tensor::<1, Int>::from_data(TensorData::new(indices, [count]), &device))
}
