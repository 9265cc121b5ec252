//! Table `batch_items`: the documents of a batch, in order. Belongs to its batch.

use std::collections::BTreeMap;

use rusqlite::{Connection, Row, params};
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::identifiers::{BatchId, DocumentId, Timestamp, words};
use crate::library::Library;
use crate::migrations::Migration;

pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        sql: "
    CREATE TABLE batch_items (
        batch_id INTEGER NOT NULL REFERENCES batches (id),
        ordinal INTEGER NOT NULL,
        document_id INTEGER NOT NULL REFERENCES documents (id),
        state TEXT NOT NULL CHECK (state IN ('waiting', 'done', 'failed', 'skipped')),
        worker TEXT,          -- who took it last
        claimed_at INTEGER,
        finished_at INTEGER,
        problem TEXT,
        PRIMARY KEY (batch_id, ordinal)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX batch_items_by_state ON batch_items (batch_id, state, worker, ordinal);
    CREATE INDEX batch_items_by_document ON batch_items (document_id);
    ",
    },
    // When the worker that holds an item was last heard of.
    Migration { version: 3, sql: "ALTER TABLE batch_items ADD COLUMN alive_at INTEGER;" },
];

/// A worker that was not heard of for so many milliseconds has been killed, or its machine sleeps: others take its items.
pub(super) const LEASE: i64 = 60_000;

words! {
    /// How far an item has come.
    pub enum ItemState {
        /// Its result is still to come; someone may be at it.
        Waiting = "waiting",
        /// Its run is stored.
        Done = "done",
        /// It could not be done; the others go on.
        Failed = "failed",
        /// Its document was out of sight when its turn came.
        Skipped = "skipped",
    }
}

/// One document of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchItem {
    /// Its place in the batch, from 0.
    pub ordinal: u64,
    /// The document.
    pub document: DocumentId,
    /// How far it has come.
    pub state: ItemState,
    /// Who took it last.
    pub worker: Option<String>,
    /// When that was.
    pub claimed_at: Option<Timestamp>,
    /// When it was done or failed.
    pub finished_at: Option<Timestamp>,
    /// Why it failed, for the user.
    pub problem: Option<String>,
}

impl Library {
    /// Up to `limit` items of a batch from place `from` on.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn batch_items(&self, batch: BatchId, from: u64, limit: usize) -> Result<Vec<BatchItem>> {
        self.reading(|connection| {
            select(
                connection,
                "batch_id = ?1 AND ordinal >= ?2 ORDER BY ordinal LIMIT ?3",
                params![batch, from, limit],
            )
        })
    }

    /// How many findings each item of a batch has, by its place; items without any are left out.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn findings_of_batch(&self, batch: BatchId) -> Result<BTreeMap<u64, u64>> {
        self.reading(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT batch_ordinal, count(*) FROM runs JOIN findings ON run_id = runs.id
                 WHERE batch_id = ?1 GROUP BY batch_ordinal",
            )?;
            let rows = statement.query_map([batch], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    /// The items that could not be done.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn failed_items(&self, batch: BatchId) -> Result<Vec<BatchItem>> {
        self.reading(|connection| {
            select(connection, "batch_id = ?1 AND state = 'failed' ORDER BY ordinal", params![batch])
        })
    }
}

fn select(connection: &Connection, condition: &str, values: impl rusqlite::Params) -> Result<Vec<BatchItem>> {
    let sql = format!(
        "SELECT ordinal, document_id, state, worker, claimed_at, finished_at, problem FROM batch_items WHERE {condition}"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(values, parse)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn parse(row: &Row<'_>) -> rusqlite::Result<BatchItem> {
    Ok(BatchItem {
        ordinal: row.get(0)?,
        document: row.get(1)?,
        state: row.get(2)?,
        worker: row.get(3)?,
        claimed_at: row.get(4)?,
        finished_at: row.get(5)?,
        problem: row.get(6)?,
    })
}

pub(super) fn of(connection: &Connection, batch: BatchId) -> Result<Vec<BatchItem>> {
    select(connection, "batch_id = ?1 ORDER BY ordinal", params![batch])
}

pub(super) fn get(connection: &Connection, batch: BatchId, ordinal: u64) -> Result<Option<BatchItem>> {
    Ok(select(connection, "batch_id = ?1 AND ordinal = ?2", params![batch, ordinal])?.pop())
}

/// The item that `worker` should do next: the first that nobody has taken, then those of workers that were not heard of for
/// longer than [`LEASE`], longest ago first. A worker that was killed therefore needs no funeral: what it held comes up last.
pub(super) fn next(
    connection: &Connection,
    batch: BatchId,
    worker: &str,
    at: Timestamp,
) -> Result<Option<BatchItem>> {
    let fresh = "batch_id = ?1 AND state = 'waiting' AND worker IS NULL ORDER BY ordinal LIMIT 1";
    if let Some(item) = select(connection, fresh, params![batch])?.pop() {
        return Ok(Some(item));
    }
    // A sign of life from the future is none: the clock was set back.
    let taken = "batch_id = ?1 AND state = 'waiting' AND worker <> ?2
         AND coalesce(alive_at, claimed_at) NOT BETWEEN ?3 - ?4 AND ?3 ORDER BY claimed_at, ordinal LIMIT 1";
    Ok(select(connection, taken, params![batch, worker, at, LEASE])?.pop())
}

/// Notes that a worker is alive, on all that it holds.
pub(super) fn keep(connection: &Connection, batch: BatchId, worker: &str, at: Timestamp) -> Result<()> {
    connection
        .prepare_cached(
            "UPDATE batch_items SET alive_at = ?3 WHERE batch_id = ?1 AND state = 'waiting' AND worker = ?2",
        )?
        .execute(params![batch, worker, at])?;
    Ok(())
}

/// Puts back what a worker holds.
pub(super) fn release(connection: &Connection, batch: BatchId, worker: &str) -> Result<()> {
    connection
        .prepare_cached(
            "UPDATE batch_items SET worker = NULL, claimed_at = NULL, alive_at = NULL
             WHERE batch_id = ?1 AND state = 'waiting' AND worker = ?2",
        )?
        .execute(params![batch, worker])?;
    Ok(())
}

/// Whether a worker holds an item of any batch.
pub(crate) fn any_taken(connection: &Connection) -> Result<bool> {
    let sql = "SELECT 1 FROM batches b JOIN batch_items i ON i.batch_id = b.id WHERE i.state = 'waiting' AND i.worker > ''";
    Ok(connection.prepare(sql)?.exists([])?)
}

/// Puts back what workers hold that are no more.
pub(crate) fn release_all(connection: &Connection) -> Result<()> {
    connection.execute(
        "UPDATE batch_items SET worker = NULL, claimed_at = NULL, alive_at = NULL
         WHERE state = 'waiting' AND worker IS NOT NULL",
        [],
    )?;
    Ok(())
}

pub(super) fn write(connection: &Connection, batch: BatchId, items: &[BatchItem]) -> Result<()> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO batch_items (batch_id, ordinal, document_id, state, worker, claimed_at, finished_at, problem)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (batch_id, ordinal) DO UPDATE
            SET state = ?4, worker = ?5, claimed_at = ?6, finished_at = ?7, problem = ?8",
    )?;
    for item in items {
        statement.execute(params![
            batch,
            item.ordinal,
            item.document,
            item.state,
            item.worker,
            item.claimed_at,
            item.finished_at,
            item.problem,
        ])?;
    }
    Ok(())
}

pub(super) fn delete(connection: &Connection, batch: i64) -> Result<()> {
    connection.prepare_cached("DELETE FROM batch_items WHERE batch_id = ?1")?.execute([batch])?;
    Ok(())
}

/// Lets failed items wait again; says how many.
pub(super) fn forget_failures(connection: &Connection, batch: BatchId) -> Result<u64> {
    let forgotten = connection
        .prepare_cached(
            "UPDATE batch_items SET state = 'waiting', worker = NULL, claimed_at = NULL, finished_at = NULL, problem = NULL
             WHERE batch_id = ?1 AND state = 'failed'",
        )?
        .execute([batch])?;
    Ok(forgotten as u64)
}
