//! How keys and values are stored: as they are computed, or in half the memory.

use half::f16;
use half::slice::HalfFloatSliceExt;

use crate::layer_norm::lane_sum;
use crate::level::for_each_level;
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
use crate::level::level;

/// A number of the cache: `f32`, or `f16` for models whose weights are rounded far more.
pub trait Stored: Copy + Default + Send + Sync + 'static {
    /// Floats that [`Stored::widen`] needs for so many numbers.
    fn scratch(count: usize) -> usize;
    /// The numbers as floats, in `scratch` where they are not.
    fn widen<'a>(from: &'a [Self], scratch: &'a mut [f32]) -> &'a [f32];
    /// Stores floats.
    fn store(from: &[f32], to: &mut [Self]);
    /// Scores of one query against `keys`, rows of its width.
    fn scores_of_one(query: &[f32], keys: &[Self], scores: &mut [f32]);
    /// out += Σ weight · value, over `values`, rows of the width of `out`.
    fn add_weighted(weights: &[f32], values: &[Self], out: &mut [f32]);
}

impl Stored for f32 {
    fn scratch(_: usize) -> usize {
        0
    }

    fn widen<'a>(from: &'a [Self], _: &'a mut [f32]) -> &'a [f32] {
        from
    }

    fn store(from: &[f32], to: &mut [Self]) {
        to.copy_from_slice(from);
    }

    fn scores_of_one(query: &[f32], keys: &[Self], scores: &mut [f32]) {
        for_each_level! {
            fn wide(query: &[f32], keys: &[f32], scores: &mut [f32]) { scores_of(query, keys, scores, |key| key) }
        }
        wide(query, keys, scores);
    }

    fn add_weighted(weights: &[f32], values: &[Self], out: &mut [f32]) {
        for_each_level! {
            fn wide(weights: &[f32], values: &[f32], out: &mut [f32]) { add(weights, values, out, |value| value) }
        }
        wide(weights, values, out);
    }
}

impl Stored for f16 {
    fn scratch(count: usize) -> usize {
        count
    }

    fn widen<'a>(from: &'a [Self], scratch: &'a mut [f32]) -> &'a [f32] {
        for_each_level! {
            fn all(from: &[f16], to: &mut [f32]) {
                for (to, from) in to.iter_mut().zip(from) {
                    *to = float(*from);
                }
            }
        }
        let to = &mut scratch[..from.len()];
        all(from, to);
        to
    }

    /// What is too great becomes the greatest number, what is too small for all eleven bits zero, so that [`float`] has
    /// no case to distinguish.
    fn store(from: &[f32], to: &mut [Self]) {
        to.convert_from_f32_slice(from);
        for to in to {
            let bits = to.to_bits();
            *to = Self::from_bits(match bits & 0x7C00 {
                0x7C00 if bits & 0x03FF == 0 => bits - 1,
                0 => bits & 0x8000,
                _ => bits,
            });
        }
    }

    fn scores_of_one(query: &[f32], keys: &[Self], scores: &mut [f32]) {
        for_each_level! {
            fn half(query: &[f32], keys: &[f16], scores: &mut [f32]) { scores_of(query, keys, scores, float) }
        }
        #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
        if super::vector::scores_of_one(level(), query, keys, scores) {
            return;
        }
        half(query, keys, scores);
    }

    fn add_weighted(weights: &[f32], values: &[Self], out: &mut [f32]) {
        for_each_level! {
            fn half(weights: &[f32], values: &[f16], out: &mut [f32]) { add(weights, values, out, float) }
        }
        #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
        if super::vector::add_weighted(level(), weights, values, out) {
            return;
        }
        half(weights, values, out);
    }
}

/// A normal number or zero as a float, in operations that vectorize: its bits moved to their places, its exponent's
/// bias made up for by a product.
#[inline(always)]
fn float(half: f16) -> f32 {
    /// 2^112
    const BIAS: f32 = f32::from_bits(0x7780_0000);
    let bits = u32::from(half.to_bits());
    let magnitude = f32::from_bits((bits & 0x7FFF) << 13) * BIAS;
    f32::from_bits(magnitude.to_bits() | (bits & 0x8000) << 16)
}

/// Numbers of a vector.
pub(super) const LANES: usize = 16;

#[inline(always)]
fn scores_of<S: Copy>(query: &[f32], keys: &[S], scores: &mut [f32], float: impl Fn(S) -> f32) {
    let width = query.len();
    // Arrays of a known length are what the compiler makes vectors of.
    let (query, query_rest) = query.as_chunks::<LANES>();
    for (score, key) in scores.iter_mut().zip(keys.chunks_exact(width)) {
        let (key, key_rest) = key.as_chunks::<LANES>();
        let mut sums = [0.0f32; LANES];
        for (query, key) in query.iter().zip(key) {
            for l in 0..LANES {
                sums[l] += query[l] * float(key[l]);
            }
        }
        let rest: f32 = query_rest.iter().zip(key_rest).map(|(query, key)| query * float(*key)).sum();
        *score = lane_sum(LANES, |l| sums[l]) + rest;
    }
}

#[inline(always)]
fn add<S: Copy>(weights: &[f32], values: &[S], out: &mut [f32], float: impl Fn(S) -> f32) {
    let width = out.len();
    // Some columns at a time, whose sums stay in a register.
    let (columns, rest) = out.as_chunks_mut::<LANES>();
    let from = columns.len() * LANES;
    for (column, out) in columns.iter_mut().enumerate() {
        let mut sums = *out;
        for (weight, value) in weights.iter().zip(values.chunks_exact(width)) {
            let Some(value) = value[column * LANES..].first_chunk::<LANES>() else { break };
            for l in 0..LANES {
                sums[l] += weight * float(value[l]);
            }
        }
        *out = sums;
    }
    for (weight, value) in weights.iter().zip(values.chunks_exact(width)) {
        for (out, value) in rest.iter_mut().zip(&value[from..]) {
            *out += weight * float(*value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_come_back_but_for_what_they_cannot_hold() {
        let values = [0.0, -0.0, 1.0, -1.5, 6.103_515_6e-5, 65504.0, -65504.0, 0.333_251_95];
        let mut stored = [f16::ZERO; 8];
        f16::store(&values, &mut stored);
        assert_eq!(f16::widen(&stored, &mut [0.0; 8]), values);
        f16::store(&[1e9, -1e9, 1e-5, -1e-5], &mut stored[..4]);
        assert_eq!(f16::widen(&stored[..4], &mut [0.0; 4]), [65504.0, -65504.0, 0.0, 0.0]);
    }

    /// At every level of this machine, if it has vector instructions of its own.
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    #[test]
    fn vector_instructions_change_no_bit() {
        use crate::Level;
        use crate::cached_attention::vector;

        let value = |i: usize| ((i as f32 + 0.5) * 12.9898).sin();
        for (width, count) in [(16, 5), (64, 33), (80, 7), (20, 3)] {
            let query: Vec<f32> = (0..width).map(value).collect();
            let weights: Vec<f32> = (0..count).map(|i| value(i).abs()).collect();
            let floats: Vec<f32> = (0..width * count).map(|i| value(i + 99)).collect();
            let mut rows = vec![f16::ZERO; floats.len()];
            f16::store(&floats, &mut rows);
            let mut expected = (vec![0.0; count], query.clone());
            scores_of(&query, &rows, &mut expected.0, float);
            add(&weights, &rows, &mut expected.1, float);
            let mut found = (vec![9.0; count], query.clone());
            f16::scores_of_one(&query, &rows, &mut found.0);
            f16::add_weighted(&weights, &rows, &mut found.1);
            assert_eq!(found, expected, "{width}");
            for level in [Level::Baseline, Level::Avx2, Level::Avx512].into_iter().filter(|l| *l <= level()) {
                let mut found = (vec![9.0; count], query.clone());
                let done = vector::scores_of_one(level, &query, &rows, &mut found.0)
                    && vector::add_weighted(level, &weights, &rows, &mut found.1);
                let has_vectors = level > Level::Baseline || cfg!(target_arch = "aarch64");
                assert_eq!(done, has_vectors && width != 20, "{width}, {level:?}");
                assert!(!done || found == expected, "{width}, {level:?}");
            }
        }
    }
}
