//! Work space that a thread keeps between calls, aligned to a cache line.

use std::cell::RefCell;

/// One cache line of floats.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct Line(pub(crate) [f32; 16]);

/// A growing, cache-line aligned buffer.
#[derive(Default)]
pub(crate) struct Scratch(Vec<Line>);

impl Scratch {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    /// At least `len` floats, with whatever they held before.
    pub(crate) fn floats(&mut self, len: usize) -> &mut [f32] {
        let lines = len.div_ceil(16);
        if self.0.len() < lines {
            self.0.resize(lines, Line([0.0; 16]));
        }
        // SAFETY: `Line` is 16 floats without padding, and `lines * 16 >= len` of them are initialized.
        unsafe { std::slice::from_raw_parts_mut(self.0.as_mut_ptr().cast::<f32>(), len) }
    }
}

/// Lends the calling thread's buffer `slot`. A slot must not be borrowed twice at once: each user has its own.
pub(crate) fn with<R>(
    slot: &'static std::thread::LocalKey<RefCell<Scratch>>,
    f: impl FnOnce(&mut Scratch) -> R,
) -> R {
    slot.with(|cell| match cell.try_borrow_mut() {
        Ok(mut scratch) => f(&mut scratch),
        // A kernel called from within the same kernel (rayon may steal work while it waits): take a fresh buffer.
        Err(_) => f(&mut Scratch::new()),
    })
}
