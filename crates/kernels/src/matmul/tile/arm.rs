//! The register tile for 64-bit Arm: NEON, which every processor has.

use std::arch::aarch64::*;

use super::super::{Blocking, Precision, pack};

pub(super) const fn blocking(_: Precision) -> Option<&'static Blocking> {
    Some(&F32_NEON)
}

/// 8 x 12 in 24 registers of 4; five of the others hold a step of the panels.
static F32_NEON: Blocking = Blocking {
    mr: 8,
    nr: 12,
    kc: 256,
    mc: 192,
    nc: 1536,
    pair: 1,
    along_rows: false,
    round: 1,
    pack_a: pack::portable::<8>,
    pack_b: pack::portable::<12>,
    tile: f32_neon,
};

/// # Safety
/// As [`super::Tile`].
#[target_feature(enable = "neon")]
unsafe fn f32_neon(steps: usize, a: *const f32, b: *const f32, c: *mut f32, c_stride: usize, add: bool) {
    let mut sums = [[vdupq_n_f32(0.0); 3]; 8];
    /// Adds the products of one row, lane `$lane` of `$a`, with the columns.
    macro_rules! row {
        ($i:expr, $a:ident, $lane:literal, $columns:ident) => {
            for j in 0..3 {
                sums[$i][j] = vfmaq_laneq_f32::<$lane>(sums[$i][j], $columns[j], $a);
            }
        };
    }
    for s in 0..steps {
        // SAFETY: by the caller's promise.
        let (columns, first, last) = unsafe {
            let (a, b) = (a.add(s * 8), b.add(s * 12));
            ([vld1q_f32(b), vld1q_f32(b.add(4)), vld1q_f32(b.add(8))], vld1q_f32(a), vld1q_f32(a.add(4)))
        };
        row!(0, first, 0, columns);
        row!(1, first, 1, columns);
        row!(2, first, 2, columns);
        row!(3, first, 3, columns);
        row!(4, last, 0, columns);
        row!(5, last, 1, columns);
        row!(6, last, 2, columns);
        row!(7, last, 3, columns);
    }
    for (i, row) in sums.iter().enumerate() {
        for (j, sum) in row.iter().enumerate() {
            // SAFETY: by the caller's promise.
            unsafe {
                let to = c.add(i * c_stride + j * 4);
                vst1q_f32(to, if add { vaddq_f32(vld1q_f32(to), *sum) } else { *sum });
            }
        }
    }
}
