//! Plain text and Markdown: one document a file, its text exactly as written, a passage per paragraph.

use super::ReadError;
use super::import::Intake;
use crate::{Document, Infons, Passage, Span};

/// The longest first line that is taken for a title.
const TITLE: usize = 300;

/// Reads plain text.
pub(super) fn read_text(text: &str, intake: &mut Intake<'_>) -> Result<(), ReadError> {
    let document = document(text, intake.stem());
    intake.document(document, "the file");
    Ok(())
}

/// Reads Markdown. Marks stay in the text; those of headings lie between the passages.
pub(super) fn read_markdown(text: &str, intake: &mut Intake<'_>) -> Result<(), ReadError> {
    let mut document =
        Document { id: intake.stem().to_owned(), text: text.to_owned(), ..Document::default() };
    for paragraph in paragraphs(text) {
        let mut open: Option<Span> = None;
        for line in lines(text, paragraph) {
            match heading(text, line) {
                Some(words) => {
                    document.passages.extend(open.take().map(|span| passage(span, "body")));
                    let is_title =
                        document.passages.is_empty() && text.get(line.start..line.start + 2) == Some("# ");
                    document.passages.push(passage(words, if is_title { "title" } else { "heading" }));
                }
                None => open = Some(Span::new(open.map_or(line.start, |span| span.start), line.end)),
            }
        }
        document.passages.extend(open.map(|span| passage(span, "body")));
    }
    intake.document(document, "the file");
    Ok(())
}

/// A text with a passage per paragraph; a short first one is its title.
pub(super) fn document(text: &str, id: &str) -> Document {
    let mut spans: Vec<Span> = paragraphs(text).collect();
    // "Title, line break, abstract" without an empty line between, as corpora write it.
    if let [only] = spans[..] {
        let of: Vec<Span> = lines(text, only).collect();
        let is_titled = of.len() > 1 && of.len() <= 3 && of.iter().skip(1).any(|line| line.len() > TITLE);
        let is_titled = is_titled || ends_on_purpose(text, &of);
        if let Some(first) = of.first().filter(|first| is_titled && first.len() <= TITLE) {
            spans = vec![*first, Span::new(of.get(1).map_or(first.end, |line| line.start), only.end)];
        }
    }
    let is_title = |span: &Span| {
        span.len() <= TITLE && span.slice(text).is_some_and(|words| !words.contains('\n')) && spans.len() > 1
    };
    let kinds = spans.iter().enumerate().map(
        |(index, span)| {
            if index == 0 && is_title(span) { "title" } else { "body" }
        },
    );
    let passages = spans.iter().zip(kinds).map(|(span, kind)| passage(*span, kind)).collect();
    Document { id: id.to_owned(), text: text.to_owned(), passages, ..Document::default() }
}

/// Whether the first line ends though the first word of the next, a capitalized one, had room on it: what is broken to a
/// width goes on there.
fn ends_on_purpose(text: &str, lines: &[Span]) -> bool {
    let [first, second, ..] = lines else { return false };
    let width = lines.iter().map(|line| line.len()).max().unwrap_or(0);
    let (first, second) = (first.slice(text).unwrap_or_default(), second.slice(text).unwrap_or_default());
    let word = second.split_whitespace().next().unwrap_or_default();
    let goes_on = first.ends_with([',', ';', '-', '(']);
    !goes_on && word.starts_with(char::is_uppercase) && first.len() + 1 + word.len() <= width
}

fn passage(span: Span, kind: &str) -> Passage {
    Passage { span, kind: kind.to_owned(), infons: Infons::new() }
}

/// Stretches of text between empty lines, without the blanks around them.
fn paragraphs(text: &str) -> impl Iterator<Item = Span> {
    let mut found = Vec::new();
    let mut open: Option<Span> = None;
    for line in lines(text, Span::new(0, text.len())) {
        if line.is_empty() {
            found.extend(open.take());
        } else {
            open = Some(Span::new(open.map_or(line.start, |span| span.start), line.end));
        }
    }
    found.extend(open);
    found.into_iter()
}

/// The lines inside a stretch, each without the blanks around it.
fn lines(text: &str, within: Span) -> impl Iterator<Item = Span> {
    let mut start = within.start;
    let part = within.slice(text).unwrap_or_default();
    part.split('\n').map(move |line| {
        let from = start + (line.len() - line.trim_start().len());
        let words = line.trim();
        start += line.len() + 1;
        Span::new(from, from + words.len())
    })
}

/// The words of a heading (`## Methods ##`).
fn heading(text: &str, line: Span) -> Option<Span> {
    let whole = line.slice(text)?;
    let words = whole.trim_start_matches('#');
    let marks = whole.len() - words.len();
    if !(1..=6).contains(&marks) || !words.starts_with([' ', '\t']) {
        return None;
    }
    let lead = words.len() - words.trim_start().len();
    let closed = words.trim_end().trim_end_matches('#').trim_end();
    let start = line.start + marks + lead;
    let end = line.start + marks + closed.len();
    (start < end).then_some(Span::new(start, end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{Format, Import, read};

    fn passages(import: &Import) -> Vec<(&str, &str)> {
        let document = &import.documents[0];
        let part = |passage: &Passage| passage.span.slice(&document.text);
        document
            .passages
            .iter()
            .map(|one| (one.kind.as_str(), part(one).unwrap_or("outside")))
            .collect::<Vec<_>>()
    }

    #[test]
    fn keeps_the_text_and_finds_its_paragraphs() {
        let text = "Aspirin and bleeding\r\n\r\n  It bleeds.\r\nOften.\r\n\r\n";
        let import = read(text.as_bytes(), "notes/case 1.txt").unwrap();
        assert_eq!(import.documents[0].id, "case 1");
        assert_eq!(import.documents[0].text, text);
        assert_eq!(passages(&import), [("title", "Aspirin and bleeding"), ("body", "It bleeds.\r\nOften.")]);
    }

    #[test]
    fn knows_a_title_on_the_first_of_two_lines() {
        let text = format!("Short title.\n{}", "Long abstract. ".repeat(30));
        let import = read(text.as_bytes(), "a.txt").unwrap();
        assert_eq!(passages(&import)[0], ("title", "Short title."));
    }

    #[test]
    fn knows_a_title_without_a_stop_from_a_line_that_was_broken() {
        let titled =
            "Haloperidol and parkinsonism\nWe saw three patients. Haloperidol caused parkinsonism in one.";
        let import = read(titled.as_bytes(), "a.txt").unwrap();
        assert_eq!(passages(&import)[0], ("title", "Haloperidol and parkinsonism"));
        // The next word would not have fitted.
        let broken = "Haloperidol caused\nParkinsonism in one of\nthree patients, who died.";
        let import = read(broken.as_bytes(), "a.txt").unwrap();
        assert_eq!(passages(&import), [("body", broken)]);
    }

    #[test]
    fn reads_headings_of_markdown() {
        let text = "# Case #\nA man.\n## Methods\n\nWe **looked**.\n#hashtag\n";
        let import = read(text.as_bytes(), "case.md").unwrap();
        assert_eq!(import.format, Format::Markdown);
        assert_eq!(
            passages(&import),
            [
                ("title", "Case"),
                ("body", "A man."),
                ("heading", "Methods"),
                ("body", "We **looked**.\n#hashtag")
            ]
        );
    }
}
