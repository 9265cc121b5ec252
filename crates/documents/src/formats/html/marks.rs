//! A document's text with its mentions marked. Mentions overlap, elements cannot: the text is cut at every border.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::super::identifiers;
use super::super::xml::escape;
use crate::{Document, Entity, Passage, Span};

/// The anchor of a mention within the page.
pub(super) fn anchor(document: usize, id: &str) -> String {
    let id: String = id.chars().map(|letter| if letter.is_alphanumeric() { letter } else { '-' }).collect();
    format!("d{document}-{id}")
}

/// The passages as paragraphs and headings. What lies between them is shown too, if it is more than blanks.
pub(super) fn push_text(
    page: &mut String,
    number: usize,
    document: &Document,
    looks: &BTreeMap<&str, usize>,
) {
    let pieces = Pieces::of(document);
    let mut anchored = BTreeSet::new();
    let mut push = |tag: &str, span: Span| {
        if span.slice(&document.text).is_some_and(|words| !words.trim().is_empty()) {
            let _ = write!(page, "<{tag}>");
            for piece in pieces.within(span) {
                push_piece(page, number, document, piece, looks, &mut anchored);
            }
            let _ = writeln!(page, "</{tag}>");
        }
    };
    let mut end = 0;
    for passage in &document.passages {
        push("p", Span::new(end.min(passage.span.start), passage.span.start));
        push(tag(passage), passage.span);
        end = passage.span.end;
    }
    push("p", Span::new(end, document.text.len()));
}

fn tag(passage: &Passage) -> &'static str {
    match passage.kind.as_str() {
        "title" => "h3",
        "heading" => "h4",
        _ => "p",
    }
}

/// A stretch of text with the mentions that cover all of it.
struct Piece<'d> {
    span: Span,
    entities: Vec<&'d Entity>,
}

/// The text, cut where a mention or a passage begins or ends.
struct Pieces<'d>(Vec<Piece<'d>>);

impl<'d> Pieces<'d> {
    fn of(document: &'d Document) -> Self {
        let mut borders = BTreeSet::from([0, document.text.len()]);
        borders.extend(document.passages.iter().flat_map(|passage| [passage.span.start, passage.span.end]));
        let mut events: Vec<(usize, bool, usize)> = Vec::new();
        for (index, entity) in document.entities.iter().enumerate() {
            for span in &entity.spans {
                borders.extend([span.start, span.end]);
                events.extend([(span.start, true, index), (span.end, false, index)]);
            }
        }
        events.sort_unstable();
        let mut events = events.into_iter().peekable();
        let mut open: BTreeSet<usize> = BTreeSet::new();
        let borders: Vec<usize> = borders.into_iter().collect();
        let mut pieces = Vec::new();
        for pair in borders.windows(2) {
            let [start, end] = *pair else { continue };
            while let Some((_, begins, index)) = events.next_if(|(at, _, _)| *at <= start) {
                if begins {
                    open.insert(index);
                } else {
                    open.remove(&index);
                }
            }
            // Ends sort before starts, so what ends and begins here is closed and opened in that order.
            let mut entities: Vec<&Entity> =
                open.iter().filter_map(|index| document.entities.get(*index)).collect();
            entities.retain(|entity| entity.spans.iter().any(|span| span.start <= start && end <= span.end));
            pieces.push(Piece { span: Span::new(start, end), entities });
        }
        Self(pieces)
    }

    fn within(&self, span: Span) -> impl Iterator<Item = &Piece<'d>> {
        let from = self.0.partition_point(|piece| piece.span.start < span.start);
        self.0.iter().skip(from).take_while(move |piece| piece.span.end <= span.end)
    }
}

fn push_piece<'d>(
    page: &mut String,
    number: usize,
    document: &'d Document,
    piece: &Piece<'d>,
    looks: &BTreeMap<&str, usize>,
    anchored: &mut BTreeSet<&'d str>,
) {
    let words = escape(piece.span.slice(&document.text).unwrap_or_default());
    // The longest first, so that what lies inside another is drawn inside it.
    let mut entities = piece.entities.clone();
    entities
        .sort_by_key(|entity| std::cmp::Reverse(entity.spans.iter().map(|span| span.len()).sum::<usize>()));
    for entity in &entities {
        let look = looks.get(entity.kind.as_str()).copied().unwrap_or(0);
        let ids = identifiers::write(&entity.kind, &entity.concepts);
        let title = [entity.kind.as_str(), ids.as_str()].into_iter().filter(|part| !part.is_empty());
        let title = escape(&title.collect::<Vec<_>>().join(" · "));
        let _ = write!(page, "<mark class=\"look{look}\" title=\"{title}\"");
        if anchored.insert(&entity.id) {
            let _ = write!(page, " id=\"{}\"", anchor(number, &entity.id));
        }
        page.push('>');
    }
    page.push_str(&words.replace("&#10;", "<br>").replace("&#13;", "").replace("&#9;", " "));
    page.push_str(&"</mark>".repeat(entities.len()));
}
