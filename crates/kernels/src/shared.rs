//! Disjoint writes into one slice from several threads.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A mutable slice that several threads write to, each its own part.
#[derive(Clone, Copy)]
pub(crate) struct SharedMut<'a, T> {
    start: *mut T,
    len: usize,
    borrow: PhantomData<&'a mut [T]>,
}

// SAFETY: a `SharedMut` only gives out parts through `part`, whose caller promises that they do not overlap.
unsafe impl<T: Send> Send for SharedMut<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for SharedMut<'_, T> {}

impl<'a, T> SharedMut<'a, T> {
    pub(crate) fn new(slice: &'a mut [T]) -> Self {
        Self { start: slice.as_mut_ptr(), len: slice.len(), borrow: PhantomData }
    }

    /// The elements `from..from + len`.
    ///
    /// # Safety
    /// No two parts that are alive at once may overlap.
    #[allow(clippy::mut_from_ref, reason = "the point of this type; the caller keeps parts disjoint")]
    pub(crate) unsafe fn part(&self, from: usize, len: usize) -> &'a mut [T] {
        assert!(from + len <= self.len, "part {from}+{len} of {}", self.len);
        // SAFETY: in bounds by the line above; disjoint by the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(from), len) }
    }
}

/// Splits `0..len` into one contiguous range per thread of the current pool, each a multiple of `grain` long except
/// the last, and runs `work` on them in parallel. Runs in place where there is only one range.
pub(crate) fn parallel_ranges(len: usize, grain: usize, work: impl Fn(std::ops::Range<usize>) + Sync) {
    let threads = rayon::current_num_threads();
    let per = len.div_ceil(threads).div_ceil(grain.max(1)).max(1) * grain.max(1);
    if threads == 1 || per >= len {
        return work(0..len);
    }
    rayon::scope(|scope| {
        for from in (per..len).step_by(per) {
            let work = &work;
            scope.spawn(move |_| work(from..(from + per).min(len)));
        }
        work(0..per);
    });
}

/// Splits `0..len` into chunks of `chunk` that the threads of the current pool take one after another, the calling one
/// first of all: a thread that wakes up late, or is held up by another program, just takes fewer.
pub(crate) fn parallel_chunks(len: usize, chunk: usize, work: impl Fn(std::ops::Range<usize>) + Sync) {
    let threads = rayon::current_num_threads();
    if threads == 1 || len <= chunk {
        return work(0..len);
    }
    let next = AtomicUsize::new(0);
    let take = || loop {
        let from = next.fetch_add(chunk, Ordering::Relaxed);
        if from >= len {
            return;
        }
        work(from..(from + chunk).min(len));
    };
    rayon::in_place_scope(|scope| {
        for _ in 1..threads.min(len.div_ceil(chunk)) {
            scope.spawn(|_| take());
        }
        take();
    });
}
