//! Register tiles for x86-64.

mod amx;

use std::arch::x86_64::*;

use super::super::{Blocking, Precision, pack};
use crate::level::{Level, level};

pub(super) fn blocking(precision: Precision) -> Option<&'static Blocking> {
    match level() {
        Level::Avx512 if precision == Precision::Bf16 && amx::is_available() => Some(&amx::BF16_AMX),
        // Twice as fast as float32.
        Level::Avx512 if precision == Precision::Bf16 && is_x86_feature_detected!("avx512bf16") => {
            Some(&BF16_AVX512)
        }
        Level::Avx512 => Some(&F32_AVX512),
        Level::Avx2 => Some(&F32_AVX2),
        Level::Baseline => None,
    }
}

/// 8 x 48 in 24 registers of 16.
static F32_AVX512: Blocking = Blocking {
    mr: 8,
    nr: 48,
    kc: 192,
    mc: 192,
    nc: 1536,
    pair: 1,
    along_rows: false,
    round: 1,
    pack_a: pack_f32_avx512::<8>,
    pack_b: pack_f32_avx512::<48>,
    tile: f32_avx512,
};

/// 8 x 48; a step multiplies two depths at once.
static BF16_AVX512: Blocking = Blocking {
    mr: 8,
    nr: 48,
    kc: 384,
    mc: 192,
    nc: 1536,
    pair: 2,
    along_rows: false,
    round: 2,
    pack_a: pack_bf16_avx512::<8>,
    pack_b: pack_bf16_avx512::<48>,
    tile: bf16_avx512,
};

/// 6 x 16 in 12 registers of 8.
static F32_AVX2: Blocking = Blocking {
    mr: 6,
    nr: 16,
    kc: 256,
    mc: 192,
    nc: 1536,
    pair: 1,
    along_rows: false,
    round: 1,
    pack_a: pack_f32_avx2::<6>,
    pack_b: pack_f32_avx2::<16>,
    tile: f32_avx2,
};

/// Declares a packing function compiled for `$features`, callable where its blocking is chosen.
macro_rules! packs {
    ($name:ident, $features:literal, $body:path $(, $transpose:ident)?) => {
        #[allow(clippy::too_many_arguments, reason = "a kernel over plain numbers")]
        fn $name<const W: usize>(
            data: &[f32],
            from: usize,
            outers: usize,
            outer_stride: usize,
            depth_from: usize,
            depth: usize,
            depth_stride: usize,
            packed: &mut [f32],
        ) {
            #[target_feature(enable = $features)]
            #[allow(clippy::too_many_arguments, reason = "a kernel over plain numbers")]
            fn inner<const W: usize>(
                data: &[f32],
                from: usize,
                outers: usize,
                outer_stride: usize,
                depth_from: usize,
                depth: usize,
                depth_stride: usize,
                packed: &mut [f32],
            ) {
                $body(data, from, outers, outer_stride, depth_from, depth, depth_stride, packed $(, |rows, stride, depth, out, width| {
                    $transpose(rows, stride, depth, out, width)
                })?)
            }
            // SAFETY: the blocking that holds this function is chosen only where the machine has the instructions.
            unsafe { inner::<W>(data, from, outers, outer_stride, depth_from, depth, depth_stride, packed) }
        }
    };
}
packs!(pack_f32_avx512, "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma", pack::f32_panels::<W>, transpose_f32);
packs!(pack_f32_avx2, "avx2,fma", pack::f32_panels::<W>, transpose_f32);
packs!(pack_bf16_avx512, "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma", bf16_panels::<W>);

/// Eight rows of `depth` floats as `depth` rows of eight, `width` apart.
#[target_feature(enable = "avx2,fma")]
fn transpose_f32(rows: &[f32], stride: usize, depth: usize, out: &mut [f32], width: usize) {
    let whole = depth / 8 * 8;
    for d in (0..whole).step_by(8) {
        let mut r = [_mm256_setzero_ps(); 8];
        for (i, r) in r.iter_mut().enumerate() {
            let row = &rows[i * stride + d..][..8];
            // SAFETY: `row` has 8 values.
            *r = unsafe { _mm256_loadu_ps(row.as_ptr()) };
        }
        for (i, column) in transpose8(r).iter().enumerate() {
            let to = &mut out[(d + i) * width..][..8];
            // SAFETY: `to` has 8 values.
            unsafe { _mm256_storeu_ps(to.as_mut_ptr(), *column) };
        }
    }
    for d in whole..depth {
        for i in 0..8 {
            out[d * width + i] = rows[i * stride + d];
        }
    }
}

/// The order that puts 16 values and the 16 that follow side by side in pairs.
#[target_feature(enable = "avx512f")]
fn interleave() -> __m512i {
    _mm512_set_epi16(
        31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22, 6, 21, 5, 20, 4, 19, 3, 18,
        2, 17, 1, 16, 0,
    )
}

/// [`pack::bf16_panels`] with the machine's conversion instructions.
#[allow(clippy::too_many_arguments, reason = "a kernel over plain numbers")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma")]
fn bf16_panels<const W: usize>(
    data: &[f32],
    from: usize,
    outers: usize,
    outer_stride: usize,
    depth_from: usize,
    depth: usize,
    depth_stride: usize,
    packed: &mut [f32],
) {
    let steps = depth.div_ceil(2);
    let interleave = interleave();
    for (panel, o) in packed.chunks_exact_mut(steps * W).zip((0..outers).step_by(W)) {
        let origin = (from + o) * outer_stride + depth_from * depth_stride;
        let whole = outers - o >= W;
        if whole && outer_stride == 1 {
            for (s, row) in panel.chunks_exact_mut(W).enumerate() {
                let first = &data[origin + 2 * s * depth_stride..][..W];
                let second =
                    if 2 * s + 1 < depth { &data[origin + (2 * s + 1) * depth_stride..][..W] } else { &[] };
                let mut w = 0;
                while w < W {
                    let lanes = (W - w).min(16);
                    let mask = ((1u32 << lanes) - 1) as __mmask16;
                    // SAFETY: masked to the `lanes` values that the slices have.
                    unsafe {
                        let low = _mm512_maskz_loadu_ps(mask, first.as_ptr().add(w));
                        let high = if second.is_empty() {
                            _mm512_setzero_ps()
                        } else {
                            _mm512_maskz_loadu_ps(mask, second.as_ptr().add(w))
                        };
                        let pairs: __m512i = std::mem::transmute(_mm512_cvtne2ps_pbh(high, low));
                        let pairs = _mm512_permutexvar_epi16(interleave, pairs);
                        _mm512_mask_storeu_epi32(row.as_mut_ptr().add(w).cast(), mask, pairs);
                    }
                    w += 16;
                }
            }
        } else if whole && depth_stride == 1 {
            for group in 0..W / 8 {
                transpose_bf16(
                    &data[origin + group * 8 * outer_stride..],
                    outer_stride,
                    depth,
                    &mut panel[group * 8..],
                    W,
                );
            }
        } else {
            let one = &mut panel[..steps * W];
            pack::bf16_panels::<W>(
                data,
                from + o,
                W.min(outers - o),
                outer_stride,
                depth_from,
                depth,
                depth_stride,
                one,
            );
        }
    }
}

/// Eight rows of `depth` floats as rows of eight bfloat16 pairs, `width` words apart.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,avx2,fma")]
fn transpose_bf16(rows: &[f32], stride: usize, depth: usize, out: &mut [f32], width: usize) {
    let mut d = 0;
    while d < depth {
        let lanes = (depth - d).min(16);
        let mask = ((1u32 << lanes) - 1) as __mmask16;
        let mut r = [_mm256_setzero_ps(); 8];
        for (i, r) in r.iter_mut().enumerate() {
            let row = &rows[i * stride + d..][..lanes];
            // SAFETY: masked to the `lanes` values of `row`; 16 bfloat16 are 8 words.
            *r = unsafe {
                let values = _mm512_maskz_loadu_ps(mask, row.as_ptr());
                std::mem::transmute::<__m256bh, __m256>(_mm512_cvtneps_pbh(values))
            };
        }
        let columns = transpose8(r);
        for (i, column) in columns.iter().enumerate().take(lanes.div_ceil(2)) {
            let to = &mut out[(d / 2 + i) * width..][..8];
            // SAFETY: `to` has 8 values.
            unsafe { _mm256_storeu_ps(to.as_mut_ptr(), *column) };
        }
        d += 16;
    }
}

#[target_feature(enable = "avx2")]
fn transpose8(r: [__m256; 8]) -> [__m256; 8] {
    let (a0, a1) = (_mm256_unpacklo_ps(r[0], r[1]), _mm256_unpackhi_ps(r[0], r[1]));
    let (a2, a3) = (_mm256_unpacklo_ps(r[2], r[3]), _mm256_unpackhi_ps(r[2], r[3]));
    let (a4, a5) = (_mm256_unpacklo_ps(r[4], r[5]), _mm256_unpackhi_ps(r[4], r[5]));
    let (a6, a7) = (_mm256_unpacklo_ps(r[6], r[7]), _mm256_unpackhi_ps(r[6], r[7]));
    let (b0, b1) = (_mm256_shuffle_ps(a0, a2, 0x44), _mm256_shuffle_ps(a0, a2, 0xEE));
    let (b2, b3) = (_mm256_shuffle_ps(a1, a3, 0x44), _mm256_shuffle_ps(a1, a3, 0xEE));
    let (b4, b5) = (_mm256_shuffle_ps(a4, a6, 0x44), _mm256_shuffle_ps(a4, a6, 0xEE));
    let (b6, b7) = (_mm256_shuffle_ps(a5, a7, 0x44), _mm256_shuffle_ps(a5, a7, 0xEE));
    [
        _mm256_permute2f128_ps(b0, b4, 0x20),
        _mm256_permute2f128_ps(b1, b5, 0x20),
        _mm256_permute2f128_ps(b2, b6, 0x20),
        _mm256_permute2f128_ps(b3, b7, 0x20),
        _mm256_permute2f128_ps(b0, b4, 0x31),
        _mm256_permute2f128_ps(b1, b5, 0x31),
        _mm256_permute2f128_ps(b2, b6, 0x31),
        _mm256_permute2f128_ps(b3, b7, 0x31),
    ]
}

/// # Safety
/// As [`super::Tile`]; the machine has AVX-512.
#[target_feature(enable = "avx512f")]
unsafe fn f32_avx512(steps: usize, a: *const f32, b: *const f32, c: *mut f32, c_stride: usize, add: bool) {
    let mut sums = [[_mm512_setzero_ps(); 3]; 8];
    for s in 0..steps {
        // SAFETY: by the caller's promise.
        unsafe {
            let b = b.add(s * 48);
            let columns = [_mm512_load_ps(b), _mm512_load_ps(b.add(16)), _mm512_load_ps(b.add(32))];
            let a = a.add(s * 8);
            for (i, sums) in sums.iter_mut().enumerate() {
                let row = _mm512_set1_ps(*a.add(i));
                for (sum, column) in sums.iter_mut().zip(columns) {
                    *sum = _mm512_fmadd_ps(row, column, *sum);
                }
            }
        }
    }
    // SAFETY: by the caller's promise.
    unsafe { store512(&sums, c, c_stride, add) };
}

/// # Safety
/// As [`super::Tile`]; the machine has AVX512-BF16.
#[target_feature(enable = "avx512f,avx512bf16")]
unsafe fn bf16_avx512(steps: usize, a: *const f32, b: *const f32, c: *mut f32, c_stride: usize, add: bool) {
    let mut sums = [[_mm512_setzero_ps(); 3]; 8];
    for s in 0..steps {
        // SAFETY: by the caller's promise.
        unsafe {
            let b = b.add(s * 48);
            let columns = [_mm512_load_ps(b), _mm512_load_ps(b.add(16)), _mm512_load_ps(b.add(32))];
            let a = a.add(s * 8);
            for (i, sums) in sums.iter_mut().enumerate() {
                let row: __m512bh = std::mem::transmute(_mm512_set1_ps(*a.add(i)));
                for (sum, column) in sums.iter_mut().zip(columns) {
                    *sum = _mm512_dpbf16_ps(*sum, row, std::mem::transmute::<__m512, __m512bh>(column));
                }
            }
        }
    }
    // SAFETY: by the caller's promise.
    unsafe { store512(&sums, c, c_stride, add) };
}

#[target_feature(enable = "avx512f")]
unsafe fn store512(sums: &[[__m512; 3]; 8], c: *mut f32, c_stride: usize, add: bool) {
    for (i, row) in sums.iter().enumerate() {
        for (j, sum) in row.iter().enumerate() {
            // SAFETY: by the caller's promise.
            unsafe {
                let to = c.add(i * c_stride + j * 16);
                let value = if add { _mm512_add_ps(_mm512_loadu_ps(to), *sum) } else { *sum };
                _mm512_storeu_ps(to, value);
            }
        }
    }
}

/// # Safety
/// As [`super::Tile`]; the machine has AVX2 and FMA.
#[target_feature(enable = "avx2,fma")]
unsafe fn f32_avx2(steps: usize, a: *const f32, b: *const f32, c: *mut f32, c_stride: usize, add: bool) {
    let mut sums = [[_mm256_setzero_ps(); 2]; 6];
    for s in 0..steps {
        // SAFETY: by the caller's promise.
        unsafe {
            let b = b.add(s * 16);
            let columns = [_mm256_load_ps(b), _mm256_load_ps(b.add(8))];
            let a = a.add(s * 6);
            for (i, sums) in sums.iter_mut().enumerate() {
                let row = _mm256_set1_ps(*a.add(i));
                for (sum, column) in sums.iter_mut().zip(columns) {
                    *sum = _mm256_fmadd_ps(row, column, *sum);
                }
            }
        }
    }
    for (i, row) in sums.iter().enumerate() {
        for (j, sum) in row.iter().enumerate() {
            // SAFETY: by the caller's promise.
            unsafe {
                let to = c.add(i * c_stride + j * 8);
                let value = if add { _mm256_add_ps(_mm256_loadu_ps(to), *sum) } else { *sum };
                _mm256_storeu_ps(to, value);
            }
        }
    }
}
