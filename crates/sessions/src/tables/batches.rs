//! Table `batches`: a task over many documents. Its runs belong to the event that started it, so that one undo takes the
//! whole batch away. Claiming, pausing and counting are no actions of their own: their inverse is resuming and going on.

mod rows;

use ::documents::Prediction;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::batch_items::{self, BatchItem, ItemState};
use super::documents;
use super::runs::{self, Ending, RunRecord};
use crate::error::{Error, Result};
use crate::identifiers::{BatchId, By, DocumentId, EventId, RunId, Timestamp, words};
use crate::journal::{Action, Recording, Table};
use crate::library::{Library, Outcome};
use crate::migrations::Migration;

use rows::{COLUMNS, get, parse, write};

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    sql: "
    CREATE TABLE batches (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        task TEXT NOT NULL,
        settings TEXT NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('running', 'paused', 'cancelled', 'finished')),
        total INTEGER NOT NULL,
        done INTEGER NOT NULL,
        failed INTEGER NOT NULL,
        skipped INTEGER NOT NULL,
        author TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        event_id INTEGER NOT NULL REFERENCES events (id)
    ) STRICT;
    ",
}];

words! {
    /// What a batch is doing.
    pub enum BatchState {
        /// Items are given out (also after the program was killed: whoever asks next goes on).
        Running = "running",
        /// No items are given out until it is resumed.
        Paused = "paused",
        /// Given up; what is done stays.
        Cancelled = "cancelled",
        /// Every item is done, failed or skipped.
        Finished = "finished",
    }
}

/// A task over many documents, and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Batch {
    /// Its number.
    pub id: BatchId,
    /// The task.
    pub task: String,
    /// What the task needs to go on after a restart (model, decoding, question ...).
    pub settings: serde_json::Value,
    /// What it is doing.
    pub state: BatchState,
    /// How many documents it has.
    pub total: u64,
    /// How many are done.
    pub done: u64,
    /// How many could not be done.
    pub failed: u64,
    /// How many were out of sight when their turn came.
    pub skipped: u64,
    /// Who started it.
    pub author: String,
    /// When.
    pub created_at: Timestamp,
    /// The event that its results belong to.
    pub event: EventId,
}

impl Batch {
    /// How many items still wait.
    #[must_use]
    pub const fn waiting(&self) -> u64 {
        self.total.saturating_sub(self.done + self.failed + self.skipped)
    }
}

/// A batch with its items: they come and go together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BatchRow {
    pub(crate) batch: Batch,
    pub(crate) items: Vec<BatchItem>,
}

impl Library {
    /// Starts a task over `documents`, in this order. `settings` is whatever the caller needs to go on after a restart.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn start_batch(
        &mut self,
        by: By<'_>,
        task: &str,
        settings: &serde_json::Value,
        documents: &[DocumentId],
    ) -> Result<BatchId> {
        self.act(by, Action::Batch, None, |recording| {
            for &document in documents {
                documents::check_exists(recording.connection, document)?;
            }
            let id = BatchId(recording.next_key(Table::Batches)?);
            let items = documents.iter().zip(0..).map(|(&document, ordinal)| BatchItem {
                ordinal,
                document,
                state: ItemState::Waiting,
                worker: None,
                claimed_at: None,
                finished_at: None,
                problem: None,
            });
            let batch = Batch {
                id,
                task: task.to_owned(),
                settings: settings.clone(),
                state: if documents.is_empty() { BatchState::Finished } else { BatchState::Running },
                total: documents.len() as u64,
                done: 0,
                failed: 0,
                skipped: 0,
                author: by.who.to_owned(),
                created_at: by.at,
                event: recording.event,
            };
            recording.insert(&BatchRow { batch, items: items.collect() })?;
            Ok(id)
        })
    }

    /// The next item for `worker` (a name that is unique to this process and this start); `None` when the batch is paused,
    /// cancelled, or has nothing left that no living worker holds. Several workers share a batch; each says that it is alive
    /// by claiming, or by [`Library::keep_items`], at least once in a minute.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the batch was undone.
    pub fn claim_item(&mut self, batch: BatchId, worker: &str, at: Timestamp) -> Result<Option<BatchItem>> {
        self.writing(|transaction| {
            let mut row = get(transaction, batch)?;
            let mut claimed = None;
            while row.state == BatchState::Running {
                let Some(mut item) = batch_items::next(transaction, batch, worker, at)? else { break };
                item.worker = Some(worker.to_owned());
                item.claimed_at = Some(at);
                let removed = transaction
                    .prepare_cached("SELECT 1 FROM removals WHERE document_id = ?1")?
                    .exists([item.document])?;
                if !removed {
                    batch_items::write(transaction, batch, std::slice::from_ref(&item))?;
                    claimed = Some(item);
                    break;
                }
                item.finished_at = Some(at);
                settle(transaction, &mut row, item, ItemState::Skipped)?;
            }
            batch_items::keep(transaction, batch, worker, at)?;
            Ok((claimed, Outcome::Commit))
        })
    }

    /// Stores the result of an item: run, findings and the item's state are one transaction, so that no kill can leave an
    /// item that is half done, and no item gets a second result.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the batch was undone, [`Error::AlreadyFinished`], and those of [`Library::record_run`].
    pub fn finish_item(
        &mut self,
        by: By<'_>,
        batch: BatchId,
        ordinal: u64,
        record: &RunRecord,
        ending: &Ending,
        predictions: &[Prediction],
    ) -> Result<RunId> {
        self.writing(|transaction| {
            let mut row = get(transaction, batch)?;
            let mut item = waiting(transaction, batch, ordinal)?;
            let mut recording = Recording::go_on(transaction, by, row.event);
            let place = Some((batch, ordinal));
            let run = runs::insert(&mut recording, item.document, record, Some(ending), place, predictions)?;
            item.finished_at = Some(ending.at);
            settle(transaction, &mut row, item, ItemState::Done)?;
            Ok((run, Outcome::Commit))
        })
    }

    /// Notes that an item could not be done. The batch goes on.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::AlreadyFinished`].
    pub fn fail_item(&mut self, batch: BatchId, ordinal: u64, problem: &str, at: Timestamp) -> Result<()> {
        self.writing(|transaction| {
            let mut row = get(transaction, batch)?;
            let mut item = waiting(transaction, batch, ordinal)?;
            item.finished_at = Some(at);
            item.problem = Some(problem.to_owned());
            settle(transaction, &mut row, item, ItemState::Failed)?;
            Ok(((), Outcome::Commit))
        })
    }

    /// Says that `worker` is alive and still at the items it holds: nobody else gets them meanwhile.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn keep_items(&mut self, batch: BatchId, worker: &str, at: Timestamp) -> Result<()> {
        self.writing(|transaction| {
            batch_items::keep(transaction, batch, worker, at)?;
            Ok(((), Outcome::Commit))
        })
    }

    /// Puts back what `worker` holds and will not bring to an end (the user paused, or something else was more urgent). What
    /// another worker has taken over or done meanwhile stays as it is, also where the batch was undone.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn release_items(&mut self, batch: BatchId, worker: &str) -> Result<()> {
        self.writing(|transaction| {
            batch_items::release(transaction, batch, worker)?;
            Ok(((), Outcome::Commit))
        })
    }

    /// Gives out no more items until [`Library::resume_batch`]. An item under way may still be brought back.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn pause_batch(&mut self, batch: BatchId) -> Result<Batch> {
        self.steer(batch, |row| {
            if row.state == BatchState::Running {
                row.state = BatchState::Paused;
            }
        })
    }

    /// Goes on with a paused or cancelled batch.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn resume_batch(&mut self, batch: BatchId) -> Result<Batch> {
        self.steer(batch, |row| {
            if row.waiting() > 0 {
                row.state = BatchState::Running;
            }
        })
    }

    /// Gives a batch up. What is done stays; [`Library::undo`] of its start takes that away too.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn cancel_batch(&mut self, batch: BatchId) -> Result<Batch> {
        self.steer(batch, |row| {
            if row.state != BatchState::Finished {
                row.state = BatchState::Cancelled;
            }
        })
    }

    /// Lets the failed items have another try, and goes on.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn retry_failed(&mut self, batch: BatchId) -> Result<Batch> {
        self.writing(|transaction| {
            let mut row = get(transaction, batch)?;
            row.failed -= batch_items::forget_failures(transaction, batch)?.min(row.failed);
            if row.waiting() > 0 {
                row.state = BatchState::Running;
            }
            write(transaction, &row)?;
            Ok((row, Outcome::Commit))
        })
    }

    /// A batch.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn batch(&self, id: BatchId) -> Result<Batch> {
        self.reading(|connection| get(connection, id))
    }

    /// All batches, the last one first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn batches(&self) -> Result<Vec<Batch>> {
        self.reading(|connection| {
            let mut statement =
                connection.prepare_cached(&format!("SELECT {COLUMNS} FROM batches ORDER BY id DESC"))?;
            let mut rows = statement.query([])?;
            let mut batches = Vec::new();
            while let Some(row) = rows.next()? {
                batches.push(parse(row)?);
            }
            Ok(batches)
        })
    }

    fn steer(&mut self, batch: BatchId, change: impl FnOnce(&mut Batch)) -> Result<Batch> {
        self.writing(|transaction| {
            let mut row = get(transaction, batch)?;
            change(&mut row);
            write(transaction, &row)?;
            Ok((row, Outcome::Commit))
        })
    }
}

fn waiting(connection: &Connection, batch: BatchId, ordinal: u64) -> Result<BatchItem> {
    match batch_items::get(connection, batch, ordinal)? {
        Some(item) if item.state == ItemState::Waiting => Ok(item),
        Some(_) => Err(Error::AlreadyFinished { batch, ordinal }),
        None => Err(Error::NotFound { what: "batch item", id: i64::try_from(ordinal).unwrap_or(i64::MAX) }),
    }
}

/// Ends an item and counts it.
fn settle(connection: &Connection, batch: &mut Batch, mut item: BatchItem, state: ItemState) -> Result<()> {
    item.state = state;
    batch_items::write(connection, batch.id, &[item])?;
    match state {
        ItemState::Waiting => {}
        ItemState::Done => batch.done += 1,
        ItemState::Failed => batch.failed += 1,
        ItemState::Skipped => batch.skipped += 1,
    }
    if batch.waiting() == 0 {
        batch.state = BatchState::Finished;
    }
    write(connection, batch)
}
