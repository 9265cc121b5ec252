//! How a table takes part in the journal, and the only way to change one that does.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Action, State, changes, events};
use crate::error::{Error, Result};
use crate::identifiers::{By, DocumentId, EventId, words};
use crate::library::{Library, Outcome};

words! {
    /// The tables whose rows can be undone.
    pub(crate) enum Table {
        Library = "library",
        Documents = "documents",
        Removals = "removals",
        Batches = "batches",
        Runs = "runs",
        Decisions = "decisions",
        Notes = "notes",
        Drafts = "drafts",
    }
}

/// A row (with the rows that live and die with it: a document's imported annotations, a run's findings, a batch's items).
pub(crate) trait Journaled: Serialize + DeserializeOwned {
    const TABLE: Table;

    /// The row's primary key.
    fn key(&self) -> i64;

    /// The event that wrote the row as it is: who and when stand there.
    fn event(&self) -> EventId;

    fn read(connection: &Connection, key: i64) -> Result<Option<Self>>;

    /// Inserts the row, or brings an existing one with the same key to this content.
    fn write(&self, connection: &Connection) -> Result<()>;

    fn delete(connection: &Connection, key: i64) -> Result<()>;

    /// The row as the journal keeps it, beside `other`, the row that is in its table. A large row says only what differs.
    fn image(&self, _other: Option<&Self>) -> Result<String> {
        Ok(serde_json::to_string(self)?)
    }

    /// Reads what [`Journaled::image`] wrote beside the same `other`.
    fn from_image(image: &str, _other: Option<&Self>) -> Result<Self> {
        Ok(serde_json::from_str(image)?)
    }
}

/// An action under way: what it changes is written to the tables and to the journal together.
pub(crate) struct Recording<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) event: EventId,
    pub(crate) by: By<'a>,
    changed: bool,
    next: BTreeMap<Table, i64>,
}

impl Recording<'_> {
    /// A key that no row of the table has or had.
    pub(crate) fn next_key(&mut self, table: Table) -> Result<i64> {
        let next = match self.next.get(&table) {
            Some(next) => *next,
            None => next_key(self.connection, table.word())?,
        };
        self.next.insert(table, next + 1);
        Ok(next)
    }

    /// Writes a new row.
    pub(crate) fn insert<T: Journaled>(&mut self, row: &T) -> Result<()> {
        self.changed = true;
        row.write(self.connection)?;
        changes::insert(self.connection, self.event, T::TABLE, row.key(), Some(row.event()), None)
    }

    /// Writes over an existing row.
    pub(crate) fn replace<T: Journaled>(&mut self, old: &T, new: &T) -> Result<()> {
        self.changed = true;
        let image = old.image(Some(new))?;
        new.write(self.connection)?;
        changes::insert(self.connection, self.event, T::TABLE, new.key(), Some(new.event()), Some(&image))
    }

    /// Takes a row away.
    pub(crate) fn remove<T: Journaled>(&mut self, old: &T) -> Result<()> {
        self.changed = true;
        let image = old.image(None)?;
        T::delete(self.connection, old.key())?;
        changes::insert(self.connection, self.event, T::TABLE, old.key(), None, Some(&image))
    }
}

/// One more than the largest key ever used in an `AUTOINCREMENT` table. A key is never used twice, else an undone row could
/// come back on top of a stranger.
pub(crate) fn next_key(connection: &Connection, table: &str) -> Result<i64> {
    let last: Option<i64> = connection
        .prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = ?1")?
        .query_row([table], |row| row.get(0))
        .optional()?;
    Ok(last.unwrap_or(0) + 1)
}

impl<'a> Recording<'a> {
    /// Begins an action as a new event; what its author had undone on the same track can no longer be redone.
    pub(crate) fn begin(
        connection: &'a Connection,
        by: By<'a>,
        action: Action,
        document: Option<DocumentId>,
    ) -> Result<Self> {
        events::abandon(connection, by.who, action.track())?;
        let event = events::insert(connection, by, action, document)?;
        Ok(Self::go_on(connection, by, event))
    }

    /// Goes on with an event that was begun earlier (a batch): its later results are undone together with it.
    pub(crate) const fn go_on(connection: &'a Connection, by: By<'a>, event: EventId) -> Self {
        Self { connection, event, by, changed: false, next: BTreeMap::new() }
    }
}

impl Library {
    /// Does an action as one event. An action that changes no row leaves no event.
    pub(crate) fn act<R>(
        &mut self,
        by: By<'_>,
        action: Action,
        document: Option<DocumentId>,
        work: impl FnOnce(&mut Recording<'_>) -> Result<R>,
    ) -> Result<R> {
        self.writing(|transaction| {
            let mut recording = Recording::begin(transaction, by, action, document)?;
            let result = work(&mut recording)?;
            Ok((result, if recording.changed { Outcome::Commit } else { Outcome::Drop }))
        })
    }

    /// [`Library::act`] where only the work tells which documents it concerned.
    pub(crate) fn act_on<R>(
        &mut self,
        by: By<'_>,
        action: Action,
        work: impl FnOnce(&mut Recording<'_>) -> Result<(R, Vec<DocumentId>)>,
    ) -> Result<R> {
        self.act(by, action, None, |recording| {
            let (result, documents) = work(recording)?;
            if let Some((first, others)) = documents.split_first()
                && others.iter().all(|other| other == first)
            {
                events::set_document(recording.connection, recording.event, *first)?;
            }
            Ok(result)
        })
    }
}

/// Exchanges a row and its other side.
pub(super) fn exchange<T: Journaled>(
    connection: &Connection,
    change: &changes::Change,
    action: Action,
) -> Result<()> {
    let current = T::read(connection, change.key)?;
    if current.as_ref().map(Journaled::event) != change.expected {
        return Err(Error::Overtaken { action });
    }
    let image = changes::image(connection, change.id)?;
    let other = image.map(|image| T::from_image(&image, current.as_ref())).transpose()?;
    match &other {
        Some(row) => row.write(connection)?,
        None => T::delete(connection, change.key)?,
    }
    let image = current.as_ref().map(|row| row.image(other.as_ref())).transpose()?;
    changes::turn(connection, change.id, other.as_ref().map(Journaled::event), image.as_deref())
}

impl State {
    /// What undo and redo turn a state into.
    pub(super) const fn other(self) -> Self {
        match self {
            Self::Done => Self::Undone,
            Self::Undone | Self::Abandoned => Self::Done,
        }
    }
}
