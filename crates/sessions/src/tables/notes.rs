//! Table `notes`: what curators write beside documents and findings.

use ::documents::Span;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::decisions::{self, Subject};
use super::documents;
use crate::error::{Error, Result};
use crate::full_text::full_text;
use crate::identifiers::{
    By, DecisionId, DocumentId, EntityId, EventId, FindingId, NoteId, RelationId, Timestamp,
};
use crate::journal::{Action, Journaled, Table};
use crate::library::Library;
use crate::migrations::Migration;

pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        sql: concat!(
            "
    CREATE TABLE notes (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        document_id INTEGER REFERENCES documents (id),
        finding_id INTEGER REFERENCES findings (id),
        span_start INTEGER,
        span_end INTEGER,
        author TEXT NOT NULL,
        text TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        modified_at INTEGER NOT NULL,
        event_id INTEGER NOT NULL REFERENCES events (id)
    ) STRICT;
    CREATE INDEX notes_by_document ON notes (document_id);
    CREATE INDEX notes_by_finding ON notes (finding_id);
    ",
            full_text!("notes_words", "notes", ["text"])
        ),
    },
    // An annotation of a curator's own may be taken back and come again: the note stays with its number meanwhile.
    Migration {
        version: 2,
        sql: "
    ALTER TABLE notes ADD COLUMN entity_id INTEGER REFERENCES imported_entities (id);
    ALTER TABLE notes ADD COLUMN relation_id INTEGER REFERENCES imported_relations (id);
    ALTER TABLE notes ADD COLUMN decision_id INTEGER;
    CREATE INDEX notes_by_entity ON notes (entity_id) WHERE entity_id IS NOT NULL;
    CREATE INDEX notes_by_relation ON notes (relation_id) WHERE relation_id IS NOT NULL;
    ",
    },
];

/// What a note is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoteSubject {
    /// A finding, or an annotation that came with the document.
    Given(Subject),
    /// An annotation that a curator added.
    Added(DecisionId),
}

/// A note to be written. Without a document it belongs to the library as a whole.
#[derive(Debug, Clone, Copy, Default)]
pub struct NewNote<'a> {
    /// The document it is about.
    pub document: Option<DocumentId>,
    /// The annotation of that document it is about.
    pub subject: Option<NoteSubject>,
    /// The place in the document's text.
    pub span: Option<Span>,
    /// What it says.
    pub text: &'a str,
}

/// A note in the library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Its number.
    pub id: NoteId,
    /// The document it is about.
    pub document: Option<DocumentId>,
    /// The annotation it is about.
    #[serde(default)]
    pub subject: Option<NoteSubject>,
    /// The place in the document's text.
    pub span: Option<Span>,
    /// Who wrote it.
    pub author: String,
    /// What it says.
    pub text: String,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub modified_at: Timestamp,
    /// The event that wrote it as it is.
    pub event: EventId,
}

impl Library {
    /// Writes a note.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::OutsideText`].
    pub fn write_note(&mut self, by: By<'_>, new: &NewNote<'_>) -> Result<NoteId> {
        self.act(by, Action::WriteNote, new.document, |recording| {
            if let Some(document) = new.document {
                let text = documents::text(recording.connection, document)?;
                documents::check_spans(document, &text, new.span)?;
            }
            if let Some(subject) = new.subject {
                let of = match subject {
                    NoteSubject::Given(subject) => decisions::content_of(recording.connection, subject)?.0,
                    NoteSubject::Added(id) => decisions::get(recording.connection, id)?.document,
                };
                if new.document != Some(of) {
                    return Err(Error::NotFound { what: "annotation of document", id: of.0 });
                }
            }
            let id = NoteId(recording.next_key(Table::Notes)?);
            recording.insert(&Note {
                id,
                document: new.document,
                subject: new.subject,
                span: new.span.filter(|_| new.document.is_some()),
                author: by.who.to_owned(),
                text: new.text.to_owned(),
                created_at: by.at,
                modified_at: by.at,
                event: recording.event,
            })?;
            Ok(id)
        })
    }

    /// Changes what a note of `by.who` says.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::OfAnother`].
    pub fn edit_note(&mut self, by: By<'_>, id: NoteId, text: &str) -> Result<()> {
        self.act_on(by, Action::EditNote, |recording| {
            let old = own(recording.connection, by, id)?;
            let document: Vec<_> = old.document.into_iter().collect();
            if old.text != text {
                let new =
                    Note { text: text.to_owned(), modified_at: by.at, event: recording.event, ..old.clone() };
                recording.replace(&old, &new)?;
            }
            Ok(((), document))
        })
    }

    /// Takes a note of `by.who` away.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::OfAnother`].
    pub fn remove_note(&mut self, by: By<'_>, id: NoteId) -> Result<()> {
        self.act_on(by, Action::RemoveNote, |recording| {
            let old = own(recording.connection, by, id)?;
            recording.remove(&old)?;
            Ok(((), old.document.into_iter().collect()))
        })
    }

    /// How many notes there are, on documents in sight and on the library as a whole.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn note_count(&self) -> Result<u64> {
        self.reading(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT count(*) FROM notes WHERE document_id IS NULL
                 OR document_id NOT IN (SELECT document_id FROM removals)",
            )?;
            Ok(statement.query_row([], |row| row.get(0))?)
        })
    }

    /// The notes on a document, or those on the library as a whole, in the order they were written.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn notes(&self, document: Option<DocumentId>) -> Result<Vec<Note>> {
        self.reading(|connection| of(connection, document))
    }
}

fn get(connection: &Connection, id: NoteId) -> Result<Note> {
    Note::read(connection, id.0)?.ok_or(Error::NotFound { what: "note", id: id.0 })
}

fn own(connection: &Connection, by: By<'_>, id: NoteId) -> Result<Note> {
    let note = get(connection, id)?;
    if note.author == by.who {
        Ok(note)
    } else {
        Err(Error::OfAnother { what: "note", id: id.0, author: note.author })
    }
}

const COLUMNS: &str =
    "id, document_id, finding_id, span_start, span_end, author, text, created_at, modified_at,
     event_id, entity_id, relation_id, decision_id";

fn parse(row: &Row<'_>) -> rusqlite::Result<Note> {
    let (start, end): (Option<usize>, Option<usize>) = (row.get(3)?, row.get(4)?);
    Ok(Note {
        id: row.get(0)?,
        document: row.get(1)?,
        subject: subject(row)?,
        span: start.zip(end).map(|(start, end)| Span::new(start, end)),
        author: row.get(5)?,
        text: row.get(6)?,
        created_at: row.get(7)?,
        modified_at: row.get(8)?,
        event: row.get(9)?,
    })
}

fn subject(row: &Row<'_>) -> rusqlite::Result<Option<NoteSubject>> {
    let finding = row.get::<_, Option<FindingId>>(2)?.map(Subject::Finding);
    let entity = row.get::<_, Option<EntityId>>(10)?.map(Subject::Entity);
    let relation = row.get::<_, Option<RelationId>>(11)?.map(Subject::Relation);
    let added = row.get::<_, Option<DecisionId>>(12)?.map(NoteSubject::Added);
    Ok(finding.or(entity).or(relation).map(NoteSubject::Given).or(added))
}

pub(crate) fn of(connection: &Connection, document: Option<DocumentId>) -> Result<Vec<Note>> {
    let mut statement = connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM notes WHERE document_id IS ?1 ORDER BY id"))?;
    let rows = statement.query_map([document], parse)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

impl Journaled for Note {
    const TABLE: Table = Table::Notes;

    fn key(&self) -> i64 {
        self.id.0
    }

    fn event(&self) -> EventId {
        self.event
    }

    fn read(connection: &Connection, key: i64) -> Result<Option<Self>> {
        let mut statement =
            connection.prepare_cached(&format!("SELECT {COLUMNS} FROM notes WHERE id = ?1"))?;
        Ok(statement.query_row([key], parse).optional()?)
    }

    fn write(&self, connection: &Connection) -> Result<()> {
        let (mut finding, mut entity, mut relation, mut added) = (None, None, None, None);
        match self.subject {
            Some(NoteSubject::Given(Subject::Finding(id))) => finding = Some(id),
            Some(NoteSubject::Given(Subject::Entity(id))) => entity = Some(id),
            Some(NoteSubject::Given(Subject::Relation(id))) => relation = Some(id),
            Some(NoteSubject::Added(id)) => added = Some(id),
            None => {}
        }
        connection
            .prepare_cached(
                "INSERT INTO notes (id, document_id, finding_id, span_start, span_end, author, text, created_at,
                    modified_at, event_id, entity_id, relation_id, decision_id)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
                 ON CONFLICT (id) DO UPDATE SET text = ?7, modified_at = ?9, event_id = ?10",
            )?
            .execute(params![
                self.id,
                self.document,
                finding,
                self.span.map(|span| span.start),
                self.span.map(|span| span.end),
                self.author,
                self.text,
                self.created_at,
                self.modified_at,
                self.event,
                entity,
                relation,
                added,
            ])?;
        Ok(())
    }

    fn delete(connection: &Connection, key: i64) -> Result<()> {
        connection.prepare_cached("DELETE FROM notes WHERE id = ?1")?.execute([key])?;
        Ok(())
    }
}
