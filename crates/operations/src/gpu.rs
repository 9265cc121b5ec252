//! Products with quantized weights, layer norms, attention of single tokens and the choice among a vocabulary on graphics
//! devices: one launch each, where Burn's own operations take several and weights of 32 bits. No gradients.

mod choice;
mod kernels;

use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{Backend, TensorMetadata, backend_extension};
use burn::tensor::{DType, Shape};
use burn_cubecl::CubeBackend;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::ops::numeric::empty_device_contiguous_dtype;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::{CubeCount, CubeDim};

use self::kernels::{PANEL, SPLITS, UNITS};
use crate::choice::{Choosing, Pick};
use crate::{Activation, Bits};

/// The most rows of a product that reads each weight once for all of them.
pub(crate) const MOST_ROWS: usize = 8;

/// The operations as Burn's dispatch sees them.
#[backend_extension(Cube, Fusion)]
pub trait GpuOperations: Backend {
    /// x·Wᵀ, with a bias and through a function where there are such.
    #[fusion(dtype = x, shape = with_last(x, outputs))]
    fn packed_product(
        x: FloatTensor<Self>,
        words: IntTensor<Self>,
        bias: FloatTensor<Self>,
        outputs: usize,
        bits: Bits,
        biased: bool,
        activation: Option<Activation>,
    ) -> FloatTensor<Self>;
    /// sum + x·Wᵀ + b
    #[fusion(dtype = x, shape = with_last(x, outputs))]
    fn packed_product_added(
        x: FloatTensor<Self>,
        words: IntTensor<Self>,
        bias: FloatTensor<Self>,
        sum: FloatTensor<Self>,
        outputs: usize,
        bits: Bits,
    ) -> FloatTensor<Self>;
    /// `[batch, length, inputs]`
    #[fusion(dtype = like, shape = rows_shape(indices, inputs))]
    fn packed_rows(
        words: IntTensor<Self>,
        indices: IntTensor<Self>,
        like: FloatTensor<Self>,
        inputs: usize,
        bits: Bits,
    ) -> FloatTensor<Self>;
    #[fusion(dtype = x, shape = x)]
    fn norm_in_one(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f32,
    ) -> FloatTensor<Self>;
    /// The result, keys and values.
    #[allow(clippy::too_many_arguments, reason = "the tensors of an attention")]
    #[fusion(meta = |qkv, _prefix_keys, _prefix_values, keys, values, _length, _past, _heads| {
        let mut out = qkv.clone();
        out.shape = with_last(&qkv.shape, &(qkv.shape[2] / 3));
        (out, keys.clone(), values.clone())
    })]
    fn attention_of_one(
        qkv: FloatTensor<Self>,
        prefix_keys: FloatTensor<Self>,
        prefix_values: FloatTensor<Self>,
        keys: FloatTensor<Self>,
        values: FloatTensor<Self>,
        prefix_length: usize,
        past: usize,
        heads: usize,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
    /// See [`crate::choice::choose`].
    #[fusion(dtype = logits, shape = with_last(logits, width))]
    fn choose(
        logits: FloatTensor<Self>,
        words: IntTensor<Self>,
        how: Choosing,
        width: usize,
    ) -> FloatTensor<Self>;
    /// See [`crate::choice::log_probabilities`].
    #[fusion(dtype = logits, shape = list_shape(logits, count))]
    fn log_probabilities(
        logits: FloatTensor<Self>,
        targets: IntTensor<Self>,
        count: usize,
    ) -> FloatTensor<Self>;
}

fn with_last(shape: &Shape, last: &usize) -> Shape {
    let mut shape = shape.clone();
    let axis = shape.num_dims() - 1;
    shape[axis] = *last;
    shape
}

fn rows_shape(indices: &Shape, inputs: &usize) -> Shape {
    Shape::new([indices[0], indices[1], *inputs])
}

fn list_shape(_: &Shape, count: &usize) -> Shape {
    Shape::new([*count])
}

fn empty(like: &CubeTensor, shape: Shape) -> CubeTensor {
    empty_device_contiguous_dtype(like.client.clone(), like.device.clone(), shape, DType::F32)
}

fn product(
    x: CubeTensor,
    words: CubeTensor,
    bias: Option<CubeTensor>,
    sum: Option<CubeTensor>,
    outputs: usize,
    bits: Bits,
    activation: Option<Activation>,
) -> CubeTensor {
    let x = into_contiguous(x);
    let (shape, axis) = (x.shape(), x.shape().num_dims() - 1);
    let inputs = shape[axis];
    let rows = shape.num_elements() / inputs;
    let y = empty(&x, with_last(&shape, &outputs));
    let then = match (&sum, activation) {
        (Some(_), _) => 1,
        (None, Some(Activation::Gelu)) => 2,
        (None, Some(Activation::Relu)) => 3,
        (None, None) => 0,
    };
    let biased = bias.is_some();
    let client = x.client.clone();
    kernels::product::launch(
        &client,
        CubeCount::Static(outputs.div_ceil(PANEL) as u32, 1, 1),
        CubeDim::new_2d(PANEL as u32, SPLITS as u32),
        x.clone().into_tensor_arg(),
        into_contiguous(words).into_tensor_arg(),
        // What is not there is not read.
        into_contiguous(bias.unwrap_or_else(|| x.clone())).into_tensor_arg(),
        into_contiguous(sum.unwrap_or(x)).into_tensor_arg(),
        y.clone().into_tensor_arg(),
        inputs,
        outputs,
        rows,
        bits == Bits::Eight,
        biased,
        then,
    );
    y
}

impl GpuOperations for CubeBackend {
    fn packed_product(
        x: CubeTensor,
        words: CubeTensor,
        bias: CubeTensor,
        outputs: usize,
        bits: Bits,
        biased: bool,
        activation: Option<Activation>,
    ) -> CubeTensor {
        product(x, words, biased.then_some(bias), None, outputs, bits, activation)
    }

    fn packed_product_added(
        x: CubeTensor,
        words: CubeTensor,
        bias: CubeTensor,
        sum: CubeTensor,
        outputs: usize,
        bits: Bits,
    ) -> CubeTensor {
        product(x, words, Some(bias), Some(sum), outputs, bits, None)
    }

    fn packed_rows(
        words: CubeTensor,
        indices: CubeTensor,
        _: CubeTensor,
        inputs: usize,
        bits: Bits,
    ) -> CubeTensor {
        let indices = into_contiguous(indices);
        let y = empty(&words, rows_shape(&indices.shape(), &inputs));
        let count = indices.shape().num_elements();
        let units = 256;
        let client = words.client.clone();
        // In two directions: one alone may have no more than 65,535 cubes.
        let cubes = (count * inputs).div_ceil(units);
        let across = cubes.min(32_768);
        kernels::rows::launch(
            &client,
            CubeCount::Static(across as u32, cubes.div_ceil(across) as u32, 1),
            CubeDim::new_1d(units as u32),
            into_contiguous(words).into_tensor_arg(),
            indices.into_tensor_arg(),
            y.clone().into_tensor_arg(),
            inputs,
            count,
            bits == Bits::Eight,
        );
        y
    }

    fn norm_in_one(x: CubeTensor, gamma: CubeTensor, beta: CubeTensor, epsilon: f32) -> CubeTensor {
        let x = into_contiguous(x);
        let shape = x.shape();
        let d = shape[shape.num_dims() - 1];
        let y = empty(&x, shape.clone());
        let client = x.client.clone();
        kernels::layer_norm::launch(
            &client,
            CubeCount::Static((shape.num_elements() / d) as u32, 1, 1),
            CubeDim::new_1d(UNITS as u32),
            x.into_tensor_arg(),
            into_contiguous(gamma).into_tensor_arg(),
            into_contiguous(beta).into_tensor_arg(),
            y.clone().into_tensor_arg(),
            d,
            epsilon,
        );
        y
    }

    fn attention_of_one(
        qkv: CubeTensor,
        prefix_keys: CubeTensor,
        prefix_values: CubeTensor,
        keys: CubeTensor,
        values: CubeTensor,
        prefix_length: usize,
        past: usize,
        heads: usize,
    ) -> (CubeTensor, CubeTensor, CubeTensor) {
        let [qkv, prefix_keys, prefix_values] = [qkv, prefix_keys, prefix_values].map(into_contiguous);
        // Written in place where nobody else holds them.
        let [keys, values] = [keys, values].map(|kept| {
            let kept = into_contiguous(kept);
            if kept.can_mut() { kept } else { kept.copy() }
        });
        let (shape, own, prefix) = (qkv.shape(), keys.shape(), prefix_keys.shape());
        let (rows, d, capacity) = (shape[0], shape[2] / 3, own[2]);
        let width = d / heads;
        let out = empty(&qkv, Shape::new([rows, 1, d]));
        let client = qkv.client.clone();
        kernels::attention::launch(
            &client,
            CubeCount::Static(heads as u32, rows as u32, 1),
            CubeDim::new_1d(UNITS as u32),
            qkv.into_tensor_arg(),
            prefix_keys.into_tensor_arg(),
            prefix_values.into_tensor_arg(),
            keys.clone().into_tensor_arg(),
            values.clone().into_tensor_arg(),
            out.clone().into_tensor_arg(),
            prefix_length,
            prefix[2],
            past,
            capacity,
            1.0 / (width as f32).sqrt(),
            heads,
            width,
            // In steps, as another size is another kernel.
            (prefix_length + past + 1).next_multiple_of(256),
        );
        (out, keys, values)
    }

    fn choose(logits: CubeTensor, words: CubeTensor, how: Choosing, width: usize) -> CubeTensor {
        let logits = into_contiguous(logits);
        let [rows, vocabulary] = logits.shape().dims();
        let out = empty(&logits, Shape::new([rows, width]));
        let client = logits.client.clone();
        let (kind, [temperature, top_k, top_p]) = match how.pick {
            Pick::Greatest => (0, [1.0, 0.0, 1.0]),
            Pick::Best(_) => (1, [1.0, 0.0, 1.0]),
            Pick::Drawn { temperature, top_k, top_p } => (2, [temperature, top_k as f32, top_p]),
        };
        choice::choose::launch(
            &client,
            CubeCount::Static(rows as u32, 1, 1),
            CubeDim::new_1d(choice::UNITS as u32),
            logits.into_tensor_arg(),
            into_contiguous(words).into_tensor_arg(),
            out.clone().into_tensor_arg(),
            vocabulary,
            how.penalty,
            temperature,
            top_k,
            top_p,
            kind,
            how.has_penalty(),
            top_k > 0.0 && top_k < vocabulary as f32,
            top_p < 1.0,
            how.alternatives,
            how.pick.count(),
        );
        out
    }

    fn log_probabilities(logits: CubeTensor, targets: CubeTensor, count: usize) -> CubeTensor {
        let logits = into_contiguous(logits);
        let [_, vocabulary] = logits.shape().dims();
        let out = empty(&logits, Shape::new([count]));
        let client = logits.client.clone();
        choice::log_probabilities::launch(
            &client,
            CubeCount::Static(count as u32, 1, 1),
            CubeDim::new_1d(choice::UNITS as u32),
            logits.into_tensor_arg(),
            into_contiguous(targets).into_tensor_arg(),
            out.clone().into_tensor_arg(),
            vocabulary,
        );
        out
    }
}
