//! Attention of one query over 16-bit keys and values with NEON, whose conversions widen four numbers at once. To the bit
//! the same as the portable sums, see [`super::stored`].

use std::arch::aarch64::*;

use half::f16;

use super::stored::LANES;
use crate::level::Level;

/// Vectors of [`LANES`] numbers.
const QUARTERS: usize = LANES / 4;

/// See [`super::Stored::scores_of_one`]. Tells whether it was done.
pub(super) fn scores_of_one(_: Level, query: &[f32], keys: &[f16], scores: &mut [f32]) -> bool {
    let can = query.len().is_multiple_of(LANES);
    if can {
        // SAFETY: every processor of this architecture has NEON.
        unsafe { scores_of_one_neon(query, keys, scores) };
    }
    can
}

/// See [`super::Stored::add_weighted`]. Tells whether it was done.
pub(super) fn add_weighted(_: Level, weights: &[f32], values: &[f16], out: &mut [f32]) -> bool {
    let can = out.len().is_multiple_of(LANES);
    if can {
        // SAFETY: as above.
        unsafe { add_weighted_neon(weights, values, out) };
    }
    can
}

#[inline]
#[target_feature(enable = "neon")]
fn load(floats: &[f32; LANES]) -> [float32x4_t; QUARTERS] {
    // SAFETY: sixteen floats.
    unsafe {
        let from = floats.as_ptr();
        [vld1q_f32(from), vld1q_f32(from.add(4)), vld1q_f32(from.add(8)), vld1q_f32(from.add(12))]
    }
}

#[inline]
#[target_feature(enable = "neon")]
fn wide(half: &[f16; LANES]) -> [float32x4_t; QUARTERS] {
    // SAFETY: sixteen halves.
    let (first, last) = unsafe {
        let from = half.as_ptr().cast::<u16>();
        (vreinterpretq_f16_u16(vld1q_u16(from)), vreinterpretq_f16_u16(vld1q_u16(from.add(8))))
    };
    [
        vcvt_f32_f16(vget_low_f16(first)),
        vcvt_high_f32_f16(first),
        vcvt_f32_f16(vget_low_f16(last)),
        vcvt_high_f32_f16(last),
    ]
}

#[target_feature(enable = "neon")]
fn scores_of_one_neon(query: &[f32], keys: &[f16], scores: &mut [f32]) {
    let query = query.as_chunks::<LANES>().0;
    for (score, key) in scores.iter_mut().zip(keys.chunks_exact(query.len() * LANES)) {
        let mut sums = [vdupq_n_f32(0.0); QUARTERS];
        for (query, key) in query.iter().zip(key.as_chunks::<LANES>().0) {
            let (query, key) = (load(query), wide(key));
            for i in 0..QUARTERS {
                // Not fused, as the portable sums are not.
                sums[i] = vaddq_f32(sums[i], vmulq_f32(query[i], key[i]));
            }
        }
        // In the order of `lane_sum`.
        let quarter = vaddq_f32(vaddq_f32(sums[0], sums[2]), vaddq_f32(sums[1], sums[3]));
        let pair = vadd_f32(vget_low_f32(quarter), vget_high_f32(quarter));
        *score = vget_lane_f32::<0>(pair) + vget_lane_f32::<1>(pair);
    }
}

#[target_feature(enable = "neon")]
fn add_weighted_neon(weights: &[f32], values: &[f16], out: &mut [f32]) {
    /// Groups of [`LANES`] whose sums stay in registers: a head of 64 in one pass.
    const AT_ONCE: usize = 4;
    let stride = out.len();
    for (group, out) in out.chunks_mut(AT_ONCE * LANES).enumerate() {
        let out = out.as_chunks_mut::<LANES>().0;
        let mut sums = [[vdupq_n_f32(0.0); QUARTERS]; AT_ONCE];
        for (sums, out) in sums.iter_mut().zip(out.iter()) {
            *sums = load(out);
        }
        for (weight, value) in weights.iter().zip(values.chunks_exact(stride)) {
            for (sums, value) in sums.iter_mut().zip(value[group * AT_ONCE * LANES..].as_chunks::<LANES>().0)
            {
                let value = wide(value);
                for i in 0..QUARTERS {
                    sums[i] = vaddq_f32(sums[i], vmulq_n_f32(value[i], *weight));
                }
            }
        }
        for (sums, out) in sums.iter().zip(out) {
            for (i, sum) in sums.iter().enumerate() {
                // SAFETY: a quarter of sixteen floats.
                unsafe { vst1q_f32(out.as_mut_ptr().add(4 * i), *sum) };
            }
        }
    }
}
