//! Many rows with weights of 8 bits on AVX2 without dot products of bytes.
//!
//! Bytes have to be multiplied without a sign there and added up in two steps. Where a panel meets many rows, its codes are widened
//! to 16 bits once: then a product of two pairs and their sum is one instruction (`vpmaddwd`) and its addition another, which is half of
//! what the bytes take. Sums of a block are the same integers, so the bits of the result are the same.
#![expect(
    clippy::needless_range_loop,
    reason = "as in `x86`: the compiler unrolls loops of known length, and closures would lose the instructions"
)]

use std::arch::x86_64::*;

use half::f16;

use super::{BLOCK, Bits, PANEL};

/// Rows at once: their sums of a block fill most of the sixteen registers.
pub(super) const ROWS: usize = 6;
/// Codes of a block of a panel.
const CODES: usize = BLOCK * PANEL;

/// A panel whose codes are widened.
#[derive(Debug, Default)]
pub(super) struct Panel {
    /// Of each pair of neighboring inputs the codes of all outputs, without their bias: `[inputs / 2, PANEL, 2]`.
    codes: Vec<i16>,
    /// `[blocks, PANEL]`
    scales: Vec<f32>,
}

/// Rounded rows whose codes are widened: `[rows, inputs]`, and their scales `[rows, blocks]`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows<'a> {
    pub codes: &'a [i16],
    pub scales: &'a [f32],
    pub inputs: usize,
}

impl Panel {
    /// Widens a packed panel.
    ///
    /// # Safety
    /// The machine has AVX2 and F16C.
    #[target_feature(enable = "avx2,f16c")]
    pub(super) fn widen(&mut self, panel: &[u8], inputs: usize) {
        let blocks = inputs / BLOCK;
        assert!(panel.len() == Bits::Eight.panel_bytes(inputs));
        self.codes.resize(inputs * PANEL, 0);
        self.scales.resize(blocks * PANEL, 0.0);
        let (scales, codes) = panel.split_at(blocks * PANEL * size_of::<f16>());
        for (to, from) in self.scales.as_chunks_mut::<8>().0.iter_mut().zip(scales.as_chunks::<16>().0) {
            // SAFETY: eight numbers each.
            unsafe {
                let floats = _mm256_cvtph_ps(_mm_loadu_si128(from.as_ptr().cast()));
                _mm256_storeu_ps(to.as_mut_ptr(), floats);
            }
        }
        let bias = _mm_set1_epi8(-128);
        // Four inputs of all outputs: 64 bytes become two pairs of 64.
        for (to, from) in self.codes.as_chunks_mut::<128>().0.iter_mut().zip(codes.as_chunks::<64>().0) {
            for half in 0..2 {
                // SAFETY: eight outputs of four codes each; sixteen numbers are written to each of two places.
                unsafe {
                    let wide = |at: usize| {
                        let bytes = _mm_loadu_si128(from.as_ptr().add(half * 32 + at).cast());
                        _mm256_castsi256_ps(_mm256_cvtepi8_epi16(_mm_xor_si128(bytes, bias)))
                    };
                    let (low, high) = (wide(0), wide(16));
                    let first = _mm256_castps_si256(_mm256_shuffle_ps::<0b10_00_10_00>(low, high));
                    let second = _mm256_castps_si256(_mm256_shuffle_ps::<0b11_01_11_01>(low, high));
                    let in_order = |mixed| _mm256_permute4x64_epi64::<0b11_01_10_00>(mixed);
                    _mm256_storeu_si256(to.as_mut_ptr().add(half * 16).cast(), in_order(first));
                    _mm256_storeu_si256(to.as_mut_ptr().add(32 + half * 16).cast(), in_order(second));
                }
            }
        }
    }

    /// The products of up to [`ROWS`] rows; `y` has an item for each.
    ///
    /// # Safety
    /// The machine has AVX2 and FMA.
    #[target_feature(enable = "avx2,fma")]
    pub(super) fn multiply(&self, rows: Rows, y: &mut [[f32; PANEL]]) {
        match y.len() {
            1 => self.kernel::<1>(rows, y),
            2 => self.kernel::<2>(rows, y),
            3 => self.kernel::<3>(rows, y),
            4 => self.kernel::<4>(rows, y),
            5 => self.kernel::<5>(rows, y),
            _ => self.kernel::<ROWS>(rows, y),
        }
    }

    #[target_feature(enable = "avx2,fma")]
    fn kernel<const R: usize>(&self, Rows { codes, scales, inputs }: Rows, y: &mut [[f32; PANEL]]) {
        let blocks = inputs / BLOCK;
        assert!(y.len() == R && codes.len() == R * inputs && scales.len() == R * blocks);
        assert!(self.codes.len() == inputs * PANEL && self.scales.len() == blocks * PANEL);
        let mut totals = [[_mm256_setzero_ps(); 2]; R];
        for b in 0..blocks {
            let mut sums = [[_mm256_setzero_si256(); 2]; R];
            for pair in 0..BLOCK / 2 {
                // SAFETY: the codes of this pair of inputs, whose number is asserted above.
                let weights = unsafe {
                    let at = self.codes.as_ptr().add(b * CODES + pair * 2 * PANEL);
                    [_mm256_loadu_si256(at.cast()), _mm256_loadu_si256(at.add(16).cast())]
                };
                for r in 0..R {
                    // SAFETY: two codes inside row `r`, whose length is asserted above.
                    let x = unsafe {
                        codes.as_ptr().add(r * inputs + b * BLOCK + pair * 2).cast::<i32>().read_unaligned()
                    };
                    let x = _mm256_set1_epi32(x);
                    for h in 0..2 {
                        sums[r][h] = _mm256_add_epi32(sums[r][h], _mm256_madd_epi16(weights[h], x));
                    }
                }
            }
            for h in 0..2 {
                // SAFETY: eight scales of block `b`.
                let own = unsafe { _mm256_loadu_ps(self.scales.as_ptr().add(b * PANEL + h * 8)) };
                for r in 0..R {
                    let scale = _mm256_mul_ps(own, _mm256_set1_ps(scales[r * blocks + b]));
                    totals[r][h] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sums[r][h]), scale, totals[r][h]);
                }
            }
        }
        for (to, totals) in y.iter_mut().zip(totals) {
            for h in 0..2 {
                // SAFETY: half of sixteen floats.
                unsafe { _mm256_storeu_ps(to.as_mut_ptr().add(h * 8), totals[h]) };
            }
        }
    }
}
