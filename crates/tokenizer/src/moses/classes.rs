//! Character classes of the Moses rules.

use std::sync::LazyLock;

use super::class_ranges::RANGES;
pub(super) use super::class_ranges::{ALNUM, ALPHA, CURRENCY, DETOKENIZER_ALPHA, LOWER, NUMBER};

const ASCII: [u8; 128] = {
    let mut table = [0; 128];
    let mut row = 0;
    while RANGES[row].0 < 128 {
        let (first, last, classes) = RANGES[row];
        let mut code_point = first;
        while code_point <= last && code_point < 128 {
            table[code_point as usize] = classes;
            code_point += 1;
        }
        row += 1;
    }
    table
};

/// One byte for each code point up to the last that has a class (0x1E94A).
static ALL: LazyLock<Box<[u8]>> = LazyLock::new(|| {
    let len = RANGES.iter().map(|&(_, last, _)| last as usize + 1).max().unwrap_or(0);
    let mut table = vec![0; len];
    for &(first, last, classes) in &RANGES {
        table[first as usize..=last as usize].fill(classes);
    }
    table.into_boxed_slice()
});

/// The classes of an ASCII byte.
pub(super) fn of_ascii(byte: u8) -> u8 {
    ASCII.get(usize::from(byte)).copied().unwrap_or(0)
}

/// The classes of a character.
pub(super) fn of(character: char) -> u8 {
    match u8::try_from(character) {
        Ok(byte) if byte < 128 => of_ascii(byte),
        _ => ALL.get(character as usize).copied().unwrap_or(0),
    }
}

/// White space as Python's `str.split` and `\s` see it: Unicode's, and the four ASCII information separators.
pub(crate) fn is_space(character: char) -> bool {
    character.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&character)
}

/// East Asian characters between which the detokenizer puts no space (the ranges of sacremoses' `is_cjk`).
pub(super) fn is_cjk(character: char) -> bool {
    matches!(character as u32,
        0x1100..=0x11FF | 0x2E80..=0xA4CF | 0xA840..=0xA87F | 0xAC00..=0xD7AF | 0xF900..=0xFAFF | 0xFE30..=0xFE4F
        | 0xFF65..=0xFFDC | 0x17000..=0x18AFF | 0x1B000..=0x1B12F | 0x1B170..=0x1B2FF | 0x20000..=0x2FFFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_tables_agree_and_know_old_unicode_only() {
        for byte in 0..128u8 {
            assert_eq!(of_ascii(byte), ALL[usize::from(byte)], "{byte}");
        }
        assert_eq!(of('a'), ALNUM | ALPHA | LOWER | DETOKENIZER_ALPHA);
        assert_eq!(of('7'), ALNUM | NUMBER);
        assert_eq!(of('²'), NUMBER);
        assert_eq!(of('α') & (ALNUM | ALPHA | LOWER), ALNUM | ALPHA | LOWER);
        assert_eq!(of('漢'), 0);
        assert_eq!(of('\u{10FFFF}'), 0);
        assert_eq!(of('€'), CURRENCY);
    }
}
