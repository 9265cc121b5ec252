//! Distributes a product with packed weights over panels, row tiles and threads.

use std::cell::RefCell;

use super::activations::Activations;
use super::{PANEL, Packed, portable};
use crate::activation::Activation;
use crate::parallel::parallel_chunks;
use crate::shared::SharedMut;

/// Rounded rows, without gaps.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows<'a> {
    /// `[rows, inputs]`
    pub codes: &'a [i8],
    /// `[rows, blocks]`
    pub scales: &'a [f32],
    /// `[rows, blocks]`
    pub offsets: &'a [i32],
    pub inputs: usize,
    /// Whether these are all, so that each weight is read once, from memory.
    pub few: bool,
}

impl<'a> Rows<'a> {
    pub(super) const fn blocks(&self) -> usize {
        self.inputs / super::BLOCK
    }

    fn part(&self, from: usize, rows: usize) -> Rows<'a> {
        let blocks = self.blocks();
        Rows {
            codes: &self.codes[from * self.inputs..(from + rows) * self.inputs],
            scales: &self.scales[from * blocks..(from + rows) * blocks],
            offsets: &self.offsets[from * blocks..(from + rows) * blocks],
            inputs: self.inputs,
            few: self.few,
        }
    }
}

/// The products of some rows with one or two panels; the last argument has an item for each row and panel, row by row.
type Multiply = fn(super::Bits, &[&[u8]], Rows, &mut [[f32; PANEL]]);

/// An innermost kernel and how it likes its work.
#[derive(Clone, Copy)]
pub(super) struct Tile {
    pub multiply: Multiply,
    /// Rows and panels at once where there are many rows: sums and weights stay in registers.
    pub many: (usize, usize),
}

fn tile() -> Tile {
    #[cfg(target_arch = "x86_64")]
    let tile = super::x86::tile();
    #[cfg(target_arch = "aarch64")]
    let tile = super::arm::tile();
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let tile = None;
    tile.unwrap_or(portable::TILE)
}

/// Whether rows and panels are as long as vector kernels take for granted.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
pub(super) fn fit<const R: usize, const P: usize>(
    bits: super::Bits,
    panels: &[&[u8]],
    rows: Rows,
    y: &[[f32; PANEL]],
) -> bool {
    let blocks = rows.blocks();
    panels.len() == P
        && panels.iter().all(|panel| panel.len() == bits.panel_bytes(rows.inputs))
        && rows.codes.len() == R * rows.inputs
        && rows.scales.len() == R * blocks
        && rows.offsets.len() == R * blocks
        && y.len() == R * P
}

/// Rows that go through one panel at once, where there are few: every weight is then read and unpacked once.
const FEW: usize = 8;
/// Sums that one call of a kernel gives at most.
const MOST_SUMS: usize = 12;

thread_local! {
    static ACTIVATIONS: RefCell<Activations> = RefCell::default();
}

/// What becomes of a product. The thread that has it in registers does it: on its own it would be work of one thread
/// while the others wait, and a way through memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// y = x·Wᵀ + b
    Write,
    /// y += x·Wᵀ + b
    Add,
    /// y = f(x·Wᵀ + b)
    Activate(Activation),
}

/// y = x·Wᵀ + b, or as `then` says, on the threads of the current pool.
///
/// # Shapes
/// x `[rows, inputs]`, bias `[outputs]`, y `[rows, outputs]`.
///
/// # Panics
/// If the shapes do not fit.
pub fn linear(x: &[f32], weights: Packed, bias: Option<&[f32]>, then: Then, y: &mut [f32]) {
    linear_with(tile(), x, weights, bias, then, y);
}

/// [`linear`] with a given innermost kernel.
pub(super) fn linear_with(
    tile: Tile,
    x: &[f32],
    weights: Packed,
    bias: Option<&[f32]>,
    then: Then,
    y: &mut [f32],
) {
    let (inputs, outputs) = (weights.inputs, weights.outputs);
    let rows = x.len() / inputs;
    assert!(x.len() == rows * inputs && y.len() == rows * outputs, "{} -> {}", x.len(), y.len());
    assert!(bias.is_none_or(|b| b.len() == outputs));
    // Kept between calls, but for a call within a call (rayon may steal one while it waits).
    let mut activations = ACTIVATIONS.take();
    activations.round(x, weights.bits);
    let Activations { codes, scales, offsets } = &activations;
    let all = Rows { codes, scales, offsets, inputs, few: rows <= FEW };
    let y = SharedMut::new(y);
    let (row_tile, panel_tile) = if all.few { (FEW, 1) } else { tile.many };
    let panels = outputs.div_ceil(PANEL);
    let work = |range: std::ops::Range<usize>| {
        let mut sums = [[0.0f32; PANEL]; MOST_SUMS];
        for panel in range.clone().step_by(panel_tile) {
            let both = [weights.panel(panel), weights.panel((panel + 1).min(panels - 1))];
            let taken = &both[..panel_tile.min(range.end - panel)];
            for row in (0..rows).step_by(row_tile) {
                let count = row_tile.min(rows - row);
                let sums = &mut sums[..count * taken.len()];
                (tile.multiply)(weights.bits, taken, all.part(row, count), sums);
                for (i, sums) in sums.iter().enumerate() {
                    let (r, output) = (row + i / taken.len(), (panel + i % taken.len()) * PANEL);
                    let width = PANEL.min(outputs - output);
                    // SAFETY: these outputs of this row belong to this call.
                    let to = unsafe { y.part(r * outputs + output, width) };
                    let bias = bias.map(|bias| &bias[output..output + width]);
                    // Almost all panels are whole, and of a known length it is one vector.
                    match (to.as_chunks_mut::<PANEL>().0, bias.map(|bias| bias.as_chunks::<PANEL>().0)) {
                        ([to], Some([bias])) => finish(sums, Some(bias), then, to),
                        ([to], None) => finish(sums, None, then, to),
                        _ => finish_part(sums, bias, then, to),
                    }
                }
            }
        }
    };
    parallel_chunks(panels, chunk(weights.bits.panel_bytes(inputs), rows, panels), work);
    ACTIVATIONS.set(activations);
}

/// The end of a panel's product, see [`Then`]. Values are moved as arrays: what the compiler makes of slices, which might overlap
/// for all it knows, goes number by number: 8 % of a product of 350 rows on AVX2, where this is 3.
#[inline(always)]
fn finish(sums: &[f32; PANEL], bias: Option<&[f32; PANEL]>, then: Then, to: &mut [f32; PANEL]) {
    let mut values = *sums;
    if let Some(bias) = bias {
        let bias = *bias;
        for i in 0..PANEL {
            values[i] += bias[i];
        }
    }
    match then {
        Then::Write => *to = values,
        Then::Add => {
            let mut all = *to;
            for i in 0..PANEL {
                all[i] += values[i];
            }
            *to = all;
        }
        Then::Activate(activation) => activation.few(&values, to),
    }
}

/// [`finish`] of the last panel where it is not whole.
fn finish_part(sums: &[f32; PANEL], bias: Option<&[f32]>, then: Then, to: &mut [f32]) {
    let (mut whole, mut all) = ([0.0; PANEL], [0.0; PANEL]);
    if let Some(bias) = bias {
        whole[..bias.len()].copy_from_slice(bias);
    }
    all[..to.len()].copy_from_slice(to);
    finish(sums, bias.is_some().then_some(&whole), then, &mut all);
    to.copy_from_slice(&all[..to.len()]);
}

/// Panels that a thread takes at a time: enough work to be worth taking, small enough that threads end together.
fn chunk(panel_bytes: usize, rows: usize, panels: usize) -> usize {
    let least = (64 * 1024 / (panel_bytes * rows.div_ceil(4))).max(2);
    (panels / 16).clamp(least, least.max(32)).next_multiple_of(2)
}
