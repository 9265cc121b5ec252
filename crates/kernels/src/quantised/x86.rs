//! The innermost products with AVX2, and with the multiply-and-add of 16-bit pairs that AVX-512 VNNI has.

use std::arch::x86_64::*;

use half::f16;

use super::product::{Rows, Tile};
use super::{BLOCK, Bits, PANEL, portable};
use crate::level::{Level, level};

pub(super) fn tile() -> Option<Tile> {
    match level() {
        Level::Avx512 if is_x86_feature_detected!("avx512vnni") => Some(vnni),
        Level::Avx512 | Level::Avx2 => Some(avx2),
        Level::Baseline => None,
    }
}

/// Picks the loop that is unrolled for these numbers of rows and panels.
macro_rules! pick {
    ($kernel:ident, $bits:ident, $panels:ident, $rows:ident, $y:ident, $(($r:literal, $p:literal)),*) => {
        match ($bits, $y.len() / $panels.len(), $panels.len()) {
            $(
                // SAFETY: `tile` has seen that the machine has these instructions.
                (Bits::Eight, $r, $p) => unsafe { $kernel::<true, $r, $p>($panels, $rows, $y) },
                // SAFETY: as above.
                (Bits::Four, $r, $p) => unsafe { $kernel::<false, $r, $p>($panels, $rows, $y) },
            )*
            _ => portable::tile($bits, $panels, $rows, $y),
        }
    };
}

macro_rules! kernel {
    ($entry:ident, $kernel:ident, $features:literal, |$sum:ident, $w:ident, $x:ident| $dot:expr) => {
        fn $entry(bits: Bits, panels: &[&[u8]], rows: Rows, y: &mut [[f32; PANEL]]) {
            pick!(
                $kernel,
                bits,
                panels,
                rows,
                y,
                (1, 1),
                (2, 1),
                (3, 1),
                (4, 1),
                (5, 1),
                (6, 1),
                (7, 1),
                (8, 1),
                (1, 2),
                (2, 2),
                (3, 2),
                (4, 2)
            );
        }

        #[target_feature(enable = $features)]
        fn $kernel<const EIGHT: bool, const R: usize, const P: usize>(
            panels: &[&[u8]],
            rows: Rows,
            y: &mut [[f32; PANEL]],
        ) {
            let bits = if EIGHT { Bits::Eight } else { Bits::Four };
            let (blocks, inputs) = (rows.blocks(), rows.inputs);
            assert!(panels.len() == P && panels.iter().all(|p| p.len() == bits.panel_bytes(inputs)));
            assert!(rows.codes.len() == R * inputs && rows.scales.len() == R * blocks);
            assert!(rows.offsets.len() == R * blocks && y.len() == R * P);
            let low = _mm256_set1_epi16(if EIGHT { 0xFF } else { 0xF });
            // Plain loops throughout: a closure would be compiled without the instructions.
            let zero = _mm256_setzero_si256();
            let mut totals = [[_mm256_setzero_ps(); P]; R];
            for b in 0..blocks {
                let mut sums = [[zero; P]; R];
                for r in 0..R {
                    sums[r] = [_mm256_set1_epi32(rows.offsets[r * blocks + b]); P];
                }
                let lanes = bits.code_bytes() / 32;
                // Inputs of one vector of codes: 4 at 8 bits, 8 at 4.
                let step = BLOCK / lanes;
                for v in 0..lanes {
                    let mut raw = [zero; P];
                    for p in 0..P {
                        let at = blocks * PANEL * size_of::<f16>() + b * bits.code_bytes() + v * 32;
                        // SAFETY: inside the panel, whose length is asserted above.
                        raw[p] = unsafe { _mm256_loadu_si256(panels[p].as_ptr().add(at).cast()) };
                    }
                    for part in 0..step / 2 {
                        let mut weights = [zero; P];
                        for p in 0..P {
                            weights[p] = match (EIGHT, part) {
                                (_, 0) => _mm256_and_si256(raw[p], low),
                                (true, _) => _mm256_srli_epi16::<8>(raw[p]),
                                (false, 1) => _mm256_and_si256(_mm256_srli_epi16::<4>(raw[p]), low),
                                (false, 2) => _mm256_and_si256(_mm256_srli_epi16::<8>(raw[p]), low),
                                (false, _) => _mm256_srli_epi16::<12>(raw[p]),
                            };
                        }
                        for r in 0..R {
                            let at = r * inputs + b * BLOCK + v * step + part * 2;
                            // SAFETY: two codes inside row `r`, whose length is asserted above.
                            let $x = unsafe {
                                _mm256_set1_epi32(rows.codes.as_ptr().add(at).cast::<i32>().read_unaligned())
                            };
                            for p in 0..P {
                                let ($sum, $w) = (sums[r][p], weights[p]);
                                sums[r][p] = $dot;
                            }
                        }
                    }
                }
                for p in 0..P {
                    // SAFETY: the scales of block `b`, inside the panel.
                    let scales = unsafe { panels[p].as_ptr().add(b * PANEL * size_of::<f16>()) };
                    // SAFETY: as above.
                    let scales = _mm256_cvtph_ps(unsafe { _mm_loadu_si128(scales.cast()) });
                    for r in 0..R {
                        let scale = _mm256_mul_ps(scales, _mm256_set1_ps(rows.scales[r * blocks + b]));
                        // Not fused, so that machines without the instruction give the same bits.
                        let product = _mm256_mul_ps(_mm256_cvtepi32_ps(sums[r][p]), scale);
                        totals[r][p] = _mm256_add_ps(totals[r][p], product);
                    }
                }
            }
            for (y, total) in y.iter_mut().zip(totals.as_flattened()) {
                // SAFETY: eight floats.
                unsafe { _mm256_storeu_ps(y.as_mut_ptr(), *total) };
            }
        }
    };
}

kernel!(avx2, avx2_kernel, "avx2,f16c", |sum, w, x| _mm256_add_epi32(sum, _mm256_madd_epi16(w, x)));
kernel!(vnni, vnni_kernel, "avx512f,avx512vl,avx512vnni,avx2,f16c", |sum, w, x| _mm256_dpwssd_epi32(
    sum, w, x
));
