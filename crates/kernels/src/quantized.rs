//! Weights of 8 or 4 bits in blocks of 32 with a scale each, and products with them.
//!
//! A weight is `scale · code` with a symmetric integer code; 32 neighbors along the input share one float16 scale. The
//! rows of a matrix are stored in panels of [`PANEL`] outputs, so that one vector instruction serves all of them and no
//! sum has to be taken across a vector. Activations are rounded to 8 bits a block of 32 with a scale of their own: four
//! of their products are one step of the dot-product instructions (VNNI), and they lose about what 8-bit weights lose.
//!
//! Sums of a block are exact integers and blocks are added up in order, each with one rounding, so every instruction set
//! and any number of rows at once give the same bits.

mod activations;
#[cfg(target_arch = "aarch64")]
mod arm;
mod block;
pub mod layer;
mod portable;
mod product;
#[cfg(target_arch = "x86_64")]
mod x86;

use half::f16;

pub use product::{Then, linear};

/// Inputs that share a scale.
pub const BLOCK: usize = 32;
/// Outputs that are stored side by side: 32 bits of each make a cache line and a vector of AVX-512.
pub const PANEL: usize = 16;

/// How many bits a weight takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bits {
    /// Codes from -127 to 127: 8.5 bits a weight with its share of the scale.
    Eight,
    /// Codes from -8 to 7: 4.5 bits a weight with its share of the scale.
    Four,
}

impl Bits {
    /// What is added to a code to store it without a sign.
    const fn bias(self) -> i32 {
        match self {
            Self::Eight => 128,
            Self::Four => 8,
        }
    }

    /// Bytes of the codes of one block in one panel.
    const fn code_bytes(self) -> usize {
        match self {
            Self::Eight => BLOCK * PANEL,
            Self::Four => BLOCK * PANEL / 2,
        }
    }

    /// Bytes of a panel: the scales of all its blocks, then their codes.
    const fn panel_bytes(self, inputs: usize) -> usize {
        inputs / BLOCK * (PANEL * size_of::<f16>() + self.code_bytes())
    }

    /// The inputs of a matrix whose panels take so many words.
    #[must_use]
    pub const fn inputs(self, panel_words: usize) -> usize {
        panel_words * 4 / self.panel_bytes(BLOCK) * BLOCK
    }

    /// 32-bit words that [`pack`] makes of a matrix: (panels, words a panel). A panel holds [`PANEL`] outputs; the last
    /// one is filled up with zeros.
    #[must_use]
    pub const fn packed_shape(self, outputs: usize, inputs: usize) -> [usize; 2] {
        [outputs.div_ceil(PANEL), self.panel_bytes(inputs) / 4]
    }
}

/// Whether a matrix with this many inputs can be packed: blocks are whole.
#[must_use]
pub const fn fits(inputs: usize) -> bool {
    inputs > 0 && inputs.is_multiple_of(BLOCK)
}

/// A packed matrix.
///
/// Within a panel lie first the scales, `[blocks, PANEL]` little-endian float16, then the codes by block: little-endian
/// 32-bit words `[words of a block, PANEL]`. At 8 bits a word holds the codes of four neighboring inputs, the first in
/// the lowest byte; at 4 bits of eight, of which byte `i` holds input `i` in its low and input `4 + i` in its high half.
#[derive(Debug, Clone, Copy)]
pub struct Packed<'a> {
    bytes: &'a [u8],
    bits: Bits,
    outputs: usize,
    inputs: usize,
}

impl<'a> Packed<'a> {
    /// A matrix as [`pack`] makes it.
    ///
    /// # Panics
    /// If the words are not as many as [`Bits::packed_shape`] says, or the inputs are no whole blocks.
    #[must_use]
    pub fn new(words: &'a [i32], bits: Bits, outputs: usize, inputs: usize) -> Self {
        let [panels, words_each] = bits.packed_shape(outputs, inputs);
        assert!(fits(inputs) && words.len() == panels * words_each, "{outputs}x{inputs} in {}", words.len());
        // SAFETY: any initialized memory can be read as bytes.
        let bytes = unsafe { std::slice::from_raw_parts(words.as_ptr().cast::<u8>(), size_of_val(words)) };
        Self { bytes, bits, outputs, inputs }
    }

    /// Rows of the matrix.
    #[must_use]
    pub const fn outputs(&self) -> usize {
        self.outputs
    }

    /// Columns of the matrix.
    #[must_use]
    pub const fn inputs(&self) -> usize {
        self.inputs
    }

    fn panel(&self, panel: usize) -> &'a [u8] {
        let bytes = self.bits.panel_bytes(self.inputs);
        &self.bytes[panel * bytes..][..bytes]
    }

    /// Row `output` as floats.
    ///
    /// # Panics
    /// If there is no such row, or `to` is not as long as a row.
    pub fn row(&self, output: usize, to: &mut [f32]) {
        assert!(output < self.outputs && to.len() == self.inputs, "row {output} of {}", self.outputs);
        let panel = self.panel(output / PANEL);
        let (scales, codes) = panel.split_at(self.inputs / BLOCK * PANEL * size_of::<f16>());
        let (scales, lane) = (scales.as_chunks::<2>().0, output % PANEL);
        let (codes, bias) = (codes.chunks_exact(self.bits.code_bytes()), self.bits.bias());
        for (b, (codes, to)) in codes.zip(to.chunks_exact_mut(BLOCK)).enumerate() {
            let scale = f16::from_le_bytes(scales[b * PANEL + lane]).to_f32();
            for (i, to) in to.iter_mut().enumerate() {
                *to = scale * (portable::code(codes, self.bits, lane, i) - bias) as f32;
            }
        }
    }
}

/// Packs a matrix.
///
/// # Shapes
/// weights `[outputs, inputs]`; gives the words of [`Bits::packed_shape`].
///
/// # Panics
/// If the inputs are no whole blocks ([`fits`]) or the shape is another.
#[must_use]
pub fn pack(weights: &[f32], inputs: usize, bits: Bits) -> Vec<i32> {
    assert!(fits(inputs) && weights.len().is_multiple_of(inputs), "{} weights of {inputs}", weights.len());
    let outputs = weights.len() / inputs;
    let [panels, words] = bits.packed_shape(outputs, inputs);
    let mut packed = vec![0i32; panels * words];
    let shared = crate::shared::SharedMut::new(&mut packed);
    crate::parallel::parallel_ranges(panels, 4, |range| {
        for panel in range {
            // SAFETY: each panel is written by one call.
            let to = unsafe { shared.part(panel * words, words) };
            let rows = &weights[panel * PANEL * inputs..weights.len().min((panel + 1) * PANEL * inputs)];
            pack_panel(rows, inputs, bits, to);
        }
    });
    packed
}

fn pack_panel(rows: &[f32], inputs: usize, bits: Bits, to: &mut [i32]) {
    // SAFETY: integers can be written as bytes; the borrow is that of `to`.
    let bytes = unsafe { std::slice::from_raw_parts_mut(to.as_mut_ptr().cast::<u8>(), size_of_val(to)) };
    let blocks = inputs / BLOCK;
    let (scales, codes) = bytes.split_at_mut(blocks * PANEL * size_of::<f16>());
    for (b, codes) in codes.chunks_exact_mut(bits.code_bytes()).enumerate() {
        for lane in 0..PANEL {
            let weights: [f32; BLOCK] = match rows.get(lane * inputs + b * BLOCK..) {
                Some(row) => *row.first_chunk().unwrap_or(&[0.0; BLOCK]),
                None => [0.0; BLOCK],
            };
            let (scale, block) = block::quantize(&weights, bits);
            scales[(b * PANEL + lane) * 2..][..2].copy_from_slice(&scale.to_le_bytes());
            for (i, code) in block.into_iter().enumerate() {
                portable::set_code(codes, bits, lane, i, code + bits.bias());
            }
        }
    }
}

#[cfg(test)]
mod tests;
