//! Table `documents`: the texts. A row never changes; its imported annotations come and go with it.

use documents::{Document, Span};
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{imported_entities, imported_relations};
use crate::error::{Error, Result};
use crate::full_text::full_text;
use crate::identifiers::{By, DocumentId, EntityId, EventId, RelationId, Timestamp};
use crate::journal::{Action, Journaled, Recording, Table, next_key};
use crate::library::Library;
use crate::migrations::Migration;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
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
}];

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

/// What became of one document of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Imported {
    /// It is in the library now.
    New(DocumentId),
    /// The same text with the same annotations is there already, as this document.
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
        self.act(by, Action::Import, None, |recording| {
            let mut next = Next {
                entity: next_key(recording.connection, "imported_entities")?,
                relation: next_key(recording.connection, "imported_relations")?,
            };
            let written = documents.iter().zip(1..).map(|(new, done)| {
                let imported = import_one(recording, new, &mut next)?;
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
}
