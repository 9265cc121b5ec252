//! Multi-head attention over whole sequences, forward and backward, without holding the square of probabilities: blocks
//! of queries against the keys that they see (the idea of Dao et al. 2022, on a CPU).

use std::cell::RefCell;

use crate::activation::exp;
use crate::dropout::{noise, threshold};
use crate::layer_norm::lane_sum;
use crate::level::for_each_level;
use crate::matmul::{self, Into, MatrixMut, MatrixRef, Precision};
use crate::scratch::{self, Scratch};
use crate::shared::SharedMut;

/// Queries handled together.
const BLOCK: usize = 64;

thread_local! {
    static PROBABILITIES: RefCell<Scratch> = const { RefCell::new(Scratch::new()) };
    static GRADIENTS: RefCell<Scratch> = const { RefCell::new(Scratch::new()) };
}

/// The shape of one call.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// Sequences.
    pub batch: usize,
    /// Positions of each.
    pub length: usize,
    /// Heads.
    pub heads: usize,
    /// Width of one head.
    pub head_width: usize,
}

impl Shape {
    /// Width of all heads together, d.
    #[must_use]
    pub const fn width(self) -> usize {
        self.heads * self.head_width
    }

    fn scale(self) -> f32 {
        1.0 / (self.head_width as f32).sqrt()
    }
}

/// Which positions of its own sequence a token attends to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Visibility {
    /// Those up to its own.
    #[default]
    Causal,
    /// Those up to its own and, for each sequence, so many first ones: a source of that length reads itself in both
    /// directions, what follows it is causal. With the whole length of a sequence all of it is read in both directions.
    Prefix(Vec<usize>),
}

impl Visibility {
    /// How many first positions of a sequence, of which `length` exist, the token at `position` attends to.
    #[must_use]
    pub fn seen(&self, sequence: usize, position: usize, length: usize) -> usize {
        let prefix = match self {
            Self::Causal => 0,
            Self::Prefix(prefixes) => prefixes.get(sequence).copied().unwrap_or(0),
        };
        prefix.max(position + 1).min(length)
    }

    /// Whether it fits a batch: one prefix for each sequence.
    #[must_use]
    pub fn fits(&self, sequences: usize) -> bool {
        match self {
            Self::Causal => true,
            Self::Prefix(prefixes) => prefixes.len() == sequences,
        }
    }
}

/// Dropout of attention probabilities.
#[derive(Debug, Clone, Copy, Default)]
pub struct Dropout {
    /// Share of probabilities that are dropped; 0 for none.
    pub probability: f32,
    /// Which stream of the mask.
    pub seed: u64,
}

impl Dropout {
    fn for_head(self, head: usize) -> Self {
        Self { seed: self.seed.wrapping_add((head as u64 + 1) << 32), ..self }
    }
}

for_each_level! {
    /// Turns one row of raw scores, of which the first `visible` count, into probabilities; gives log Σ exp.
    fn softmax_row(row: &mut [f32], visible: usize, scale: f32) -> f32 {
        let (seen, hidden) = row.split_at_mut(visible);
        let mut lanes = [f32::NEG_INFINITY; 16];
        for chunk in seen.chunks_exact(16) {
            for (lane, s) in lanes.iter_mut().zip(chunk) {
                *lane = if *s > *lane { *s } else { *lane };
            }
        }
        let max = lanes.iter().chain(seen.chunks_exact(16).remainder()).fold(f32::NEG_INFINITY, |a, b| a.max(*b)) * scale;
        for s in seen.iter_mut() {
            *s = exp(*s * scale - max);
        }
        let sum = lane_sum(visible, |i| seen[i]);
        let inverse = 1.0 / sum;
        for s in seen.iter_mut() {
            *s *= inverse;
        }
        hidden.fill(0.0);
        max + sum.ln()
    }
}

for_each_level! {
    fn drop_row(row: &mut [f32], query: usize, probability: f32, seed: u64) {
        let (limit, scale) = (threshold(probability), 1.0 / (1.0 - probability));
        for (key, p) in row.iter_mut().enumerate() {
            *p = if noise(seed, (query << 12 | key) as u32) > limit { *p * scale } else { 0.0 };
        }
    }
}

/// From raw scores and the gradient of the (dropped) probabilities: `scores` becomes the dropped probabilities that
/// multiplied the values, `gradient` the gradient of the raw scores. `factor` is what dropout multiplies by.
#[inline(always)]
fn backward_body(
    scores: &mut [f32],
    gradient: &mut [f32],
    visible: usize,
    scale: f32,
    log_sum: f32,
    delta: f32,
    factor: impl Fn(usize) -> f32,
) {
    for (key, (s, g)) in scores[..visible].iter_mut().zip(&mut gradient[..visible]).enumerate() {
        let p = exp(*s * scale - log_sum);
        let factor = factor(key);
        *g = p * (*g * factor - delta) * scale;
        *s = p * factor;
    }
    scores[visible..].fill(0.0);
    gradient[visible..].fill(0.0);
}

for_each_level! {
    fn backward_row(scores: &mut [f32], gradient: &mut [f32], visible: usize, scale: f32, log_sum: f32, delta: f32) {
        backward_body(scores, gradient, visible, scale, log_sum, delta, |_| 1.0);
    }
}

for_each_level! {
    fn backward_dropped_row(scores: &mut [f32], gradient: &mut [f32], visible: usize, scale: f32, log_sum: f32, delta: f32, query: usize, dropout: Dropout) {
        let (limit, keep) = (threshold(dropout.probability), 1.0 / (1.0 - dropout.probability));
        backward_body(scores, gradient, visible, scale, log_sum, delta, |key| {
            if noise(dropout.seed, (query << 12 | key) as u32) > limit { keep } else { 0.0 }
        });
    }
}

/// Attention of every sequence with itself.
///
/// # Shapes
/// qkv `[batch, length, 3·d]` (queries, keys, values side by side, heads within each), out `[batch, length, d]`,
/// log_sums `[batch, heads, length]` for [`backward`].
///
/// # Panics
/// If the shapes do not fit, or `length` is over 4,096.
pub fn forward(
    qkv: &[f32],
    out: &mut [f32],
    log_sums: &mut [f32],
    shape: Shape,
    visibility: &Visibility,
    dropout: Dropout,
    precision: Precision,
) {
    let Shape { batch, length, heads, head_width } = shape;
    let d = shape.width();
    assert!(qkv.len() == batch * length * 3 * d && out.len() == batch * length * d);
    assert!(log_sums.len() == batch * heads * length && length <= 4096 && visibility.fits(batch));
    let (out, log_sums) = (HeadColumns::new(out), SharedMut::new(log_sums));
    each_head(batch * heads, |head| {
        let (b, h) = (head / heads, head % heads);
        let dropout = dropout.for_head(head);
        let view = |part: usize, from: usize, rows: usize| {
            let start = (b * length + from) * 3 * d + part * d + h * head_width;
            MatrixRef::strided(&qkv[start..], rows, head_width, 3 * d)
        };
        // SAFETY: each head has rows of its own.
        let log_sums = unsafe { log_sums.part(head * length, length) };
        scratch::with(&PROBABILITIES, |scratch| {
            for from in (0..length).step_by(BLOCK) {
                let rows = BLOCK.min(length - from);
                let keys = visibility.seen(b, from + rows - 1, length);
                let p = scratch.floats(rows * keys);
                let scores = MatrixMut::new(p, rows, keys);
                matmul::serial(view(0, from, rows), view(1, 0, keys).t(), scores, Into::Overwrite, precision);
                for (i, row) in p.chunks_exact_mut(keys).enumerate() {
                    let seen = visibility.seen(b, from + i, length);
                    log_sums[from + i] = softmax_row(row, seen, shape.scale());
                    if dropout.probability > 0.0 {
                        drop_row(row, from + i, dropout.probability, dropout.seed);
                    }
                }
                // SAFETY: rows of this sequence, columns of this head.
                let to = unsafe { out.view((b * length + from) * d + h * head_width, rows, head_width, d) };
                matmul::serial(
                    MatrixRef::new(p, rows, keys),
                    view(2, 0, keys),
                    to,
                    Into::Overwrite,
                    precision,
                );
            }
        });
    });
}

/// The gradient of [`forward`] with respect to qkv.
///
/// # Shapes
/// As [`forward`]; dout as out, dqkv as qkv (overwritten).
///
/// # Panics
/// If the shapes do not fit.
#[expect(clippy::too_many_arguments, reason = "the tensors of a backward pass")]
pub fn backward(
    qkv: &[f32],
    out: &[f32],
    log_sums: &[f32],
    dout: &[f32],
    dqkv: &mut [f32],
    shape: Shape,
    visibility: &Visibility,
    dropout: Dropout,
    precision: Precision,
) {
    let Shape { batch, length, heads, head_width } = shape;
    let d = shape.width();
    assert!(qkv.len() == batch * length * 3 * d && dqkv.len() == qkv.len());
    assert!(out.len() == batch * length * d && dout.len() == out.len());
    assert!(log_sums.len() == batch * heads * length && visibility.fits(batch));
    let dqkv = HeadColumns::new(dqkv);
    each_head(batch * heads, |head| {
        let (b, h) = (head / heads, head % heads);
        let dropout = dropout.for_head(head);
        let start = |part: usize, from: usize| (b * length + from) * 3 * d + part * d + h * head_width;
        let view = |part: usize, from: usize, rows: usize| {
            MatrixRef::strided(&qkv[start(part, from)..], rows, head_width, 3 * d)
        };
        scratch::with(&PROBABILITIES, |probabilities| {
            scratch::with(&GRADIENTS, |gradients| {
                // Keys and values that have a gradient already; later blocks add to it.
                let mut begun = 0;
                for from in (0..length).step_by(BLOCK) {
                    let rows = BLOCK.min(length - from);
                    let keys = visibility.seen(b, from + rows - 1, length);
                    let p = probabilities.floats(rows * keys);
                    let g = gradients.floats(rows * keys);
                    let at = (b * length + from) * d + h * head_width;
                    let douts = MatrixRef::strided(&dout[at..], rows, head_width, d);
                    let scores = MatrixMut::new(p, rows, keys);
                    matmul::serial(
                        view(0, from, rows),
                        view(1, 0, keys).t(),
                        scores,
                        Into::Overwrite,
                        precision,
                    );
                    let dp = MatrixMut::new(g, rows, keys);
                    matmul::serial(douts, view(2, 0, keys).t(), dp, Into::Overwrite, precision);
                    for i in 0..rows {
                        let (o, do_) = (&out[at + i * d..][..head_width], &dout[at + i * d..][..head_width]);
                        let delta = lane_sum(head_width, |j| o[j] * do_[j]);
                        let log_sum = log_sums[head * length + from + i];
                        let (p, g) = (&mut p[i * keys..][..keys], &mut g[i * keys..][..keys]);
                        let (query, scale) = (from + i, shape.scale());
                        let seen = visibility.seen(b, query, length);
                        if dropout.probability > 0.0 {
                            backward_dropped_row(p, g, seen, scale, log_sum, delta, query, dropout);
                        } else {
                            backward_row(p, g, seen, scale, log_sum, delta);
                        }
                    }
                    let (p, g) = (MatrixRef::new(p, rows, keys), MatrixRef::new(g, rows, keys));
                    // SAFETY: rows of this sequence, columns of this head and part, one view at a time.
                    unsafe {
                        let dq = dqkv.view(start(0, from), rows, head_width, 3 * d);
                        matmul::serial(g, view(1, 0, keys), dq, Into::Overwrite, precision);
                        for (part, weights, against) in [(1, g, view(0, from, rows)), (2, p, douts)] {
                            if keys > begun {
                                let fresh = dqkv.view(start(part, begun), keys - begun, head_width, 3 * d);
                                let new =
                                    MatrixRef { data: &weights.data[begun..], cols: keys - begun, ..weights };
                                matmul::serial(new.t(), against, fresh, Into::Overwrite, precision);
                            }
                            if begun > 0 {
                                let earlier = dqkv.view(start(part, 0), begun, head_width, 3 * d);
                                let before = MatrixRef { cols: begun, ..weights };
                                matmul::serial(before.t(), against, earlier, Into::Add, precision);
                            }
                        }
                    }
                    begun = keys;
                }
            });
        });
    });
}

/// A tensor of which each thread writes the columns of its own head.
#[derive(Clone, Copy)]
struct HeadColumns<'a> {
    start: *mut f32,
    len: usize,
    borrow: std::marker::PhantomData<&'a mut [f32]>,
}

// SAFETY: parts are only given out by `view`, whose caller promises that they are disjoint.
unsafe impl Sync for HeadColumns<'_> {}
// SAFETY: as above.
unsafe impl Send for HeadColumns<'_> {}

impl<'a> HeadColumns<'a> {
    fn new(data: &'a mut [f32]) -> Self {
        Self { start: data.as_mut_ptr(), len: data.len(), borrow: std::marker::PhantomData }
    }

    /// # Safety
    /// Views that are alive at once share no element.
    unsafe fn view(&self, at: usize, rows: usize, cols: usize, row_stride: usize) -> MatrixMut<'a> {
        assert!(at + (rows - 1) * row_stride + cols <= self.len);
        // SAFETY: in bounds by the line above.
        unsafe { MatrixMut::from_raw(self.start.add(at), rows, cols, row_stride) }
    }
}

/// Runs `work` for every head of every sequence on the threads of the current pool.
fn each_head(heads: usize, work: impl Fn(usize) + Sync) {
    if rayon::current_num_threads() == 1 {
        (0..heads).for_each(work);
    } else {
        use rayon::prelude::*;
        (0..heads).into_par_iter().for_each(&work);
    }
}

#[cfg(test)]
mod tests;
