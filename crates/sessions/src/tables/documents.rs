//! Table `documents`: the texts. A text never changes, and its imported annotations come and go with it; what is known of the
//! article (its bibliography) can be brought up to date.

mod rows;

use documents::{Document, Infons, Span};
use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::full_text::full_text;
use crate::identifiers::{By, DocumentId, EntityId, EventId, RelationId, Timestamp};
use crate::journal::{Action, Journaled, Recording, Table, next_key};
use crate::json;
use crate::library::Library;
use crate::migrations::Migration;

pub(crate) use rows::by_text;

pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        sql: concat!(
            "
    CREATE TABLE documents (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        source_id TEXT NOT NULL COLLATE NOCASE,
        title TEXT NOT NULL COLLATE NOCASE,
        text_sha256 TEXT NOT NULL,
        content_sha256 TEXT NOT NULL,  -- of text and annotations: the same import twice is seen
        origin TEXT NOT NULL,
        format TEXT NOT NULL,
        imported_at INTEGER NOT NULL,
        event_id INTEGER NOT NULL REFERENCES events (id),
        passages TEXT NOT NULL,
        infons TEXT NOT NULL,
        bibliography TEXT NOT NULL,    -- the infons' values, for the search
        text TEXT NOT NULL             -- last: lists read the columns before it without its pages
    ) STRICT;
    CREATE INDEX documents_by_title ON documents (title, id);
    CREATE INDEX documents_by_source ON documents (source_id, id);
    CREATE INDEX documents_by_content ON documents (content_sha256);
    CREATE TRIGGER documents_never_change BEFORE UPDATE ON documents
        BEGIN SELECT RAISE(ABORT, 'a document never changes after import'); END;
    ",
            full_text!("documents_words", "documents", ["title", "text", "source_id", "bibliography"])
        ),
    },
    // The record of an article is corrected and completed after it was first imported; its text, and all that points into it,
    // stays as it was.
    Migration {
        version: 4,
        sql: "
    DROP TRIGGER documents_never_change;
    CREATE TRIGGER documents_texts_never_change
        BEFORE UPDATE OF id, source_id, text_sha256, origin, format, imported_at, passages, text ON documents
        BEGIN SELECT RAISE(ABORT, 'the text of a document never changes after import'); END;
    ",
    },
];

/// A document to import.
#[derive(Debug, Clone, Copy)]
pub struct NewDocument<'a> {
    /// Text and annotations.
    pub document: &'a Document,
    /// Where it comes from, as shown to the user: a file name, `pasted text`.
    pub origin: &'a str,
    /// The format it was read from.
    pub format: &'a str,
}

/// What an import does with a document.
#[derive(Debug, Clone, Copy)]
pub enum Incoming<'a> {
    /// Stores it.
    New(NewDocument<'a>),
    /// Brings the record of a document of the library up to date: what `record` says of the article takes the place of what
    /// the library says, and what it does not speak of stays. Text, annotations and decisions stay as they are.
    Update {
        /// The document.
        known: DocumentId,
        /// What is known of the article.
        record: &'a Infons,
    },
}

/// What became of one document of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Imported {
    /// It is in the library now.
    New(DocumentId),
    /// The record of this document was brought up to date by it.
    Updated(DocumentId),
    /// It is there already, as this document, and says nothing that the library does not.
    Known(DocumentId),
    /// Left out: an annotation points at a place that is not in its text.
    Broken(Span),
}

/// A document of the library.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredDocument {
    /// Its number in this library.
    pub id: DocumentId,
    /// Text and annotations as imported.
    pub document: Document,
    /// The numbers of `document.entities`, in their order.
    pub entity_ids: Vec<EntityId>,
    /// The numbers of `document.relations`, in their order.
    pub relation_ids: Vec<RelationId>,
    /// One line for lists: the title, or how the text begins.
    pub title: String,
    /// Of the text's UTF-8 bytes, in lower-case hexadecimal.
    pub text_sha256: String,
    /// Of text and annotations together.
    pub content_sha256: String,
    /// Where it comes from.
    pub origin: String,
    /// The format it was read from.
    pub format: String,
    /// When it was imported.
    pub imported_at: Timestamp,
    /// The import.
    pub event: EventId,
}

impl Library {
    /// Imports documents in one transaction, which is one step of undo. The answer has one entry for each of them.
    ///
    /// # Errors
    /// When the file cannot be written; then none is imported.
    pub fn import(&mut self, by: By<'_>, documents: &[NewDocument<'_>]) -> Result<Vec<Imported>> {
        self.import_telling(by, documents, &mut |_| ())
    }

    /// The same; `tell` hears how many are written.
    ///
    /// # Errors
    /// As [`Library::import`].
    pub fn import_telling(
        &mut self,
        by: By<'_>,
        documents: &[NewDocument<'_>],
        tell: &mut dyn FnMut(usize),
    ) -> Result<Vec<Imported>> {
        let incoming: Vec<Incoming<'_>> = documents.iter().copied().map(Incoming::New).collect();
        self.take_in(by, &incoming, tell)
    }

    /// The same for documents of which some bring records of the library up to date.
    ///
    /// # Errors
    /// As [`Library::import`]; [`Error::NotFound`] for a document to update that is not there.
    pub fn take_in(
        &mut self,
        by: By<'_>,
        incoming: &[Incoming<'_>],
        tell: &mut dyn FnMut(usize),
    ) -> Result<Vec<Imported>> {
        self.act(by, Action::Import, None, |recording| {
            let mut next = Next::of(recording.connection)?;
            let written = incoming.iter().zip(1..).map(|(incoming, done)| {
                let imported = match incoming {
                    Incoming::New(new) => import_one(recording, new, &mut next)?,
                    Incoming::Update { known, record } => update(recording, *known, record)?,
                };
                tell(done);
                Ok(imported)
            });
            written.collect()
        })
    }

    /// A document with its imported annotations, also when it is out of sight.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn document(&self, id: DocumentId) -> Result<StoredDocument> {
        self.reading(|connection| read(connection, id))
    }

    /// The document in sight with the same text and the same annotations, if there is one.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn known(&self, document: &Document) -> Result<Option<DocumentId>> {
        let content_sha256 = hex(&Sha256::digest(serde_json::to_vec(document)?));
        self.reading(|connection| in_sight(connection, &content_sha256))
    }

    /// Shows `visit` each document in sight without its annotations, with its number, in the order of imports.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn visit_documents(&self, visit: &mut dyn FnMut(DocumentId, &Document)) -> Result<()> {
        self.reading(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, source_id, passages, infons, text FROM documents
                 WHERE NOT EXISTS (SELECT 1 FROM removals WHERE document_id = documents.id) ORDER BY id",
            )?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let document = Document {
                    id: row.get(1)?,
                    text: row.get(4)?,
                    passages: json::column(row, 2)?,
                    infons: json::column(row, 3)?,
                    ..Document::default()
                };
                visit(row.get(0)?, &document);
            }
            Ok(())
        })
    }

    /// The text of a document.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn document_text(&self, id: DocumentId) -> Result<String> {
        self.reading(|connection| text(connection, id))
    }
}

struct Next {
    entity: i64,
    relation: i64,
}

impl Next {
    fn of(connection: &Connection) -> Result<Self> {
        Ok(Self {
            entity: next_key(connection, "imported_entities")?,
            relation: next_key(connection, "imported_relations")?,
        })
    }
}

/// Stores a document as part of an action.
pub(crate) fn store(recording: &mut Recording<'_>, new: &NewDocument<'_>) -> Result<Imported> {
    let mut next = Next::of(recording.connection)?;
    import_one(recording, new, &mut next)
}

fn import_one(recording: &mut Recording<'_>, new: &NewDocument<'_>, next: &mut Next) -> Result<Imported> {
    let document = new.document;
    let spans = document.passages.iter().map(|passage| passage.span);
    let spans = spans.chain(document.entities.iter().flat_map(|entity| entity.spans.iter().copied()));
    let mut spans =
        spans.chain(document.relations.iter().flat_map(|relation| relation.evidence.iter().copied()));
    if let Some(span) = spans.find(|span| span.slice(&document.text).is_none()) {
        return Ok(Imported::Broken(span));
    }
    let content_sha256 = hex(&Sha256::digest(serde_json::to_vec(document)?));
    if let Some(id) = in_sight(recording.connection, &content_sha256)? {
        return Ok(Imported::Known(id));
    }
    let id = DocumentId(recording.next_key(Table::Documents)?);
    let entity_ids: Vec<_> = (next.entity..).map(EntityId).take(document.entities.len()).collect();
    let relation_ids: Vec<_> = (next.relation..).map(RelationId).take(document.relations.len()).collect();
    next.entity += entity_ids.len() as i64;
    next.relation += relation_ids.len() as i64;
    recording.insert(&StoredDocument {
        id,
        document: document.clone(),
        entity_ids,
        relation_ids,
        title: title(document),
        text_sha256: hex(&Sha256::digest(document.text.as_bytes())),
        content_sha256,
        origin: new.origin.to_owned(),
        format: new.format.to_owned(),
        imported_at: recording.by.at,
        event: recording.event,
    })?;
    Ok(Imported::New(id))
}

fn update(recording: &mut Recording<'_>, known: DocumentId, record: &Infons) -> Result<Imported> {
    let old = read(recording.connection, known)?;
    let mut document = old.document.clone();
    document.infons.extend(record.iter().map(|(key, value)| (key.clone(), value.clone())));
    if document.infons == old.document.infons {
        return Ok(Imported::Known(known));
    }
    let new = StoredDocument {
        title: title(&document),
        content_sha256: hex(&Sha256::digest(serde_json::to_vec(&document)?)),
        document,
        event: recording.event,
        ..old.clone()
    };
    recording.replace(&old, &new)?;
    Ok(Imported::Updated(known))
}

fn in_sight(connection: &Connection, content_sha256: &str) -> Result<Option<DocumentId>> {
    Ok(connection
        .prepare_cached(
            "SELECT id FROM documents WHERE content_sha256 = ?1
             AND NOT EXISTS (SELECT 1 FROM removals WHERE document_id = documents.id)",
        )?
        .query_row([content_sha256], |row| row.get(0))
        .optional()?)
}

/// The longest title that lists show; a text without a title would give its whole first line.
const TITLE_LENGTH: usize = 200;

/// One line for lists: the title of a document, or how its text begins.
#[must_use]
pub fn title(document: &Document) -> String {
    let passage = document.passages.iter().find(|passage| passage.kind == "title");
    let title = passage
        .and_then(|passage| passage.span.slice(&document.text))
        .or_else(|| document.infons.get("title").map(String::as_str))
        .filter(|title| !title.trim().is_empty())
        .or_else(|| document.text.lines().find(|line| !line.trim().is_empty()))
        .unwrap_or_default()
        .trim();
    match title.char_indices().nth(TITLE_LENGTH) {
        Some((end, _)) => format!("{}…", title[..end].trim_end()),
        None => title.to_owned(),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn read(connection: &Connection, id: DocumentId) -> Result<StoredDocument> {
    StoredDocument::read(connection, id.0)?.ok_or(Error::NotFound { what: "document", id: id.0 })
}

pub(crate) fn text(connection: &Connection, id: DocumentId) -> Result<String> {
    let mut statement = connection.prepare_cached("SELECT text FROM documents WHERE id = ?1")?;
    let text = statement.query_row([id], |row| row.get(0)).optional()?;
    text.ok_or(Error::NotFound { what: "document", id: id.0 })
}

pub(crate) fn check_exists(connection: &Connection, id: DocumentId) -> Result<()> {
    let mut statement = connection.prepare_cached("SELECT 1 FROM documents WHERE id = ?1")?;
    if statement.exists([id])? { Ok(()) } else { Err(Error::NotFound { what: "document", id: id.0 }) }
}

/// Refuses a span that the text of `document` does not have.
pub(crate) fn check_spans(
    document: DocumentId,
    text: &str,
    spans: impl IntoIterator<Item = Span>,
) -> Result<()> {
    match spans.into_iter().find(|span| span.slice(text).is_none()) {
        Some(span) => Err(Error::OutsideText { document, span }),
        None => Ok(()),
    }
}
