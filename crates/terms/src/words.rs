//! Words of a text and of a name, folded so that both can be compared.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A maximal run of letters, digits and their marks. The `s` of a possessive is no word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Where it is, in bytes.
    pub range: Range<usize>,
    /// Lower case, without marks, compatibility forms and Greek letters spelled out.
    pub folded: String,
}

/// The words of a text in order.
#[must_use]
pub fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut rest = text.char_indices().peekable();
    while let Some((start, first)) = rest.next() {
        if !first.is_alphanumeric() {
            continue;
        }
        let mut end = start + first.len_utf8();
        while let Some((at, _)) = rest.next_if(|(_, c)| c.is_alphanumeric() || is_combining_mark(*c)) {
            end = at + text[at..].chars().next().map_or(0, char::len_utf8);
        }
        if let Some(length) = possessive(&text[end..]) {
            while rest.next_if(|(at, _)| *at < end + length).is_some() {}
        }
        words.push(Word { range: start..end, folded: fold(&text[start..end]) });
    }
    words
}

/// The length of an `'s` that ends a word.
fn possessive(rest: &str) -> Option<usize> {
    let mut rest = rest.char_indices();
    let (_, apostrophe) = rest.next()?;
    let (at, letter) = rest.next()?;
    let ends = rest.next().is_none_or(|(_, next)| !next.is_alphanumeric() && !is_combining_mark(next));
    (is_apostrophe(apostrophe) && matches!(letter, 's' | 'S') && ends).then_some(at + 1)
}

/// Lower case, without marks and compatibility forms, Greek letters spelled out, one form of dash, apostrophe and blank.
#[must_use]
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        match c {
            c if c.is_ascii() && !c.is_ascii_whitespace() => folded.push(c),
            c if is_apostrophe(c) => folded.push('\''),
            c if is_dash(c) => folded.push('-'),
            c if c.is_whitespace() => {
                if !folded.ends_with(' ') {
                    folded.push(' ');
                }
            }
            c => match greek(c) {
                Some(name) => folded.push_str(name),
                None => folded.push(c),
            },
        }
    }
    folded
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2018}' | '\u{2019}' | '\u{2032}' | '\u{02bc}' | '`')
}

fn is_dash(c: char) -> bool {
    matches!(
        c,
        '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{00ad}' | '\u{2043}' | '\u{fe63}' | '\u{ff0d}'
    )
}

fn greek(c: char) -> Option<&'static str> {
    Some(match c {
        'α' => "alpha",
        'β' => "beta",
        'γ' => "gamma",
        'δ' => "delta",
        'ε' => "epsilon",
        'ζ' => "zeta",
        'η' => "eta",
        'θ' => "theta",
        'ι' => "iota",
        'κ' => "kappa",
        'λ' => "lambda",
        'μ' => "mu",
        'ν' => "nu",
        'ξ' => "xi",
        'ο' => "omicron",
        'π' => "pi",
        'ρ' => "rho",
        'σ' | 'ς' => "sigma",
        'τ' => "tau",
        'υ' => "upsilon",
        'φ' => "phi",
        'χ' => "chi",
        'ψ' => "psi",
        'ω' => "omega",
        _ => return None,
    })
}

/// A name as a key of the dictionary: its words with the characters between them, folded, from the first word to the last
/// or to the bracket that closes one between them. `None` if it has no word.
#[must_use]
pub fn key(name: &str) -> Option<String> {
    let words = words(name);
    let mut key = String::with_capacity(name.len());
    let mut end = words.first()?.range.start;
    for word in &words {
        key.push_str(&fold(&name[end..word.range.start]));
        key.push_str(&word.folded);
        end = word.range.end;
    }
    let closing = closing_brackets(&name[end..]);
    let open = |opening: char, closing: char| {
        key.matches(opening).count().saturating_sub(key.matches(closing).count())
    };
    let count = (open('(', ')') + open('[', ']')).min(closing.len());
    key.push_str(&closing[..count]);
    Some(key)
}

/// The closing brackets with which a text begins.
pub(crate) fn closing_brackets(text: &str) -> &str {
    &text[..text.bytes().take_while(|byte| matches!(byte, b')' | b']')).count()]
}

/// Whether a short name is written in capitals on purpose (`AIDS`, `mTOR`, `FK506`), so that lower-case text does not
/// mean it.
#[must_use]
pub fn is_symbol(name: &str) -> bool {
    let letters = name.chars().filter(|c| c.is_alphanumeric()).count();
    letters <= 6 && !name.contains(' ') && capitals(name) >= 2
}

/// Whether a stretch of text is written as a symbol is: at least two capitals, or one and a digit.
#[must_use]
pub fn is_written_as_symbol(text: &str) -> bool {
    let capitals = capitals(text);
    capitals >= 2 || capitals == 1 && text.chars().any(|c| c.is_ascii_digit())
}

fn capitals(text: &str) -> usize {
    text.chars().filter(|c| c.is_uppercase()).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_keep_their_place_whatever_the_script() {
        let text = "α-Naphthyl\u{2011}ol, Sjo\u{308}gren’s 𝟓-HT₂ 日本 x";
        let folded: Vec<_> = words(text).into_iter().map(|w| (text[w.range].to_owned(), w.folded)).collect();
        let folded: Vec<_> = folded.iter().map(|(t, f)| (t.as_str(), f.as_str())).collect();
        assert_eq!(
            folded,
            [
                ("α", "alpha"),
                ("Naphthyl", "naphthyl"),
                ("ol", "ol"),
                ("Sjo\u{308}gren", "sjogren"),
                ("𝟓", "5"),
                ("HT₂", "ht2"),
                ("日本", "日本"),
                ("x", "x"),
            ]
        );
    }

    #[test]
    fn keys_are_folded_names() {
        assert_eq!(key("(+)-β–Carotene  5").as_deref(), Some("beta-carotene 5"));
        assert_eq!(key("Crohn’s disease ").as_deref(), Some("crohn's disease"));
        assert_eq!(key("CaCl(2)").as_deref(), Some("cacl(2)"));
        assert_eq!(key("(a name)").as_deref(), Some("a name"));
        assert_eq!(key("--"), None);
    }

    #[test]
    fn symbols_are_short_and_capital() {
        for symbol in ["AIDS", "mTOR", "FK506", "IL-2"] {
            assert!(is_symbol(symbol) && is_written_as_symbol(symbol), "{symbol}");
        }
        for word in ["Pain", "aspirin", "ACETAMINOPHEN", "p53"] {
            assert!(!is_symbol(word), "{word}");
        }
        assert!(!is_written_as_symbol("aids") && !is_written_as_symbol("Aids"));
    }
}
