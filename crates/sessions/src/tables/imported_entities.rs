//! Table `imported_entities`: the mentions that came with a document. Written and deleted with it, never changed.

use documents::{Content, Entity};
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::Result;
use crate::full_text::full_text;
use crate::identifiers::{DocumentId, EntityId};
use crate::json;
use crate::migrations::Migration;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    sql: concat!(
        "
    CREATE TABLE imported_entities (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        document_id INTEGER NOT NULL REFERENCES documents (id),
        names TEXT NOT NULL,  -- words and ids, for the search
        body TEXT NOT NULL
    ) STRICT;
    CREATE INDEX imported_entities_by_document ON imported_entities (document_id);
    ",
        full_text!("imported_entities_words", "imported_entities", ["names"])
    ),
}];

pub(super) fn read(connection: &Connection, document: DocumentId) -> Result<(Vec<EntityId>, Vec<Entity>)> {
    let mut statement = connection
        .prepare_cached("SELECT id, body FROM imported_entities WHERE document_id = ?1 ORDER BY id")?;
    let mut rows = statement.query([document])?;
    let (mut ids, mut entities) = (Vec::new(), Vec::new());
    while let Some(row) = rows.next()? {
        ids.push(row.get(0)?);
        entities.push(json::column(row, 1)?);
    }
    Ok((ids, entities))
}

pub(super) fn write(
    connection: &Connection,
    document: DocumentId,
    ids: &[EntityId],
    entities: &[Entity],
) -> Result<()> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO imported_entities (id, document_id, names, body) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for (id, entity) in ids.iter().zip(entities) {
        let names = Content::of_entity(entity).names();
        statement.execute(params![id, document, names, serde_json::to_string(entity)?])?;
    }
    Ok(())
}

pub(super) fn delete(connection: &Connection, document: i64) -> Result<()> {
    connection.prepare_cached("DELETE FROM imported_entities WHERE document_id = ?1")?.execute([document])?;
    Ok(())
}

/// What an imported mention says, and of which document.
pub(super) fn content(connection: &Connection, id: EntityId) -> Result<Option<(DocumentId, Content)>> {
    let mut statement =
        connection.prepare_cached("SELECT document_id, body FROM imported_entities WHERE id = ?1")?;
    let row: Option<(DocumentId, String)> =
        statement.query_row([id], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    row.map(|(document, body)| Ok((document, Content::of_entity(&serde_json::from_str(&body)?)))).transpose()
}
