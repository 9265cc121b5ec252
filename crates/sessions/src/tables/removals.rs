//! Table `removals`: documents that a curator took out of sight. Their text, results and decisions stay where they are, so
//! that removing ten thousand documents, and bringing them back, is a matter of ten thousand small rows.

use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

use super::documents;
use crate::error::Result;
use crate::identifiers::{By, DocumentId, EventId, Timestamp};
use crate::journal::{Action, Journaled, Table};
use crate::library::Library;
use crate::migrations::Migration;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    sql: "
    CREATE TABLE removals (
        document_id INTEGER PRIMARY KEY REFERENCES documents (id),
        removed_at INTEGER NOT NULL,
        event_id INTEGER NOT NULL REFERENCES events (id)
    ) STRICT;
    ",
}];

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Removal {
    document: DocumentId,
    removed_at: Timestamp,
    event: EventId,
}

impl Library {
    /// Takes documents out of sight: out of lists, queues, search and counts. Those that are out already stay so.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`].
    pub fn remove_documents(&mut self, by: By<'_>, documents: &[DocumentId]) -> Result<()> {
        self.act(by, Action::RemoveDocuments, single(documents), |recording| {
            for &document in documents {
                documents::check_exists(recording.connection, document)?;
                if Removal::read(recording.connection, document.0)?.is_none() {
                    recording.insert(&Removal { document, removed_at: by.at, event: recording.event })?;
                }
            }
            Ok(())
        })
    }

    /// Brings removed documents back with everything that belongs to them.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`].
    pub fn restore_documents(&mut self, by: By<'_>, documents: &[DocumentId]) -> Result<()> {
        self.act(by, Action::RestoreDocuments, single(documents), |recording| {
            for &document in documents {
                documents::check_exists(recording.connection, document)?;
                if let Some(removal) = Removal::read(recording.connection, document.0)? {
                    recording.remove(&removal)?;
                }
            }
            Ok(())
        })
    }

    /// The documents that are out of sight, the last removed first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn removed_documents(&self) -> Result<Vec<DocumentId>> {
        self.reading(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT document_id FROM removals ORDER BY removed_at DESC, document_id DESC",
            )?;
            let rows = statement.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }
}

/// The document to show for an action over several: only when it is one.
pub(super) fn single(documents: &[DocumentId]) -> Option<DocumentId> {
    match documents {
        [document] => Some(*document),
        _ => None,
    }
}

impl Journaled for Removal {
    const TABLE: Table = Table::Removals;

    fn key(&self) -> i64 {
        self.document.0
    }

    fn event(&self) -> EventId {
        self.event
    }

    fn read(connection: &Connection, key: i64) -> Result<Option<Self>> {
        let mut statement = connection.prepare_cached(
            "SELECT document_id, removed_at, event_id FROM removals WHERE document_id = ?1",
        )?;
        Ok(statement
            .query_row([key], |row| {
                Ok(Self { document: row.get(0)?, removed_at: row.get(1)?, event: row.get(2)? })
            })
            .optional()?)
    }

    fn write(&self, connection: &Connection) -> Result<()> {
        connection
            .prepare_cached("INSERT INTO removals (document_id, removed_at, event_id) VALUES (?1, ?2, ?3)")?
            .execute(params![self.document, self.removed_at, self.event])?;
        Ok(())
    }

    fn delete(connection: &Connection, key: i64) -> Result<()> {
        connection.prepare_cached("DELETE FROM removals WHERE document_id = ?1")?.execute([key])?;
        Ok(())
    }
}
