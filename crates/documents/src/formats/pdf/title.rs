//! The title that a PDF's properties declare, where the text says the same. Many programs fill the property with a file's name or a
//! template's title: what is not at the beginning of the text, too, is not believed.

use std::ops::Range;

use pdf_extract::{Dictionary, Document, Object};

/// Paragraphs that a title is looked for in.
const PARAGRAPHS: usize = 12;
/// Letters and digits that a title has at least, and at most. Shorter ones (`Article`, `Untitled`) occur anywhere by chance.
const LETTERS: Range<usize> = 8..400;

/// The property `Title`, PDF 32000-1 section 14.3.3.
pub(super) fn declared(pdf: &Document) -> Option<String> {
    let information: &Dictionary = match pdf.trailer.get(b"Info").ok()? {
        Object::Reference(id) => pdf.get_object(*id).ok()?.as_dict().ok()?,
        object => object.as_dict().ok()?,
    };
    let title = match information.get(b"Title").ok()? {
        Object::Reference(id) => pdf.get_object(*id).ok()?,
        object => object,
    };
    title.as_str().ok().map(text)
}

/// A text string: UTF-16 or UTF-8 where it begins with their marks, else a code of one byte a letter that agrees with Latin-1 but
/// for a few characters.
fn text(bytes: &[u8]) -> String {
    if let Some(units) = bytes.strip_prefix(b"\xfe\xff") {
        let units: Vec<u16> =
            units.as_chunks().0.iter().map(|[high, low]| u16::from_be_bytes([*high, *low])).collect();
        return String::from_utf16_lossy(&units);
    }
    match bytes.strip_prefix(b"\xef\xbb\xbf") {
        Some(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        None => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

/// The number of the paragraph that has the declared title, and its bytes there, whatever the blanks, hyphens and case.
pub(super) fn place(declared: &str, paragraphs: &[String]) -> Option<(usize, Range<usize>)> {
    let letters = |text: &str| -> Vec<(usize, char)> {
        let all = text.char_indices().filter(|(_, letter)| letter.is_alphanumeric());
        all.flat_map(|(at, letter)| letter.to_lowercase().map(move |letter| (at, letter))).collect()
    };
    let wanted: Vec<char> = letters(declared).into_iter().map(|(_, letter)| letter).collect();
    if !LETTERS.contains(&wanted.len()) || declared.split_whitespace().count() < 2 {
        return None;
    }
    paragraphs.iter().take(PARAGRAPHS).enumerate().find_map(|(number, paragraph)| {
        let own = letters(paragraph);
        let is_part_of_a_word = |text: &str, at: usize| {
            let (before, after) = text.split_at(at);
            before.ends_with(char::is_alphanumeric) && after.starts_with(char::is_alphanumeric)
        };
        own.windows(wanted.len()).find_map(|window| {
            if !window.iter().map(|(_, letter)| letter).eq(&wanted) {
                return None;
            }
            let (first, last) = (window.first()?.0, window.last()?.0);
            let end = last + paragraph.get(last..)?.chars().next()?.len_utf8();
            let is_apart = !is_part_of_a_word(paragraph, first) && !is_part_of_a_word(paragraph, end);
            is_apart.then_some((number, first..with_its_full_stop(paragraph, end)))
        })
    })
}

/// What ends a title belongs to it.
fn with_its_full_stop(paragraph: &str, end: usize) -> usize {
    let rest = paragraph.get(end..).unwrap_or_default();
    let own = rest.chars().take_while(|sign| matches!(sign, '.' | '?' | '!' | ')' | '”' | '"'));
    end + own.map(char::len_utf8).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{page, pdf};
    use crate::formats::read;

    const TEXT: &str = "BT /F1 8 Tf 72 760 Td (Journal of Tests 2026, 1-9) Tj /F1 20 Tf 0 -60 Td (On tremor in) Tj 0 -24 Td \
                        (tiny rats) Tj /F1 10 Tf 0 -60 Td (Lithium causes tremor.) Tj ET";

    /// The kinds and texts of the passages of a PDF with this property.
    fn passages(title: &str) -> Vec<(String, String)> {
        let mut objects = page(TEXT, "");
        objects.push(format!("<< /Title {title} >>"));
        let bytes =
            String::from_utf8(pdf(&objects)).unwrap().replace("/Root 1 0 R", "/Root 1 0 R /Info 6 0 R");
        let document = read(bytes.as_bytes(), "a.pdf").unwrap().documents.remove(0);
        let text = |span: crate::Span| span.slice(&document.text).unwrap().to_owned();
        document.passages.iter().map(|passage| (passage.kind.clone(), text(passage.span))).collect()
    }

    #[test]
    fn a_declared_title_that_the_text_says_is_the_title() {
        for title in [
            "(On Tremor in Tiny  Rats)",
            "<FEFF004F006E0020007400720065006D006F007200200069006E002000740069006E007900200072006100740073>",
        ] {
            let passages = passages(title);
            let titles: Vec<_> = passages.iter().filter(|(kind, _)| kind == "title").collect();
            assert_eq!(titles.len(), 1, "{passages:?}");
            assert_eq!(titles[0].1, "On tremor in tiny rats");
            assert_eq!(passages.first().unwrap().1, "Journal of Tests 2026, 1-9");
            assert_eq!(passages.last().unwrap().1, "Lithium causes tremor.");
        }
    }

    #[test]
    fn text_strings_have_three_forms() {
        assert_eq!(super::text(b"na\xefve"), "naïve");
        assert_eq!(super::text(b"\xfe\xff\x03\xb2"), "β");
        assert_eq!(super::text(b"\xef\xbb\xbf\xce\xb2"), "β");
    }

    #[test]
    fn what_a_program_put_there_is_no_title() {
        for title in
            ["(Microsoft Word - paper_v3.doc)", "(Untitled)", "(Journal)", "()", "(tremor in na)", "7", "[]"]
        {
            assert!(passages(title).iter().all(|(kind, _)| kind == "body"), "{title}");
        }
    }
}
