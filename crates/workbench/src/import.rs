//! Files on their way into the library: read and shown first, stored when the user says so.

mod duplicates;
mod files;
mod reading;

pub(crate) use files::{check, find};
pub(crate) use reading::whole;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use documents::Document;
use duplicates::{Choices, Duplicate, Original};
use sessions::{Imported, Incoming, NewDocument, Track};

use crate::error::{Result, bad_input, not_found};
use crate::jobs::{Sink, Stream};
use crate::library::{OpenLibrary, count, document_words, id_of};
use crate::wire;
use crate::workbench::Workbench;
use reading::Read;

/// Documents of a preview that are listed one by one.
const LISTED: usize = 100;
/// Duplicates of a preview that are listed one by one.
const LISTED_DUPLICATES: usize = 500;
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
    reads: HashMap<u32, (Read, Vec<Duplicate>)>,
}

impl Previews {
    fn keep(&self, read: Read, duplicates: Vec<Duplicate>) -> u32 {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.last += 1;
        let id = waiting.last;
        waiting.reads.insert(id, (read, duplicates));
        waiting.reads.retain(|other, _| *other + WAITING as u32 > id);
        id
    }

    fn take(&self, id: &str) -> Option<(Read, Vec<Duplicate>)> {
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

    /// Stores what a preview has read, as one step of undo, but for what `choices` leaves out.
    pub fn import_previewed(
        &self,
        job: &str,
        preview: &str,
        choices: &wire::ImportChoices,
        sink: Sink<wire::ImportEvent>,
    ) {
        self.stream(job, sink, |stream| {
            let stored = self.store_previewed(preview, choices, &mut |done, total| {
                stream.tell(wire::ImportEvent::Progress { done, total });
                !stream.is_stopped()
            })?;
            let Some(Stored { imported, skipped, change }) = stored else { return Ok(()) };
            let outcomes = || imported.iter().flatten();
            let counted = |is: fn(&Imported) -> bool| count(outcomes().filter(|one| is(one)).count() as u64);
            stream.tell(wire::ImportEvent::Imported {
                documents: outcomes().filter(is_new).filter_map(number).collect(),
                known: counted(|one| matches!(one, Imported::Known(_))),
                skipped,
                updated: counted(|one| matches!(one, Imported::Updated(_))),
                step: change.step,
            });
            Ok(())
        });
    }

    /// The same for a client that waits: the documents of the source in its order, also those that were there already. A
    /// duplicate that is not kept stands for what it is a duplicate of.
    ///
    /// # Errors
    /// Those of the library; when the preview is over.
    pub fn import_all(&self, preview: &str, duplicates: wire::DuplicateChoice) -> Result<Vec<wire::Id>> {
        let choices = wire::ImportChoices { duplicates, ..wire::ImportChoices::default() };
        let stored = self.store_previewed(preview, &choices, &mut |_, _| true)?;
        Ok(stored.iter().flat_map(|stored| stored.imported.iter().flatten()).filter_map(number).collect())
    }

    /// Stores a preview; nothing when `go_on` (documents done, of how many) says so.
    fn store_previewed(
        &self,
        preview: &str,
        choices: &wire::ImportChoices,
        go_on: &mut dyn FnMut(u32, u32) -> bool,
    ) -> Result<Option<Stored>> {
        let (mut read, duplicates) = self.previews.take(preview).ok_or_else(|| {
            not_found("This preview is no longer there.", "Drop or choose the files again.")
        })?;
        let single = choices.single.iter().map(|one| (one.place as usize, one.choice)).collect();
        let wanted = Choices { all: choices.duplicates, single };
        let left_out: HashSet<usize> = choices.left_out.iter().map(|place| *place as usize).collect();
        let plan = plan(&mut read, &duplicates, &wanted, &left_out);
        let steps: Vec<(usize, Incoming<'_>)> = plan
            .iter()
            .enumerate()
            .filter_map(|(place, fate)| {
                let one = read.documents.get(place)?;
                let incoming = match fate {
                    Fate::Stored => Incoming::New(NewDocument {
                        document: &one.document,
                        origin: &one.origin,
                        format: &one.format,
                    }),
                    Fate::Updates(known) => Incoming::Update { known: *known, record: &one.document.infons },
                    Fate::LeftOut | Fate::Skipped(_) => return None,
                };
                Some((place, incoming))
            })
            .collect();
        let total = count(steps.len() as u64);
        if !go_on(0, total) {
            return Ok(None);
        }
        let incoming: Vec<Incoming<'_>> = steps.iter().map(|(_, incoming)| *incoming).collect();
        let opened = self.opened();
        let mut tell = |done: usize| {
            if done.is_multiple_of(STEP) || done == incoming.len() {
                // All of it or nothing: what has begun goes on to the end.
                go_on(count(done as u64), total);
            }
        };
        let (outcomes, change) =
            opened.act(Track::Curation, |library, by| library.take_in(by, &incoming, &mut tell))?;
        let fresh = outcomes.iter().filter(is_new).filter_map(number);
        self.tell(&wire::AppEvent::LibraryChanged {
            library: change.library.clone(),
            documents: Some(fresh.collect()),
        });
        let mut imported: Vec<Option<Imported>> = vec![None; plan.len()];
        for ((place, _), outcome) in steps.iter().zip(outcomes) {
            imported[*place] = Some(outcome);
        }
        for (place, fate) in plan.iter().enumerate() {
            if let Fate::Skipped(original) = fate {
                imported[place] = match original {
                    Original::Library(known) => Some(Imported::Known(*known)),
                    Original::Import(earlier) => imported[*earlier].map(as_known),
                };
            }
        }
        let skipped = plan.iter().filter(|fate| matches!(fate, Fate::Skipped(_))).count();
        Ok(Some(Stored { imported, skipped: count(skipped as u64), change }))
    }

    fn preview(&self, read: Read) -> Result<wire::ImportPreview> {
        let opened = self.opened();
        let documents: Vec<&Document> = read.documents.iter().map(|one| &one.document).collect();
        // On a connection of its own: a large library takes a moment, in which others go on.
        let (is_known, duplicates) = opened.reader()?.at_one_time(|library| -> Result<_> {
            let mut is_known = Vec::with_capacity(documents.len());
            for document in &documents {
                is_known.push(library.known(document)?.is_some());
            }
            let duplicates = duplicates::find(library, &documents, &is_known)?;
            Ok((is_known, duplicates))
        })?;
        let known = count(is_known.iter().filter(|known| **known).count() as u64);
        let listed = read.documents.iter().zip(&is_known).take(LISTED);
        let told = duplicates.iter().take(LISTED_DUPLICATES);
        Ok(wire::ImportPreview {
            fresh: count(read.documents.len() as u64) - known,
            known,
            files: read.files.clone(),
            documents: listed.map(|(one, known)| shown(&one.document, &one.origin, *known)).collect(),
            duplicates: told.map(|one| duplicate_view(&opened, &read, one)).collect::<Result<_>>()?,
            further_duplicates: count(duplicates.len().saturating_sub(LISTED_DUPLICATES) as u64),
            issues: read.issues.clone(),
            further_issues: read.further_issues,
            id: format!("preview-{}", self.previews.keep(read, duplicates)),
        })
    }
}

/// What came of a preview.
struct Stored {
    /// By the place in the import; nothing for what was left out.
    imported: Vec<Option<Imported>>,
    /// Duplicates that were not imported.
    skipped: u32,
    change: wire::Change,
}

/// What becomes of a document of an import.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    Stored,
    Updates(sessions::DocumentId),
    Skipped(Original),
    LeftOut,
}

/// What becomes of each document. What a duplicate says of an article goes into the earlier document of the import where the
/// record is to be brought up to date.
fn plan(
    read: &mut Read,
    duplicates: &[Duplicate],
    choices: &Choices,
    left_out: &HashSet<usize>,
) -> Vec<Fate> {
    let mut plan = vec![Fate::Stored; read.documents.len()];
    for (fate, place) in plan.iter_mut().zip(0..) {
        if left_out.contains(&place) {
            *fate = Fate::LeftOut;
        }
    }
    for duplicate in duplicates.iter().filter(|one| !left_out.contains(&one.place)) {
        let fate = match (choices.of(duplicate.place), duplicate.of) {
            // Without the other one it is no duplicate.
            (_, Original::Import(earlier)) if left_out.contains(&earlier) => Fate::Stored,
            (wire::DuplicateChoice::Keep, _) => Fate::Stored,
            (wire::DuplicateChoice::Update, Original::Library(known)) => Fate::Updates(known),
            (wire::DuplicateChoice::Update, Original::Import(earlier)) => {
                let more = read.documents[duplicate.place].document.infons.clone();
                read.documents[earlier].document.infons.extend(more);
                Fate::Skipped(duplicate.of)
            }
            (wire::DuplicateChoice::Skip, original) => Fate::Skipped(original),
        };
        plan[duplicate.place] = fate;
    }
    plan
}

const fn is_new(imported: &&Imported) -> bool {
    matches!(imported, Imported::New(_))
}

const fn as_known(imported: Imported) -> Imported {
    match imported {
        Imported::New(id) | Imported::Updated(id) => Imported::Known(id),
        other => other,
    }
}

/// A duplicate with what it is a duplicate of.
fn duplicate_view(opened: &OpenLibrary, read: &Read, duplicate: &Duplicate) -> Result<wire::Duplicate> {
    let document = &read.documents[duplicate.place].document;
    let (of_title, of_source_id, decisions, known) = match duplicate.of {
        Original::Library(id) => opened.with(|library| {
            let stored = library.document(id)?;
            let decisions = count(library.decisions(id)?.len() as u64);
            Ok((stored.title, stored.document.id, decisions, Some(id_of(id.0))))
        })?,
        Original::Import(earlier) => {
            let earlier = &read.documents[earlier].document;
            (sessions::title(earlier), earlier.id.clone(), 0, None)
        }
    };
    Ok(wire::Duplicate {
        place: count(duplicate.place as u64),
        title: sessions::title(document),
        source_id: document.id.clone(),
        by: duplicate.by,
        similarity: duplicate.similarity,
        document: known,
        of_title,
        of_source_id,
        decisions,
    })
}

fn number(imported: &Imported) -> Option<wire::Id> {
    match imported {
        Imported::New(id) | Imported::Updated(id) | Imported::Known(id) => Some(id_of(id.0)),
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
