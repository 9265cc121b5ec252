//! Texts that are longer than the model reads at once: cut at sentence ends, with overlap, never in silence.

use documents::{Document, Span};

use crate::{sentences, source};

/// A part of a document that the model reads in one go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Its part of the text.
    pub span: Span,
    /// Whether a single sentence had to be cut because it is longer than the model reads at once.
    pub cuts_a_sentence: bool,
}

/// How a document is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Windows {
    /// One window over the whole text, or several that overlap.
    pub windows: Vec<Window>,
}

impl Windows {
    /// What a curator must know about it: `None` if the text is read whole.
    #[must_use]
    pub fn notice(&self) -> Option<String> {
        let count = self.windows.len();
        let cuts = self.windows.iter().any(|window| window.cuts_a_sentence);
        let cut = if cuts { " A sentence that is longer than the model reads at once was cut." } else { "" };
        (count > 1).then(|| {
            format!(
                "The text is longer than the model reads at once. It was read in {count} parts that overlap, and the \
                 results were merged: a relation whose names stand far apart may be missed.{cut}"
            )
        })
    }
}

/// Covers the document with windows of at most `limit`, measured by `length` (tokens of the prompt that the window gives),
/// each beginning with the last `overlap` sentences of the one before.
pub fn cover(
    document: &Document,
    limit: usize,
    overlap: usize,
    mut length: impl FnMut(Span) -> usize,
) -> Windows {
    let whole = source::whole(document);
    if length(whole) <= limit {
        return Windows { windows: vec![Window { span: whole, cuts_a_sentence: false }] };
    }
    let mut sentences = Vec::new();
    for sentence in sentences::of(document) {
        cut(&document.text, sentence, limit, &mut length, &mut sentences);
    }
    join(&sentences, limit, overlap, &mut length)
}

/// The same for names, which are short but must not be lost where windows meet: a sentence that takes more than a third of
/// a window is cut, so that windows always overlap by at least one part.
pub fn cover_for_names(text: &str, limit: usize, mut length: impl FnMut(Span) -> usize) -> Windows {
    let whole = Span::new(0, text.len());
    if length(whole) <= limit {
        return Windows { windows: vec![Window { span: whole, cuts_a_sentence: false }] };
    }
    let mut parts = Vec::new();
    for sentence in sentences::split(text) {
        cut(text, sentence, (limit / 3).max(1), &mut length, &mut parts);
    }
    join(&parts, limit, 1, &mut length)
}

/// Windows of as many parts as fit, each beginning with the last `overlap` ones of the window before.
fn join(parts: &[Window], limit: usize, overlap: usize, length: &mut impl FnMut(Span) -> usize) -> Windows {
    let span = |first: usize, last: usize| Span::new(parts[first].span.start, parts[last].span.end);
    let mut windows = Vec::new();
    let mut first = 0;
    while first < parts.len() {
        let mut last = first;
        while last + 1 < parts.len() && length(span(first, last + 1)) <= limit {
            last += 1;
        }
        let cuts_a_sentence = parts[first..=last].iter().any(|part| part.cuts_a_sentence);
        windows.push(Window { span: span(first, last), cuts_a_sentence });
        if last + 1 == parts.len() {
            break;
        }
        // Always at least one new sentence, and never an overlap that leaves no room for it.
        let mut next = (last + 1).saturating_sub(overlap).max(first + 1);
        while next <= last && length(span(next, last + 1)) > limit {
            next += 1;
        }
        first = next;
    }
    Windows { windows }
}

/// The sentence, or pieces of it that are not too long, cut between words where there are any.
fn cut(
    text: &str,
    sentence: Span,
    limit: usize,
    length: &mut impl FnMut(Span) -> usize,
    pieces: &mut Vec<Window>,
) {
    if length(sentence) <= limit {
        pieces.push(Window { span: sentence, cuts_a_sentence: false });
        return;
    }
    let mut rest = sentence;
    while length(rest) > limit {
        let middle = rest.start + rest.len() / 2;
        let Some(at) = cut_before(text, rest, middle) else {
            break;
        };
        let mut piece = Span::new(rest.start, at);
        while length(piece) > limit {
            match cut_before(text, piece, piece.start + piece.len() / 2) {
                Some(at) => piece = Span::new(piece.start, at),
                None => break,
            }
        }
        pieces.push(Window { span: piece, cuts_a_sentence: true });
        rest = Span::new(piece.end, rest.end);
    }
    pieces.push(Window { span: rest, cuts_a_sentence: true });
}

/// The last place before `middle` where a word begins, else the last character boundary; inside the span.
fn cut_before(text: &str, span: Span, middle: usize) -> Option<usize> {
    let floor = (span.start + 1..=middle).rev().find(|at| text.is_char_boundary(*at))?;
    let word = text[span.start..floor].rfind(char::is_whitespace).map(|at| span.start + at);
    let after = word.map(|at| at + text[at..].chars().next().map_or(0, char::len_utf8));
    after.filter(|at| *at > span.start).or(Some(floor))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Windows by a limit of characters.
    fn check(text: &str, limit: usize, overlap: usize, expected: &[&str]) {
        let document = Document { text: text.to_owned(), ..Document::default() };
        let windows = cover(&document, limit, overlap, |span| span.len());
        let parts: Vec<&str> = windows.windows.iter().map(|w| w.span.slice(text).unwrap()).collect();
        assert_eq!(parts, expected);
    }

    #[test]
    fn short_texts_are_read_whole_and_long_ones_overlap() {
        check("One. Two.", 9, 1, &["One. Two."]);
        check(
            "One one. Two two. Three. Four.",
            17,
            1,
            &["One one. Two two.", "Two two. Three.", "Three. Four."],
        );
        check("One one. Two two. Three. Four.", 17, 0, &["One one. Two two.", "Three. Four."]);
    }

    #[test]
    fn an_endless_sentence_is_cut_between_words_and_says_so() {
        check("aaa bbb ccc ddd", 8, 0, &["aaa bbb ", "ccc ddd"]);
        check("日本語日本語", 6, 1, &["日", "本語", "日", "本語"]);
        let document = Document { text: "aaa bbb".to_owned(), ..Document::default() };
        let windows = cover(&document, 4, 0, |span| span.len());
        assert!(windows.notice().unwrap().contains("was cut"));
        assert_eq!(cover(&document, 7, 0, |span| span.len()).notice(), None);
    }
}
