//! What decoding needs and training does not: attention over cached keys and values, and logits. No gradients.

use std::ops::Range;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, ExtensionType, Flex, TensorMetadata, backend_extension};
use burn::tensor::activation::softmax;
use burn::tensor::{Bool, Bytes, DType, Element, Int, Tensor, TensorData};
use burn_flex::{FlexTensor, Layout};
use bytemuck::Pod;
use half::f16;
use kernels::attention::Visibility;
pub use kernels::cached_attention::{FEW, Move};
use kernels::cached_attention::{Own, Prefix, Stored, arrange, copy, forward};

use crate::cpu::{dense, floats, tensor};
use crate::gpu::GpuOperations;

/// The operation as Burn's dispatch sees it.
#[backend_extension(Flex)]
pub trait CachedOperations: Backend {
    /// The result, keys and values.
    fn cached_attention(
        qkv: FloatTensor<Self>,
        #[extension_type] past: PastOf<Self>,
        heads: usize,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
    fn arrange(
        old: FloatTensor<Self>,
        parts: Vec<(usize, Range<usize>)>,
        capacity: usize,
    ) -> FloatTensor<Self>;
    fn copy_positions(kept: FloatTensor<Self>, moves: Vec<Move>) -> FloatTensor<Self>;
    fn project(x: FloatTensor<Self>, weight: FloatTensor<Self>) -> FloatTensor<Self>;
}

/// [`Past`] on a backend.
#[derive(ExtensionType)]
pub struct PastOf<B: Backend> {
    prefix_keys: FloatTensor<B>,
    prefix_values: FloatTensor<B>,
    prefix_length: usize,
    keys: FloatTensor<B>,
    values: FloatTensor<B>,
    places: Vec<usize>,
    lengths: Vec<usize>,
    new: Vec<usize>,
    visibility: Visibility,
}

/// What attends, whatever type keys and values have.
pub(crate) trait Attend {
    fn attend<S: Stored>(
        self,
        prefix: Prefix<'_, S>,
        own: Own<'_, S>,
        new: &[usize],
        visibility: &Visibility,
    );
}

impl PastOf<Flex> {
    /// Lends the slices to an attention, and gives keys and values back.
    pub(crate) fn lend(self, attention: impl Attend) -> (FlexTensor, FlexTensor) {
        match self.keys.dtype() {
            DType::F16 => self.lend_as::<f16>(attention),
            _ => self.lend_as::<f32>(attention),
        }
    }

    fn lend_as<S: Stored + Element + Pod>(self, attention: impl Attend) -> (FlexTensor, FlexTensor) {
        let [prefix_keys, prefix_values] = [self.prefix_keys, self.prefix_values].map(|t| t.to_contiguous());
        let [mut keys, mut values] = [self.keys, self.values].map(|t| t.to_contiguous());
        let capacity = keys.shape()[2];
        let length = self.prefix_length;
        let prefix = Prefix { keys: prefix_keys.storage::<S>(), values: prefix_values.storage(), length };
        // In place where nobody else holds the cache, as the engine takes care of.
        let (places, lengths) = (&self.places[..], &self.lengths[..]);
        let own =
            Own { keys: keys.storage_mut::<S>(), values: values.storage_mut(), capacity, places, lengths };
        attention.attend(prefix, own, &self.new, &self.visibility);
        (keys, values)
    }
}

/// Plain attention.
struct Plain<'a> {
    qkv: &'a [f32],
    out: &'a mut [f32],
    heads: usize,
}

impl Attend for Plain<'_> {
    fn attend<S: Stored>(
        self,
        prefix: Prefix<'_, S>,
        own: Own<'_, S>,
        new: &[usize],
        visibility: &Visibility,
    ) {
        forward(self.qkv, self.out, prefix, own, self.heads, new, visibility);
    }
}

impl CachedOperations for Flex {
    fn cached_attention(
        qkv: FlexTensor,
        past: PastOf<Self>,
        heads: usize,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        let qkv = dense(qkv);
        let shape = qkv.shape();
        let [lines, tokens, d] = [shape[0], shape[1], shape[2] / 3];
        let mut out = vec![0.0; lines * tokens * d];
        let (keys, values) = past.lend(Plain { qkv: floats(&qkv), out: &mut out, heads });
        (tensor(out, [lines, tokens, d]), keys, values)
    }

    fn arrange(old: FlexTensor, parts: Vec<(usize, Range<usize>)>, capacity: usize) -> FlexTensor {
        match old.dtype() {
            DType::F16 => arranged::<f16>(old, &parts, capacity),
            _ => arranged::<f32>(old, &parts, capacity),
        }
    }

    fn copy_positions(kept: FlexTensor, moves: Vec<Move>) -> FlexTensor {
        match kept.dtype() {
            DType::F16 => copied::<f16>(kept, &moves),
            _ => copied::<f32>(kept, &moves),
        }
    }

    fn project(x: FlexTensor, weight: FlexTensor) -> FlexTensor {
        let (x, weight) = (dense(x), dense(weight));
        let (rows, d, vocabulary) = (x.shape()[0], x.shape()[1], weight.shape()[0]);
        let mut y = vec![0.0; rows * vocabulary];
        crate::cpu::product(floats(&x), floats(&weight), None, d, &mut y, kernels::Precision::F32);
        tensor(y, [rows, vocabulary])
    }
}

fn arranged<S: Element + Pod>(
    old: FlexTensor,
    parts: &[(usize, Range<usize>)],
    capacity: usize,
) -> FlexTensor {
    let old = old.to_contiguous();
    let shape = old.shape();
    let (heads, old_capacity, width) = (shape[1], shape[2], shape[3]);
    let mut new = vec![S::zeroed(); parts.len() * heads * capacity * width];
    arrange(old.storage::<S>(), &mut new, heads, width, [old_capacity, capacity], parts);
    let layout = Layout::contiguous([parts.len(), heads, capacity, width].into());
    FlexTensor::new(Bytes::from_elems(new), layout, S::dtype())
}

fn copied<S: Element + Pod>(kept: FlexTensor, moves: &[Move]) -> FlexTensor {
    let mut kept = kept.to_contiguous();
    let shape = kept.shape();
    copy(kept.storage_mut::<S>(), shape[1], shape[3], shape[2], moves);
    kept
}

/// Keys and values of one layer, of 32 or on a CPU of 16 bits, `[places, heads, capacity, head width]` each.
#[derive(Debug, Clone)]
pub struct KeysValues {
    /// What queries are held against.
    pub keys: Tensor<4>,
    /// What is summed.
    pub values: Tensor<4>,
}

impl KeysValues {
    pub(crate) fn from_dispatch(keys: FloatTensor<Dispatch>, values: FloatTensor<Dispatch>) -> Self {
        Self { keys: Tensor::from_dispatch(keys), values: Tensor::from_dispatch(values) }
    }

    /// Places that there are.
    #[must_use]
    pub fn places(&self) -> usize {
        self.keys.dims()[0]
    }

    /// Positions that a place has room for.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.keys.dims()[2]
    }

    /// Other places with other room: place `i` has positions `skip..lengths[i]` of place `from[i]`. What its other
    /// positions hold is not defined.
    #[must_use]
    pub fn arranged(&self, from: &[usize], skip: usize, lengths: &[usize], capacity: usize) -> Self {
        let arranged = |kept: &Tensor<4>| {
            if crate::is_cpu(&kept.device()) {
                let part = |(from, length): (&usize, &usize)| (*from, skip..*length.max(&skip));
                let parts = from.iter().zip(lengths).map(part).collect();
                let kept = kept.clone().into_dispatch();
                return Tensor::from_dispatch(<Dispatch as CachedOperations>::arrange(kept, parts, capacity));
            }
            let [_, heads, _, width] = kept.dims();
            let used = lengths.iter().max().map_or(0, |length| length.saturating_sub(skip));
            let room = Tensor::zeros([from.len(), heads, capacity, width], (&kept.device(), kept.dtype()));
            if used == 0 {
                return room;
            }
            let indices: Vec<i32> = from.iter().map(|f| *f as i32).collect();
            let indices = TensorData::new(indices, [from.len()]);
            let indices = Tensor::<1, Int>::from_data(indices, &kept.device());
            let kept = kept.clone().slice([0..self.places(), 0..heads, skip..skip + used, 0..width]);
            room.slice_assign([0..from.len(), 0..heads, 0..used, 0..width], kept.select(0, indices))
        };
        Self { keys: arranged(&self.keys), values: arranged(&self.values) }
    }

    /// Copies positions between places, in place where nobody else holds these tensors. On a CPU only.
    #[must_use]
    pub fn copied(self, moves: &[Move]) -> Self {
        let copied = |kept: Tensor<4>| {
            let kept = kept.into_dispatch();
            Tensor::from_dispatch(<Dispatch as CachedOperations>::copy_positions(kept, moves.to_vec()))
        };
        Self { keys: copied(self.keys), values: copied(self.values) }
    }
}

/// What a layer has read: a prefix shared by all rows, and each row's own past.
#[derive(Debug)]
pub struct Past<'a> {
    /// One row.
    pub prefix: &'a KeysValues,
    /// Positions of it in use.
    pub prefix_length: usize,
    /// New keys and values are written into it.
    pub own: KeysValues,
    /// Where each row's past lies in it; on other devices than a CPU in the order of the rows.
    pub places: &'a [usize],
    /// Positions of it in use, by row.
    pub lengths: &'a [usize],
    /// New tokens, by row.
    pub new: &'a [usize],
    /// Which of a row's new tokens each of them sees, positions counted from the first new one.
    pub visibility: &'a Visibility,
}

impl Past<'_> {
    pub(crate) fn into_dispatch(self) -> PastOf<Dispatch> {
        PastOf {
            prefix_keys: self.prefix.keys.clone().into_dispatch(),
            prefix_values: self.prefix.values.clone().into_dispatch(),
            prefix_length: self.prefix_length,
            keys: self.own.keys.into_dispatch(),
            values: self.own.values.into_dispatch(),
            places: self.places.to_vec(),
            lengths: self.lengths.to_vec(),
            new: self.new.to_vec(),
            visibility: self.visibility.clone(),
        }
    }
}

/// New tokens attend to the prefix, to their own past and, as `visibility` says, to each other. Their keys and values are
/// written into the past behind `lengths[row]` positions.
///
/// # Shapes
/// qkv `[1, new tokens, 3·d]` on a CPU, those of the rows one after the other; `[rows, most new tokens of a row, 3·d]` on
/// other devices, each row filled up at its end. Gives as many of width d, and the longer past.
#[must_use]
pub fn cached_attention(qkv: Tensor<3>, past: Past, heads: usize) -> (Tensor<3>, KeysValues) {
    if !crate::is_cpu(&qkv.device()) {
        let alike = past.lengths.windows(2).all(|two| two[0] == two[1]);
        let of_one = if qkv.dims()[1] == 1 && alike { of_one } else { composed };
        return of_one(qkv, past, heads);
    }
    let (out, keys, values) =
        <Dispatch as CachedOperations>::cached_attention(qkv.into_dispatch(), past.into_dispatch(), heads);
    (Tensor::from_dispatch(out), KeysValues::from_dispatch(keys, values))
}

/// One token of each row, with pasts of one length: in one launch.
fn of_one(qkv: Tensor<3>, past: Past, heads: usize) -> (Tensor<3>, KeysValues) {
    let (out, keys, values) = <Dispatch as GpuOperations>::attention_of_one(
        qkv.into_dispatch(),
        past.prefix.keys.clone().into_dispatch(),
        past.prefix.values.clone().into_dispatch(),
        past.own.keys.into_dispatch(),
        past.own.values.into_dispatch(),
        past.prefix_length,
        past.lengths[0],
        heads,
    );
    (Tensor::from_dispatch(out), KeysValues::from_dispatch(keys, values))
}

fn composed(qkv: Tensor<3>, past: Past, heads: usize) -> (Tensor<3>, KeysValues) {
    let Past { prefix, prefix_length, own, places: _, lengths, new: filled, visibility } = past;
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
    let hidden: Vec<bool> = (0..rows)
        .flat_map(|row| (0..new).map(move |t| (row, t)))
        .flat_map(|(row, t)| {
            let seen = prefix_length + lengths[row] + visibility.seen(row, t, filled[row]).max(t + 1);
            (0..columns).map(move |column| column >= seen)
        })
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
