//! What a model wrote in a draft leaves Osler with its mark.

use crate::library::offsets::Offsets;
use crate::wire;

/// Stand around what a model wrote, in [`Marked::tracked`]. Word can hold neither, so that no author's text is lost by them.
pub const BEGIN: char = '\u{2}';
/// The end of it.
pub const END: char = '\u{3}';

/// The text of a draft with the mark of each stretch behind it.
#[derive(Debug, PartialEq, Eq)]
pub struct Marked {
    /// With the marks as text.
    pub text: String,
    /// The same, with [`BEGIN`] and [`END`] around each stretch and its mark.
    pub tracked: String,
    /// Who wrote each stretch, in the order of the text.
    pub authors: Vec<String>,
}

/// Marks what a model wrote and nobody has changed or confirmed. White space around a stretch is left out of it.
pub fn marked(text: &str, generated: &[wire::GeneratedSpan]) -> Marked {
    let offsets = Offsets::new(text);
    let mut spans: Vec<(documents::Span, &wire::GeneratedSpan)> =
        generated.iter().map(|one| (offsets.bytes(one.span), one)).collect();
    spans.sort_by_key(|(span, _)| (span.start, span.end));
    let mut marked = Marked { text: String::new(), tracked: String::new(), authors: Vec::new() };
    let mut at = 0;
    for (span, one) in spans {
        // What overlaps is marked once more from where the one before it ends.
        let start = span.start.max(at).min(text.len());
        let stretch = text.get(start..span.end.min(text.len())).unwrap_or_default();
        if stretch.trim().is_empty() {
            continue;
        }
        let start = start + stretch.len() - stretch.trim_start().len();
        let words = stretch.trim();
        let mark = if one.mark.is_empty() { wire::NO_SOURCE } else { &one.mark };
        let before = &text[at..start];
        marked.text.push_str(&format!("{before}{words} {mark}"));
        marked.tracked.push_str(&format!("{}{BEGIN}{} {mark}{END}", bare(before), bare(words)));
        marked.authors.push(one.model.clone());
        at = start + words.len();
    }
    marked.text.push_str(&text[at..]);
    marked.tracked.push_str(&bare(&text[at..]));
    marked
}

fn bare(text: &str) -> String {
    text.replace([BEGIN, END], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: u32, end: u32, mark: &str) -> wire::GeneratedSpan {
        wire::GeneratedSpan {
            span: wire::Span { start, end },
            model: "m".to_owned(),
            seed: None,
            support: None,
            mark: mark.to_owned(),
        }
    }

    #[test]
    fn each_stretch_has_its_mark_behind_it() {
        let text = "𝛼 mine. A drug.  It heals.\nMine.";
        let spans = [span(18, 27, ""), span(8, 17, "[generated, supported by X]")];
        let marked = marked(text, &spans);
        assert_eq!(
            marked.text,
            "𝛼 mine. A drug. [generated, supported by X]  It heals. [generated, no source]\nMine."
        );
        assert_eq!(marked.tracked.replace([BEGIN, END], ""), marked.text);
        assert_eq!(marked.authors.len(), 2);
    }

    #[test]
    fn nothing_that_a_model_wrote_is_without_a_mark() {
        // Overlaps, blanks, what reaches over the end.
        let text = "One two three";
        for (spans, expected) in [
            (vec![span(0, 7, ""), span(4, 13, "[b]")], "One two [generated, no source] three [b]"),
            (vec![span(0, 13, ""), span(4, 7, "[b]")], "One two three [generated, no source]"),
            (vec![span(3, 4, "")], "One two three"),
            (vec![span(8, 99, "")], "One two three [generated, no source]"),
        ] {
            assert_eq!(marked(text, &spans).text, expected);
        }
    }
}
