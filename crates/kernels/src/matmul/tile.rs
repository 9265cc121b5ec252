//! The innermost kernels: one register tile of C from one panel of A and one of B.

use super::{Blocking, Precision, pack};

#[cfg(target_arch = "aarch64")]
mod arm;
#[cfg(target_arch = "x86_64")]
mod x86;

/// The best of this machine.
pub(super) fn blocking(precision: Precision) -> &'static Blocking {
    #[cfg(target_arch = "x86_64")]
    let best = x86::blocking(precision);
    #[cfg(target_arch = "aarch64")]
    let best = arm::blocking(precision);
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let best = None;
    best.unwrap_or(&PORTABLE)
}

/// `(steps, A panel, B panel, C tile, C row stride, add to C)`.
///
/// # Safety
/// The panels hold `steps` packed rows; the tile of C is writable.
pub(super) type Tile = unsafe fn(usize, *const f32, *const f32, *mut f32, usize, bool);

/// For machines without AVX2 or NEON: small enough for sixteen 4-wide registers (SSE2).
static PORTABLE: Blocking = Blocking {
    mr: 4,
    nr: 8,
    kc: 256,
    mc: 128,
    nc: 1024,
    pair: 1,
    along_rows: false,
    round: 1,
    pack_a: pack::portable::<4>,
    pack_b: pack::portable::<8>,
    tile: portable_tile,
};

/// # Safety
/// As [`Tile`].
unsafe fn portable_tile(steps: usize, a: *const f32, b: *const f32, c: *mut f32, c_stride: usize, add: bool) {
    // SAFETY: by the caller's promise.
    let (a, b) =
        unsafe { (std::slice::from_raw_parts(a, steps * 4), std::slice::from_raw_parts(b, steps * 8)) };
    let mut sums = [[0.0f32; 8]; 4];
    for (a, b) in a.chunks_exact(4).zip(b.chunks_exact(8)) {
        for i in 0..4 {
            for j in 0..8 {
                sums[i][j] += a[i] * b[j];
            }
        }
    }
    for (i, row) in sums.iter().enumerate() {
        // SAFETY: by the caller's promise.
        let to = unsafe { std::slice::from_raw_parts_mut(c.add(i * c_stride), 8) };
        for (to, sum) in to.iter_mut().zip(row) {
            *to = if add { *to + sum } else { *sum };
        }
    }
}
