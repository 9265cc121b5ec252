//! The open library: shared by every thread, changed by one at a time.

mod contents;
mod curation;
mod documents;
mod drafts;
mod files;
mod marks;
mod names;
pub(crate) mod offsets;
mod queue;
mod recent;
mod search;
mod writing;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sessions::{Action, By, DocumentId, Ending, EventId, Library, RunId, RunRecord, Timestamp, Track};

pub use contents::{concepts_of, from_wire, grade};
pub use documents::words as document_words;
pub use files::{EXTENSION, create, meant, named, open, open_or_create};
pub use marks::{document_id, subject, task, task_word};
pub use names::Names;
pub use offsets::Offsets;
pub use recent::Recent;
pub(crate) use writing::guard;
pub(crate) use writing::{read_json, write_json};
pub use writing::{write_folder, write_whole};

use crate::app_paths::Clock;
use crate::error::{Result, found};
use crate::model_host::Today;
use crate::wire;

/// The open library with what its use cases need beside it. Clones share it; work that was begun on one library ends there,
/// also when another one has been opened meanwhile.
#[derive(Debug, Clone)]
pub struct OpenLibrary(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    library: Mutex<Library>,
    curator: Mutex<String>,
    names: Arc<Names>,
    clock: Arc<dyn Clock>,
    today: Today,
}

impl OpenLibrary {
    pub(crate) fn new(
        library: Library,
        curator: &str,
        names: Arc<Names>,
        clock: Arc<dyn Clock>,
        today: Today,
    ) -> Self {
        let (library, curator_name) = (Mutex::new(library), Mutex::default());
        let opened = Self(Arc::new(Inner { library, curator: curator_name, names, clock, today }));
        opened.set_curator(curator);
        opened
    }

    /// Who signs decisions, notes and runs.
    #[must_use]
    pub fn curator(&self) -> String {
        self.0.curator.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_curator(&self, name: &str) {
        let name = if name.trim().is_empty() { "unnamed" } else { name.trim() };
        name.clone_into(&mut self.0.curator.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp(self.0.clock.now())
    }

    pub(crate) fn today(&self) -> &Today {
        &self.0.today
    }

    /// The dictionaries.
    #[must_use]
    pub fn names(&self) -> &Names {
        &self.0.names
    }

    /// Reads something, or changes what leaves no step of undo (batches' items, places).
    ///
    /// # Errors
    /// Those of the library.
    pub fn with<T>(&self, work: impl FnOnce(&mut Library) -> sessions::Result<T>) -> Result<T> {
        Ok(work(&mut self.lock())?)
    }

    /// Does one action in the curator's name, and tells what it did.
    ///
    /// # Errors
    /// Those of the library; then nothing was done.
    pub fn act<T>(
        &self,
        track: Track,
        work: impl FnOnce(&mut Library, By<'_>) -> sessions::Result<T>,
    ) -> Result<(T, wire::Change)> {
        let curator = self.curator();
        let mut library = self.lock();
        let before = library.next_events(&curator, track)?.0.map(|event| event.id);
        let done = work(&mut library, By::new(&curator, self.now()))?;
        let last = library.next_events(&curator, track)?.0;
        let step = match last {
            Some(last) if Some(last.id) != before || last.action == Action::EditDraft => wire::Step {
                event: id_of(last.id.0),
                summary: library.summary(last.id, last.action)?,
                document: last.document.map(|document| id_of(document.0)),
                track: track_of(track),
            },
            _ => wire::Step {
                event: 0,
                summary: "changed nothing".into(),
                document: None,
                track: track_of(track),
            },
        };
        Ok((done, self.change(&library, step)?))
    }

    /// Begins a run whose findings come one after the other.
    ///
    /// # Errors
    /// Those of the library: the document is gone, or the record is of another text.
    pub fn begin_run(&self, document: DocumentId, record: &RunRecord) -> Result<RunId> {
        let curator = self.curator();
        self.with(|library| library.begin_run(By::new(&curator, self.now()), document, record))
    }

    /// Stores findings of a run that is going on, and gives them as the window shows them.
    ///
    /// # Errors
    /// Those of the library: the run was undone meanwhile.
    pub fn add_findings(
        &self,
        run: RunId,
        findings: &[::documents::Prediction],
    ) -> Result<Vec<wire::Annotation>> {
        let curator = self.curator();
        let mut library = self.lock();
        let ids = library.add_findings(run, findings)?;
        let new: Vec<sessions::Finding> =
            ids.into_iter().map(|id| library.finding(id)).collect::<sessions::Result<_>>()?;
        marks::annotations(&library, &new, &curator, &self.0.names)
    }

    /// Ends a run, and tells what it did as one step of undo.
    ///
    /// # Errors
    /// Those of the library: the run was undone meanwhile.
    pub fn finish_run(&self, run: RunId, ending: &Ending) -> Result<wire::Change> {
        let mut library = self.lock();
        library.finish_run(run, ending)?;
        let run = library.run(run)?;
        let step = wire::Step {
            event: id_of(run.event.0),
            summary: library.summary(run.event, Action::Run)?,
            document: Some(id_of(run.document.0)),
            track: wire::Track::Curation,
        };
        self.change(&library, step)
    }

    /// The library as it is now.
    ///
    /// # Errors
    /// Those of the library.
    pub fn library(&self) -> Result<wire::Library> {
        self.view(&self.lock())
    }

    /// The marks of a document as the curator sees them.
    ///
    /// # Errors
    /// Those of the library.
    pub fn marks(&self, document: DocumentId) -> Result<wire::Marks> {
        let library = self.lock();
        let stored = library.document(document)?;
        marks::marks(&library, &stored, &self.curator(), &self.0.names, &self.0.today)
    }

    /// Another connection to the library, for what takes long to read: nobody waits for it.
    ///
    /// # Errors
    /// Those of the library.
    pub(crate) fn reader(&self) -> Result<Library> {
        self.with(|library| library.beside())
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Library> {
        self.0.library.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a step did, with the document to show after it.
    pub(crate) fn change(&self, library: &Library, step: wire::Step) -> Result<wire::Change> {
        let mut shown = None;
        if let Some(id) = step.document {
            // An undone import leaves no document, a removal leaves it out of sight.
            if let Some(stored) = found(library.document(document_id(id)))?
                && !library.removed_documents()?.contains(&stored.id)
            {
                shown = Some((
                    id,
                    marks::marks(library, &stored, &self.curator(), &self.0.names, &self.0.today)?,
                ));
            }
        }
        let (document, marks) = shown.unzip();
        Ok(wire::Change { step, document, marks, library: self.view(library)? })
    }

    fn view(&self, library: &Library) -> Result<wire::Library> {
        let curator = self.curator();
        let (details, counts) = (library.details()?, library.counts(&curator)?);
        let (undo, redo) = library.next_events(&curator, Track::Curation)?;
        let step = |entry: Option<sessions::HistoryEntry>| -> Result<Option<wire::Step>> {
            let Some(entry) = entry else { return Ok(None) };
            Ok(Some(wire::Step {
                event: id_of(entry.id.0),
                summary: library.summary(entry.id, entry.action)?,
                document: entry.document.map(|document| id_of(document.0)),
                track: wire::Track::Curation,
            }))
        };
        Ok(wire::Library {
            path: library.path().display().to_string(),
            name: details.name,
            description: details.description,
            bytes: std::fs::metadata(library.path()).map_or(0, |metadata| metadata.len()),
            documents: count(counts.documents),
            findings: count(counts.findings),
            decided: count(counts.findings.saturating_sub(counts.undecided)),
            notes: count(library.note_count()?),
            drafts: count(library.draft_count()?),
            // A library that cannot be changed is refused when it is opened.
            read_only: false,
            undo: step(undo)?,
            redo: step(redo)?,
        })
    }
}

/// A number of the library on the wire.
#[must_use]
pub fn id_of(id: i64) -> wire::Id {
    wire::Id::try_from(id).unwrap_or(wire::Id::MAX)
}

/// A batch's number on the wire, in the library.
#[must_use]
pub const fn batch_id(id: wire::Id) -> sessions::BatchId {
    sessions::BatchId(id as i64)
}

/// A count on the wire.
#[must_use]
pub fn count(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

pub(crate) const fn track_of(track: Track) -> wire::Track {
    match track {
        Track::Curation => wire::Track::Curation,
        Track::Writing => wire::Track::Writing,
    }
}

pub(crate) const fn event_id(id: wire::Id) -> EventId {
    EventId(id as i64)
}
