//! Table `places`: where each curator was last, in each document. View state: no undo, no history, gone with the document.

use rusqlite::{OptionalExtension, params};
use serde::{Deserialize, Serialize};

use super::documents;
use crate::error::Result;
use crate::identifiers::{By, DocumentId, Timestamp};
use crate::library::{Library, Outcome};
use crate::migrations::Migration;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    sql: "
    CREATE TABLE places (
        curator TEXT NOT NULL,
        document_id INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
        top INTEGER NOT NULL,
        seen_at INTEGER NOT NULL,
        PRIMARY KEY (curator, document_id)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX places_by_time ON places (curator, seen_at);
    CREATE INDEX places_by_document ON places (document_id);
    ",
}];

/// Where a curator was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The document.
    pub document: DocumentId,
    /// The first byte of the text that was in view: holds at any window size and zoom.
    pub top: u64,
    /// When.
    pub seen_at: Timestamp,
}

impl Library {
    /// Remembers that `by.who` looks at a document, with the text from byte `top` on at the top of the window.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`].
    pub fn remember_place(&mut self, by: By<'_>, document: DocumentId, top: u64) -> Result<()> {
        self.writing(|transaction| {
            documents::check_exists(transaction, document)?;
            transaction
                .prepare_cached(
                    "INSERT INTO places (curator, document_id, top, seen_at) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (curator, document_id) DO UPDATE SET top = ?3, seen_at = ?4",
                )?
                .execute(params![by.who, document, top, by.at])?;
            Ok(((), Outcome::Commit))
        })
    }

    /// Where `curator` was last: in `document`, or in any that is in sight.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn last_place(&self, curator: &str, document: Option<DocumentId>) -> Result<Option<Place>> {
        self.reading(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT document_id, top, seen_at FROM places p
                 WHERE curator = ?1 AND (?2 IS NULL OR document_id = ?2)
                 AND NOT EXISTS (SELECT 1 FROM removals WHERE document_id = p.document_id)
                 ORDER BY seen_at DESC LIMIT 1",
            )?;
            let place = statement.query_row(params![curator, document], |row| {
                Ok(Place { document: row.get(0)?, top: row.get(1)?, seen_at: row.get(2)? })
            });
            Ok(place.optional()?)
        })
    }
}
