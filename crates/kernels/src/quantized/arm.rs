//! The innermost products with NEON, which every 64-bit Arm processor has, and with the dot products of bytes that most
//! have since Armv8.2 (`sdot`).
#![allow(
    clippy::needless_range_loop,
    reason = "loops of known length over several arrays in step, which the compiler unrolls"
)]

use std::arch::aarch64::*;
use std::arch::{asm, is_aarch64_feature_detected};

use half::f16;

use super::product::{Rows, Tile, fit};
use super::{BLOCK, Bits, PANEL, portable};

/// Vectors of a panel.
const QUARTERS: usize = 4;

pub(super) fn tile() -> Option<Tile> {
    Some(if is_aarch64_feature_detected!("dotprod") { SDOT } else { NEON })
}

pub(super) const NEON: Tile = Tile { multiply: neon, many: (4, 1) };
const SDOT: Tile = Tile { multiply: sdot, many: (4, 1) };

/// Σ + w·x by fours: four outputs with four inputs each. A sum of two products fits 16 bits, as activations are at most
/// 127 in magnitude and weights at most 128.
#[inline]
#[target_feature(enable = "neon")]
fn add_products(sums: int32x4_t, w: int8x16_t, x: int8x16_t) -> int32x4_t {
    let (first, last) = (vmull_s8(vget_low_s8(w), vget_low_s8(x)), vmull_high_s8(w, x));
    vpadalq_s16(sums, vpaddq_s16(first, last))
}

/// [`add_products`] in one instruction.
#[inline]
#[target_feature(enable = "neon,dotprod")]
fn add_dot_products(mut sums: int32x4_t, w: int8x16_t, x: int8x16_t) -> int32x4_t {
    // SAFETY: the instruction reads and writes these registers only. Its intrinsic is not stable yet.
    unsafe {
        asm!(
            "sdot {sums:v}.4s, {w:v}.16b, {x:v}.16b",
            sums = inout(vreg) sums,
            w = in(vreg) w,
            x = in(vreg) x,
            options(pure, nomem, nostack, preserves_flags)
        );
    }
    sums
}

/// Declares the products of rows with one panel, `H` quarters of it at once, and the function that picks the loop that is
/// unrolled for a number of rows.
macro_rules! kernel {
    ($features:literal, $pick:ident, $kernel:ident, $add:ident) => {
        fn $pick(bits: Bits, panels: &[&[u8]], rows: Rows, y: &mut [[f32; PANEL]]) {
            // SAFETY: whoever hands the tile out has seen that the machine has these instructions.
            unsafe {
                // All of a panel at once where the sums of so many rows fit the registers.
                match (bits, y.len()) {
                    (Bits::Eight, 1) => $kernel::<true, 1, 4>(panels, rows, y),
                    (Bits::Eight, 2) => $kernel::<true, 2, 4>(panels, rows, y),
                    (Bits::Eight, 3) => $kernel::<true, 3, 4>(panels, rows, y),
                    (Bits::Eight, 4) => $kernel::<true, 4, 4>(panels, rows, y),
                    (Bits::Eight, 5) => $kernel::<true, 5, 2>(panels, rows, y),
                    (Bits::Eight, 6) => $kernel::<true, 6, 2>(panels, rows, y),
                    (Bits::Eight, 7) => $kernel::<true, 7, 2>(panels, rows, y),
                    (Bits::Eight, 8) => $kernel::<true, 8, 2>(panels, rows, y),
                    (Bits::Four, 1) => $kernel::<false, 1, 4>(panels, rows, y),
                    (Bits::Four, 2) => $kernel::<false, 2, 4>(panels, rows, y),
                    (Bits::Four, 3) => $kernel::<false, 3, 4>(panels, rows, y),
                    (Bits::Four, 4) => $kernel::<false, 4, 4>(panels, rows, y),
                    (Bits::Four, 5) => $kernel::<false, 5, 2>(panels, rows, y),
                    (Bits::Four, 6) => $kernel::<false, 6, 2>(panels, rows, y),
                    (Bits::Four, 7) => $kernel::<false, 7, 2>(panels, rows, y),
                    (Bits::Four, 8) => $kernel::<false, 8, 2>(panels, rows, y),
                    _ => (portable::TILE.multiply)(bits, panels, rows, y),
                }
            }
        }

        #[target_feature(enable = $features)]
        fn $kernel<const EIGHT: bool, const R: usize, const H: usize>(
            panels: &[&[u8]],
            rows: Rows,
            y: &mut [[f32; PANEL]],
        ) {
            let bits = if EIGHT { Bits::Eight } else { Bits::Four };
            assert!(fit::<R, 1>(bits, panels, rows, y));
            let (panel, blocks, inputs) = (panels[0].as_ptr(), rows.blocks(), rows.inputs);
            let words = bits.code_bytes() / (PANEL * 4);
            let (sign, low) = (vdupq_n_u8(0x80), vdupq_n_u8(0xF));
            let zero = vdupq_n_s32(0);
            for from in (0..QUARTERS).step_by(H) {
                let mut totals = [[vdupq_n_f32(0.0); H]; R];
                for b in 0..blocks {
                    let mut sums = [[zero; H]; R];
                    if !EIGHT {
                        for r in 0..R {
                            sums[r] = [vdupq_n_s32(rows.offsets[r * blocks + b]); H];
                        }
                    }
                    for w in 0..words {
                        let at = blocks * PANEL * size_of::<f16>() + b * bits.code_bytes() + w * 64;
                        let mut raw = [low; H];
                        for h in 0..H {
                            // SAFETY: inside the panel, whose length is asserted above.
                            raw[h] = unsafe { vld1q_u8(panel.add(at + (from + h) * 16)) };
                        }
                        for half in 0..if EIGHT { 1 } else { 2 } {
                            let mut weights = [vdupq_n_s8(0); H];
                            for h in 0..H {
                                weights[h] = vreinterpretq_s8_u8(match (EIGHT, half) {
                                    // Less its bias of 128: the products are signed, and no offset is needed.
                                    (true, _) => veorq_u8(raw[h], sign),
                                    (false, 0) => vandq_u8(raw[h], low),
                                    (false, _) => vshrq_n_u8::<4>(raw[h]),
                                });
                            }
                            for r in 0..R {
                                let at =
                                    r * inputs + b * BLOCK + if EIGHT { w * 4 } else { w * 8 + half * 4 };
                                // SAFETY: four codes inside row `r`, whose length is asserted above.
                                let x = unsafe { rows.codes.as_ptr().add(at).cast::<i32>().read_unaligned() };
                                let x = vreinterpretq_s8_s32(vdupq_n_s32(x));
                                for h in 0..H {
                                    sums[r][h] = $add(sums[r][h], weights[h], x);
                                }
                            }
                        }
                    }
                    for h in 0..H {
                        // SAFETY: the scales of a quarter in block `b`, inside the panel.
                        let scales = unsafe { panel.add((b * PANEL + (from + h) * 4) * size_of::<f16>()) };
                        // SAFETY: as above.
                        let scales = vreinterpret_f16_u8(unsafe { vld1_u8(scales) });
                        let scales = vcvt_f32_f16(scales);
                        for r in 0..R {
                            let scale = vmulq_n_f32(scales, rows.scales[r * blocks + b]);
                            totals[r][h] = vfmaq_f32(totals[r][h], vcvtq_f32_s32(sums[r][h]), scale);
                        }
                    }
                }
                for r in 0..R {
                    for h in 0..H {
                        // SAFETY: a quarter of sixteen floats.
                        unsafe { vst1q_f32(y[r].as_mut_ptr().add((from + h) * 4), totals[r][h]) };
                    }
                }
            }
        }
    };
}

kernel!("neon", neon, neon_kernel, add_products);
kernel!("neon,dotprod", sdot, sdot_kernel, add_dot_products);
