//! The form in which BPE sees a word.

use std::ops::Range;

use super::scanner::Word;

/// A word as BPE sees it.
pub(crate) enum Rewritten<'t> {
    /// Byte for byte as in the text.
    Same(&'t str),
    /// With escapes; `sources[i]` is the range of the text that byte `i` of the word comes from.
    Changed { word: String, sources: Vec<Range<usize>> },
}

const HYPHEN: &str = "@-@";
/// The reference writes `DOTDOTMULTI` for `..` while it works, and so reads that in an author's text as dots too.
const DOT: &str = "DOT";
const MULTI: &str = "MULTI";

/// `word` of `text` with XML escapes.
pub(crate) fn rewrite<'t>(text: &'t str, word: &Word) -> Rewritten<'t> {
    let slice = &text[word.range.clone()];
    let plain = !word.hyphen
        && slice.bytes().all(|byte| escape(byte).is_none())
        && (slice.len() < DOT.len() + MULTI.len() || !slice.contains("DOTMULTI"));
    if plain {
        return Rewritten::Same(slice);
    }
    let mut rewritten = String::with_capacity(slice.len() + 8);
    let mut sources = Vec::with_capacity(slice.len() + 8);
    let mut push = |piece: &str, source: Range<usize>| {
        rewritten.push_str(piece);
        sources.extend(std::iter::repeat_n(source, piece.len()));
    };
    if word.hyphen {
        push(HYPHEN, word.range.clone());
        return Rewritten::Changed { word: rewritten, sources };
    }
    let mut at = 0;
    while let Some(character) = slice[at..].chars().next() {
        let from = word.range.start + at;
        let mut width = character.len_utf8();
        if let Some(dots) = spelled_dots(&slice[at..]) {
            width = dots * DOT.len() + MULTI.len();
            push(&".".repeat(dots), from..from + width);
        } else if let Some(escaped) = u8::try_from(character).ok().and_then(escape) {
            push(escaped, from..from + width);
        } else {
            let bytes = &slice[at..at + width];
            push(bytes, from..from + width);
        }
        at += width;
    }
    Rewritten::Changed { word: rewritten, sources }
}

fn spelled_dots(text: &str) -> Option<usize> {
    let mut rest = text;
    let mut dots = 0;
    while let Some(after) = rest.strip_prefix(DOT) {
        rest = after;
        dots += 1;
    }
    (dots > 0 && rest.starts_with(MULTI)).then_some(dots)
}

fn escape(byte: u8) -> Option<&'static str> {
    Some(match byte {
        b'&' => "&amp;",
        b'|' => "&#124;",
        b'<' => "&lt;",
        b'>' => "&gt;",
        b'\'' => "&apos;",
        b'"' => "&quot;",
        b'[' => "&#91;",
        b']' => "&#93;",
        _ => return None,
    })
}

/// The character that an entity at the start of `text` stands for, and the entity's length.
pub(super) fn unescape(text: &str) -> Option<(char, usize)> {
    const ENTITIES: [(&str, char); 11] = [
        ("&amp;", '&'),
        ("&#124;", '|'),
        ("&bar;", '|'),
        ("&lt;", '<'),
        ("&gt;", '>'),
        ("&apos;", '\''),
        ("&quot;", '"'),
        ("&#91;", '['),
        ("&bra;", '['),
        ("&#93;", ']'),
        ("&ket;", ']'),
    ];
    ENTITIES.iter().find(|(entity, _)| text.starts_with(entity)).map(|&(entity, c)| (c, entity.len()))
}
