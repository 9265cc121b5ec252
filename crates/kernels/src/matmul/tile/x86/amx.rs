//! Register tiles of Intel's AMX (Sapphire Rapids and later): bfloat16 with float32 sums, ten times AVX-512.
//!
//! In inline assembly, since the intrinsics are not stable. A tile register holds 16 rows of 64 bytes. Its factor from the left
//! has 32 bfloat16 of one row side by side, its factor from the right pairs of two depths, as `bf16_panels` packs them
//! (Intel 64 manual, volume 1, chapter 18).

use std::arch::asm;
use std::arch::x86_64::*;
use std::sync::OnceLock;

use super::super::super::Blocking;
use super::bf16_panels;

/// 32 x 32 in four tile registers, 32 depths at once.
pub(super) static BF16_AMX: Blocking = Blocking {
    mr: ROWS,
    nr: ROWS,
    kc: 640,
    mc: 256,
    nc: 1536,
    pair: 2,
    along_rows: true,
    round: DEPTH,
    pack_a,
    pack_b,
    tile,
};

/// Rows and columns of C that one call makes.
const ROWS: usize = 32;
/// Depths of a tile register.
const DEPTH: usize = 32;

/// The processor has the tiles, and the system lets this process use them.
pub(super) fn is_available() -> bool {
    static AVAILABLE: OnceLock<bool> = OnceLock::new();
    *AVAILABLE.get_or_init(|| {
        let wanted = std::env::var("OSLER_CPU_LEVEL").is_err();
        wanted && has_instructions() && is_x86_feature_detected!("avx512bf16") && request()
    })
}

/// AMX-TILE and AMX-BF16 of the processor, with their registers saved by the system (XCR0).
fn has_instructions() -> bool {
    const OSXSAVE: u32 = 1 << 27;
    const TILE_AND_BF16: u32 = 1 << 24 | 1 << 22;
    const TILE_STATE: u32 = 0b11 << 17;
    if __cpuid(0).eax < 7
        || __cpuid(1).ecx & OSXSAVE == 0
        || __cpuid_count(7, 0).edx & TILE_AND_BF16 != TILE_AND_BF16
    {
        return false;
    }
    let saved: u32;
    // SAFETY: OSXSAVE says that the instruction is there; it reads a register.
    unsafe { asm!("xgetbv", in("ecx") 0, out("eax") saved, out("edx") _, options(nomem, nostack)) };
    saved & TILE_STATE == TILE_STATE
}

/// Asks Linux for the registers, which it gives a process only then (Documentation/arch/x86/xstate.rst).
#[cfg(target_os = "linux")]
fn request() -> bool {
    const ARCH_PRCTL: i64 = 158;
    const ARCH_REQ_XCOMP_PERM: i64 = 0x1023;
    const XFEATURE_XTILEDATA: i64 = 18;
    let result: i64;
    // SAFETY: a system call that sets a permission of this process and touches no memory of it.
    unsafe {
        asm!("syscall", inlateout("rax") ARCH_PRCTL => result, in("rdi") ARCH_REQ_XCOMP_PERM,
            in("rsi") XFEATURE_XTILEDATA, out("rcx") _, out("r11") _, options(nostack));
    }
    result == 0
}

/// Other systems were not tried.
#[cfg(not(target_os = "linux"))]
fn request() -> bool {
    false
}

/// Eight tiles of 16 rows of 64 bytes, as LDTILECFG reads it.
#[repr(C, align(64))]
struct Configuration {
    palette: u8,
    start_row: u8,
    reserved: [u8; 14],
    row_bytes: [u16; 16],
    rows: [u8; 16],
}

static CONFIGURATION: Configuration = {
    let mut all =
        Configuration { palette: 1, start_row: 0, reserved: [0; 14], row_bytes: [0; 16], rows: [0; 16] };
    let mut tile = 0;
    while tile < 8 {
        all.row_bytes[tile] = 64;
        all.rows[tile] = 16;
        tile += 1;
    }
    all
};

/// # Safety
/// As [`super::super::Tile`]; `steps` is a multiple of 16, and the machine has the tiles.
unsafe fn tile(steps: usize, a: *const f32, b: *const f32, c: *mut f32, c_stride: usize, add: bool) {
    debug_assert!(steps > 0 && steps.is_multiple_of(DEPTH / 2));
    // SAFETY: reads the two panels, 2 KiB of each for 32 depths, and reads and writes 32 rows of C of 128 bytes; the tile
    // registers are given back at the end.
    unsafe {
        asm!(
            "ldtilecfg [{configuration}]",
            "test {add:e}, {add:e}",
            "jz 2f",
            "tileloadd tmm0, [{c} + {row}]",
            "tileloadd tmm1, [{c} + {row} + 64]",
            "tileloadd tmm2, [{below} + {row}]",
            "tileloadd tmm3, [{below} + {row} + 64]",
            "jmp 3f",
            "2:",
            "tilezero tmm0",
            "tilezero tmm1",
            "tilezero tmm2",
            "tilezero tmm3",
            "3:",
            "tileloadd tmm4, [{a} + {a_row}]",
            "tileloadd tmm6, [{b} + {b_row}]",
            "tileloadd tmm7, [{b} + {b_row} + 64]",
            "tdpbf16ps tmm0, tmm4, tmm6",
            "tileloadd tmm5, [{a} + {a_row} + 1024]",
            "tdpbf16ps tmm1, tmm4, tmm7",
            "tdpbf16ps tmm2, tmm5, tmm6",
            "tdpbf16ps tmm3, tmm5, tmm7",
            "add {a}, 2048",
            "add {b}, 2048",
            "dec {count}",
            "jnz 3b",
            "tilestored [{c} + {row}], tmm0",
            "tilestored [{c} + {row} + 64], tmm1",
            "tilestored [{below} + {row}], tmm2",
            "tilestored [{below} + {row} + 64], tmm3",
            "tilerelease",
            configuration = in(reg) &raw const CONFIGURATION,
            add = in(reg) u32::from(add),
            c = in(reg) c,
            below = in(reg) c.wrapping_add(16 * c_stride),
            row = in(reg) c_stride * size_of::<f32>(),
            a = inout(reg) a => _,
            a_row = in(reg) 64usize,
            b = inout(reg) b => _,
            b_row = in(reg) 128usize,
            count = inout(reg) steps / (DEPTH / 2) => _,
            out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
            out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
            options(nostack),
        );
    }
}

/// Panels of 32 columns of B: pairs of depths, 32 words a pair, up to a multiple of 32 depths.
#[expect(clippy::too_many_arguments, reason = "a kernel over plain numbers")]
fn pack_b(
    data: &[f32],
    from: usize,
    outers: usize,
    outer_stride: usize,
    depth_from: usize,
    depth: usize,
    depth_stride: usize,
    packed: &mut [f32],
) {
    let (words, used) = (depth.next_multiple_of(DEPTH) / 2 * ROWS, depth.div_ceil(2) * ROWS);
    for (panel, o) in packed.chunks_exact_mut(words).zip((0..outers).step_by(ROWS)) {
        let (panel, rest) = panel.split_at_mut(used);
        // SAFETY: `is_available` has seen AVX512-BF16.
        unsafe {
            bf16_panels::<ROWS>(
                data,
                from + o,
                ROWS.min(outers - o),
                outer_stride,
                depth_from,
                depth,
                depth_stride,
                panel,
            );
        }
        rest.fill(0.0);
    }
}

/// Panels of 32 rows of A: for every 32 depths, row after row, their 32 bfloat16 in 16 words.
#[expect(clippy::too_many_arguments, reason = "a kernel over plain numbers")]
fn pack_a(
    data: &[f32],
    from: usize,
    outers: usize,
    outer_stride: usize,
    depth_from: usize,
    depth: usize,
    depth_stride: usize,
    packed: &mut [f32],
) {
    let words = depth.next_multiple_of(DEPTH) / 2 * ROWS;
    for (panel, o) in packed.chunks_exact_mut(words).zip((0..outers).step_by(ROWS)) {
        let rows = ROWS.min(outers - o);
        for (block, d) in panel.chunks_exact_mut(ROWS * DEPTH / 2).zip((0..depth).step_by(DEPTH)) {
            let values = &data[(from + o) * outer_stride + (depth_from + d) * depth_stride..];
            let depths = DEPTH.min(depth - d);
            if depth_stride == 1 {
                // SAFETY: `is_available` has seen the instructions.
                unsafe { rounded_rows(values, rows, outer_stride, depths, block) };
            } else if outer_stride == 1 && rows == ROWS && depths == DEPTH {
                // SAFETY: as above.
                unsafe { rounded_columns(values, depth_stride, block) };
            } else {
                let at = |w: usize, d: usize| {
                    let inside = w < rows && d < depths;
                    let value = if inside { values[w * outer_stride + d * depth_stride] } else { 0.0 };
                    u32::from(half::bf16::from_f32(value).to_bits())
                };
                for (i, word) in block.iter_mut().enumerate() {
                    let (w, d) = (i / (DEPTH / 2), i % (DEPTH / 2) * 2);
                    *word = f32::from_bits(at(w, d + 1) << 16 | at(w, d));
                }
            }
        }
    }
}

/// One block of A whose rows lie along memory.
#[target_feature(enable = "avx512f,avx512bf16")]
fn rounded_rows(values: &[f32], rows: usize, stride: usize, depths: usize, block: &mut [f32]) {
    let mask = |lanes: usize| ((1u32 << lanes) - 1) as __mmask16;
    for (w, to) in block.chunks_exact_mut(DEPTH / 2).enumerate() {
        if w >= rows {
            to.fill(0.0);
            continue;
        }
        let row = &values[w * stride..][..depths];
        // SAFETY: masked to the values that `row` has; `to` has 16 words.
        unsafe {
            let low = _mm512_maskz_loadu_ps(mask(depths.min(16)), row.as_ptr());
            let high = _mm512_maskz_loadu_ps(mask(depths.saturating_sub(16)), row.as_ptr().wrapping_add(16));
            let pairs: __m512 = std::mem::transmute::<__m512bh, __m512>(_mm512_cvtne2ps_pbh(high, low));
            _mm512_storeu_ps(to.as_mut_ptr(), pairs);
        }
    }
}

/// One whole block of A whose columns lie along memory.
#[target_feature(enable = "avx512f,avx512bw,avx512bf16")]
fn rounded_columns(values: &[f32], stride: usize, block: &mut [f32]) {
    let interleave = super::interleave();
    for half in 0..2 {
        let mut pairs = [_mm512_setzero_si512(); 16];
        for (s, pair) in pairs.iter_mut().enumerate() {
            let first = &values[2 * s * stride + half * 16..][..16];
            let second = &values[(2 * s + 1) * stride + half * 16..][..16];
            // SAFETY: both have 16 values.
            *pair = unsafe {
                let (low, high) = (_mm512_loadu_ps(first.as_ptr()), _mm512_loadu_ps(second.as_ptr()));
                let both: __m512i = std::mem::transmute::<__m512bh, __m512i>(_mm512_cvtne2ps_pbh(high, low));
                _mm512_permutexvar_epi16(interleave, both)
            };
        }
        for (row, to) in transposed(pairs).iter().zip(block[half * 256..].chunks_exact_mut(16)) {
            // SAFETY: `to` has 16 words.
            unsafe { _mm512_storeu_si512(to.as_mut_ptr().cast(), *row) };
        }
    }
}

/// The transposed matrix of 16 x 16 words.
#[target_feature(enable = "avx512f")]
fn transposed(rows: [__m512i; 16]) -> [__m512i; 16] {
    let mut a = [_mm512_setzero_si512(); 16];
    for i in 0..8 {
        a[2 * i] = _mm512_unpacklo_epi32(rows[2 * i], rows[2 * i + 1]);
        a[2 * i + 1] = _mm512_unpackhi_epi32(rows[2 * i], rows[2 * i + 1]);
    }
    // `b[4 g + j]`: columns j, j + 4, j + 8, j + 12 of rows 4 g to 4 g + 3.
    let mut b = [_mm512_setzero_si512(); 16];
    for g in 0..4 {
        b[4 * g] = _mm512_unpacklo_epi64(a[4 * g], a[4 * g + 2]);
        b[4 * g + 1] = _mm512_unpackhi_epi64(a[4 * g], a[4 * g + 2]);
        b[4 * g + 2] = _mm512_unpacklo_epi64(a[4 * g + 1], a[4 * g + 3]);
        b[4 * g + 3] = _mm512_unpackhi_epi64(a[4 * g + 1], a[4 * g + 3]);
    }
    let mut out = [_mm512_setzero_si512(); 16];
    for j in 0..4 {
        let (even, odd) = (
            _mm512_shuffle_i32x4::<0b10_00_10_00>(b[j], b[4 + j]),
            _mm512_shuffle_i32x4::<0b11_01_11_01>(b[j], b[4 + j]),
        );
        let (even2, odd2) = (
            _mm512_shuffle_i32x4::<0b10_00_10_00>(b[8 + j], b[12 + j]),
            _mm512_shuffle_i32x4::<0b11_01_11_01>(b[8 + j], b[12 + j]),
        );
        out[j] = _mm512_shuffle_i32x4::<0b10_00_10_00>(even, even2);
        out[8 + j] = _mm512_shuffle_i32x4::<0b11_01_11_01>(even, even2);
        out[4 + j] = _mm512_shuffle_i32x4::<0b10_00_10_00>(odd, odd2);
        out[12 + j] = _mm512_shuffle_i32x4::<0b11_01_11_01>(odd, odd2);
    }
    out
}
