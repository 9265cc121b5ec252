//! Products with weights of 8 or 4 bits, on the CPU. No gradients.

use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use burn_flex::FlexTensor;
use kernels::quantised::{Packed, fits, linear, pack};

pub use kernels::quantised::Bits;

use crate::cpu::{dense, floats, indices, tensor, uninitialised};

/// The operations as Burn's dispatch sees them.
#[backend_extension(Flex)]
pub trait QuantisedOperations: Backend {
    fn quantised_linear(
        x: FloatTensor<Self>,
        words: IntTensor<Self>,
        bias: FloatTensor<Self>,
        bits: Bits,
    ) -> FloatTensor<Self>;
    fn quantised_project(
        x: FloatTensor<Self>,
        words: IntTensor<Self>,
        bits: Bits,
        outputs: usize,
    ) -> FloatTensor<Self>;
    fn quantised_embed(
        words: IntTensor<Self>,
        indices: IntTensor<Self>,
        bits: Bits,
        shape: [usize; 2],
    ) -> FloatTensor<Self>;
}

/// The words of a packed matrix, wherever they lie: a mapped file is not copied.
fn packed(words: &FlexTensor, bits: Bits, outputs: usize, inputs: usize) -> Packed<'_> {
    let count = words.shape().num_elements();
    Packed::new(&words.storage::<i32>()[..count], bits, outputs, inputs)
}

fn product(
    x: &FlexTensor,
    words: &FlexTensor,
    bias: Option<&[f32]>,
    bits: Bits,
    outputs: usize,
) -> FlexTensor {
    let mut shape = x.shape();
    let last = shape.num_dims() - 1;
    let inputs = shape[last];
    shape[last] = outputs;
    let mut y = uninitialised(shape.num_elements());
    linear(floats(x), packed(words, bits, outputs, inputs), bias, &mut y);
    tensor(y, shape)
}

impl QuantisedOperations for Flex {
    fn quantised_linear(x: FlexTensor, words: FlexTensor, bias: FlexTensor, bits: Bits) -> FlexTensor {
        let (x, words, bias) = (dense(x), words.to_contiguous(), dense(bias));
        let bias = floats(&bias);
        product(&x, &words, Some(bias), bits, bias.len())
    }

    fn quantised_project(x: FlexTensor, words: FlexTensor, bits: Bits, outputs: usize) -> FlexTensor {
        product(&dense(x), &words.to_contiguous(), None, bits, outputs)
    }

    fn quantised_embed(
        words: FlexTensor,
        at: FlexTensor,
        bits: Bits,
        [rows, width]: [usize; 2],
    ) -> FlexTensor {
        let words = words.to_contiguous();
        let table = packed(&words, bits, rows, width);
        let mut y = uninitialised(at.shape().num_elements() * width);
        for (index, to) in indices(&at).into_iter().zip(y.chunks_exact_mut(width)) {
            table.row(index as usize, to);
        }
        tensor(y, [at.shape()[0], at.shape()[1], width])
    }
}

/// A matrix `[outputs, inputs]` of 8-bit or 4-bit weights in the memory of the CPU.
#[derive(Debug, Clone)]
pub struct Quantised {
    /// `[panels, words a panel]`, see [`Bits::packed_shape`].
    words: Tensor<2, Int>,
    bits: Bits,
    shape: [usize; 2],
}

impl Quantised {
    /// Whether a matrix with so many inputs can be quantised: blocks of 32 are whole.
    #[must_use]
    pub const fn fits(inputs: usize) -> bool {
        fits(inputs)
    }

    /// The words of a matrix `[outputs, inputs]`, as they are kept in files.
    #[must_use]
    pub fn words(weights: &[f32], inputs: usize, bits: Bits) -> Vec<i32> {
        pack(weights, inputs, bits)
    }

    /// Takes words over without copying them. `None` if they are not those of such a matrix, or the device is not the
    /// CPU: other devices get the [`unpacked`](Self::unpacked) weights.
    #[must_use]
    pub fn from_words(words: TensorData, shape: [usize; 2], bits: Bits, device: &Device) -> Option<Self> {
        let [outputs, inputs] = shape;
        let right = Self::fits(inputs)
            && words.dtype() == DType::I32
            && words.shape()[..] == bits.packed_shape(outputs, inputs)
            && crate::is_cpu(device);
        right.then(|| Self { words: Tensor::from_data(words, (device, DType::I32)), bits, shape })
    }

    /// The weights that words stand for, `[outputs, inputs]`.
    ///
    /// # Panics
    /// If the words are not those of such a matrix.
    #[must_use]
    pub fn unpacked(words: &[i32], [outputs, inputs]: [usize; 2], bits: Bits) -> Vec<f32> {
        let packed = Packed::new(words, bits, outputs, inputs);
        let mut weights = vec![0.0; outputs * inputs];
        weights.chunks_exact_mut(inputs).enumerate().for_each(|(o, row)| packed.row(o, row));
        weights
    }

    /// `[outputs, inputs]`
    #[must_use]
    pub const fn dims(&self) -> [usize; 2] {
        self.shape
    }

    /// Bits a weight.
    #[must_use]
    pub const fn bits(&self) -> Bits {
        self.bits
    }

    /// Where it lies.
    #[must_use]
    pub fn device(&self) -> Device {
        self.words.device()
    }

    /// The weights as floats.
    #[must_use]
    pub fn to_float(&self) -> Tensor<2> {
        let [outputs, _] = self.shape;
        let all: Vec<i32> = (0..outputs as i32).collect();
        let all = Tensor::<2, Int>::from_data(TensorData::new(all, [1, outputs]), &self.device());
        self.embed(all).reshape(self.shape)
    }

    /// x·Wᵀ + b over the last axis, as [`crate::linear`].
    #[must_use]
    pub fn linear<const D: usize>(&self, x: Tensor<D>, bias: Tensor<1>) -> Tensor<D> {
        let (x, words) = (x.into_dispatch(), self.words.clone().into_dispatch());
        let bias = bias.into_dispatch();
        Tensor::from_dispatch(<Dispatch as QuantisedOperations>::quantised_linear(x, words, bias, self.bits))
    }

    /// x·Wᵀ, as [`crate::project`].
    #[must_use]
    pub fn project(&self, x: Tensor<2>) -> Tensor<2> {
        let (x, words) = (x.into_dispatch(), self.words.clone().into_dispatch());
        let [outputs, _] = self.shape;
        Tensor::from_dispatch(<Dispatch as QuantisedOperations>::quantised_project(
            x, words, self.bits, outputs,
        ))
    }

    /// Rows by index, as [`crate::embed`].
    #[must_use]
    pub fn embed(&self, indices: Tensor<2, Int>) -> Tensor<3> {
        let (words, indices) = (self.words.clone().into_dispatch(), indices.into_dispatch());
        Tensor::from_dispatch(<Dispatch as QuantisedOperations>::quantised_embed(
            words, indices, self.bits, self.shape,
        ))
    }
}
