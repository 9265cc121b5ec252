//! Documents as rows: read, written, found by their text, and how the journal keeps them.

use std::collections::HashMap;

use documents::{Document, Infons};
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

use super::StoredDocument;
use crate::error::Result;
use crate::identifiers::{DocumentId, EventId};
use crate::journal::{Journaled, Table};
use crate::tables::{imported_entities, imported_relations};

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
