//! Libraries of several curators: brought together, compared, adjudicated.

use std::path::Path;

use sessions::Track;

use crate::error::Result;
use crate::library::{self, Offsets, OpenLibrary, contents, count, id_of};
use crate::wire;
use crate::workbench::Workbench;

/// Disagreements that are listed one by one.
const LISTED: usize = 500;

impl Workbench {
    /// Brings the library at `path` into the open one, as one step of undo: the same texts and findings meet, and decisions stay
    /// under the names of those who made them, or under `curator`.
    ///
    /// # Errors
    /// When the other library cannot be opened, is the open one, or has several curators for one name.
    pub fn merge_library(&self, path: &Path, curator: Option<&str>) -> Result<wire::MergeReport> {
        let curator = curator.map(str::trim).filter(|name| !name.is_empty());
        let opened = self.opened();
        let other = library::open(&library::meant(path), &self.places)?;
        let (merged, change) =
            opened.act(Track::Curation, |library, by| library.merge(by, &other, curator, &mut |_, _| ()))?;
        self.tell(&wire::AppEvent::LibraryChanged { library: change.library, documents: None });
        Ok(wire::MergeReport {
            documents: count(merged.documents),
            documents_met: count(merged.documents_met),
            runs: count(merged.runs),
            runs_met: count(merged.runs_met),
            decisions: count(merged.decisions),
            decisions_met: count(merged.decisions_met),
            decisions_without_ground: count(merged.decisions_without_ground),
            notes: count(merged.notes),
            step: change.step,
        })
    }
}

impl OpenLibrary {
    /// How far each two curators agree, and the disagreements that are open for the one who looks.
    ///
    /// # Errors
    /// Those of the library.
    pub fn compare_curators(&self) -> Result<wire::Comparison> {
        let curator = self.curator();
        self.reader()?.at_one_time(|library| {
            let curators = library.curators()?;
            let mut pairs = Vec::new();
            for (first, place) in curators.iter().zip(1..) {
                for second in curators.iter().skip(place) {
                    let agreement = library.agreement(first, second)?;
                    let total = agreement.total;
                    pairs.push(wire::CuratorPair {
                        first: first.clone(),
                        second: second.clone(),
                        documents: count(agreement.documents),
                        statements: count(total.both + total.only_first + total.only_second + total.neither),
                        left_out: count(agreement.left_out),
                        agreement: total.raw(),
                        kappa: total.kappa(),
                    });
                }
            }
            let open = library.disagreements(&curator)?;
            let further = count(open.len().saturating_sub(LISTED) as u64);
            let mut disagreements = Vec::new();
            for one in open.into_iter().take(LISTED) {
                let stored = library.document(one.document)?;
                let offsets = Offsets::new(&stored.document.text);
                disagreements.push(wire::Disagreement {
                    document: id_of(one.document.0),
                    source_id: stored.document.id.clone(),
                    title: stored.title.clone(),
                    r#type: one.content.kind().to_owned(),
                    names: names(&one.content),
                    span: one.place().map(|span| offsets.span(span)),
                    voices: one.voices.into_iter().map(voice).collect(),
                });
            }
            Ok(wire::Comparison { pairs, disagreements, further })
        })
    }
}

fn voice(voice: sessions::Voice) -> wire::Voice {
    wire::Voice {
        curator: voice.curator,
        holds: voice.holds,
        word: voice.word.to_owned(),
        reason: voice.reason.map(contents::reason),
        comment: voice.comment,
    }
}

/// The names of a statement as people read them, without ids.
fn names(content: &documents::Content) -> String {
    match content {
        documents::Content::Entity { text, .. } => text.clone(),
        documents::Content::Relation { participants, .. } => {
            participants.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(" – ")
        }
        documents::Content::Label { .. } => String::new(),
        documents::Content::Answer { question, .. } => question.clone(),
    }
}
