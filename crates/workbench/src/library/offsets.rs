//! The edge between UTF-8 bytes inside and UTF-16 code units on the wire.

use documents::Span;

use crate::wire;

/// Converts offsets of one text.
#[derive(Debug)]
pub struct Offsets<'a> {
    text: &'a str,
    /// Bytes and code units before every [`STRIDE`]th byte or a little earlier; empty for an ASCII text.
    marks: Vec<(usize, usize)>,
}

const STRIDE: usize = 256;

impl<'a> Offsets<'a> {
    /// Prepares a text.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        let mut marks = Vec::new();
        if !text.is_ascii() {
            let (mut units, mut next) = (0, 0);
            for (byte, character) in text.char_indices() {
                if byte >= next {
                    marks.push((byte, units));
                    next = byte + STRIDE;
                }
                units += character.len_utf16();
            }
        }
        Self { text, marks }
    }

    /// Code units before a byte. A byte inside a character counts as that character's first, one after the end as the end.
    #[must_use]
    pub fn to_wire(&self, byte: usize) -> u32 {
        let byte = byte.min(self.text.len());
        if self.marks.is_empty() {
            return narrow(byte);
        }
        let place = self.marks.partition_point(|mark| mark.0 <= byte).saturating_sub(1);
        let (start, units) = self.marks[place];
        let mut end = byte;
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        narrow(units + self.text[start..end].encode_utf16().count())
    }

    /// The byte of a code unit. One inside a surrogate pair counts as that character's first, one after the end as the end.
    #[must_use]
    pub fn to_bytes(&self, unit: u32) -> usize {
        let unit = unit as usize;
        if self.marks.is_empty() {
            return unit.min(self.text.len());
        }
        let place = self.marks.partition_point(|mark| mark.1 <= unit).saturating_sub(1);
        let (start, mut units) = self.marks[place];
        for (byte, character) in self.text[start..].char_indices() {
            units += character.len_utf16();
            if units > unit {
                return start + byte;
            }
        }
        self.text.len()
    }

    /// A span for the wire.
    #[must_use]
    pub fn span(&self, span: Span) -> wire::Span {
        wire::Span { start: self.to_wire(span.start), end: self.to_wire(span.end) }
    }

    /// Spans for the wire.
    #[must_use]
    pub fn spans(&self, spans: &[Span]) -> Vec<wire::Span> {
        spans.iter().map(|span| self.span(*span)).collect()
    }

    /// A span from the wire.
    #[must_use]
    pub fn bytes(&self, span: wire::Span) -> Span {
        Span::new(self.to_bytes(span.start), self.to_bytes(span.end))
    }
}

fn narrow(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_boundary_goes_there_and_back() {
        let long = "β-blockers 𝛼₂ e\u{301} 👩‍⚕️\r\n".repeat(60);
        for text in ["", "plain", "é", "𝛼β", "a👩‍⚕️b", long.as_str()] {
            let offsets = Offsets::new(text);
            for byte in (0..=text.len()).filter(|byte| text.is_char_boundary(*byte)) {
                let unit = offsets.to_wire(byte);
                assert_eq!(unit as usize, text[..byte].encode_utf16().count(), "{byte} of {text:?}");
                assert_eq!(offsets.to_bytes(unit), byte, "{unit} of {text:?}");
            }
            assert_eq!(offsets.to_bytes(u32::MAX), text.len());
            assert_eq!(offsets.to_wire(usize::MAX), narrow(text.encode_utf16().count()));
        }
    }

    #[test]
    fn half_a_character_is_its_beginning() {
        let offsets = Offsets::new("𝛼x");
        assert_eq!(offsets.to_bytes(1), 0);
        assert_eq!(offsets.to_wire(2), 0);
        assert_eq!(offsets.bytes(wire::Span { start: 2, end: 3 }), Span::new(4, 5));
    }
}
