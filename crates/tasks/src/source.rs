//! The text of a document as the model reads it: its passages, one after the other.

use documents::{Document, Span};

/// The range of the whole text.
#[must_use]
pub fn whole(document: &Document) -> Span {
    Span::new(0, document.text.len())
}

/// The trimmed pieces of `window`, one per passage; text outside every passage is left out, unless the document has no
/// passages at all.
pub fn pieces(document: &Document, window: Span) -> Vec<&str> {
    let whole = [whole(document)];
    let spans = document.passages.iter().map(|passage| passage.span);
    let spans: Vec<Span> = if document.passages.is_empty() { whole.to_vec() } else { spans.collect() };
    spans
        .into_iter()
        .filter_map(|span| {
            let clipped = Span::new(span.start.max(window.start), span.end.min(window.end));
            if clipped.is_empty() { None } else { clipped.slice(&document.text) }
        })
        .map(str::trim)
        .filter(|piece| !piece.is_empty())
        .collect()
}

/// The pieces of `window` joined by one space and lower-cased, as the relation tasks give them to the model.
pub(crate) fn lower_cased(document: &Document, window: Span) -> String {
    pieces(document, window).join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_trimmed_passages_inside_the_window() {
        let document = Document::from_parts("1", &[("title", " A Title. "), ("abstract", "First. Second.")]);
        assert_eq!(lower_cased(&document, whole(&document)), "a title. first. second.");
        let start = document.text.find("Second").unwrap();
        assert_eq!(pieces(&document, Span::new(start, document.text.len())), ["Second."]);
    }

    #[test]
    fn a_document_without_passages_is_one_piece() {
        let document = Document { text: " Plain text\n".to_owned(), ..Document::default() };
        assert_eq!(pieces(&document, whole(&document)), ["Plain text"]);
    }
}
