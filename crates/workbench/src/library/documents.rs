//! Lists of documents, one document as it is shown, removing them, places.

use sessions::{By, DocumentFilter, DocumentOrder, Track};
use terms::abbreviations::abbreviations;

use super::offsets::Offsets;
use super::{OpenLibrary, count, document_id, id_of, marks, task_word};
use crate::error::Result;
use crate::wire;

impl OpenLibrary {
    /// Every document that a filter lets through, in order.
    ///
    /// # Errors
    /// Those of the library.
    pub fn document_ids(
        &self,
        order: wire::DocumentOrder,
        filter: &wire::DocumentFilter,
    ) -> Result<Vec<wire::Id>> {
        let curator = self.curator();
        let filter = DocumentFilter {
            undecided_by: filter.undecided.then_some(curator.as_str()),
            without_task: filter.without_task.map(task_word),
            origin: filter.origin.as_deref(),
            ..DocumentFilter::default()
        };
        let ids = self.with(|library| library.document_ids(order_of(order), &filter))?;
        Ok(ids.into_iter().map(|id| id_of(id.0)).collect())
    }

    /// The rows of some documents, in the given order; those that are gone are left out.
    ///
    /// # Errors
    /// Those of the library.
    pub fn document_summaries(&self, ids: &[wire::Id]) -> Result<Vec<wire::DocumentSummary>> {
        let (curator, retractions) = (self.curator(), self.names().known_retractions());
        let library = self.lock();
        let mut summaries = Vec::with_capacity(ids.len());
        for id in ids {
            let filter = DocumentFilter { only: Some(document_id(*id)), ..DocumentFilter::default() };
            let (rows, _) = library.documents(&curator, DocumentOrder::OldestFirst, &filter, None, 1)?;
            for row in rows {
                // Reading all of a document costs more than its row.
                let retracted =
                    !retractions.is_empty() && retractions.of(&library.document(row.id)?.document).is_some();
                summaries.push(wire::DocumentSummary {
                    id: *id,
                    words: words(&library.document_text(row.id)?),
                    source_id: row.source_id,
                    title: row.title,
                    origin: row.origin,
                    imported_at: row.imported_at.0,
                    findings: count(row.findings),
                    decided: count(row.decided),
                    read: row.runs > 0,
                    notes: count(row.notes),
                    retracted,
                });
            }
        }
        Ok(summaries)
    }

    /// A document with everything that points into it.
    ///
    /// # Errors
    /// Those of the library: it is gone.
    pub fn document(&self, id: wire::Id) -> Result<wire::DocumentView> {
        let (curator, retractions) = (self.curator(), self.names().known_retractions());
        let library = self.lock();
        let stored = library.document(document_id(id))?;
        let text = &stored.document.text;
        let offsets = Offsets::new(text);
        let place = library.last_place(&curator, Some(stored.id))?;
        Ok(wire::DocumentView {
            id,
            source_id: stored.document.id.clone(),
            title: stored.title.clone(),
            origin: stored.origin.clone(),
            format: stored.format.clone(),
            imported_at: stored.imported_at.0,
            text_sha256: stored.text_sha256.clone(),
            passages: stored
                .document
                .passages
                .iter()
                .map(|passage| wire::Passage { span: offsets.span(passage.span), kind: passage.kind.clone() })
                .collect(),
            sentences: offsets.spans(&tasks::sentences::of(&stored.document)),
            infons: stored
                .document
                .infons
                .iter()
                .map(|(name, value)| wire::Infon { name: name.clone(), value: value.clone() })
                .collect(),
            retracted: retractions.of(&stored.document),
            abbreviations: defined(text),
            marks: marks::marks(&library, &stored, &curator, self.names(), self.today())?,
            top: place.map_or(0, |place| offsets.to_wire(usize::try_from(place.top).unwrap_or(usize::MAX))),
            text: text.clone(),
        })
    }

    /// Takes documents out of sight.
    ///
    /// # Errors
    /// Those of the library.
    pub fn remove_documents(&self, ids: &[wire::Id]) -> Result<wire::Change> {
        let ids: Vec<_> = ids.iter().map(|id| document_id(*id)).collect();
        Ok(self.act(Track::Curation, |library, by| library.remove_documents(by, &ids))?.1)
    }

    /// Remembers where the curator was.
    ///
    /// # Errors
    /// Those of the library.
    pub fn remember_place(&self, place: wire::Place) -> Result<()> {
        let curator = self.curator();
        let at = self.now();
        self.with(|library| {
            let id = document_id(place.document);
            let text = library.document_text(id)?;
            let top = Offsets::new(&text).to_bytes(place.top) as u64;
            library.remember_place(By::new(&curator, at), id, top)
        })
    }

    /// Where the curator was last.
    ///
    /// # Errors
    /// Those of the library.
    pub fn last_place(&self) -> Result<Option<wire::Place>> {
        let curator = self.curator();
        self.with(|library| {
            let Some(place) = library.last_place(&curator, None)? else { return Ok(None) };
            let text = library.document_text(place.document)?;
            let top = Offsets::new(&text).to_wire(usize::try_from(place.top).unwrap_or(usize::MAX));
            Ok(Some(wire::Place { document: id_of(place.document.0), top }))
        })
    }
}

/// The short forms that a text defines, each with each of its meanings once.
fn defined(text: &str) -> Vec<wire::Abbreviation> {
    let mut found: Vec<wire::Abbreviation> = Vec::new();
    for one in abbreviations(text) {
        let words = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default().to_owned();
        let one = wire::Abbreviation { short: words(one.short), long: words(one.long) };
        if !found.contains(&one) {
            found.push(one);
        }
    }
    found
}

/// Length of a text in words.
#[must_use]
pub fn words(text: &str) -> u32 {
    count(text.split_whitespace().count() as u64)
}

const fn order_of(order: wire::DocumentOrder) -> DocumentOrder {
    match order {
        wire::DocumentOrder::NewestFirst => DocumentOrder::NewestFirst,
        wire::DocumentOrder::OldestFirst => DocumentOrder::OldestFirst,
        wire::DocumentOrder::Title => DocumentOrder::Title,
        wire::DocumentOrder::SourceId => DocumentOrder::SourceId,
    }
}
