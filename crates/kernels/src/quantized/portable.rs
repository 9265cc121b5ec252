//! The layout of codes, and products without vector instructions (NEON and SSE2 come from the compiler).

use half::f16;

use super::product::{Rows, Tile};
use super::{BLOCK, Bits, PANEL};

/// Where the code of input `i` of a block lies for the output in `lane`: its byte, and its shift in that.
const fn place(bits: Bits, lane: usize, i: usize) -> (usize, u32) {
    let (word, byte, shift) = match bits {
        Bits::Eight => (i / 4, i % 4, 0),
        Bits::Four => (i / 8, i % 4, (i % 8 / 4) as u32 * 4),
    };
    ((word * PANEL + lane) * 4 + byte, shift)
}

/// The stored code (bias included).
pub(super) fn code(codes: &[u8], bits: Bits, lane: usize, i: usize) -> i32 {
    let (at, shift) = place(bits, lane, i);
    i32::from(match bits {
        Bits::Eight => codes[at],
        Bits::Four => codes[at] >> shift & 0xF,
    })
}

/// Stores a code (bias included) where zeros were.
pub(super) fn set_code(codes: &mut [u8], bits: Bits, lane: usize, i: usize, code: i32) {
    let (at, shift) = place(bits, lane, i);
    codes[at] |= (code as u8) << shift;
}

/// See [`Tile`].
fn multiply(bits: Bits, panels: &[&[u8]], rows: Rows, y: &mut [[f32; PANEL]]) {
    let blocks = rows.blocks();
    y.fill([0.0; PANEL]);
    for (p, panel) in panels.iter().enumerate() {
        let (scales, codes) = panel.split_at(blocks * PANEL * size_of::<f16>());
        let scales = scales.as_chunks::<2>().0;
        let mut unpacked = [[0i16; PANEL]; BLOCK];
        for (b, codes) in codes.chunks_exact(bits.code_bytes()).enumerate() {
            for (i, unpacked) in unpacked.iter_mut().enumerate() {
                *unpacked = std::array::from_fn(|lane| code(codes, bits, lane, i) as i16);
            }
            let scales: [f32; PANEL] =
                std::array::from_fn(|lane| f16::from_le_bytes(scales[b * PANEL + lane]).to_f32());
            for (r, y) in y.iter_mut().skip(p).step_by(panels.len()).enumerate() {
                let at = r * blocks + b;
                let mut sums = [rows.offsets[at]; PANEL];
                for (x, w) in rows.codes[at * BLOCK..][..BLOCK].iter().zip(&unpacked) {
                    for (sum, w) in sums.iter_mut().zip(w) {
                        *sum += i32::from(*x) * i32::from(*w);
                    }
                }
                for lane in 0..PANEL {
                    y[lane] = (sums[lane] as f32).mul_add(scales[lane] * rows.scales[at], y[lane]);
                }
            }
        }
    }
}

/// For any machine.
pub(super) const TILE: Tile = Tile { multiply, many: (4, 1) };
