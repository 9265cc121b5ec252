//! Keys and values of what a model has read: one prefix that all rows share, and each row's own continuation.

use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use operations::KeysValues;

/// What the model has read, ready for more.
///
/// Made for one text ([`crate::Network::cache`]); [`Cache::fork`] makes it the shared prefix of many continuations without
/// copying it.
#[derive(Debug, Clone)]
pub struct Cache {
    prefix: Vec<KeysValues>,
    prefix_length: usize,
    /// By layer; `None` only while a layer is at work on it, so that it is updated in place.
    own: Vec<Option<KeysValues>>,
    lengths: Vec<usize>,
    heads: usize,
    head_width: usize,
    dtype: DType,
    device: Device,
}

/// Rows of a cache grow in steps of this many positions: copying them costs little beside the weights that as many tokens
/// read, and unused room is memory.
const STEP: usize = 16;

impl Cache {
    /// An empty cache of `rows` rows for a network of this shape, of numbers of this type: see [`crate::Network::cache`].
    pub(crate) fn new(config: &checkpoints::Config, rows: usize, dtype: DType, device: &Device) -> Self {
        let (heads, head_width) = (config.heads, config.hidden_size / config.heads);
        let zeros = || Tensor::zeros([1, heads, 1, head_width], (device, dtype));
        let empty = || KeysValues { keys: zeros(), values: zeros() };
        Self {
            prefix: (0..config.layers).map(|_| empty()).collect(),
            prefix_length: 0,
            own: (0..config.layers).map(|_| None).collect(),
            lengths: vec![0; rows],
            heads,
            head_width,
            dtype,
            device: device.clone(),
        }
    }

    /// The most positions a row takes up after `length` of them were read.
    #[must_use]
    pub(crate) const fn capacity_for(length: usize) -> usize {
        length.next_multiple_of(STEP)
    }

    /// Bytes of keys and values of one position.
    pub(crate) fn position_bytes(&self) -> usize {
        2 * self.prefix.len() * self.heads * self.head_width * self.dtype.size()
    }

    /// Continuations held.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.lengths.len()
    }

    /// Positions row `row` has read, prefix included.
    #[must_use]
    pub fn length(&self, row: usize) -> usize {
        self.prefix_length + self.lengths[row]
    }

    /// Makes what the only row has read the prefix of `rows` new, empty rows.
    ///
    /// # Panics
    /// If there is more than one row.
    #[must_use]
    pub fn fork(&self, rows: usize) -> Self {
        assert_eq!(self.rows(), 1, "only a cache of one row can be forked");
        let length = self.lengths[0];
        let joined = self.prefix.iter().zip(&self.own).map(|(prefix, own)| match own {
            Some(own) if length > 0 => {
                let join = |prefix: &Tensor<4>, own: &Tensor<4>| {
                    // With its free places: a part of it would have to be copied at every step.
                    if self.prefix_length == 0 {
                        return own.clone();
                    }
                    let own = own.clone().slice([0..1, 0..self.heads, 0..length, 0..self.head_width]);
                    let used = [0..1, 0..self.heads, 0..self.prefix_length, 0..self.head_width];
                    Tensor::cat(vec![prefix.clone().slice(used), own], 2)
                };
                KeysValues { keys: join(&prefix.keys, &own.keys), values: join(&prefix.values, &own.values) }
            }
            _ => prefix.clone(),
        });
        Self {
            prefix: joined.collect(),
            prefix_length: self.prefix_length + length,
            own: vec![None; self.own.len()],
            lengths: vec![0; rows],
            device: self.device.clone(),
            ..*self
        }
    }

    /// Row `i` becomes what row `from[i]` was; beams are put in order so.
    ///
    /// # Panics
    /// If a number is not that of a row.
    pub fn select(&mut self, from: &[usize]) {
        if from.iter().enumerate().all(|(i, f)| i == *f) && from.len() == self.rows() {
            return;
        }
        let indices: Vec<i32> = from.iter().map(|f| *f as i32).collect();
        let indices = Tensor::<1, Int>::from_data(TensorData::new(indices, [from.len()]), &self.device);
        for own in self.own.iter_mut().flatten() {
            own.keys = own.keys.clone().select(0, indices.clone());
            own.values = own.values.clone().select(0, indices.clone());
        }
        self.lengths = from.iter().map(|f| self.lengths[*f]).collect();
    }

    /// Forgets everything row `row` has read behind position `length` (prefix included).
    ///
    /// # Panics
    /// If that cuts into the shared prefix, or is longer than the row.
    pub fn truncate(&mut self, row: usize, length: usize) {
        assert!(length >= self.prefix_length && length <= self.length(row), "cannot cut to {length}");
        self.lengths[row] = length - self.prefix_length;
    }

    /// Makes room for `new` more positions in every row.
    pub(crate) fn reserve(&mut self, new: usize) {
        let needed = self.lengths.iter().max().copied().unwrap_or(0) + new;
        let (rows, heads, width) = (self.rows(), self.heads, self.head_width);
        for own in &mut self.own {
            let capacity = own.as_ref().map_or(0, |own| own.keys.dims()[2]);
            if capacity >= needed {
                continue;
            }
            let capacity = Self::capacity_for(needed);
            let fresh = Tensor::zeros([rows, heads, capacity, width], (&self.device, self.dtype));
            let grown = |old: Option<Tensor<4>>| match old {
                Some(old) => {
                    let place = [0..rows, 0..heads, 0..old.dims()[2], 0..width];
                    fresh.clone().slice_assign(place, old)
                }
                None => fresh.clone(),
            };
            let (keys, values) = own.take().map_or((None, None), |own| (Some(own.keys), Some(own.values)));
            *own = Some(KeysValues { keys: grown(keys), values: grown(values) });
        }
    }

    /// New tokens of layer `layer` attend to everything read so far.
    pub(crate) fn attend(&mut self, layer: usize, qkv: Tensor<3>) -> Tensor<3> {
        let own = self.own[layer].take().unwrap_or_else(|| self.prefix[layer].clone());
        let (prefix, length) = (&self.prefix[layer], self.prefix_length);
        let (out, own) = operations::cached_attention(qkv, prefix, length, own, &self.lengths, self.heads);
        self.own[layer] = Some(own);
        out
    }

    /// Counts the tokens that have been attended, by row.
    pub(crate) fn advance(&mut self, counts: &[usize]) {
        self.lengths.iter_mut().zip(counts).for_each(|(length, count)| *length += count);
    }
}
