//! Watches how much memory is asked for at once: a small file must never make the reader ask for much.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static LARGEST: Cell<usize> = const { Cell::new(0) };
}

/// The largest piece of memory that this test (each has its thread) has asked for so far, in bytes.
pub fn largest() -> usize {
    LARGEST.get()
}

fn note(size: usize) {
    // A thread that is being taken down has no cell any more, and no test either.
    let _ = LARGEST.try_with(|largest| largest.set(largest.get().max(size)));
}

struct Watched;

#[global_allocator]
static ALLOCATOR: Watched = Watched;

// SAFETY: every call goes to the system's allocator unchanged; only the size is noted.
#[allow(unsafe_code, reason = "an allocator is an unsafe trait")]
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        // SAFETY: the caller's promise about `layout` is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: `pointer` came from `System` with this `layout`.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(layout.size());
        // SAFETY: the caller's promise about `layout` is passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(size);
        // SAFETY: `pointer` came from `System` with this `layout`.
        unsafe { System.realloc(pointer, layout, size) }
    }
}
