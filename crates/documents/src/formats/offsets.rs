//! Offsets of other tools to bytes and back: the named edge where the unit changes.

use std::fmt;

/// What a file's offsets count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Unicode code points, as most formats say and Python counts.
    CodePoints,
    /// UTF-8 bytes.
    Bytes,
    /// UTF-16 units, as Java and JavaScript count.
    Utf16,
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CodePoints => "code points",
            Self::Bytes => "bytes",
            Self::Utf16 => "UTF-16 units",
        })
    }
}

/// Converts between bytes of one text and one unit.
pub(super) struct Offsets<'t> {
    text: &'t str,
    unit: Unit,
    /// Byte offset of each unit and of the end; empty where units are bytes. Inside a surrogate pair: `u32::MAX`.
    bytes: Vec<u32>,
}

impl<'t> Offsets<'t> {
    pub fn new(text: &'t str, unit: Unit) -> Self {
        let mut bytes = Vec::new();
        if unit != Unit::Bytes && !text.is_ascii() {
            bytes.reserve(text.len());
            for (at, letter) in text.char_indices() {
                bytes.push(u32::try_from(at).unwrap_or(u32::MAX));
                if unit == Unit::Utf16 && letter.len_utf16() == 2 {
                    bytes.push(u32::MAX);
                }
            }
            bytes.push(u32::try_from(text.len()).unwrap_or(u32::MAX));
        }
        Self { text, unit, bytes }
    }

    /// The byte offset of `offset` units, if that is a character boundary of the text.
    pub fn to_byte(&self, offset: usize) -> Option<usize> {
        let byte = if self.bytes.is_empty() {
            offset
        } else {
            self.bytes.get(offset).filter(|byte| **byte != u32::MAX).map(|byte| *byte as usize)?
        };
        self.text.is_char_boundary(byte).then_some(byte)
    }

    /// The units before byte `byte`; for a byte inside a character, those before that character.
    pub fn at_byte(&self, byte: usize) -> usize {
        if self.bytes.is_empty() {
            return byte;
        }
        let byte = u32::try_from(byte).unwrap_or(u32::MAX);
        match self.unit {
            Unit::Bytes => byte as usize,
            Unit::CodePoints => self.bytes.partition_point(|at| *at <= byte).saturating_sub(1),
            Unit::Utf16 => {
                let text = self.text.get(..byte as usize).unwrap_or(self.text);
                text.chars().map(char::len_utf16).sum()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn converts_there_and_back() {
        let text = "aβ𝛼c";
        for (unit, of_c, end) in [(Unit::CodePoints, 3, 4), (Unit::Bytes, 7, 8), (Unit::Utf16, 4, 5)] {
            let offsets = Offsets::new(text, unit);
            assert_eq!(offsets.to_byte(of_c), Some(7), "{unit}");
            assert_eq!(offsets.at_byte(7), of_c, "{unit}");
            assert_eq!(offsets.to_byte(end), Some(8), "{unit}");
            assert_eq!(offsets.to_byte(end + 1), None, "{unit}");
        }
        assert_eq!(Offsets::new(text, Unit::Utf16).to_byte(3), None, "inside a surrogate pair");
        assert_eq!(Offsets::new(text, Unit::Bytes).to_byte(2), None, "inside a letter");
        let ascii = Offsets::new("abc", Unit::CodePoints);
        assert_eq!((ascii.to_byte(3), ascii.to_byte(4)), (Some(3), None));
    }
}
