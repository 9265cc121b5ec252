//! The quotes of documents on their way out, or of a whole library on request, and which of them cannot be relied on.

use documents::Document;
use documents::evidence::{FlawKind, check};
use sessions::{DocumentFilter, DocumentId, DocumentOrder, Which};

use super::gathering;
use crate::error::Result;
use crate::library::{Offsets, OpenLibrary, count, id_of};
use crate::wire;

/// Flaws that are listed one by one.
const LISTED: usize = 500;

/// Checks what an export would hold of a document.
pub fn add(report: &mut wire::EvidenceReport, id: DocumentId, document: &Document) {
    let checked = check(document);
    report.documents += 1;
    report.quotes += count(checked.quotes as u64);
    let offsets = Offsets::new(&document.text);
    for flaw in checked.flaws {
        if report.flaws.len() == LISTED {
            report.further += 1;
            continue;
        }
        report.flaws.push(wire::EvidenceFlaw {
            document: id_of(id.0),
            source_id: document.id.clone(),
            title: sessions::title(document),
            statement: flaw.statement,
            kind: match flaw.kind {
                FlawKind::NotInText => wire::EvidenceFlawKind::NotInText,
                FlawKind::Cut => wire::EvidenceFlawKind::Cut,
                FlawKind::TitleOnly => wire::EvidenceFlawKind::TitleOnly,
                FlawKind::HeadingOnly => wire::EvidenceFlawKind::HeadingOnly,
                FlawKind::AuthorsOnly => wire::EvidenceFlawKind::AuthorsOnly,
            },
            quote: flaw.quote,
            span: flaw.span.map(|span| offsets.span(span)),
        });
    }
}

impl OpenLibrary {
    /// Checks every quote of the library, but for those of what the curator has rejected.
    ///
    /// # Errors
    /// Those of the library.
    pub fn check_evidence(&self) -> Result<wire::EvidenceReport> {
        let curator = self.curator();
        // On a connection of its own: who works meanwhile need not wait.
        self.reader()?.at_one_time(|library| {
            let mut report = wire::EvidenceReport::default();
            for id in library.document_ids(DocumentOrder::OldestFirst, &DocumentFilter::default())? {
                let mut document = library.annotated(id, Which::Everything)?;
                gathering::decisions(&mut document, &curator);
                add(&mut report, id, &document);
            }
            Ok(report)
        })
    }
}
