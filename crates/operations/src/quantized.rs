//! Products with weights of 8 or 4 bits. No gradients.

mod half;

use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{Backend, Dispatch, ExtensionType, Flex, TensorMetadata, backend_extension};
use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use burn_flex::FlexTensor;
use kernels::Precision;
use kernels::activation::Activation;
use kernels::attention::Visibility;
use kernels::cached_attention::{Own, Prefix, Stored};
use kernels::quantized::layer::{self, Affine, Norm};
use kernels::quantized::{Packed, Then, fits, linear, pack};

pub use kernels::quantized::Bits;

pub use self::half::{LayerNorm, QuantizedHalf};

use crate::cached::{Attend, PastOf};
use crate::cpu::{dense, floats, indices, tensor};
use crate::gpu::{GpuOperations, MOST_ROWS};

/// The operations as Burn's dispatch sees them.
#[backend_extension(Flex)]
pub trait QuantizedOperations: Backend {
    fn quantized_linear(
        x: FloatTensor<Self>,
        words: IntTensor<Self>,
        bias: FloatTensor<Self>,
        bits: Bits,
    ) -> FloatTensor<Self>;
    fn quantized_project(
        x: FloatTensor<Self>,
        words: IntTensor<Self>,
        bits: Bits,
        outputs: usize,
    ) -> FloatTensor<Self>;
    fn quantized_embed(
        words: IntTensor<Self>,
        indices: IntTensor<Self>,
        bits: Bits,
        shape: [usize; 2],
    ) -> FloatTensor<Self>;
    fn quantized_feed_forward(
        x: FloatTensor<Self>,
        #[extension_type] half: Half<Self>,
        activation: Activation,
    ) -> FloatTensor<Self>;
    /// x, keys and values.
    fn quantized_attention(
        x: FloatTensor<Self>,
        #[extension_type] half: Half<Self>,
        #[extension_type] past: PastOf<Self>,
        heads: usize,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
}

/// The weights of half a layer: a norm and the maps into and out of what lies between them.
#[derive(ExtensionType)]
pub struct Half<B: Backend> {
    gamma: FloatTensor<B>,
    beta: FloatTensor<B>,
    epsilon: f32,
    into_words: IntTensor<B>,
    into_bias: FloatTensor<B>,
    into_bits: Bits,
    from_words: IntTensor<B>,
    from_bias: FloatTensor<B>,
    from_bits: Bits,
}

impl Half<Flex> {
    /// Tensors whose slices can be taken as they are.
    fn dense(self) -> Self {
        Self {
            gamma: dense(self.gamma),
            beta: dense(self.beta),
            into_words: self.into_words.to_contiguous(),
            into_bias: dense(self.into_bias),
            from_words: self.from_words.to_contiguous(),
            from_bias: dense(self.from_bias),
            ..self
        }
    }

    fn norm(&self) -> Norm<'_> {
        Norm { gamma: floats(&self.gamma), beta: floats(&self.beta), epsilon: self.epsilon }
    }

    fn inward(&self) -> Affine<'_> {
        affine(&self.into_words, &self.into_bias, self.into_bits)
    }

    fn outward(&self) -> Affine<'_> {
        affine(&self.from_words, &self.from_bias, self.from_bits)
    }
}

fn affine<'a>(words: &'a FlexTensor, bias: &'a FlexTensor, bits: Bits) -> Affine<'a> {
    let (bias, panels) = (floats(bias), words.shape());
    let inputs = bits.inputs(panels[1]);
    Affine { weights: packed(words, bits, bias.len(), inputs), bias }
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
    let mut y = vec![0.0; shape.num_elements()];
    linear(floats(x), packed(words, bits, outputs, inputs), bias, Then::Write, &mut y);
    tensor(y, shape)
}

impl QuantizedOperations for Flex {
    fn quantized_linear(x: FlexTensor, words: FlexTensor, bias: FlexTensor, bits: Bits) -> FlexTensor {
        let (x, words, bias) = (dense(x), words.to_contiguous(), dense(bias));
        let bias = floats(&bias);
        product(&x, &words, Some(bias), bits, bias.len())
    }

    fn quantized_project(x: FlexTensor, words: FlexTensor, bits: Bits, outputs: usize) -> FlexTensor {
        product(&dense(x), &words.to_contiguous(), None, bits, outputs)
    }

    fn quantized_embed(
        words: FlexTensor,
        at: FlexTensor,
        bits: Bits,
        [rows, width]: [usize; 2],
    ) -> FlexTensor {
        let words = words.to_contiguous();
        let table = packed(&words, bits, rows, width);
        let mut y = vec![0.0; at.shape().num_elements() * width];
        for (index, to) in indices(&at).into_iter().zip(y.chunks_exact_mut(width)) {
            table.row(index as usize, to);
        }
        tensor(y, [at.shape()[0], at.shape()[1], width])
    }

    fn quantized_feed_forward(x: FlexTensor, half: Half<Self>, activation: Activation) -> FlexTensor {
        let (mut x, half) = (dense(x), half.dense());
        let count = x.shape().num_elements();
        let sums = &mut x.storage_mut::<f32>()[..count];
        layer::feed_forward(sums, half.norm(), half.inward(), activation, half.outward());
        x
    }

    fn quantized_attention(
        x: FlexTensor,
        half: Half<Self>,
        past: PastOf<Self>,
        heads: usize,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        let (mut x, half) = (dense(x), half.dense());
        let count = x.shape().num_elements();
        let sums = &mut x.storage_mut::<f32>()[..count];
        let (keys, values) = past.lend(Attention { sums, half: &half, heads });
        (x, keys, values)
    }
}

/// The attention half of a layer.
struct Attention<'a> {
    sums: &'a mut [f32],
    half: &'a Half<Flex>,
    heads: usize,
}

impl Attend for Attention<'_> {
    fn attend<S: Stored>(
        self,
        prefix: Prefix<'_, S>,
        own: Own<'_, S>,
        new: &[usize],
        visibility: &Visibility,
    ) {
        let Self { sums, half, heads } = self;
        let (inward, outward) = (half.inward(), half.outward());
        layer::attention(sums, half.norm(), inward, outward, prefix, own, heads, new, visibility);
    }
}

/// A matrix `[outputs, inputs]` of 8-bit or 4-bit weights.
///
/// On a CPU activations are rounded to 8 bits for products with it, on other devices they are not.
#[derive(Debug, Clone)]
pub struct Quantized {
    /// `[panels, words a panel]`, see [`Bits::packed_shape`].
    words: Tensor<2, Int>,
    bits: Bits,
    shape: [usize; 2],
}

impl Quantized {
    /// Whether a matrix with so many inputs can be quantized: blocks of 32 are whole.
    #[must_use]
    pub const fn fits(inputs: usize) -> bool {
        fits(inputs)
    }

    /// The words of a matrix `[outputs, inputs]`, as they are kept in files.
    #[must_use]
    pub fn words(weights: &[f32], inputs: usize, bits: Bits) -> Vec<i32> {
        pack(weights, inputs, bits)
    }

    /// Takes words over, on a CPU without copying them. `None` if they are not those of such a matrix.
    #[must_use]
    pub fn from_words(words: TensorData, shape: [usize; 2], bits: Bits, device: &Device) -> Option<Self> {
        let [outputs, inputs] = shape;
        let right = Self::fits(inputs)
            && words.dtype() == DType::I32
            && words.shape()[..] == bits.packed_shape(outputs, inputs);
        right.then(|| Self { words: Tensor::from_data(words, (device, DType::I32)), bits, shape })
    }

    /// The weights packed in the words, `[outputs, inputs]`.
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
        // By way of plain memory, as the device may be one that follows gradients.
        let words = self.words.to_data();
        let weights = Self::unpacked(words.as_slice().unwrap_or_default(), self.shape, self.bits);
        Tensor::from_data(TensorData::new(weights, self.shape), &self.device())
    }

    /// The same on another device.
    #[must_use]
    pub fn to_device(self, device: &Device) -> Self {
        Self { words: self.words.to_device(device), ..self }
    }

    /// The rows of x that a product sees.
    fn rows<const D: usize>(&self, x: &Tensor<D>) -> usize {
        x.shape().num_elements() / self.shape[1]
    }

    /// f(x·Wᵀ + b) on a graphics device: few rows straight from the packed weights; for many, unpacking them is little
    /// beside the product.
    fn product<const D: usize>(
        &self,
        x: Tensor<D>,
        bias: Option<Tensor<1>>,
        activation: Option<Activation>,
    ) -> Tensor<D> {
        let ([outputs, inputs], biased) = (self.shape, bias.is_some());
        if self.rows(&x) > MOST_ROWS
            && let Some(bias) = bias
        {
            let all: Vec<i32> = (0..outputs as i32).collect();
            let all = Tensor::<2, Int>::from_data(TensorData::new(all, [1, outputs]), &x.device());
            let weight = self.embed(all).reshape([outputs, inputs]);
            let y = crate::linear(x, weight, bias, Precision::F32);
            return activation.into_iter().fold(y, crate::activate);
        }
        let words = self.words.clone().into_dispatch();
        // What is not there is not read.
        let bias = bias.unwrap_or_else(|| Tensor::zeros([1], &x.device())).into_dispatch();
        Tensor::from_dispatch(<Dispatch as GpuOperations>::packed_product(
            x.into_dispatch(),
            words,
            bias,
            outputs,
            self.bits,
            biased,
            activation,
        ))
    }

    /// x·Wᵀ + b over the last axis, as [`crate::linear`].
    #[must_use]
    pub fn linear<const D: usize>(&self, x: Tensor<D>, bias: Tensor<1>) -> Tensor<D> {
        if !crate::is_cpu(&x.device()) {
            return self.product(x, Some(bias), None);
        }
        let (x, words) = (x.into_dispatch(), self.words.clone().into_dispatch());
        let bias = bias.into_dispatch();
        Tensor::from_dispatch(<Dispatch as QuantizedOperations>::quantized_linear(x, words, bias, self.bits))
    }

    /// x·Wᵀ, as [`crate::project`].
    #[must_use]
    pub fn project(&self, x: Tensor<2>) -> Tensor<2> {
        if !crate::is_cpu(&x.device()) {
            let [rows, inputs] = x.dims();
            if rows <= MOST_ROWS {
                return self.product(x, None, None);
            }
            // The floats of a whole vocabulary may be more than the device takes in one piece.
            let some = |from: usize| x.clone().slice([from..rows.min(from + MOST_ROWS), 0..inputs]);
            let parts = (0..rows).step_by(MOST_ROWS).map(|from| self.product(some(from), None, None));
            return Tensor::cat(parts.collect(), 0);
        }
        let (x, words) = (x.into_dispatch(), self.words.clone().into_dispatch());
        let [outputs, _] = self.shape;
        Tensor::from_dispatch(<Dispatch as QuantizedOperations>::quantized_project(
            x, words, self.bits, outputs,
        ))
    }

    /// Rows by index, as [`crate::embed`].
    #[must_use]
    pub fn embed(&self, indices: Tensor<2, Int>) -> Tensor<3> {
        if !crate::is_cpu(&self.device()) {
            let like = Tensor::<1>::zeros([1], &self.device()).into_dispatch();
            let words = self.words.clone().into_dispatch();
            return Tensor::from_dispatch(<Dispatch as GpuOperations>::packed_rows(
                words,
                indices.into_dispatch(),
                like,
                self.shape[1],
                self.bits,
            ));
        }
        let (words, indices) = (self.words.clone().into_dispatch(), indices.into_dispatch());
        Tensor::from_dispatch(<Dispatch as QuantizedOperations>::quantized_embed(
            words, indices, self.bits, self.shape,
        ))
    }
}
