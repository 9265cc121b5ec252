//! The CPU side: Burn's flex tensors handed to `kernels` as slices.

#![expect(unsafe_code, reason = "buffers that a kernel writes are not zeroed before")]

mod gradients;

use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{Backend, Flex, TensorMetadata, backend_extension};
use burn::tensor::{Bytes, DType, Shape};
use burn_flex::{FlexTensor, Layout};
use kernels::activation::Activation;
use kernels::matmul::{Into, MatrixMut, MatrixRef, matmul};
use kernels::optimizer::AdamStep;
use kernels::{Precision, attention, cross_entropy, dropout, few_rows};

pub use kernels::attention::{Dropout, Visibility};

/// The operations as Burn's dispatch sees them.
#[backend_extension(Flex, Autodiff)]
pub trait CpuOperations: Backend {
    fn linear(
        x: FloatTensor<Self>,
        w: FloatTensor<Self>,
        b: FloatTensor<Self>,
        precision: Precision,
    ) -> FloatTensor<Self>;
    fn layer_norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f32,
    ) -> FloatTensor<Self>;
    fn activate(x: FloatTensor<Self>, activation: Activation) -> FloatTensor<Self>;
    fn attention(
        qkv: FloatTensor<Self>,
        heads: usize,
        visibility: Visibility,
        dropout: Dropout,
        precision: Precision,
    ) -> FloatTensor<Self>;
    fn cross_entropy(
        hidden: FloatTensor<Self>,
        head: FloatTensor<Self>,
        targets: IntTensor<Self>,
        weights: FloatTensor<Self>,
        precision: Precision,
    ) -> FloatTensor<Self>;
    fn dropout(x: FloatTensor<Self>, dropout: Dropout) -> FloatTensor<Self>;
    fn embed(table: FloatTensor<Self>, indices: IntTensor<Self>) -> FloatTensor<Self>;
    fn adam(
        weights: FloatTensor<Self>,
        gradients: FloatTensor<Self>,
        first: FloatTensor<Self>,
        second: FloatTensor<Self>,
        step: AdamStep,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
}

/// The same with what gradients need, for [`crate::autodiff`].
pub(crate) trait CpuGradients: Backend {
    fn linear_backward(
        x: FloatTensor<Self>,
        w: FloatTensor<Self>,
        dy: FloatTensor<Self>,
        wants: [bool; 3],
        precision: Precision,
    ) -> [Option<FloatTensor<Self>>; 3];
    /// y and the rows' statistics.
    fn layer_norm_forward(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f32,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);
    fn layer_norm_backward(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        statistics: FloatTensor<Self>,
        dy: FloatTensor<Self>,
    ) -> [FloatTensor<Self>; 3];
    fn activate_backward(
        x: FloatTensor<Self>,
        dy: FloatTensor<Self>,
        activation: Activation,
    ) -> FloatTensor<Self>;
    /// The result and the logarithms of the rows' sums.
    fn attention_forward(
        qkv: FloatTensor<Self>,
        heads: usize,
        visibility: Visibility,
        dropout: Dropout,
        precision: Precision,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);
    #[expect(clippy::too_many_arguments, reason = "the tensors of a backward pass")]
    fn attention_backward(
        qkv: FloatTensor<Self>,
        out: FloatTensor<Self>,
        log_sums: FloatTensor<Self>,
        dout: FloatTensor<Self>,
        heads: usize,
        visibility: Visibility,
        dropout: Dropout,
        precision: Precision,
    ) -> FloatTensor<Self>;
    /// The loss and its gradients with respect to hidden and head.
    fn cross_entropy_with_gradients(
        hidden: FloatTensor<Self>,
        head: FloatTensor<Self>,
        targets: IntTensor<Self>,
        weights: FloatTensor<Self>,
        precision: Precision,
    ) -> [FloatTensor<Self>; 3];
    fn embed_backward(dy: FloatTensor<Self>, indices: IntTensor<Self>, rows: usize) -> FloatTensor<Self>;
}

/// A buffer for a kernel that writes every element. Zeroing it first would cost as much memory traffic as many of the kernels
/// themselves.
///
/// # Safety
/// Each element is written before any is read, and before the buffer is handed on.
#[expect(clippy::uninit_vec, reason = "see above")]
unsafe fn uninitialized(len: usize) -> Vec<f32> {
    let mut buffer = Vec::with_capacity(len);
    // SAFETY: the capacity is there, every bit pattern is a number, and the caller has each element written first.
    unsafe {
        buffer.set_len(len);
    }
    // What a kernel left out, or read, would be no number in any result: the tests compare results.
    if cfg!(debug_assertions) {
        buffer.fill(f32::NAN);
    }
    buffer
}

pub(crate) fn tensor(values: Vec<f32>, shape: impl std::convert::Into<Shape>) -> FlexTensor {
    FlexTensor::new(Bytes::from_elems(values), Layout::contiguous(shape.into()), DType::F32)
}

/// A float32 tensor without gaps; slices of it start at its first element.
pub(crate) fn dense(tensor: FlexTensor) -> FlexTensor {
    let tensor = if tensor.dtype() == DType::F32 {
        tensor
    } else {
        use burn::backend::ops::FloatTensorOps;
        Flex::float_cast(tensor, burn::tensor::FloatDType::F32)
    };
    tensor.to_contiguous()
}

pub(crate) fn floats(tensor: &FlexTensor) -> &[f32] {
    &tensor.storage::<f32>()[..tensor.shape().num_elements()]
}

pub(crate) fn indices(tensor: &FlexTensor) -> Vec<u32> {
    let tensor = tensor.to_contiguous();
    let count = tensor.shape().num_elements();
    match tensor.dtype() {
        DType::I32 => tensor.storage::<i32>()[..count].iter().map(|i| *i as u32).collect(),
        DType::U32 => tensor.storage::<u32>()[..count].to_vec(),
        _ => {
            use burn::backend::ops::IntTensorOps;
            let wide = Flex::int_cast(tensor, burn::tensor::IntDType::I64).to_contiguous();
            wide.storage::<i64>()[..count].iter().map(|i| *i as u32).collect()
        }
    }
}

/// (rows, columns) of a tensor seen as a matrix of its last axis.
fn as_matrix(tensor: &FlexTensor) -> (usize, usize) {
    let shape = tensor.shape();
    let columns = shape[shape.num_dims() - 1];
    (shape.num_elements() / columns.max(1), columns)
}

/// y = x·Wᵀ + b: few rows straight from the weights, many through packed blocks.
pub(crate) fn product(
    x: &[f32],
    w: &[f32],
    b: Option<&[f32]>,
    inputs: usize,
    y: &mut [f32],
    precision: Precision,
) {
    let (rows, outputs) = (x.len() / inputs, w.len() / inputs);
    if rows <= few_rows::MOST_ROWS {
        return few_rows::linear(x, w, b, inputs, y);
    }
    if let Some(b) = b {
        y.chunks_exact_mut(outputs).for_each(|row| row.copy_from_slice(b));
    }
    let into = if b.is_some() { Into::Add } else { Into::Overwrite };
    let weights = MatrixRef::new(w, outputs, inputs).t();
    matmul(MatrixRef::new(x, rows, inputs), weights, MatrixMut::new(y, rows, outputs), into, precision);
}

impl CpuOperations for Flex {
    fn linear(x: FlexTensor, w: FlexTensor, b: FlexTensor, precision: Precision) -> FlexTensor {
        let (x, w, b) = (dense(x), dense(w), dense(b));
        let (rows, inputs) = as_matrix(&x);
        let outputs = w.shape()[0];
        // SAFETY: the kernel below writes each element, and reads none before.
        let mut y = unsafe { uninitialized(rows * outputs) };
        product(floats(&x), floats(&w), Some(floats(&b)), inputs, &mut y, precision);
        let mut shape = x.shape();
        let last = shape.num_dims() - 1;
        shape[last] = outputs;
        tensor(y, shape)
    }

    fn layer_norm(x: FlexTensor, gamma: FlexTensor, beta: FlexTensor, epsilon: f32) -> FlexTensor {
        Self::layer_norm_forward(x, gamma, beta, epsilon).0
    }

    fn activate(x: FlexTensor, activation: Activation) -> FlexTensor {
        let x = dense(x);
        // SAFETY: the kernel below writes each element, and reads none before.
        let mut y = unsafe { uninitialized(floats(&x).len()) };
        activation.forward(floats(&x), &mut y);
        tensor(y, x.shape())
    }

    fn attention(
        qkv: FlexTensor,
        heads: usize,
        visibility: Visibility,
        dropout: Dropout,
        precision: Precision,
    ) -> FlexTensor {
        Self::attention_forward(qkv, heads, visibility, dropout, precision).0
    }

    fn cross_entropy(
        hidden: FlexTensor,
        head: FlexTensor,
        targets: FlexTensor,
        weights: FlexTensor,
        precision: Precision,
    ) -> FlexTensor {
        let (hidden, head, weights) = (dense(hidden), dense(head), dense(weights));
        let (h, w) = (floats(&hidden), floats(&head));
        let loss = cross_entropy::forward_backward(
            h,
            w,
            &indices(&targets),
            floats(&weights),
            None,
            None,
            precision,
        );
        tensor(vec![loss as f32], [1])
    }

    fn dropout(x: FlexTensor, dropout: Dropout) -> FlexTensor {
        let x = dense(x);
        // SAFETY: the kernel below writes each element, and reads none before.
        let mut y = unsafe { uninitialized(floats(&x).len()) };
        dropout::apply(floats(&x), &mut y, dropout.probability, dropout.seed);
        tensor(y, x.shape())
    }

    fn embed(table: FlexTensor, at: FlexTensor) -> FlexTensor {
        let table = dense(table);
        let d = table.shape()[1];
        let rows = floats(&table);
        let mut y = Vec::with_capacity(at.shape().num_elements() * d);
        for index in indices(&at) {
            y.extend_from_slice(&rows[index as usize * d..][..d]);
        }
        tensor(y, [at.shape()[0], at.shape()[1], d])
    }

    fn adam(
        w: FlexTensor,
        g: FlexTensor,
        m: FlexTensor,
        v: FlexTensor,
        step: AdamStep,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        let (mut w, g, mut m, mut v) = (dense(w), dense(g), dense(m), dense(v));
        // Copies what somebody else still holds, else works in place.
        kernels::optimizer::adam(
            w.storage_mut::<f32>(),
            floats(&g),
            m.storage_mut::<f32>(),
            v.storage_mut::<f32>(),
            &step,
        );
        (w, m, v)
    }
}

fn attention_shape(qkv: &FlexTensor, heads: usize) -> attention::Shape {
    let shape = qkv.shape();
    attention::Shape { batch: shape[0], length: shape[1], heads, head_width: shape[2] / 3 / heads }
}
