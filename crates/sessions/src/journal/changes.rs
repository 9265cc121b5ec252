//! Table `changes`: the rows that an event changed, each with the side of it that is not in its table now.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Track;
use super::record::Table;
use crate::error::Result;
use crate::identifiers::EventId;
use crate::migrations::Migration;

pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        sql: "
    CREATE TABLE changes (
        id INTEGER PRIMARY KEY,     -- also the order within an event
        event_id INTEGER NOT NULL REFERENCES events (id),
        record TEXT NOT NULL,       -- the table
        key INTEGER NOT NULL,       -- the row in it
        expected INTEGER,           -- the event that must have written the row as it is now; none if there is no row
        image TEXT                  -- the other side of the row; none if it is the absence of one
    ) STRICT;
    CREATE INDEX changes_by_event ON changes (event_id);
    ",
    },
    // Counts by table are read from the index alone.
    Migration {
        version: 3,
        sql: "
    CREATE INDEX changes_by_event_and_record ON changes (event_id, record);
    DROP INDEX changes_by_event;
    ",
    },
];

/// A change without its image.
#[derive(Debug, Clone, Copy)]
pub(super) struct Change {
    pub(super) id: i64,
    pub(super) table: Table,
    pub(super) key: i64,
    pub(super) expected: Option<EventId>,
}

pub(super) fn insert(
    connection: &Connection,
    event: EventId,
    table: Table,
    key: i64,
    expected: Option<EventId>,
    image: Option<&str>,
) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO changes (event_id, record, key, expected, image) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![event, table, key, expected, image])?;
    Ok(())
}

/// The changes of an event in the order they were made.
pub(super) fn of(connection: &Connection, event: EventId) -> Result<Vec<Change>> {
    let mut statement = connection
        .prepare_cached("SELECT id, record, key, expected FROM changes WHERE event_id = ?1 ORDER BY id")?;
    let rows = statement.query_map([event], parse)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn image(connection: &Connection, change: i64) -> Result<Option<String>> {
    Ok(connection
        .prepare_cached("SELECT image FROM changes WHERE id = ?1")?
        .query_row([change], |row| row.get(0))?)
}

/// How many changes of an event are to `table`.
pub(super) fn count(connection: &Connection, event: EventId, table: Table) -> Result<usize> {
    Ok(connection
        .prepare_cached("SELECT count(*) FROM changes WHERE event_id = ?1 AND record = ?2")?
        .query_row(params![event, table], |row| row.get(0))?)
}

/// How many of them are to rows that were there before and after.
pub(super) fn count_updates(connection: &Connection, event: EventId, table: Table) -> Result<usize> {
    Ok(connection
        .prepare_cached(
            "SELECT count(*) FROM changes WHERE event_id = ?1 AND record = ?2 AND image IS NOT NULL AND expected IS NOT NULL",
        )?
        .query_row(params![event, table], |row| row.get(0))?)
}

/// The first `limit` changes of an event to `table`.
pub(super) fn first(
    connection: &Connection,
    event: EventId,
    table: Table,
    limit: usize,
) -> Result<Vec<Change>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, record, key, expected FROM changes WHERE event_id = ?1 AND record = ?2 ORDER BY id LIMIT ?3",
    )?;
    let rows = statement.query_map(params![event, table, limit], parse)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Writes the image of the change that `event` made to a row anew.
pub(crate) fn set_image(
    connection: &Connection,
    event: EventId,
    table: Table,
    key: i64,
    image: &str,
) -> Result<()> {
    connection
        .prepare_cached("UPDATE changes SET image = ?4 WHERE event_id = ?1 AND record = ?2 AND key = ?3")?
        .execute(params![event, table, key, image])?;
    Ok(())
}

/// The image of the change that `event` made to a row.
pub(crate) fn image_of(
    connection: &Connection,
    event: EventId,
    table: Table,
    key: i64,
) -> Result<Option<String>> {
    Ok(connection
        .prepare_cached("SELECT image FROM changes WHERE event_id = ?1 AND record = ?2 AND key = ?3")?
        .query_row(params![event, table, key], |row| row.get(0))
        .optional()?
        .flatten())
}

/// Events after an action that are looked through for what became of a row.
const LOOKED_THROUGH: i64 = 1_000;

/// The image in the next event that changed a row, if one of the following did.
pub(super) fn image_after(
    connection: &Connection,
    event: EventId,
    table: Table,
    key: i64,
) -> Result<Option<String>> {
    let mut statement = connection.prepare_cached(
        "SELECT image FROM changes WHERE event_id > ?1 AND event_id <= ?1 + ?2 AND record = ?3 AND key = ?4
         ORDER BY event_id LIMIT 1",
    )?;
    let found: Option<Option<String>> =
        statement.query_row(params![event, LOOKED_THROUGH, table, key], |row| row.get(0)).optional()?;
    Ok(found.flatten())
}

/// Whether a change of another event expects a row as `event` wrote it.
pub(crate) fn rests_on(connection: &Connection, event: EventId, table: Table, key: i64) -> Result<bool> {
    Ok(connection
        .prepare_cached(
            "SELECT 1 FROM changes WHERE record = ?2 AND key = ?3 AND expected = ?1
             AND event_id IN (SELECT id FROM events WHERE track = ?4 AND state = 'undone')",
        )?
        .exists(params![event, table, key, Track::Writing])?)
}

fn parse(row: &Row<'_>) -> rusqlite::Result<Change> {
    Ok(Change { id: row.get(0)?, table: row.get(1)?, key: row.get(2)?, expected: row.get(3)? })
}

pub(super) fn turn(
    connection: &Connection,
    change: i64,
    expected: Option<EventId>,
    image: Option<&str>,
) -> Result<()> {
    connection
        .prepare_cached("UPDATE changes SET expected = ?2, image = ?3 WHERE id = ?1")?
        .execute(params![change, expected, image])?;
    Ok(())
}
