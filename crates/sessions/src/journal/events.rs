//! Table `events`: one row for each action.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::Serialize;

use super::{Action, Track};
use crate::error::Result;
use crate::identifiers::{By, DocumentId, EventId, Timestamp, words};
use crate::library::Library;
use crate::migrations::Migration;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    sql: "
    CREATE TABLE events (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        author TEXT NOT NULL,
        track TEXT NOT NULL,
        action TEXT NOT NULL,
        document_id INTEGER,  -- where to look; not a reference, an undone import leaves it behind
        made_at INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('done', 'undone', 'abandoned')),
        turned_at INTEGER     -- when it was last undone or redone
    ) STRICT;
    CREATE INDEX events_by_stack ON events (author, track, state, id);
    ",
}];

words! {
    /// Where an event stands.
    pub enum State {
        /// Its effect is in the library.
        Done = "done",
        /// Taken back; redo brings it again.
        Undone = "undone",
        /// Taken back, and its author went on differently: it can no longer be redone.
        Abandoned = "abandoned",
    }
}

/// One line of the library's history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HistoryEntry {
    /// The event.
    pub id: EventId,
    /// Who did it.
    pub author: String,
    /// What was done.
    pub action: Action,
    /// The document to show, where the action concerned one.
    pub document: Option<DocumentId>,
    /// When.
    pub made_at: Timestamp,
    /// Whether it stands.
    pub state: State,
    /// When it was last undone or redone.
    pub turned_at: Option<Timestamp>,
}

impl Library {
    /// The last `limit` events, newest first, starting below `before`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn history(&self, before: Option<EventId>, limit: usize) -> Result<Vec<HistoryEntry>> {
        self.reading(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, author, action, document_id, made_at, state, turned_at FROM events
                 WHERE id < ?1 ORDER BY id DESC LIMIT ?2",
            )?;
            let before = before.map_or(i64::MAX, |event| event.0);
            let rows = statement.query_map(params![before, limit], entry)?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }
}

fn entry(row: &Row<'_>) -> rusqlite::Result<HistoryEntry> {
    Ok(HistoryEntry {
        id: row.get(0)?,
        author: row.get(1)?,
        action: row.get(2)?,
        document: row.get(3)?,
        made_at: row.get(4)?,
        state: row.get(5)?,
        turned_at: row.get(6)?,
    })
}

pub(super) fn insert(
    connection: &Connection,
    by: By<'_>,
    action: Action,
    document: Option<DocumentId>,
) -> Result<EventId> {
    connection
        .prepare_cached(
            "INSERT INTO events (author, track, action, document_id, made_at, state) VALUES (?1, ?2, ?3, ?4, ?5, 'done')",
        )?
        .execute(params![by.who, action.track(), action, document, by.at])?;
    Ok(EventId(connection.last_insert_rowid()))
}

pub(super) fn set_document(connection: &Connection, event: EventId, document: DocumentId) -> Result<()> {
    connection
        .prepare_cached("UPDATE events SET document_id = ?2 WHERE id = ?1")?
        .execute(params![event, document])?;
    Ok(())
}

/// The event that an author's next action could go on with: their last one, if nothing was undone since.
pub(crate) fn last(connection: &Connection, author: &str, track: Track) -> Result<Option<HistoryEntry>> {
    if top(connection, author, track, State::Undone)?.is_some() {
        return Ok(None);
    }
    top(connection, author, track, State::Done)
}

/// The event on top of an author's stack: the last one done, or the first one undone.
pub(super) fn top(
    connection: &Connection,
    author: &str,
    track: Track,
    state: State,
) -> Result<Option<HistoryEntry>> {
    // Done events lie below undone ones: a new action abandons whatever was undone.
    let newest_first = if state == State::Done { "DESC" } else { "ASC" };
    let mut statement = connection.prepare_cached(&format!(
        "SELECT id, author, action, document_id, made_at, state, turned_at FROM events
         WHERE author = ?1 AND track = ?2 AND state = ?3 ORDER BY id {newest_first} LIMIT 1"
    ))?;
    Ok(statement.query_row(params![author, track, state], entry).optional()?)
}

pub(super) fn turn(connection: &Connection, event: EventId, state: State, at: Timestamp) -> Result<()> {
    connection
        .prepare_cached("UPDATE events SET state = ?2, turned_at = ?3 WHERE id = ?1")?
        .execute(params![event, state, at])?;
    Ok(())
}

/// Gives up what an author has undone on a track, with the rows that were kept for a redo.
pub(super) fn abandon(connection: &Connection, author: &str, track: Track) -> Result<()> {
    connection
        .prepare_cached(
            "DELETE FROM changes WHERE event_id IN
                (SELECT id FROM events WHERE author = ?1 AND track = ?2 AND state = 'undone')",
        )?
        .execute(params![author, track])?;
    connection
        .prepare_cached(
            "UPDATE events SET state = 'abandoned' WHERE author = ?1 AND track = ?2 AND state = 'undone'",
        )?
        .execute(params![author, track])?;
    Ok(())
}
