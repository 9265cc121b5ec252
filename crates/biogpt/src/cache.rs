//! Keys and values of what a model has read: one prefix that all rows share, and each row's own continuation.

use burn::tensor::{DType, Device, Tensor};
use operations::{KeysValues, Move, Past, Visibility};

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
    /// Where each row's own past lies; all different. In order on other devices than the CPU.
    places: Vec<usize>,
    lengths: Vec<usize>,
    /// Own positions that two rows have alike for certain, as they were one row then.
    alike: Vec<Vec<usize>>,
    heads: usize,
    head_width: usize,
    dtype: DType,
    device: Device,
}

/// Rows of a cache that are written by few tokens at a time grow in steps of this many positions: copying them costs little
/// compared with the weights that as many tokens read, and room that was never used takes up no memory on a CPU.
const STEP: usize = 32;
/// Rows that others join have room in steps of so many positions.
const ROOM: usize = 256;
/// Positions that are worth moving to the prefix.
const SHARED: usize = 24;

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
            places: (0..rows).collect(),
            lengths: vec![0; rows],
            alike: vec![vec![0; rows]; rows],
            heads,
            head_width,
            dtype,
            device: device.clone(),
        }
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
        let (length, place) = (self.lengths[0], self.places[0]);
        let joined = self.prefix.iter().zip(&self.own).map(|(prefix, own)| match own {
            // With its free positions: a part of it would have to be copied at every step.
            Some(own) if length > 0 && self.prefix_length == 0 && own.places() == 1 => own.clone(),
            Some(own) if length > 0 => self.joined(prefix, own, place, length),
            _ => prefix.clone(),
        });
        Self {
            prefix: joined.collect(),
            prefix_length: self.prefix_length + length,
            own: vec![None; self.own.len()],
            places: (0..rows).collect(),
            lengths: vec![0; rows],
            alike: vec![vec![0; rows]; rows],
            device: self.device.clone(),
            ..*self
        }
    }

    /// The prefix with the first positions of a place behind it.
    fn joined(&self, prefix: &KeysValues, own: &KeysValues, place: usize, length: usize) -> KeysValues {
        let (heads, width) = (0..self.heads, 0..self.head_width);
        let join = |prefix: &Tensor<4>, own: &Tensor<4>| {
            let own = own.clone().slice([place..place + 1, heads.clone(), 0..length, width.clone()]);
            let used = [0..1, heads.clone(), 0..self.prefix_length, width.clone()];
            Tensor::cat(vec![prefix.clone().slice(used), own], 2)
        };
        KeysValues { keys: join(&prefix.keys, &own.keys), values: join(&prefix.values, &own.values) }
    }

    /// Adds what all rows have alike to the prefix, where that saves more than the longer prefix takes: beams have
    /// most of what they wrote in common.
    fn share(&mut self) {
        let alike = self.alike.iter().enumerate().flat_map(|(a, alike)| alike[..a].iter().copied()).min();
        let alike = alike.unwrap_or(0);
        if alike < SHARED || (self.rows() - 1) * alike < self.prefix_length {
            return;
        }
        let place = self.places[0];
        for i in 0..self.own.len() {
            let Some(own) = self.own[i].take() else { continue };
            self.prefix[i] = self.joined(&self.prefix[i], &own, place, alike);
            self.own[i] = Some(own.arranged(&self.places, alike, &self.lengths, own.capacity()));
        }
        self.prefix_length += alike;
        self.places = (0..self.rows()).collect();
        self.lengths.iter_mut().for_each(|length| *length -= alike);
        self.alike.iter_mut().flatten().for_each(|alike_too| *alike_too -= alike.min(*alike_too));
    }

    /// Row `i` becomes what row `from[i]` was; beams are put in order so.
    ///
    /// # Panics
    /// If a number is not that of a row.
    pub fn select(&mut self, from: &[usize]) {
        if from.iter().enumerate().all(|(i, f)| i == *f) && from.len() == self.rows() {
            return;
        }
        let moves = self.moves(from);
        let lengths: Vec<usize> = from.iter().map(|f| self.lengths[*f]).collect();
        for own in &mut self.own {
            *own = own.take().map(|own| match &moves {
                Some((_, moves)) if moves.is_empty() => own,
                Some((_, moves)) => own.copied(moves),
                None => {
                    let from: Vec<usize> = from.iter().map(|f| self.places[*f]).collect();
                    own.arranged(&from, 0, &lengths, own.capacity())
                }
            });
        }
        let alike = |a: &usize, b: &usize| if a == b { self.lengths[*a] } else { self.alike[*a][*b] };
        self.alike = from.iter().map(|a| from.iter().map(|b| alike(a, b)).collect()).collect();
        self.places = moves.map_or_else(|| (0..from.len()).collect(), |(places, _)| places);
        self.lengths = lengths;
        self.share();
    }

    /// The places of rows that become what rows `from` were, and what has to be copied to that end: a row that goes on
    /// stays where it is, and a second one that goes on from it takes the place of a row that ends, of which what both
    /// have alike is kept. `None` if there is no place for all, or the device is not the CPU.
    fn moves(&self, from: &[usize]) -> Option<(Vec<usize>, Vec<Move>)> {
        let places = self.own.iter().flatten().next()?.places();
        if from.len() > places || !operations::is_cpu(&self.device) {
            return None;
        }
        // Whose positions a place has.
        let mut holder = vec![None; places];
        self.places.iter().enumerate().for_each(|(row, place)| holder[*place] = Some(row));
        let mut free = vec![true; places];
        from.iter().for_each(|f| free[self.places[*f]] = false);
        let mut stays = vec![true; self.rows()];
        let mut moves = Vec::new();
        let mut place = |f: usize| {
            if std::mem::take(&mut stays[f]) {
                return Some(self.places[f]);
            }
            let alike = |place: usize| holder[place].map_or(0, |row: usize| self.alike[f][row]);
            let to = (0..places).filter(|place| free[*place]).max_by_key(|place| alike(*place))?;
            free[to] = false;
            let positions = alike(to).min(self.lengths[f])..self.lengths[f];
            moves.push(Move { from: self.places[f], to, positions });
            Some(to)
        };
        let places = from.iter().map(|f| place(*f)).collect::<Option<Vec<usize>>>()?;
        Some((places, moves))
    }

    /// Adds an empty row in the place of one that ended. There are `places` from the beginning: all have to be copied when
    /// there must be more, or more room than `positions` were thought of.
    ///
    /// # Panics
    /// If there is a shared prefix.
    pub(crate) fn add(&mut self, places: usize, positions: usize) {
        assert!(self.prefix_length == 0, "a prefix is shared by all rows");
        let row = self.rows();
        let held = self.own.iter().flatten().next().map_or((0, 0), |own| (own.places(), own.capacity()));
        let free = (0..held.0).find(|place| !self.places.contains(place)).filter(|_| held.1 >= positions);
        let place = free.unwrap_or_else(|| {
            let places = places.max(row + 1);
            // Where an empty place is copied from does not matter.
            let from: Vec<usize> = (0..places).map(|i| self.places.get(i).copied().unwrap_or(0)).collect();
            let kept: Vec<usize> = (0..places).map(|i| self.lengths.get(i).copied().unwrap_or(0)).collect();
            let capacity = held.1.max(positions.next_multiple_of(ROOM));
            for (own, prefix) in self.own.iter_mut().zip(&self.prefix) {
                *own = Some(own.as_ref().unwrap_or(prefix).arranged(&from, 0, &kept, capacity));
            }
            self.places = (0..row).collect();
            row
        });
        self.places.push(place);
        self.lengths.push(0);
        self.alike.iter_mut().for_each(|alike| alike.push(0));
        self.alike.push(vec![0; row + 1]);
    }

    /// The beginning of what a row that ends has read, alone; `None` where rows share it. The last row's is not copied.
    ///
    /// # Panics
    /// If the row is shorter.
    pub(crate) fn alone(&mut self, row: usize, length: usize) -> Option<Self> {
        if self.prefix_length > 0 {
            return None;
        }
        assert!(self.lengths[row] >= length, "{length} of {}", self.lengths[row]);
        let last = self.rows() == 1;
        let (place, from) = if last { (self.places[row], None) } else { (0, Some([self.places[row]])) };
        let own = self.own.iter_mut().map(|kept| match from {
            None => kept.take(),
            Some(from) => kept.as_ref().map(|own| own.arranged(&from, 0, &[length], length)),
        });
        Some(Self {
            prefix: self.prefix.clone(),
            own: own.collect(),
            places: vec![place],
            lengths: vec![length],
            alike: vec![vec![0]],
            device: self.device.clone(),
            ..*self
        })
    }

    /// Forgets everything row `row` has read behind position `length` (prefix included).
    ///
    /// # Panics
    /// If that cuts into the shared prefix, or is longer than the row.
    pub fn truncate(&mut self, row: usize, length: usize) {
        assert!(length >= self.prefix_length && length <= self.length(row), "cannot cut to {length}");
        let length = length - self.prefix_length;
        self.lengths[row] = length;
        for other in 0..self.rows() {
            self.alike[row][other] = self.alike[row][other].min(length);
            self.alike[other][row] = self.alike[row][other];
        }
    }

    /// Makes room for `new[row]` more positions in every row.
    pub(crate) fn reserve(&mut self, new: &[usize]) {
        let longest = new.iter().max().copied().unwrap_or(0);
        let needed = if operations::is_cpu(&self.device) {
            self.lengths.iter().zip(new).map(|(length, new)| length + new).max().unwrap_or(0)
        } else {
            // Rows are filled up to the longest there.
            self.lengths.iter().max().copied().unwrap_or(0) + longest
        };
        let fits = |own: &Option<KeysValues>| own.as_ref().is_some_and(|own| own.capacity() >= needed);
        if self.own.iter().all(fits) {
            return;
        }
        let grows = longest == 1 || longest < STEP && needed > 2 * STEP;
        // What one row has too much is little.
        let step = if self.rows() == 1 { STEP } else { STEP / 2 };
        let capacity = if grows { needed.next_multiple_of(step) } else { needed };
        for (own, prefix) in self.own.iter_mut().zip(&self.prefix) {
            *own = Some(match own.take() {
                Some(own) => own.arranged(&self.places, 0, &self.lengths, capacity),
                None => prefix.arranged(&vec![0; self.lengths.len()], 0, &self.lengths, capacity),
            });
        }
        self.places = (0..self.rows()).collect();
    }

    /// Lends what layer `layer` has read so far to an attention that adds `new[row]` tokens to it.
    pub(crate) fn attend(
        &mut self,
        layer: usize,
        new: &[usize],
        visibility: &Visibility,
        attention: impl FnOnce(Past, usize) -> (Tensor<3>, KeysValues),
    ) -> Tensor<3> {
        let own = self.own[layer].take().unwrap_or_else(|| self.prefix[layer].clone());
        let (prefix, prefix_length) = (&self.prefix[layer], self.prefix_length);
        let (out, own) = attention(
            Past {
                prefix,
                prefix_length,
                own,
                places: &self.places,
                lengths: &self.lengths,
                new,
                visibility,
            },
            self.heads,
        );
        self.own[layer] = Some(own);
        out
    }

    /// Counts the tokens that have been attended, by row.
    pub(crate) fn advance(&mut self, counts: &[usize]) {
        self.lengths.iter_mut().zip(counts).for_each(|(length, count)| *length += count);
    }
}
