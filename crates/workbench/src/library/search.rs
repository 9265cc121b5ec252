//! Finding words everywhere, and the sentences that mention a term.

use sessions::{DocumentFilter, DocumentOrder, Hit};

use super::offsets::Offsets;
use super::{OpenLibrary, id_of};
use crate::error::Result;
use crate::wire::{self, SearchHitKind};

impl OpenLibrary {
    /// Whatever contains all the words, up to `limit` of each kind.
    ///
    /// # Errors
    /// Those of the library.
    pub fn search(&self, text: &str, limit: u32) -> Result<Vec<wire::SearchHit>> {
        let hits = self.with(|library| library.search(text, limit as usize))?;
        let mut found = Vec::new();
        found.extend(hits.documents.iter().map(|hit| shown(SearchHitKind::Document, hit, hit.id.0)));
        found.extend(hits.names.iter().map(|hit| shown(SearchHitKind::Name, hit, hit.id.0)));
        found.extend(hits.notes.iter().map(|hit| shown(SearchHitKind::Note, hit, hit.id.0)));
        found.extend(hits.decisions.iter().map(|hit| shown(SearchHitKind::Decision, hit, hit.id.0)));
        found.extend(hits.drafts.iter().map(|hit| shown(SearchHitKind::Draft, hit, hit.id.0)));
        Ok(found)
    }

    /// The sentences of the library that mention a term, the oldest document first.
    ///
    /// # Errors
    /// Those of the library.
    pub fn concordance(&self, term: &str, limit: u32) -> Result<wire::Concordance> {
        let mut concordance = wire::Concordance { total: 0, lines: Vec::new() };
        // All texts may be read: on a connection of its own, so that no decision waits for it.
        let library = self.reader()?;
        // The index names the candidates; the whole words are looked for in their texts.
        let phrase = format!("\"{}\"", term.trim().replace('"', " "));
        let hits = library.search(&phrase, MOST_DOCUMENTS)?;
        let mut ids: Vec<_> = hits.documents.into_iter().map(|hit| hit.id).collect();
        if ids.len() < MOST_DOCUMENTS {
            ids.sort_unstable();
        } else {
            ids = library.document_ids(DocumentOrder::OldestFirst, &DocumentFilter::default())?;
        }
        for id in ids {
            let text = library.document_text(id)?;
            let places = sessions::occurrences(&text, term);
            if places.is_empty() {
                continue;
            }
            let stored = library.document(id)?;
            for sentence in tasks::sentences::of(&stored.document) {
                let inside: Vec<_> = places.iter().filter(|place| sentence.contains(**place)).collect();
                let Some(words) = sentence.slice(&text).filter(|_| !inside.is_empty()) else { continue };
                concordance.total += 1;
                if concordance.lines.len() < limit as usize {
                    let offsets = Offsets::new(words);
                    let shift = |place: &documents::Span| {
                        offsets.span(documents::Span::new(
                            place.start - sentence.start,
                            place.end - sentence.start,
                        ))
                    };
                    concordance.lines.push(wire::ConcordanceLine {
                        document: id_of(id.0),
                        title: stored.title.clone(),
                        source_id: stored.document.id.clone(),
                        sentence: words.to_owned(),
                        highlights: inside.into_iter().map(shift).collect(),
                    });
                }
            }
        }
        Ok(concordance)
    }
}

/// With more candidates than this every text is looked through.
const MOST_DOCUMENTS: usize = 2_000;

fn shown<T>(kind: SearchHitKind, hit: &Hit<T>, id: i64) -> wire::SearchHit {
    wire::SearchHit {
        kind,
        id: id_of(id),
        document: hit.document.map(|document| id_of(document.0)),
        title: hit.title.clone(),
        highlights: Offsets::new(&hit.snippet).spans(&hit.highlights),
        snippet: hit.snippet.clone(),
    }
}
