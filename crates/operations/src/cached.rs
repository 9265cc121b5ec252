//! What decoding needs and training does not: attention over cached keys and values, and logits. No gradients.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::activation::softmax;
use burn::tensor::{Bool, DType, Element, Tensor, TensorData};
use burn_flex::FlexTensor;
use bytemuck::Pod;
use half::f16;
use kernels::cached_attention::{Own, Prefix, Stored, forward};

use crate::cpu::{dense, floats, tensor, uninitialised};

/// The operation as Burn's dispatch sees it.
#[backend_extension(Flex)]
pub trait CachedOperations: Backend {
    #[allow(clippy::too_many_arguments, reason = "the tensors of an attention")]
    fn cached_attention(
        qkv: FloatTensor<Self>,
        prefix_keys: FloatTensor<Self>,
        prefix_values: FloatTensor<Self>,
        prefix_length: usize,
        keys: FloatTensor<Self>,
        values: FloatTensor<Self>,
        lengths: Vec<usize>,
        heads: usize,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
    fn project(x: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl CachedOperations for Flex {
    fn cached_attention(
        qkv: FlexTensor,
        prefix_keys: FlexTensor,
        prefix_values: FlexTensor,
        prefix_length: usize,
        keys: FlexTensor,
        values: FlexTensor,
        lengths: Vec<usize>,
        heads: usize,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        let attend = match keys.dtype() {
            DType::F16 => attend::<f16>,
            _ => attend::<f32>,
        };
        attend(qkv, [prefix_keys, prefix_values], prefix_length, [keys, values], &lengths, heads)
    }

    fn project(x: FlexTensor, weight: FlexTensor) -> FlexTensor {
        let (x, weight) = (dense(x), dense(weight));
        let (rows, d, vocabulary) = (x.shape()[0], x.shape()[1], weight.shape()[0]);
        let mut y = uninitialised(rows * vocabulary);
        crate::cpu::product(floats(&x), floats(&weight), None, d, &mut y, kernels::Precision::F32);
        tensor(y, [rows, vocabulary])
    }
}

fn attend<S: Stored + Element + Pod>(
    qkv: FlexTensor,
    prefix: [FlexTensor; 2],
    length: usize,
    own: [FlexTensor; 2],
    lengths: &[usize],
    heads: usize,
) -> (FlexTensor, FlexTensor, FlexTensor) {
    let qkv = dense(qkv);
    let [prefix_keys, prefix_values] = prefix.map(|tensor| tensor.to_contiguous());
    let [mut keys, mut values] = own.map(|tensor| tensor.to_contiguous());
    let shape = qkv.shape();
    let (rows, new, d) = (shape[0], shape[1], shape[2] / 3);
    let mut out = uninitialised(rows * new * d);
    let prefix = Prefix { keys: prefix_keys.storage::<S>(), values: prefix_values.storage(), length };
    // In place where nobody else holds the cache, as the engine takes care of.
    let own = Own { keys: keys.storage_mut::<S>(), values: values.storage_mut(), lengths };
    forward(floats(&qkv), &mut out, prefix, own, heads, new);
    (tensor(out, [rows, new, d]), keys, values)
}

/// Keys and values of one layer, of 32 or on a CPU of 16 bits, `[rows, heads, capacity, head width]` each.
#[derive(Debug, Clone)]
pub struct KeysValues {
    /// What queries are held against.
    pub keys: Tensor<4>,
    /// What is summed.
    pub values: Tensor<4>,
}

/// New tokens attend to a prefix shared by all rows, to their own past and to each other, causally. Their keys and
/// values are written into `own` behind `lengths[row]` positions.
///
/// # Shapes
/// qkv `[rows, new, 3·d]`; prefix (one row) and own as [`KeysValues`]; gives `[rows, new, d]` and the longer past.
#[must_use]
pub fn cached_attention(
    qkv: Tensor<3>,
    prefix: &KeysValues,
    prefix_length: usize,
    own: KeysValues,
    lengths: &[usize],
    heads: usize,
) -> (Tensor<3>, KeysValues) {
    if !crate::is_cpu(&qkv.device()) {
        return composed(qkv, prefix, prefix_length, own, lengths, heads);
    }
    let (out, keys, values) = <Dispatch as CachedOperations>::cached_attention(
        qkv.into_dispatch(),
        prefix.keys.clone().into_dispatch(),
        prefix.values.clone().into_dispatch(),
        prefix_length,
        own.keys.into_dispatch(),
        own.values.into_dispatch(),
        lengths.to_vec(),
        heads,
    );
    let own = KeysValues { keys: Tensor::from_dispatch(keys), values: Tensor::from_dispatch(values) };
    (Tensor::from_dispatch(out), own)
}

fn composed(
    qkv: Tensor<3>,
    prefix: &KeysValues,
    prefix_length: usize,
    own: KeysValues,
    lengths: &[usize],
    heads: usize,
) -> (Tensor<3>, KeysValues) {
    let device = qkv.device();
    let [rows, new, three_d] = qkv.dims();
    let d = three_d / 3;
    let width = d / heads;
    let part = |i: usize| {
        let part = qkv.clone().slice([0..rows, 0..new, i * d..(i + 1) * d]);
        part.reshape([rows, new, heads, width]).swap_dims(1, 2)
    };
    let KeysValues { mut keys, mut values } = own;
    let (new_keys, new_values) = (part(1), part(2));
    if lengths.windows(2).all(|w| w[0] == w[1]) {
        let past = lengths[0];
        let place = [0..rows, 0..heads, past..past + new, 0..width];
        keys = keys.slice_assign(place.clone(), new_keys);
        values = values.slice_assign(place, new_values);
    } else {
        for (row, past) in lengths.iter().enumerate() {
            let place = [row..row + 1, 0..heads, *past..past + new, 0..width];
            let from = [row..row + 1, 0..heads, 0..new, 0..width];
            keys = keys.slice_assign(place.clone(), new_keys.clone().slice(from.clone()));
            values = values.slice_assign(place, new_values.clone().slice(from));
        }
    }
    let longest = lengths.iter().max().copied().unwrap_or(0) + new;
    let columns = prefix_length + longest;
    // True hides: what lies after a token, and other rows' longer pasts.
    let hidden: Vec<bool> = lengths
        .iter()
        .flat_map(|past| (0..new).flat_map(move |t| (0..columns).map(move |c| c > prefix_length + past + t)))
        .collect();
    let hidden = Tensor::<4, Bool>::from_data(TensorData::new(hidden, [rows, 1, new, columns]), &device);
    let seen = |own: &Tensor<4>, prefix: &Tensor<4>| {
        let own = own.clone().slice([0..rows, 0..heads, 0..longest, 0..width]);
        if prefix_length == 0 {
            return own;
        }
        let prefix = prefix.clone().slice([0..1, 0..heads, 0..prefix_length, 0..width]);
        Tensor::cat(vec![prefix.expand([rows, heads, prefix_length, width]), own], 2)
    };
    let scores = part(0).matmul(seen(&keys, &prefix.keys).swap_dims(2, 3)) / (width as f64).sqrt();
    let weights = softmax(scores.mask_fill(hidden, f32::NEG_INFINITY), 3);
    let out = weights.matmul(seen(&values, &prefix.values)).swap_dims(1, 2).reshape([rows, new, d]);
    (out, KeysValues { keys, values })
}
