//! The innermost products with AVX2, and with the dot products of bytes that AVX-512 VNNI and AVX-VNNI have.
#![expect(
    clippy::needless_range_loop,
    reason = "loops of known length over several arrays in step, which the compiler unrolls; a closure of an iterator would be \
              compiled without the instructions"
)]

use std::arch::x86_64::*;

use half::f16;

use super::activations::{INFINITY, ROUNDING, inverse};
use super::product::{Rows, Tile, fit};
use super::{BLOCK, Bits, PANEL, portable};
use crate::level::{Level, level};

/// Picks the loop that is unrolled for these numbers of rows and panels.
macro_rules! pick {
    ($kernel:ident, $bits:ident, $panels:ident, $rows:ident, $y:ident, $(($r:literal, $p:literal $(, $more:literal)?)),*) => {
        match ($bits, $y.len() / $panels.len(), $panels.len()) {
            $(
                // SAFETY: `tile` has seen that the machine has these instructions.
                (Bits::Eight, $r, $p) => unsafe { $kernel::<true, $r, $p $(, $more)?>($panels, $rows, $y) },
                // SAFETY: as above.
                (Bits::Four, $r, $p) => unsafe { $kernel::<false, $r, $p $(, $more)?>($panels, $rows, $y) },
            )*
            _ => (portable::TILE.multiply)($bits, $panels, $rows, $y),
        }
    };
}

/// The function that picks among the loops of a kernel of 256 bits: both halves of a panel at once where the sums of so
/// many rows fit the registers.
macro_rules! pick_256 {
    ($module:ident) => {
        |bits, panels, rows, y| {
            use $module::kernel;
            pick!(
                kernel,
                bits,
                panels,
                rows,
                y,
                (1, 1, 2),
                (2, 1, 2),
                (3, 1, 2),
                (4, 1, 2),
                (5, 1, 1),
                (6, 1, 1),
                (7, 1, 1),
                (8, 1, 1)
            );
        }
    };
}

pub(super) fn tile() -> Option<Tile> {
    match level() {
        Level::Avx512 if is_x86_feature_detected!("avx512vnni") => Some(VNNI),
        Level::Avx512 | Level::Avx2 if is_x86_feature_detected!("avxvnni") => Some(AVX_VNNI),
        Level::Avx512 | Level::Avx2 => Some(AVX2),
        Level::Baseline => None,
    }
}

/// Twenty-four of the 32 registers hold sums and totals of a tile of many rows, others its weights.
const VNNI: Tile = Tile { multiply: vnni, many: (6, 2) };
/// The same instructions with half as many numbers, as processors of laptops have them.
const AVX_VNNI: Tile = Tile { multiply: pick_256!(avxvnni), many: (4, 1) };
pub(super) const AVX2: Tile = Tile { multiply: pick_256!(avx2), many: (4, 1) };

fn vnni(bits: Bits, panels: &[&[u8]], rows: Rows, y: &mut [[f32; PANEL]]) {
    pick!(
        vnni_kernel,
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
        (4, 2),
        (5, 2),
        (6, 2)
    );
}

/// Bytes that are asked for ahead of their use where weights come from memory: into the second cache first, which has
/// more requests under way at once than the first, and then into the first. Found by trying, on an EPYC.
const fn ahead(eight: bool) -> (usize, usize) {
    if eight { (4 * 1024, 1536) } else { (8 * 1024, 2048) }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,avx2,f16c")]
fn vnni_kernel<const EIGHT: bool, const R: usize, const P: usize>(
    panels: &[&[u8]],
    rows: Rows,
    y: &mut [[f32; PANEL]],
) {
    let bits = if EIGHT { Bits::Eight } else { Bits::Four };
    assert!(fit::<R, P>(bits, panels, rows, y));
    let (blocks, inputs) = (rows.blocks(), rows.inputs);
    let words = bits.code_bytes() / (PANEL * 4);
    let low = _mm512_set1_epi8(0xF);
    let (far, near) = const { ahead(EIGHT) };
    // Plain loops throughout: a closure would be compiled without the instructions.
    let zero = _mm512_setzero_si512();
    let mut totals = [[_mm512_setzero_ps(); P]; R];
    for b in 0..blocks {
        let mut sums = [[zero; P]; R];
        for r in 0..R {
            sums[r] = [_mm512_set1_epi32(rows.offsets[r * blocks + b]); P];
        }
        for w in 0..words {
            let mut raw = [zero; P];
            for p in 0..P {
                let at = blocks * PANEL * size_of::<f16>() + b * bits.code_bytes() + w * 64;
                // SAFETY: inside the panel, whose length is asserted above.
                raw[p] = unsafe { _mm512_loadu_si512(panels[p].as_ptr().add(at).cast()) };
                if P == 1 {
                    // The processor's own prefetching ends with a page of 4 kB. Any address may be asked for.
                    _mm_prefetch::<_MM_HINT_T1>(panels[p].as_ptr().wrapping_add(at + far).cast());
                    _mm_prefetch::<_MM_HINT_T0>(panels[p].as_ptr().wrapping_add(at + near).cast());
                }
            }
            for half in 0..if EIGHT { 1 } else { 2 } {
                let mut weights = raw;
                for p in 0..P {
                    weights[p] = match (EIGHT, half) {
                        (true, _) => raw[p],
                        (false, 0) => _mm512_and_si512(raw[p], low),
                        (false, _) => _mm512_and_si512(_mm512_srli_epi16::<4>(raw[p]), low),
                    };
                }
                for r in 0..R {
                    let at = r * inputs + b * BLOCK + if EIGHT { w * 4 } else { w * 8 + half * 4 };
                    // SAFETY: four codes inside row `r`, whose length is asserted above.
                    let x = unsafe { rows.codes.as_ptr().add(at).cast::<i32>().read_unaligned() };
                    for p in 0..P {
                        sums[r][p] = _mm512_dpbusd_epi32(sums[r][p], weights[p], _mm512_set1_epi32(x));
                    }
                }
            }
        }
        for p in 0..P {
            // SAFETY: the scales of block `b`, inside the panel.
            let scales = unsafe { panels[p].as_ptr().add(b * PANEL * size_of::<f16>()) };
            // SAFETY: as above.
            let scales = _mm512_cvtph_ps(unsafe { _mm256_loadu_si256(scales.cast()) });
            for r in 0..R {
                let scale = _mm512_mul_ps(scales, _mm512_set1_ps(rows.scales[r * blocks + b]));
                totals[r][p] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sums[r][p]), scale, totals[r][p]);
            }
        }
    }
    for (y, total) in y.iter_mut().zip(totals.as_flattened()) {
        // SAFETY: sixteen floats.
        unsafe { _mm512_storeu_ps(y.as_mut_ptr(), *total) };
    }
}

/// As [`super::activations::round_blocks`], to the bit, if the machine has AVX-512: what the compiler makes of it
/// took 2.4 % of a token of 4 bits, this takes 0.3. Tells whether it was done.
pub(super) fn round_blocks(
    x: &[f32],
    bias: i32,
    codes: &mut [i8],
    scales: &mut [f32],
    offsets: &mut [i32],
) -> bool {
    let has = level() >= Level::Avx512;
    if has {
        // SAFETY: the machine has these instructions.
        unsafe { round_blocks_avx512(x, bias, codes, scales, offsets) };
    }
    has
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq")]
fn round_blocks_avx512(x: &[f32], bias: i32, codes: &mut [i8], scales: &mut [f32], offsets: &mut [i32]) {
    let (x, codes) = (x.as_chunks::<BLOCK>().0, codes.as_chunks_mut::<BLOCK>().0);
    let (rounding, magnitude) = (_mm512_set1_ps(ROUNDING), _mm512_set1_epi32(0x7FFF_FFFF));
    for (((x, codes), scale), offset) in x.iter().zip(codes).zip(scales).zip(offsets) {
        // SAFETY: two halves of a block.
        let halves = unsafe { [_mm512_loadu_ps(x.as_ptr()), _mm512_loadu_ps(x.as_ptr().add(16))] };
        let bits = [
            _mm512_and_si512(_mm512_castps_si512(halves[0]), magnitude),
            _mm512_and_si512(_mm512_castps_si512(halves[1]), magnitude),
        ];
        let largest = _mm512_reduce_max_epu32(_mm512_max_epu32(bits[0], bits[1]));
        if largest >= INFINITY {
            (*codes, *scale, *offset) = ([0; BLOCK], f32::NAN, 0);
            continue;
        }
        let largest = f32::from_bits(largest);
        let inverse = _mm512_set1_ps(inverse(largest));
        let mut rounded = [_mm512_setzero_si512(); 2];
        for i in 0..2 {
            let shifted = _mm512_add_ps(_mm512_mul_ps(halves[i], inverse), rounding);
            rounded[i] = _mm512_sub_epi32(_mm512_castps_si512(shifted), _mm512_castps_si512(rounding));
            // SAFETY: half of the codes of a block.
            unsafe {
                _mm_storeu_si128(codes.as_mut_ptr().add(16 * i).cast(), _mm512_cvtepi32_epi8(rounded[i]));
            }
        }
        *scale = largest / 127.0;
        *offset = -bias * _mm512_reduce_add_epi32(_mm512_add_epi32(rounded[0], rounded[1]));
    }
}

/// Vectors of a panel.
const HALVES: usize = 2;

/// Declares the products of rows with one panel in vectors of 256 bits, `H` halves of the panel at once. `$add` adds four
/// products to each sum, `$whole` makes of a block's sums what they start at included.
macro_rules! kernel_256 {
    ($features:literal, $kernel:ident, $add:ident, $whole:ident) => {
        #[target_feature(enable = $features)]
        pub(super) fn $kernel<const EIGHT: bool, const R: usize, const P: usize, const H: usize>(
            panels: &[&[u8]],
            rows: Rows,
            y: &mut [[f32; PANEL]],
        ) {
            // Two loops, so that the innermost one of many rows does not ask at each step.
            if rows.few {
                loops::<EIGHT, R, P, H, true>(panels, rows, y);
            } else {
                loops::<EIGHT, R, P, H, false>(panels, rows, y);
            }
        }

        #[target_feature(enable = $features)]
        fn loops<const EIGHT: bool, const R: usize, const P: usize, const H: usize, const FEW: bool>(
            panels: &[&[u8]],
            rows: Rows,
            y: &mut [[f32; PANEL]],
        ) {
            let bits = if EIGHT { Bits::Eight } else { Bits::Four };
            assert!(fit::<R, P>(bits, panels, rows, y));
            let (blocks, inputs) = (rows.blocks(), rows.inputs);
            let words = bits.code_bytes() / (PANEL * 4);
            let low = _mm256_set1_epi8(0xF);
            let (far, near) = const { ahead(EIGHT) };
            let zero = _mm256_setzero_si256();
            for (p, from) in (0..P).flat_map(|p| (0..HALVES).step_by(H).map(move |from| (p, from))) {
                let panel = panels[p].as_ptr();
                let mut totals = [[_mm256_setzero_ps(); H]; R];
                for b in 0..blocks {
                    let mut sums = [[zero; H]; R];
                    for w in 0..words {
                        let at = blocks * PANEL * size_of::<f16>() + b * bits.code_bytes() + w * 64;
                        let mut raw = [zero; H];
                        for h in 0..H {
                            // SAFETY: inside the panel, whose length is asserted above.
                            raw[h] = unsafe { _mm256_loadu_si256(panel.add(at + (from + h) * 32).cast()) };
                        }
                        if FEW && from == 0 {
                            // As above.
                            _mm_prefetch::<_MM_HINT_T1>(panel.wrapping_add(at + far).cast());
                            _mm_prefetch::<_MM_HINT_T0>(panel.wrapping_add(at + near).cast());
                        }
                        for half in 0..if EIGHT { 1 } else { 2 } {
                            let mut weights = raw;
                            for h in 0..H {
                                weights[h] = match (EIGHT, half) {
                                    (true, _) => raw[h],
                                    (false, 0) => _mm256_and_si256(raw[h], low),
                                    (false, _) => _mm256_and_si256(_mm256_srli_epi16::<4>(raw[h]), low),
                                };
                            }
                            for r in 0..R {
                                let at =
                                    r * inputs + b * BLOCK + if EIGHT { w * 4 } else { w * 8 + half * 4 };
                                // SAFETY: four codes inside row `r`, whose length is asserted above.
                                let x = unsafe { rows.codes.as_ptr().add(at).cast::<i32>().read_unaligned() };
                                let x = _mm256_set1_epi32(x);
                                for h in 0..H {
                                    sums[r][h] = $add::<EIGHT>(sums[r][h], weights[h], x);
                                }
                            }
                        }
                    }
                    for h in 0..H {
                        // SAFETY: the scales of block `b`, inside the panel.
                        let scales = unsafe { panel.add((b * PANEL + (from + h) * 8) * size_of::<f16>()) };
                        // SAFETY: as above.
                        let scales = _mm256_cvtph_ps(unsafe { _mm_loadu_si128(scales.cast()) });
                        for r in 0..R {
                            let at = r * blocks + b;
                            let sums = $whole::<EIGHT>(sums[r][h], _mm256_set1_epi32(rows.offsets[at]));
                            let scale = _mm256_mul_ps(scales, _mm256_set1_ps(rows.scales[at]));
                            totals[r][h] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sums), scale, totals[r][h]);
                        }
                    }
                }
                for r in 0..R {
                    for h in 0..H {
                        // SAFETY: half of sixteen floats.
                        unsafe {
                            _mm256_storeu_ps(y[r * P + p].as_mut_ptr().add((from + h) * 8), totals[r][h]);
                        }
                    }
                }
            }
        }
    };
}
mod avx2 {
    use super::*;
    kernel_256!("avx2,fma,f16c", kernel, add_avx2, whole_avx2);
}
mod avxvnni {
    use super::*;
    kernel_256!("avx2,fma,f16c,avxvnni", kernel, add_avxvnni, whole_vnni);
}

/// Products of bytes are added up in pairs of 16 bits. With 4 bits those of a block stay below their limit: 8 pairs of at
/// most 2 · 15 · 127. With 8 bits a pair does if weights are without their bias, and magnitudes are what the instruction
/// wants without a sign.
#[inline]
#[target_feature(enable = "avx2")]
fn add_avx2<const EIGHT: bool>(sums: __m256i, weights: __m256i, x: __m256i) -> __m256i {
    if !EIGHT {
        return _mm256_add_epi16(sums, _mm256_maddubs_epi16(weights, x));
    }
    let weights = _mm256_xor_si256(weights, _mm256_set1_epi8(-128));
    let pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(weights), _mm256_sign_epi8(x, weights));
    _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)))
}

#[inline]
#[target_feature(enable = "avx2")]
fn whole_avx2<const EIGHT: bool>(sums: __m256i, offset: __m256i) -> __m256i {
    if EIGHT { sums } else { _mm256_add_epi32(offset, _mm256_madd_epi16(sums, _mm256_set1_epi16(1))) }
}

#[inline]
#[target_feature(enable = "avx2,avxvnni")]
fn add_avxvnni<const EIGHT: bool>(sums: __m256i, weights: __m256i, x: __m256i) -> __m256i {
    _mm256_dpbusd_avx_epi32(sums, weights, x)
}

#[inline]
#[target_feature(enable = "avx2")]
fn whole_vnni<const EIGHT: bool>(sums: __m256i, offset: __m256i) -> __m256i {
    _mm256_add_epi32(offset, sums)
}

/// [`AVX_VNNI`] in the encoding of AVX-512, for machines that have only that.
#[cfg(test)]
pub(super) mod narrow {
    use super::*;

    kernel_256!("avx2,fma,f16c,avx512vnni,avx512vl", kernel, add, whole_vnni);

    #[inline]
    #[target_feature(enable = "avx2,avx512vnni,avx512vl")]
    fn add<const EIGHT: bool>(sums: __m256i, weights: __m256i, x: __m256i) -> __m256i {
        _mm256_dpbusd_epi32(sums, weights, x)
    }

    pub(in super::super) fn tile() -> Option<Tile> {
        let has = level() == Level::Avx512 && is_x86_feature_detected!("avx512vnni");
        has.then_some(Tile { multiply: pick_256!(narrow), many: (4, 1) })
    }
}
