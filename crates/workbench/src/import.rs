//! Files on their way into the library: read and shown first, stored when the user says so.

mod files;
mod reading;

pub(crate) use files::check;
pub(crate) use reading::whole;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use documents::Document;
use sessions::{Imported, NewDocument, Track};

use crate::error::{Result, bad_input, not_found};
use crate::jobs::{Sink, Stream};
use crate::library::{count, document_words, id_of};
use crate::wire;
use crate::workbench::Workbench;
use reading::Read;

/// Documents of a preview that are listed one by one.
const LISTED: usize = 100;
/// Documents between two words about progress.
const STEP: usize = 50;
/// Previews that wait for a decision; an older one is forgotten.
const WAITING: usize = 4;

/// What was read and waits for the user's decision.
#[derive(Debug, Default)]
pub struct Previews {
    waiting: Mutex<Waiting>,
}

#[derive(Debug, Default)]
struct Waiting {
    last: u32,
    reads: HashMap<u32, Read>,
}

impl Previews {
    fn keep(&self, read: Read) -> u32 {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.last += 1;
        let id = waiting.last;
        waiting.reads.insert(id, read);
        waiting.reads.retain(|other, _| *other + WAITING as u32 > id);
        id
    }

    fn take(&self, id: &str) -> Option<Read> {
        let id = id.strip_prefix("preview-")?.parse().ok()?;
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).reads.remove(&id)
    }
}

impl Workbench {
    /// Reads files, pasted text or documents, and tells what an import would bring.
    pub fn preview_import(&self, job: &str, source: &wire::ImportSource, sink: Sink<wire::PreviewEvent>) {
        self.stream(job, sink, |stream| {
            let read = match source {
                wire::ImportSource::Paths { paths, columns } => {
                    let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
                    reading::paths(&paths, &|file| columns.get(file).cloned(), stream)?
                }
                wire::ImportSource::Text { text, origin } => reading::text(text, origin)?,
                wire::ImportSource::Documents { origin, documents } => reading::given(documents, origin),
            };
            self.show(read, stream)
        });
    }

    /// The same for files and folders by any name: one that is no UTF-8 has no place on the wire. `column_of` gives the column
    /// that holds the text of a table by the file's name in the preview, where one was chosen.
    pub fn preview_files(
        &self,
        job: &str,
        paths: &[PathBuf],
        column_of: &dyn Fn(&str) -> Option<String>,
        sink: Sink<wire::PreviewEvent>,
    ) {
        self.stream(job, sink, |stream| self.show(reading::paths(paths, column_of, stream)?, stream));
    }

    fn show(&self, read: Option<Read>, stream: &Stream<wire::PreviewEvent>) -> Result<()> {
        let Some(read) = read else { return Ok(()) };
        if read.documents.is_empty() && read.files.iter().all(|file| file.refusal.is_none()) {
            return Err(bad_input(
                "There is no text in what was given.",
                "Drop a file with text, or paste an abstract.",
            ));
        }
        let preview = self.preview(read)?;
        stream.tell(wire::PreviewEvent::Preview { preview });
        Ok(())
    }

    /// Stores what a preview has read, as one step of undo, but for the documents at the places `left_out` (from 0) in its list.
    pub fn import_previewed(
        &self,
        job: &str,
        preview: &str,
        left_out: &[u32],
        sink: Sink<wire::ImportEvent>,
    ) {
        self.stream(job, sink, |stream| {
            let stored = self.store_previewed(preview, left_out, &mut |done, total| {
                stream.tell(wire::ImportEvent::Progress { done, total });
                !stream.is_stopped()
            })?;
            let Some((imported, change)) = stored else { return Ok(()) };
            let is_new = |one: &&Imported| matches!(one, Imported::New(_));
            let documents: Vec<wire::Id> = imported.iter().filter(is_new).filter_map(number).collect();
            let known = imported.iter().filter(|one| matches!(one, Imported::Known(_))).count();
            let known = count(known as u64);
            stream.tell(wire::ImportEvent::Imported { documents, known, step: change.step });
            Ok(())
        });
    }

    /// The same for a client that waits: the documents of the source in its order, also those that were there already.
    ///
    /// # Errors
    /// Those of the library; when the preview is over.
    pub fn import_all(&self, preview: &str) -> Result<Vec<wire::Id>> {
        let stored = self.store_previewed(preview, &[], &mut |_, _| true)?;
        Ok(stored.iter().flat_map(|(imported, _)| imported).filter_map(number).collect())
    }

    /// Stores a preview; nothing when `go_on` (documents done, of how many) says so.
    fn store_previewed(
        &self,
        preview: &str,
        left_out: &[u32],
        go_on: &mut dyn FnMut(u32, u32) -> bool,
    ) -> Result<Option<(Vec<Imported>, wire::Change)>> {
        let mut read = self.previews.take(preview).ok_or_else(|| {
            not_found("This preview is no longer there.", "Drop or choose the files again.")
        })?;
        let mut place = 0..;
        read.documents.retain(|_| place.next().is_none_or(|place| !left_out.contains(&place)));
        let total = count(read.documents.len() as u64);
        if !go_on(0, total) {
            return Ok(None);
        }
        let new: Vec<NewDocument<'_>> = read
            .documents
            .iter()
            .map(|one| NewDocument { document: &one.document, origin: &one.origin, format: &one.format })
            .collect();
        let opened = self.opened();
        let mut tell = |done: usize| {
            if done.is_multiple_of(STEP) || done == new.len() {
                // All of it or nothing: what has begun goes on to the end.
                go_on(count(done as u64), total);
            }
        };
        let (imported, change) =
            opened.act(Track::Curation, |library, by| library.import_telling(by, &new, &mut tell))?;
        let fresh = imported.iter().filter(|one| matches!(one, Imported::New(_))).filter_map(number);
        self.tell(&wire::AppEvent::LibraryChanged {
            library: change.library.clone(),
            documents: Some(fresh.collect()),
        });
        Ok(Some((imported, change)))
    }

    fn preview(&self, read: Read) -> Result<wire::ImportPreview> {
        let opened = self.opened();
        let mut known = 0;
        let mut documents = Vec::new();
        for one in &read.documents {
            let is_known = opened.with(|library| library.known(&one.document))?.is_some();
            known += u32::from(is_known);
            if documents.len() < LISTED {
                documents.push(shown(&one.document, &one.origin, is_known));
            }
        }
        Ok(wire::ImportPreview {
            fresh: count(read.documents.len() as u64) - known,
            known,
            files: read.files.clone(),
            documents,
            issues: read.issues.clone(),
            further_issues: read.further_issues,
            id: format!("preview-{}", self.previews.keep(read)),
        })
    }
}

fn number(imported: &Imported) -> Option<wire::Id> {
    match imported {
        Imported::New(id) | Imported::Known(id) => Some(id_of(id.0)),
        // The readers give no such document.
        Imported::Broken(span) => {
            tracing::warn!(?span, "a document was left out");
            None
        }
    }
}

fn shown(document: &Document, file: &str, known: bool) -> wire::PreviewedDocument {
    wire::PreviewedDocument {
        source_id: document.id.clone(),
        title: sessions::title(document),
        file: file.to_owned(),
        words: document_words(&document.text),
        known,
    }
}
