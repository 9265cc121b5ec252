//! Table `imported_relations`: the relations that came with a document. Written and deleted with it, never changed.

use documents::{Content, Document, Relation};
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::Result;
use crate::identifiers::{DocumentId, RelationId};
use crate::json;
use crate::migrations::Migration;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    sql: "
    CREATE TABLE imported_relations (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        document_id INTEGER NOT NULL REFERENCES documents (id),
        content TEXT NOT NULL,  -- with the participants spelt out, comparable with findings
        body TEXT NOT NULL
    ) STRICT;
    CREATE INDEX imported_relations_by_document ON imported_relations (document_id);
    ",
}];

pub(super) fn read(
    connection: &Connection,
    document: DocumentId,
) -> Result<(Vec<RelationId>, Vec<Relation>)> {
    let mut statement = connection
        .prepare_cached("SELECT id, body FROM imported_relations WHERE document_id = ?1 ORDER BY id")?;
    let mut rows = statement.query([document])?;
    let (mut ids, mut relations) = (Vec::new(), Vec::new());
    while let Some(row) = rows.next()? {
        ids.push(row.get(0)?);
        relations.push(json::column(row, 1)?);
    }
    Ok((ids, relations))
}

/// Writes the relations of `document`, whose mentions are the participants.
pub(super) fn write(
    connection: &Connection,
    id: DocumentId,
    ids: &[RelationId],
    document: &Document,
) -> Result<()> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO imported_relations (id, document_id, content, body) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for (relation_id, relation) in ids.iter().zip(&document.relations) {
        let content = serde_json::to_string(&Content::of_relation(relation, document))?;
        statement.execute(params![relation_id, id, content, serde_json::to_string(relation)?])?;
    }
    Ok(())
}

pub(super) fn delete(connection: &Connection, document: i64) -> Result<()> {
    connection
        .prepare_cached("DELETE FROM imported_relations WHERE document_id = ?1")?
        .execute([document])?;
    Ok(())
}

/// What an imported relation says, and of which document.
pub(super) fn content(connection: &Connection, id: RelationId) -> Result<Option<(DocumentId, Content)>> {
    let mut statement =
        connection.prepare_cached("SELECT document_id, content FROM imported_relations WHERE id = ?1")?;
    let row: Option<(DocumentId, String)> =
        statement.query_row([id], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    row.map(|(document, content)| Ok((document, serde_json::from_str(&content)?))).transpose()
}
