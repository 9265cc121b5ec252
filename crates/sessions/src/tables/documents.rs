//! Table `documents`: the texts. A text never changes, and its imported annotations come and go with it; what is known of the
//! article (its bibliography) can be brought up to date.

use std::collections::HashMap;

use documents::{Document, Infons, Span};
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{imported_entities, imported_relations};
use crate::error::{Error, Result};
use crate::full_text::full_text;
use crate::identifiers::{By, DocumentId, EntityId, EventId, RelationId, Timestamp};
use crate::journal::{Action, Journaled, Recording, Table, next_key};
use crate::json;
use crate::library::Library;
use crate::migrations::Migration;

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

/// The documents in sight by the hash of their text, those of one text in the order of imports.
pub(crate) fn by_text(connection: &Connection) -> Result<HashMap<String, Vec<DocumentId>>> {
    let mut statement = connection.prepare_cached(
        "SELECT text_sha256, id FROM documents
         WHERE NOT EXISTS (SELECT 1 FROM removals WHERE document_id = documents.id) ORDER BY id",
    )?;
    let mut rows = statement.query([])?;
    let mut found: HashMap<String, Vec<DocumentId>> = HashMap::new();
    while let Some(row) = rows.next()? {
        found.entry(row.get(0)?).or_default().push(row.get(1)?);
    }
    Ok(found)
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

impl Journaled for StoredDocument {
    const TABLE: Table = Table::Documents;

    fn key(&self) -> i64 {
        self.id.0
    }

    fn event(&self) -> EventId {
        self.event
    }

    fn read(connection: &Connection, key: i64) -> Result<Option<Self>> {
        let mut statement = connection.prepare_cached(
            "SELECT id, source_id, title, text_sha256, content_sha256, origin, format, imported_at, event_id, passages,
                    infons, text FROM documents WHERE id = ?1",
        )?;
        let row = statement.query_row([key], |row| {
            let document = Document { id: row.get(1)?, text: row.get(11)?, ..Document::default() };
            let stored = Self {
                id: row.get(0)?,
                document,
                entity_ids: Vec::new(),
                relation_ids: Vec::new(),
                title: row.get(2)?,
                text_sha256: row.get(3)?,
                content_sha256: row.get(4)?,
                origin: row.get(5)?,
                format: row.get(6)?,
                imported_at: row.get(7)?,
                event: row.get(8)?,
            };
            Ok((stored, row.get::<_, String>(9)?, row.get::<_, String>(10)?))
        });
        let Some((mut stored, passages, infons)) = row.optional()? else { return Ok(None) };
        stored.document.passages = serde_json::from_str(&passages)?;
        stored.document.infons = serde_json::from_str(&infons)?;
        (stored.entity_ids, stored.document.entities) = imported_entities::read(connection, stored.id)?;
        (stored.relation_ids, stored.document.relations) = imported_relations::read(connection, stored.id)?;
        Ok(Some(stored))
    }

    fn write(&self, connection: &Connection) -> Result<()> {
        let document = &self.document;
        let bibliography: Vec<&str> = document.infons.values().map(String::as_str).collect();
        let updated = connection
            .prepare_cached(
                "UPDATE documents SET title = ?2, content_sha256 = ?3, event_id = ?4, infons = ?5, bibliography = ?6
                 WHERE id = ?1",
            )?
            .execute(params![
                self.id,
                self.title,
                self.content_sha256,
                self.event,
                serde_json::to_string(&document.infons)?,
                bibliography.join("\n"),
            ])?;
        if updated > 0 {
            return Ok(());
        }
        connection
            .prepare_cached(
                "INSERT INTO documents (id, source_id, title, text_sha256, content_sha256, origin, format, imported_at,
                    event_id, passages, infons, bibliography, text)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            )?
            .execute(params![
                self.id,
                document.id,
                self.title,
                self.text_sha256,
                self.content_sha256,
                self.origin,
                self.format,
                self.imported_at,
                self.event,
                serde_json::to_string(&document.passages)?,
                serde_json::to_string(&document.infons)?,
                bibliography.join("\n"),
                document.text,
            ])?;
        imported_entities::write(connection, self.id, &self.entity_ids, &document.entities)?;
        imported_relations::write(connection, self.id, &self.relation_ids, document)
    }

    fn delete(connection: &Connection, key: i64) -> Result<()> {
        imported_relations::delete(connection, key)?;
        imported_entities::delete(connection, key)?;
        connection.prepare_cached("DELETE FROM documents WHERE id = ?1")?.execute([key])?;
        Ok(())
    }

    /// Beside another state of the document only its record is kept: all else is the same.
    fn image(&self, other: Option<&Self>) -> Result<String> {
        if other.is_none() {
            return Ok(serde_json::to_string(self)?);
        }
        Ok(serde_json::to_string(&RecordImage {
            document: self.id,
            title: self.title.clone(),
            content_sha256: self.content_sha256.clone(),
            event: self.event,
            infons: self.document.infons.clone(),
        })?)
    }

    fn from_image(image: &str, other: Option<&Self>) -> Result<Self> {
        let Some(other) = other else { return Ok(serde_json::from_str(image)?) };
        let RecordImage { title, content_sha256, event, infons, .. } = serde_json::from_str(image)?;
        let document = Document { infons, ..other.document.clone() };
        Ok(Self { title, content_sha256, event, document, ..other.clone() })
    }
}

/// What the journal keeps of a document whose record was changed.
#[derive(Debug, Serialize, Deserialize)]
struct RecordImage {
    /// The number, by which undo sees that somebody worked on the document.
    document: DocumentId,
    title: String,
    content_sha256: String,
    event: EventId,
    infons: Infons,
}
