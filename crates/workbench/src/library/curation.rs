//! Decisions, annotations of the curator's own, notes, undo and redo.

use sessions::{
    By, DecisionId, EntityId, FindingId, Judgement, Library, NewNote, NoteId, NoteSubject, RelationId, State,
    Statement, Subject, Track, Verdict,
};

use super::contents::{concepts_of, from_wire, reason_of};
use super::offsets::Offsets;
use super::{OpenLibrary, document_id, event_id, id_of, track_of};
use crate::error::{Result, bad_input, found, not_found};
use crate::wire;

/// So many things that an action was about are named in the history.
const NAMED: usize = 3;

impl OpenLibrary {
    /// Decides about annotations, as one step of undo. Annotations of the curator's own are changed by an edit and removed by
    /// a rejection; accepting one changes nothing.
    ///
    /// # Errors
    /// Those of the library; when nothing was selected; when own annotations are decided together with others.
    pub fn decide(&self, judgements: &[wire::Judgement]) -> Result<wire::Change> {
        let Some(first) = judgements.first() else {
            return Err(bad_input("Nothing was selected.", "Select a relation or a mention first."));
        };
        let own = |judgement: &&wire::Judgement| matches!(subject_of(judgement), wire::Subject::Added { .. });
        match judgements.iter().filter(own).count() {
            0 => {}
            1 if judgements.len() == 1 => return self.decide_own(first),
            own if own == judgements.len()
                && judgements.iter().all(|one| matches!(one, wire::Judgement::Reject { .. })) =>
            {
                let subjects: Vec<wire::Subject> = judgements.iter().map(subject_of).collect();
                return self.withdraw(&subjects);
            }
            _ => {
                return Err(bad_input(
                    "Annotations of your own cannot be decided together with those of a model.",
                    "Select one or the other.",
                ));
            }
        }
        let prepared = self.prepared(judgements)?;
        Ok(self.act(Track::Curation, |library, by| library.decide(by, &prepared))?.1)
    }

    /// Takes decisions back, and removes annotations of one's own.
    ///
    /// # Errors
    /// Those of the library; when nothing of it was decided.
    pub fn withdraw(&self, subjects: &[wire::Subject]) -> Result<wire::Change> {
        let curator = self.curator();
        let library = self.lock();
        let mut ids = Vec::new();
        for subject in subjects {
            let wanted = match *subject {
                wire::Subject::Added { id } => {
                    ids.push(DecisionId(i64::from(id)));
                    continue;
                }
                other => library_subject(other),
            };
            let Some(wanted) = wanted else { continue };
            let Some(document) = document_of(&library, wanted)? else { continue };
            ids.extend(library.decisions(document)?.into_iter().filter_map(|decision| {
                let about =
                    matches!(&decision.statement, Statement::Judged { subject, .. } if *subject == wanted);
                (about && decision.curator == curator).then_some(decision.id)
            }));
        }
        drop(library);
        if ids.is_empty() {
            return Err(not_found("There is no decision of yours to take back.", "Refresh the view."));
        }
        Ok(self.act(Track::Curation, |library, by| library.withdraw(by, &ids))?.1)
    }

    /// Adds annotations of the curator's own.
    ///
    /// # Errors
    /// Those of the library; a mention without words.
    pub fn annotate(&self, document: wire::Id, contents: &[wire::Content]) -> Result<wire::Change> {
        let document = document_id(document);
        let text = self.with(|library| library.document_text(document))?;
        let offsets = Offsets::new(&text);
        let contents: Vec<_> =
            contents.iter().map(|content| from_wire(content, &text, &offsets)).collect::<Result<_>>()?;
        Ok(self.act(Track::Curation, |library, by| library.annotate(by, document, &contents))?.1)
    }

    /// Adds a mention wherever a name stands, as one step of undo.
    ///
    /// # Errors
    /// Those of the library; when the name stands nowhere.
    pub fn annotate_occurrences(
        &self,
        document: wire::Id,
        name: &str,
        kind: &str,
        concepts: &[wire::Concept],
    ) -> Result<wire::Change> {
        if self.count_occurrences(document, name)? == 0 {
            return Err(not_found(
                format!("`{}` does not stand in this text.", name.trim()),
                "Select the words in the text.",
            ));
        }
        let concepts = concepts_of(concepts);
        let document = document_id(document);
        let (_, change) = self.act(Track::Curation, |library, by| {
            library.annotate_occurrences(by, document, name, kind, &concepts)
        })?;
        Ok(change)
    }

    /// How often a name stands in a document.
    ///
    /// # Errors
    /// Those of the library.
    pub fn count_occurrences(&self, document: wire::Id, name: &str) -> Result<u32> {
        let text = self.with(|library| library.document_text(document_id(document)))?;
        Ok(super::count(sessions::occurrences(&text, name).len() as u64))
    }

    /// Writes a note.
    ///
    /// # Errors
    /// Those of the library; a note without words.
    pub fn write_note(&self, note: &wire::NewNote) -> Result<wire::Change> {
        if note.text.trim().is_empty() {
            return Err(bad_input("The note is empty.", "Write something, or close it."));
        }
        let document = document_id(note.document);
        let text = self.with(|library| library.document_text(document))?;
        let new = NewNote {
            document: Some(document),
            subject: note.subject.map(noted),
            span: note.span.map(|span| Offsets::new(&text).bytes(span)),
            text: &note.text,
        };
        Ok(self.act(Track::Curation, |library, by| library.write_note(by, &new))?.1)
    }

    /// Changes a note.
    ///
    /// # Errors
    /// Those of the library.
    pub fn edit_note(&self, id: wire::Id, text: &str) -> Result<wire::Change> {
        Ok(self.act(Track::Curation, |library, by| library.edit_note(by, NoteId(i64::from(id)), text))?.1)
    }

    /// Removes a note.
    ///
    /// # Errors
    /// Those of the library.
    pub fn remove_note(&self, id: wire::Id) -> Result<wire::Change> {
        Ok(self.act(Track::Curation, |library, by| library.remove_note(by, NoteId(i64::from(id))))?.1)
    }

    /// Takes back the last thing that the curator did; nothing when there is nothing left.
    ///
    /// # Errors
    /// Those of the library: someone else's later work stands in the way.
    pub fn undo(&self, track: wire::Track) -> Result<Option<wire::Change>> {
        self.turn(track, |library, by, track| library.undo(by, track))
    }

    /// Does again what was undone last; nothing when there is nothing.
    ///
    /// # Errors
    /// As [`OpenLibrary::undo`].
    pub fn redo(&self, track: wire::Track) -> Result<Option<wire::Change>> {
        self.turn(track, |library, by, track| library.redo(by, track))
    }

    /// The last actions, the newest first, from below `before`.
    ///
    /// # Errors
    /// Those of the library.
    pub fn history(&self, before: Option<wire::Id>, limit: u32) -> Result<Vec<wire::HistoryEntry>> {
        self.with(|library| {
            let entries = library.history(before.map(event_id), limit as usize)?;
            entries
                .into_iter()
                .map(|entry| {
                    Ok(wire::HistoryEntry {
                        event: id_of(entry.id.0),
                        summary: library.summary(entry.id, entry.action)?,
                        about: library.named(entry.id, NAMED)?,
                        author: entry.author,
                        document: entry.document.map(|document| id_of(document.0)),
                        made_at: entry.made_at.0,
                        state: match entry.state {
                            State::Done => wire::HistoryState::Done,
                            State::Undone => wire::HistoryState::Undone,
                            State::Abandoned => wire::HistoryState::Abandoned,
                        },
                    })
                })
                .collect()
        })
    }

    fn turn(
        &self,
        track: wire::Track,
        work: impl FnOnce(&mut Library, By<'_>, Track) -> sessions::Result<Option<sessions::Step>>,
    ) -> Result<Option<wire::Change>> {
        let track = match track {
            wire::Track::Curation => Track::Curation,
            wire::Track::Writing => Track::Writing,
        };
        let curator = self.curator();
        let mut library = self.lock();
        let Some(step) = work(&mut library, By::new(&curator, self.now()), track)? else { return Ok(None) };
        let step = wire::Step {
            event: id_of(step.event.0),
            summary: library.summary(step.event, step.action)?,
            document: step.document.map(|document| id_of(document.0)),
            track: track_of(track),
        };
        self.change(&library, step).map(Some)
    }

    fn decide_own(&self, judgement: &wire::Judgement) -> Result<wire::Change> {
        let wire::Subject::Added { id } = subject_of(judgement) else { return self.decide(&[]) };
        let decision = DecisionId(i64::from(id));
        match judgement {
            wire::Judgement::Accept { .. } => Ok(self.act(Track::Curation, |_, _| Ok(()))?.1),
            wire::Judgement::Reject { subject, .. } => self.withdraw(&[*subject]),
            wire::Judgement::Edit { content, .. } => {
                let (document, comment) = self.own(decision)?;
                let text = self.with(|library| library.document_text(document))?;
                let content = from_wire(content, &text, &Offsets::new(&text))?;
                Ok(self
                    .act(Track::Curation, |library, by| library.revise(by, decision, &content, &comment))?
                    .1)
            }
        }
    }

    fn own(&self, id: DecisionId) -> Result<(sessions::DocumentId, String)> {
        let found = self.with(|library| library.decision(id))?;
        Ok((found.document, found.comment))
    }

    fn prepared(&self, judgements: &[wire::Judgement]) -> Result<Vec<Judgement>> {
        let library = self.lock();
        judgements
            .iter()
            .map(|judgement| {
                let subject = library_subject(subject_of(judgement)).ok_or_else(gone)?;
                let (verdict, comment) = match judgement {
                    wire::Judgement::Accept { .. } => (Verdict::Accept, String::new()),
                    wire::Judgement::Reject { reason, comment, .. } => {
                        (Verdict::Reject(reason.map(reason_of)), comment.clone())
                    }
                    wire::Judgement::Edit { content, .. } => {
                        let document = document_of(&library, subject)?.ok_or_else(gone)?;
                        let text = library.document_text(document)?;
                        (Verdict::Edit(from_wire(content, &text, &Offsets::new(&text))?), String::new())
                    }
                };
                Ok(Judgement { subject, verdict, comment })
            })
            .collect()
    }
}

const fn subject_of(judgement: &wire::Judgement) -> wire::Subject {
    match judgement {
        wire::Judgement::Accept { subject }
        | wire::Judgement::Reject { subject, .. }
        | wire::Judgement::Edit { subject, .. } => *subject,
    }
}

fn library_subject(subject: wire::Subject) -> Option<Subject> {
    match noted(subject) {
        NoteSubject::Given(subject) => Some(subject),
        NoteSubject::Added(_) => None,
    }
}

/// A subject in the library's own form.
fn noted(subject: wire::Subject) -> NoteSubject {
    match subject {
        wire::Subject::Finding { id } => NoteSubject::Given(Subject::Finding(FindingId(i64::from(id)))),
        wire::Subject::Entity { id } => NoteSubject::Given(Subject::Entity(EntityId(i64::from(id)))),
        wire::Subject::Relation { id } => NoteSubject::Given(Subject::Relation(RelationId(i64::from(id)))),
        wire::Subject::Added { id } => NoteSubject::Added(DecisionId(i64::from(id))),
    }
}

/// The document of a subject; nothing where it is no longer there.
fn document_of(library: &Library, subject: Subject) -> Result<Option<sessions::DocumentId>> {
    found(library.document_of(subject))
}

fn gone() -> wire::HostError {
    not_found("What you decided about is no longer there.", "It may have been undone. Refresh the view.")
}
