//! Activations rounded to 8 bits, a scale for each block.

use super::{BLOCK, Bits};
use crate::level::for_each_level;

/// Rounded rows of activations.
#[derive(Debug, Default)]
pub(super) struct Activations {
    /// From -127 to 127, `[rows, inputs]`.
    pub codes: Vec<i8>,
    /// `[rows, blocks]`
    pub scales: Vec<f32>,
    /// What a block's sum starts at, `[rows, blocks]`: minus the bias of the weights' codes times the sum of the block.
    pub offsets: Vec<i32>,
}

/// Magnitudes from here on are infinite or no numbers.
pub(super) const INFINITY: u32 = 0x7F80_0000;

/// 1.5 · 2^23
pub(super) const ROUNDING: f32 = 12_582_912.0;

/// What a block is multiplied by whose largest magnitude this is. Below the first normal number it would overflow; such a
/// block counts as zeros.
#[inline(always)]
pub(super) fn inverse(largest: f32) -> f32 {
    if largest >= f32::MIN_POSITIVE * 65536.0 { 127.0 / largest } else { 0.0 }
}

for_each_level! {
    pub(super) fn round_blocks(x: &[f32], bias: i32, codes: &mut [i8], scales: &mut [f32], offsets: &mut [i32]) {
        let (x, codes) = (x.as_chunks::<BLOCK>().0, codes.as_chunks_mut::<BLOCK>().0);
        for (((x, codes), scale), offset) in x.iter().zip(codes).zip(scales).zip(offsets) {
            // As bits, so that what is no number counts as larger than any.
            let mut magnitudes = [0u32; BLOCK / 2];
            for half in x.as_chunks::<{ BLOCK / 2 }>().0 {
                for (magnitude, value) in magnitudes.iter_mut().zip(half) {
                    *magnitude = (*magnitude).max(value.to_bits() & 0x7FFF_FFFF);
                }
            }
            let largest = magnitudes.into_iter().fold(0, u32::max);
            let finite = largest < INFINITY;
            let largest = f32::from_bits(largest);
            let inverse = if finite { inverse(largest) } else { 0.0 };
            let mut rounded = [0i32; BLOCK];
            if finite {
                for (rounded, value) in rounded.iter_mut().zip(x) {
                    // At most 127.01 in magnitude, the sum's lowest bit is worth 1: the addition rounds, half to even.
                    *rounded = (value * inverse + ROUNDING).to_bits() as i32 - ROUNDING.to_bits() as i32;
                }
            }
            for (code, rounded) in codes.iter_mut().zip(rounded) {
                *code = rounded as i8;
            }
            let sum: i32 = rounded.iter().sum();
            *scale = if finite { largest / 127.0 } else { f32::NAN };
            *offset = -bias * sum;
        }
    }
}

impl Activations {
    /// Rounds rows, on the threads of the current pool where there are many.
    pub(super) fn round(&mut self, x: &[f32], bits: Bits) {
        let blocks = x.len() / BLOCK;
        self.codes.resize(x.len(), 0);
        self.scales.resize(blocks, 0.0);
        self.offsets.resize(blocks, 0);
        let codes = crate::shared::SharedMut::new(&mut self.codes);
        let scales = crate::shared::SharedMut::new(&mut self.scales);
        let offsets = crate::shared::SharedMut::new(&mut self.offsets);
        crate::parallel::parallel_ranges(blocks, 2048, |r| {
            let from = &x[r.start * BLOCK..r.end * BLOCK];
            // SAFETY: the ranges of blocks do not overlap.
            let (codes, scales, offsets) = unsafe {
                let codes = codes.part(r.start * BLOCK, r.len() * BLOCK);
                (codes, scales.part(r.start, r.len()), offsets.part(r.start, r.len()))
            };
            #[cfg(target_arch = "x86_64")]
            let done = super::x86::round_blocks(from, bits.bias(), codes, scales, offsets);
            #[cfg(not(target_arch = "x86_64"))]
            let done = false;
            if !done {
                round_blocks(from, bits.bias(), codes, scales, offsets);
            }
        });
    }
}
