use std::borrow::Cow;
use std::fmt;

use half::{bf16, f16};

/// The number types that weights may be stored in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dtype {
    /// IEEE 754 single precision.
    F32,
    /// IEEE 754 half precision.
    F16,
    /// The upper half of an `f32`.
    Bf16,
}

impl Dtype {
    /// Bytes of one value.
    pub fn size(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
        }
    }

    /// The name that safetensors and this crate's messages use.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "F32",
            Self::F16 => "F16",
            Self::Bf16 => "BF16",
        }
    }
}

impl fmt::Display for Dtype {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// One tensor's values as they are stored: contiguous, row-major, little-endian.
///
/// Shapes are PyTorch's: a linear layer is `[out, in]`; a caller who multiplies from the left transposes.
#[derive(Debug, Clone, PartialEq)]
pub struct TensorView<'a> {
    /// The stored number type.
    pub dtype: Dtype,
    /// Sizes of the dimensions, slowest first.
    pub shape: &'a [usize],
    /// `shape.product() * dtype.size()` bytes.
    pub bytes: Cow<'a, [u8]>,
}

impl TensorView<'_> {
    /// The values as `f32`; exact for every stored type.
    pub fn to_f32(&self) -> Vec<f32> {
        match self.dtype {
            Dtype::F32 => self.words().map(f32::from_le_bytes).collect(),
            Dtype::F16 => self.words().map(|word| f16::from_le_bytes(word).to_f32()).collect(),
            Dtype::Bf16 => self.words().map(|word| bf16::from_le_bytes(word).to_f32()).collect(),
        }
    }

    fn words<const N: usize>(&self) -> impl Iterator<Item = [u8; N]> {
        words(&self.bytes)
    }
}

/// The first value that is not finite: its index and what it is.
pub(crate) fn first_not_finite(dtype: Dtype, bytes: &[u8]) -> Option<(usize, &'static str)> {
    // All exponent bits set means infinity (no mantissa bits) or NaN.
    let (position, mantissa) = match dtype {
        Dtype::F32 => {
            let position = words(bytes).position(|word| !f32::from_le_bytes(word).is_finite())?;
            (position, words(bytes).nth(position).map(u32::from_le_bytes)? & 0x007F_FFFF)
        }
        Dtype::F16 => not_finite_half(bytes, 0x7C00)?,
        Dtype::Bf16 => not_finite_half(bytes, 0x7F80)?,
    };
    Some((position, if mantissa == 0 { "infinity" } else { "NaN" }))
}

fn not_finite_half(bytes: &[u8], exponent: u16) -> Option<(usize, u32)> {
    let position = words(bytes).position(|word| u16::from_le_bytes(word) & exponent == exponent)?;
    let word = words(bytes).nth(position).map(u16::from_le_bytes)?;
    Some((position, u32::from(word & !exponent & 0x7FFF)))
}

fn words<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [u8; N]> {
    bytes.as_chunks::<N>().0.iter().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(dtype: Dtype, bytes: Vec<u8>) -> TensorView<'static> {
        TensorView { dtype, shape: &[], bytes: Cow::Owned(bytes) }
    }

    #[test]
    fn every_stored_type_widens_exactly() {
        let values = [0.0_f32, -1.5, 0.25, 1024.0, -0.0];
        let single = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let half = values.iter().flat_map(|value| f16::from_f32(*value).to_le_bytes()).collect();
        let brain = values.iter().flat_map(|value| bf16::from_f32(*value).to_le_bytes()).collect();
        assert_eq!(view(Dtype::F32, single).to_f32(), values);
        assert_eq!(view(Dtype::F16, half).to_f32(), values);
        assert_eq!(view(Dtype::Bf16, brain).to_f32(), values);
    }

    #[test]
    fn the_first_value_that_is_not_finite_is_found_and_named() {
        let single: Vec<u8> = [1.0, f32::NAN, f32::INFINITY].iter().flat_map(|v| v.to_le_bytes()).collect();
        assert_eq!(first_not_finite(Dtype::F32, &single), Some((1, "NaN")));
        let half: Vec<u8> = [f16::MAX, f16::NEG_INFINITY].iter().flat_map(|v| v.to_le_bytes()).collect();
        assert_eq!(first_not_finite(Dtype::F16, &half), Some((1, "infinity")));
        let brain: Vec<u8> = [bf16::ONE, bf16::MIN, bf16::NAN].iter().flat_map(|v| v.to_le_bytes()).collect();
        assert_eq!(first_not_finite(Dtype::Bf16, &brain), Some((2, "NaN")));
        assert_eq!(first_not_finite(Dtype::Bf16, &brain[..4]), None);
    }
}
