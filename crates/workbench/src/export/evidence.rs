//! What to look at before documents leave Osler, or of a whole library on request: quotes that cannot be relied on, retracted
//! articles, and words that may identify a person.

use documents::Document;
use documents::evidence::{FlawKind, check};
use sessions::{DocumentFilter, DocumentId, DocumentOrder, Which};
use tasks::personal;

use super::gathering;
use crate::error::Result;
use crate::library::{Offsets, OpenLibrary, count, id_of};
use crate::wire;

/// Flaws that are listed one by one.
const LISTED: usize = 500;

/// Checks what an export would hold of a document, of which a list of retracted articles may know something.
pub fn add(report: &mut wire::EvidenceReport, id: DocumentId, document: &Document, retraction: Option<&str>) {
    let checked = check(document);
    report.documents += 1;
    report.quotes += count(checked.quotes as u64);
    let offsets = Offsets::new(&document.text);
    let mut list = |statement: String, kind, quote: String, span| {
        if report.flaws.len() == LISTED {
            report.further += 1;
            return;
        }
        let (source_id, title) = (document.id.clone(), sessions::title(document));
        let document = id_of(id.0);
        report.flaws.push(wire::EvidenceFlaw { document, source_id, title, statement, kind, quote, span });
    };
    if let Some(retraction) = retraction {
        list(String::new(), wire::EvidenceFlawKind::Retracted, retraction.to_owned(), None);
    }
    for span in personal::identifiers(document) {
        let words = span.slice(&document.text).unwrap_or_default().to_owned();
        list(String::new(), wire::EvidenceFlawKind::Identifying, words, Some(offsets.span(span)));
    }
    for flaw in checked.flaws {
        let kind = match flaw.kind {
            FlawKind::NotInText => wire::EvidenceFlawKind::NotInText,
            FlawKind::Cut => wire::EvidenceFlawKind::Cut,
            FlawKind::TitleOnly => wire::EvidenceFlawKind::TitleOnly,
            FlawKind::HeadingOnly => wire::EvidenceFlawKind::HeadingOnly,
            FlawKind::AuthorsOnly => wire::EvidenceFlawKind::AuthorsOnly,
        };
        list(flaw.statement, kind, flaw.quote, flaw.span.map(|span| offsets.span(span)));
    }
}

impl OpenLibrary {
    /// Checks every quote of the library, but for those of what the curator has rejected, lists retracted articles, and what may identify
    /// a person.
    ///
    /// # Errors
    /// Those of the library; if a list of retracted articles cannot be read.
    pub fn check_evidence(&self) -> Result<wire::EvidenceReport> {
        let (curator, retractions) = (self.curator(), self.names().retractions()?);
        // On a connection of its own: who works meanwhile need not wait.
        self.reader()?.at_one_time(|library| {
            let mut report = wire::EvidenceReport::default();
            for id in library.document_ids(DocumentOrder::OldestFirst, &DocumentFilter::default())? {
                let mut document = library.annotated(id, Which::Everything)?;
                gathering::decisions(&mut document, &curator);
                add(&mut report, id, &document, retractions.of(&document).as_deref());
            }
            Ok(report)
        })
    }
}
