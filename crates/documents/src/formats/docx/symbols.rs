//! Signs that Word keeps as codes of a font (Insert > Symbol), as characters.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Font, code and character, a sign a line. `symbols.py` writes it.
const SIGNS: &str = include_str!("symbols.txt");

static CHARACTERS: LazyLock<HashMap<(&'static str, u32), char>> = LazyLock::new(|| {
    let sign = |line: &'static str| {
        let mut parts = line.split(' ');
        let font = parts.next()?;
        let mut number = || u32::from_str_radix(parts.next()?, 16).ok();
        Some(((font, number()?), char::from_u32(number()?)?))
    };
    SIGNS.lines().filter_map(sign).collect()
});

/// Where Word keeps the codes of fonts that are not in Unicode's order.
const PRIVATE: std::ops::RangeInclusive<u32> = 0xf000..=0xf0ff;

/// Whether a font's codes are not Unicode's.
pub(super) fn is_symbolic(font: &str) -> bool {
    let font = font.to_lowercase();
    CHARACTERS.keys().any(|(known, _)| *known == font)
}

/// The character that stands for a code of a font, if there is one.
pub(super) fn character(font: &str, code: u32) -> Option<char> {
    let low = if PRIVATE.contains(&code) { code - 0xf000 } else { code };
    let known = CHARACTERS.get(&(font.to_lowercase().as_str(), low)).copied();
    // Other fonts keep their signs at Unicode's places, where they are not private.
    known
        .or_else(|| char::from_u32(code).filter(|_| !is_symbolic(font) && !(0xe000..=0xf8ff).contains(&code)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_signs_of_symbol() {
        for (font, code, letter) in [
            ("Symbol", 0xf06d, Some('µ')),
            ("Symbol", 0xf0b3, Some('≥')),
            ("symbol", 0x62, Some('β')),
            ("Symbol", 0xf057, Some('Ω')),
            ("Symbol", 0xf0d2, Some('®')),
            ("Wingdings", 0xf0fc, Some('✓')),
            ("Arial", 0x2265, Some('≥')),
            ("Wingdings 3", 0xf07a, None),
            ("Symbol", 0xf0f0, None),
        ] {
            assert_eq!(character(font, code), letter, "{font} {code:x}");
        }
        assert_eq!(CHARACTERS.len(), SIGNS.lines().count());
    }
}
