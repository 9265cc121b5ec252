//! Blocked, packed matrix product C = A·B over strided views, float32 in memory.
//!
//! The scheme is that of Goto and van de Geijn (2008): blocks of B and A are packed into panels as wide as the tile
//! that the innermost kernel keeps in registers. Panels are packed as float32 or, with [`Precision::Bf16`] on a machine
//! that has the instructions, rounded to bfloat16 and multiplied with float32 sums: the usual mixed precision.

mod pack;
mod tile;

use std::cell::RefCell;
use std::marker::PhantomData;

use crate::scratch::{self, Scratch};

/// How the factors of a product are rounded before they are multiplied; sums are always float32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// Not at all.
    #[default]
    F32,
    /// To bfloat16 where the machine multiplies that in hardware, else not at all.
    Bf16,
}

/// A read-only matrix of `rows` x `cols` floats with any strides (in elements).
#[derive(Debug, Clone, Copy)]
pub struct MatrixRef<'a> {
    pub(crate) data: &'a [f32],
    pub(crate) rows: usize,
    pub(crate) cols: usize,
    pub(crate) row_stride: usize,
    pub(crate) col_stride: usize,
}

impl<'a> MatrixRef<'a> {
    /// A row-major matrix without gaps.
    ///
    /// # Panics
    /// If `data` is shorter than `rows * cols`.
    #[must_use]
    pub fn new(data: &'a [f32], rows: usize, cols: usize) -> Self {
        Self::strided(data, rows, cols, cols)
    }

    /// A row-major matrix whose rows start `row_stride` elements apart.
    ///
    /// # Panics
    /// If `data` is too short for the last element.
    #[must_use]
    pub fn strided(data: &'a [f32], rows: usize, cols: usize, row_stride: usize) -> Self {
        let last = if rows == 0 || cols == 0 { 0 } else { (rows - 1) * row_stride + cols };
        assert!(last <= data.len(), "matrix {rows}x{cols} (stride {row_stride}) in {} elements", data.len());
        Self { data, rows, cols, row_stride, col_stride: 1 }
    }

    /// The transposed view.
    #[must_use]
    pub fn t(self) -> Self {
        Self {
            data: self.data,
            rows: self.cols,
            cols: self.rows,
            row_stride: self.col_stride,
            col_stride: self.row_stride,
        }
    }

    fn rows_from(self, from: usize, rows: usize) -> Self {
        Self { data: &self.data[(from * self.row_stride).min(self.data.len())..], rows, ..self }
    }

    fn cols_from(self, from: usize, cols: usize) -> Self {
        Self { data: &self.data[(from * self.col_stride).min(self.data.len())..], cols, ..self }
    }
}

/// A writable row-major matrix whose rows start `row_stride` elements apart.
#[derive(Debug)]
pub struct MatrixMut<'a> {
    // A pointer, since two column ranges of one matrix interleave in memory: slices of them would overlap.
    start: *mut f32,
    rows: usize,
    cols: usize,
    row_stride: usize,
    borrow: PhantomData<&'a mut [f32]>,
}

// SAFETY: a `MatrixMut` is the only way to its elements while it lives.
unsafe impl Send for MatrixMut<'_> {}

impl<'a> MatrixMut<'a> {
    /// A row-major matrix without gaps.
    ///
    /// # Panics
    /// If `data` is shorter than `rows * cols`.
    #[must_use]
    pub fn new(data: &'a mut [f32], rows: usize, cols: usize) -> Self {
        Self::strided(data, rows, cols, cols)
    }

    /// A row-major matrix whose rows start `row_stride` elements apart.
    ///
    /// # Panics
    /// If `data` is too short for the last element.
    #[must_use]
    pub fn strided(data: &'a mut [f32], rows: usize, cols: usize, row_stride: usize) -> Self {
        let last = if rows == 0 || cols == 0 { 0 } else { (rows - 1) * row_stride + cols };
        assert!(last <= data.len(), "matrix {rows}x{cols} (stride {row_stride}) in {} elements", data.len());
        Self { start: data.as_mut_ptr(), rows, cols, row_stride, borrow: PhantomData }
    }

    /// # Safety
    /// Every element of the matrix is writable, and nobody else uses them while it lives.
    pub(crate) unsafe fn from_raw(start: *mut f32, rows: usize, cols: usize, row_stride: usize) -> Self {
        Self { start, rows, cols, row_stride, borrow: PhantomData }
    }

    /// The part of `rows` x `cols` that starts at (`row`, `col`).
    ///
    /// # Safety
    /// Parts that are alive at once must not share elements, and the whole must not be used while they are alive.
    unsafe fn part(&self, row: usize, col: usize, rows: usize, cols: usize) -> Self {
        debug_assert!(row + rows <= self.rows && col + cols <= self.cols);
        // SAFETY: the part lies inside the matrix.
        let start = unsafe { self.start.add(row * self.row_stride + col) };
        Self { start, rows, cols, row_stride: self.row_stride, borrow: PhantomData }
    }
}

/// What the product does with what C held before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Into {
    /// C = A·B
    Overwrite,
    /// C = C + A·B
    Add,
}

/// C = A·B or C += A·B, on the threads of the current pool.
///
/// # Panics
/// If the shapes do not fit: A is m x k, B is k x n, C is m x n.
pub fn matmul(a: MatrixRef, b: MatrixRef, c: MatrixMut, into: Into, precision: Precision) {
    let (m, n) = (a.rows, b.cols);
    let work = m * n * a.cols;
    let threads = rayon::current_num_threads();
    // Below this the hand-over to another thread costs more than it saves.
    if threads == 1 || work < 1 << 20 {
        return serial(a, b, c, into, precision);
    }
    rayon::in_place_scope(|scope| {
        if m >= n {
            let per = m.div_ceil(threads).next_multiple_of(8);
            for from in (0..m).step_by(per) {
                let rows = per.min(m - from);
                // SAFETY: row ranges do not overlap, and `c` is not used otherwise.
                let part = unsafe { c.part(from, 0, rows, n) };
                scope.spawn(move |_| serial(a.rows_from(from, rows), b, part, into, precision));
            }
        } else {
            let per = n.div_ceil(threads).next_multiple_of(48);
            for from in (0..n).step_by(per) {
                let cols = per.min(n - from);
                // SAFETY: column ranges do not overlap, and `c` is not used otherwise.
                let part = unsafe { c.part(0, from, m, cols) };
                scope.spawn(move |_| serial(a, b.cols_from(from, cols), part, into, precision));
            }
        }
    });
}

thread_local! {
    static PACKED_A: RefCell<Scratch> = const { RefCell::new(Scratch::new()) };
    static PACKED_B: RefCell<Scratch> = const { RefCell::new(Scratch::new()) };
}

/// The block sizes and innermost kernel for one instruction set.
pub(crate) struct Blocking {
    /// Rows of a register tile.
    mr: usize,
    /// Columns of a register tile.
    nr: usize,
    /// Depth of a packed block: a panel of B of this depth stays in the first-level cache.
    kc: usize,
    /// Rows of a packed block of A: it stays in the second-level cache.
    mc: usize,
    /// Columns of a packed block of B.
    nc: usize,
    /// Depth steps that one packed row holds (2 where bfloat16 pairs are interleaved).
    pair: usize,
    /// C is written row by row of tiles and not column by column: for a kernel that is done before its tile of C has come
    /// from memory, and a second-level cache that holds a block of B.
    along_rows: bool,
    /// Packed depths are a multiple of this, filled up with zeros.
    round: usize,
    pack_a: pack::Pack,
    pack_b: pack::Pack,
    tile: tile::Tile,
}

/// [`matmul`] on the calling thread.
pub(crate) fn serial(a: MatrixRef, b: MatrixRef, c: MatrixMut, into: Into, precision: Precision) {
    let (m, k, n) = (a.rows, a.cols, b.cols);
    assert!(
        b.rows == k && c.rows == m && c.cols == n,
        "{m}x{k} times {}x{n} into {}x{}",
        b.rows,
        c.rows,
        c.cols
    );
    if m == 0 || n == 0 {
        return;
    }
    if k == 0 {
        if into == Into::Overwrite {
            for i in 0..m {
                // SAFETY: row `i` of C.
                unsafe { std::slice::from_raw_parts_mut(c.start.add(i * c.row_stride), n) }.fill(0.0);
            }
        }
        return;
    }
    let block = tile::blocking(precision);
    // Even depth blocks, so that the last one is not a sliver.
    let kc = k.div_ceil(k.div_ceil(block.kc)).next_multiple_of(block.round.max(2));
    let (mc, nc) = (block.mc.min(m.next_multiple_of(block.mr)), block.nc.min(n.next_multiple_of(block.nr)));
    scratch::with(&PACKED_A, |packed_a| {
        scratch::with(&PACKED_B, |packed_b| {
            let packed_a = packed_a.floats(mc * kc);
            let packed_b = packed_b.floats(nc * kc);
            for jc in (0..n).step_by(nc) {
                let cols = nc.min(n - jc);
                for pc in (0..k).step_by(kc) {
                    let depth = kc.min(k - pc);
                    (block.pack_b)(b.data, jc, cols, b.col_stride, pc, depth, b.row_stride, packed_b);
                    let add = into == Into::Add || pc > 0;
                    for ic in (0..m).step_by(mc) {
                        let rows = mc.min(m - ic);
                        (block.pack_a)(a.data, ic, rows, a.row_stride, pc, depth, a.col_stride, packed_a);
                        let steps = depth.next_multiple_of(block.round) / block.pair;
                        // SAFETY: the block lies inside C, which only this thread writes.
                        unsafe {
                            let c_block = c.start.add(ic * c.row_stride + jc);
                            macro_kernel(
                                block,
                                steps,
                                packed_a,
                                packed_b,
                                c_block,
                                c.row_stride,
                                rows,
                                cols,
                                add,
                            );
                        }
                    }
                }
            }
        });
    });
}

/// Multiplies one packed block of A by one packed block of B into a block of C.
///
/// # Safety
/// `c` points at `rows` x `cols` writable floats whose rows are `c_stride` apart.
#[expect(clippy::too_many_arguments, reason = "the innermost driver: everything is a plain number or slice")]
unsafe fn macro_kernel(
    block: &Blocking,
    steps: usize,
    packed_a: &[f32],
    packed_b: &[f32],
    c: *mut f32,
    c_stride: usize,
    rows: usize,
    cols: usize,
    add: bool,
) {
    let (mr, nr) = (block.mr, block.nr);
    let mut edge = [0.0f32; 32 * 32];
    let mut multiply = |ir: usize, a: &[f32], jr: usize, b: &[f32]| {
        // SAFETY: inside the block, by the caller's promise.
        let tile = unsafe { c.add(ir * c_stride + jr) };
        if rows - ir >= mr && cols - jr >= nr {
            // SAFETY: the panels hold `steps` packed rows; the tile lies inside the block.
            unsafe { (block.tile)(steps, a.as_ptr(), b.as_ptr(), tile, c_stride, add) };
            return;
        }
        // SAFETY: as above, into a tile of its own.
        unsafe { (block.tile)(steps, a.as_ptr(), b.as_ptr(), edge.as_mut_ptr(), nr, false) };
        let width = nr.min(cols - jr);
        for i in 0..mr.min(rows - ir) {
            let from = &edge[i * nr..][..width];
            // SAFETY: row `i` of the part of the tile that lies inside the block.
            let to = unsafe { std::slice::from_raw_parts_mut(tile.add(i * c_stride), width) };
            if add {
                to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
            } else {
                to.copy_from_slice(from);
            }
        }
    };
    let a_panels = || (0..rows).step_by(mr).zip(packed_a.chunks_exact(steps * mr));
    let b_panels = || (0..cols).step_by(nr).zip(packed_b.chunks_exact(steps * nr));
    if block.along_rows {
        a_panels().for_each(|(ir, a)| b_panels().for_each(|(jr, b)| multiply(ir, a, jr, b)));
    } else {
        b_panels().for_each(|(jr, b)| a_panels().for_each(|(ir, a)| multiply(ir, a, jr, b)));
    }
}

#[cfg(test)]
mod tests;
