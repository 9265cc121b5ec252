//! Batches as rows: read and written.

use rusqlite::{Connection, Row, params};

use super::{Batch, BatchRow};
use crate::error::{Error, Result};
use crate::identifiers::{BatchId, EventId};
use crate::journal::{Journaled, Table};
use crate::json;
use crate::tables::batch_items;

pub(super) const COLUMNS: &str =
    "id, task, settings, state, total, done, failed, skipped, author, created_at, event_id";

pub(super) fn parse(row: &Row<'_>) -> Result<Batch> {
    Ok(Batch {
        id: row.get(0)?,
        task: row.get(1)?,
        settings: json::column(row, 2)?,
        state: row.get(3)?,
        total: row.get(4)?,
        done: row.get(5)?,
        failed: row.get(6)?,
        skipped: row.get(7)?,
        author: row.get(8)?,
        created_at: row.get(9)?,
        event: row.get(10)?,
    })
}

pub(super) fn read(connection: &Connection, id: BatchId) -> Result<Option<Batch>> {
    let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM batches WHERE id = ?1"))?;
    let mut rows = statement.query([id])?;
    rows.next()?.map(parse).transpose()
}

pub(super) fn get(connection: &Connection, id: BatchId) -> Result<Batch> {
    read(connection, id)?.ok_or(Error::NotFound { what: "batch", id: id.0 })
}

pub(super) fn write(connection: &Connection, batch: &Batch) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO batches (id, task, settings, state, total, done, failed, skipped, author, created_at, event_id)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
             ON CONFLICT (id) DO UPDATE SET state = ?4, done = ?6, failed = ?7, skipped = ?8",
        )?
        .execute(params![
            batch.id,
            batch.task,
            serde_json::to_string(&batch.settings)?,
            batch.state,
            batch.total,
            batch.done,
            batch.failed,
            batch.skipped,
            batch.author,
            batch.created_at,
            batch.event,
        ])?;
    Ok(())
}

impl Journaled for BatchRow {
    const TABLE: Table = Table::Batches;

    fn key(&self) -> i64 {
        self.batch.id.0
    }

    fn event(&self) -> EventId {
        self.batch.event
    }

    fn read(connection: &Connection, key: i64) -> Result<Option<Self>> {
        let Some(batch) = read(connection, BatchId(key))? else { return Ok(None) };
        let items = batch_items::of(connection, batch.id)?;
        Ok(Some(Self { batch, items }))
    }

    fn write(&self, connection: &Connection) -> Result<()> {
        write(connection, &self.batch)?;
        batch_items::write(connection, self.batch.id, &self.items)
    }

    fn delete(connection: &Connection, key: i64) -> Result<()> {
        batch_items::delete(connection, key)?;
        connection.prepare_cached("DELETE FROM batches WHERE id = ?1")?.execute([key])?;
        Ok(())
    }
}
