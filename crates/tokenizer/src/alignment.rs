//! Normalized texts with the bytes of the original that each byte comes from.

use std::borrow::Cow;
use std::ops::Range;

use crate::moses::{Spaces, is_space};

/// Where the bytes of a changed text come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Alignment {
    /// Every byte from its own place.
    Identity,
    /// Byte `i` comes from `0[i]`, the range of a whole character; ascending.
    Table(Vec<Range<usize>>),
}

impl Alignment {
    /// The original bytes that the non-empty `range` of the normalized text comes from.
    pub(crate) fn source(&self, range: Range<usize>) -> Range<usize> {
        match self {
            Self::Identity => range,
            Self::Table(sources) => {
                match (sources.get(range.start), sources.get(range.end.wrapping_sub(1))) {
                    (Some(first), Some(last)) => first.start..last.end,
                    _ => range,
                }
            }
        }
    }
}

/// A text in lower case, as Python's `str.lower` makes it.
pub(crate) fn lowercase(text: &str) -> (String, Alignment) {
    if text.is_ascii() {
        return (text.to_ascii_lowercase(), Alignment::Identity);
    }
    let lowered = text.to_lowercase();
    // Each character's own width; only a final sigma depends on its surroundings, and both sigmas are as wide.
    let width = |character: char| character.to_lowercase().map(char::len_utf8).sum::<usize>();
    if text.chars().all(|character| width(character) == character.len_utf8()) {
        return (lowered, Alignment::Identity);
    }
    let mut sources = Vec::with_capacity(lowered.len());
    for (at, character) in text.char_indices() {
        sources.extend(std::iter::repeat_n(at..at + character.len_utf8(), width(character)));
    }
    (lowered, Alignment::Table(sources))
}

/// A text for the Moses scanner.
pub(crate) struct Clean<'t> {
    pub(crate) text: Cow<'t, str>,
    pub(crate) alignment: Alignment,
    pub(crate) spaces: Spaces,
}

/// Makes one space of each run of white space, then deletes the ASCII control characters, if there are any.
pub(crate) fn without_control_characters(text: &str) -> Clean<'_> {
    let junk = |character: char| character < ' ' && !is_space(character);
    if !text.contains(junk) {
        return Clean { text: Cow::Borrowed(text), alignment: Alignment::Identity, spaces: Spaces::OneEach };
    }
    let mut clean = String::with_capacity(text.len());
    let mut sources = Vec::with_capacity(text.len());
    let mut after_space = false;
    for (at, character) in text.char_indices() {
        let source = at..at + character.len_utf8();
        if is_space(character) {
            if !after_space {
                clean.push(' ');
                sources.push(source);
            }
        } else if !junk(character) {
            clean.push(character);
            sources.extend(std::iter::repeat_n(source, character.len_utf8()));
        }
        after_space = is_space(character);
    }
    Clean { text: Cow::Owned(clean), alignment: Alignment::Table(sources), spaces: Spaces::Counted }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lower_case_keeps_the_way_back_to_the_authors_text() {
        let text = "İL-6 ΟΔΟΣ";
        let (lowered, alignment) = lowercase(text);
        assert_eq!(lowered, "i̇l-6 οδος");
        assert_eq!(&text[alignment.source(0..3)], "İ");
        assert_eq!(&text[alignment.source(3..4)], "L");
        let end = lowered.len();
        assert_eq!(&text[alignment.source(end - 2..end)], "Σ");
    }

    #[test]
    fn control_characters_go_and_white_space_is_one_space() {
        let text = "a\0b \t\u{3}\n c";
        let clean = without_control_characters(text);
        assert_eq!(clean.text, "ab  c");
        assert_eq!(&text[clean.alignment.source(0..2)], "a\0b");
        assert_eq!(&text[clean.alignment.source(4..5)], "c");
    }
}
