//! Attention of one query over 16-bit keys and values with AVX-512 or F16C, whose loads widen as they go: what the compiler
//! makes of the same sums takes the bits of every number apart. To the bit the same, see [`super::stored`].

use std::arch::x86_64::*;

use half::f16;

use super::stored::LANES;
use crate::level::Level;

/// Bytes that are asked for ahead of their use, see the products with quantized weights: this memory is read once a token,
/// too.
const AHEAD: usize = 1024;
/// Groups of [`LANES`] whose sums stay in registers: a head of 64 in one pass.
const AT_ONCE: usize = 4;

/// See [`super::Stored::scores_of_one`]. Tells whether it was done. The machine has to be of that level.
pub(super) fn scores_of_one(level: Level, query: &[f32], keys: &[f16], scores: &mut [f32]) -> bool {
    match level {
        Level::Baseline => return false,
        _ if !query.len().is_multiple_of(LANES) => return false,
        // SAFETY: the machine has these instructions.
        Level::Avx2 => unsafe { scores_of_one_avx2(query, keys, scores) },
        // SAFETY: as above.
        Level::Avx512 => unsafe { scores_of_one_avx512(query, keys, scores) },
    }
    true
}

/// See [`super::Stored::add_weighted`]. Tells whether it was done. The machine has to be of that level.
pub(super) fn add_weighted(level: Level, weights: &[f32], values: &[f16], out: &mut [f32]) -> bool {
    match level {
        Level::Baseline => return false,
        _ if !out.len().is_multiple_of(LANES) => return false,
        // SAFETY: the machine has these instructions.
        Level::Avx2 => unsafe { add_weighted_avx2(weights, values, out) },
        // SAFETY: as above.
        Level::Avx512 => unsafe { add_weighted_avx512(weights, values, out) },
    }
    true
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn wide(half: &[f16; LANES]) -> __m512 {
    // SAFETY: sixteen halves.
    _mm512_cvtph_ps(unsafe { _mm256_loadu_si256(half.as_ptr().cast()) })
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn scores_of_one_avx512(query: &[f32], keys: &[f16], scores: &mut [f32]) {
    let query = query.as_chunks::<LANES>().0;
    for (score, key) in scores.iter_mut().zip(keys.chunks_exact(query.len() * LANES)) {
        let mut sums = _mm512_setzero_ps();
        for (query, key) in query.iter().zip(key.as_chunks::<LANES>().0) {
            _mm_prefetch::<_MM_HINT_T0>(key.as_ptr().cast::<i8>().wrapping_add(AHEAD));
            // SAFETY: sixteen floats.
            let query = unsafe { _mm512_loadu_ps(query.as_ptr()) };
            sums = _mm512_add_ps(sums, _mm512_mul_ps(query, wide(key)));
        }
        *score = lane_sum([_mm512_castps512_ps256(sums), _mm512_extractf32x8_ps::<1>(sums)]);
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn add_weighted_avx512(weights: &[f32], values: &[f16], out: &mut [f32]) {
    let stride = out.len();
    for (group, out) in out.chunks_mut(AT_ONCE * LANES).enumerate() {
        let out = out.as_chunks_mut::<LANES>().0;
        let mut sums = [_mm512_setzero_ps(); AT_ONCE];
        for (sum, out) in sums.iter_mut().zip(out.iter()) {
            // SAFETY: sixteen floats.
            *sum = unsafe { _mm512_loadu_ps(out.as_ptr()) };
        }
        for (weight, value) in weights.iter().zip(values.chunks_exact(stride)) {
            let weight = _mm512_set1_ps(*weight);
            for (sum, value) in sums.iter_mut().zip(value[group * AT_ONCE * LANES..].as_chunks::<LANES>().0) {
                _mm_prefetch::<_MM_HINT_T0>(value.as_ptr().cast::<i8>().wrapping_add(AHEAD));
                *sum = _mm512_add_ps(*sum, _mm512_mul_ps(weight, wide(value)));
            }
        }
        for (sum, out) in sums.iter().zip(out) {
            // SAFETY: as above.
            unsafe { _mm512_storeu_ps(out.as_mut_ptr(), *sum) };
        }
    }
}

/// In the order of [`crate::layer_norm::lane_sum`].
#[inline]
#[target_feature(enable = "avx2")]
fn lane_sum([first, last]: [__m256; 2]) -> f32 {
    let half = _mm256_add_ps(first, last);
    let quarter = _mm_add_ps(_mm256_castps256_ps128(half), _mm256_extractf128_ps::<1>(half));
    let pair = _mm_add_ps(quarter, _mm_movehl_ps(quarter, quarter));
    _mm_cvtss_f32(_mm_add_ss(pair, _mm_movehdup_ps(pair)))
}

#[inline]
#[target_feature(enable = "avx2,f16c")]
fn wide_avx2(half: &[f16; LANES]) -> [__m256; 2] {
    let from = half.as_ptr().cast::<__m128i>();
    // SAFETY: sixteen halves.
    unsafe { [_mm256_cvtph_ps(_mm_loadu_si128(from)), _mm256_cvtph_ps(_mm_loadu_si128(from.add(1)))] }
}

#[inline]
#[target_feature(enable = "avx2")]
fn load_avx2(floats: &[f32; LANES]) -> [__m256; 2] {
    // SAFETY: sixteen floats.
    unsafe { [_mm256_loadu_ps(floats.as_ptr()), _mm256_loadu_ps(floats.as_ptr().add(LANES / 2))] }
}

#[target_feature(enable = "avx2,f16c")]
fn scores_of_one_avx2(query: &[f32], keys: &[f16], scores: &mut [f32]) {
    let query = query.as_chunks::<LANES>().0;
    for (score, key) in scores.iter_mut().zip(keys.chunks_exact(query.len() * LANES)) {
        let mut sums = [_mm256_setzero_ps(); 2];
        for (query, key) in query.iter().zip(key.as_chunks::<LANES>().0) {
            _mm_prefetch::<_MM_HINT_T0>(key.as_ptr().cast::<i8>().wrapping_add(AHEAD));
            let (query, key) = (load_avx2(query), wide_avx2(key));
            for i in 0..2 {
                sums[i] = _mm256_add_ps(sums[i], _mm256_mul_ps(query[i], key[i]));
            }
        }
        *score = lane_sum(sums);
    }
}

#[target_feature(enable = "avx2,f16c")]
fn add_weighted_avx2(weights: &[f32], values: &[f16], out: &mut [f32]) {
    let stride = out.len();
    for (group, out) in out.chunks_mut(AT_ONCE * LANES).enumerate() {
        let out = out.as_chunks_mut::<LANES>().0;
        let mut sums = [[_mm256_setzero_ps(); 2]; AT_ONCE];
        for (sums, out) in sums.iter_mut().zip(out.iter()) {
            *sums = load_avx2(out);
        }
        for (weight, value) in weights.iter().zip(values.chunks_exact(stride)) {
            let weight = _mm256_set1_ps(*weight);
            for (sums, value) in sums.iter_mut().zip(value[group * AT_ONCE * LANES..].as_chunks::<LANES>().0)
            {
                _mm_prefetch::<_MM_HINT_T0>(value.as_ptr().cast::<i8>().wrapping_add(AHEAD));
                let value = wide_avx2(value);
                for i in 0..2 {
                    sums[i] = _mm256_add_ps(sums[i], _mm256_mul_ps(weight, value[i]));
                }
            }
        }
        for (sums, out) in sums.iter().zip(out) {
            for (i, sum) in sums.iter().enumerate() {
                // SAFETY: half of sixteen floats.
                unsafe { _mm256_storeu_ps(out.as_mut_ptr().add(i * LANES / 2), *sum) };
            }
        }
    }
}
