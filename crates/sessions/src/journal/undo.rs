//! Undo and redo without limit, for one author, across documents and restarts.

use rusqlite::Connection;
use serde::Serialize;

use super::changes::{self, Change};
use super::record::{Table, exchange};
use super::{Action, State, Track, events};
use crate::error::{Error, Result};
use crate::identifiers::{By, DocumentId, EventId};
use crate::library::{Library, Outcome};
use crate::tables::batches::BatchRow;
use crate::tables::decisions::Decision;
use crate::tables::documents::StoredDocument;
use crate::tables::drafts::Draft;
use crate::tables::library_details::LibraryDetails;
use crate::tables::notes::Note;
use crate::tables::removals::Removal;
use crate::tables::runs::RunRow;

/// What an undo or redo has turned, so that a client can say it and show the place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The event.
    pub event: EventId,
    /// What it did.
    pub action: Action,
    /// The document to show, where it concerned one.
    pub document: Option<DocumentId>,
    /// How many rows came, went or changed.
    pub changes: usize,
}

impl Library {
    /// Takes back the last thing that `by.who` did on `track`; `None` when there is nothing left.
    ///
    /// # Errors
    /// [`Error::BuiltUpon`] and [`Error::Overtaken`] where someone else's later work stands in the way.
    pub fn undo(&mut self, by: By<'_>, track: Track) -> Result<Option<Step>> {
        self.turn(by, track, State::Done)
    }

    /// Does again what was undone last; `None` when there is nothing.
    ///
    /// # Errors
    /// As [`Library::undo`].
    pub fn redo(&mut self, by: By<'_>, track: Track) -> Result<Option<Step>> {
        self.turn(by, track, State::Undone)
    }

    /// What [`Library::undo`] and [`Library::redo`] would turn next.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn next_steps(&self, author: &str, track: Track) -> Result<(Option<Action>, Option<Action>)> {
        self.reading(|connection| {
            let done = events::top(connection, author, track, State::Done)?;
            let undone = events::top(connection, author, track, State::Undone)?;
            Ok((done.map(|event| event.action), undone.map(|event| event.action)))
        })
    }

    fn turn(&mut self, by: By<'_>, track: Track, from: State) -> Result<Option<Step>> {
        self.writing(|transaction| {
            let Some(event) = events::top(transaction, by.who, track, from)? else {
                return Ok((None, Outcome::Drop));
            };
            let mut changes = changes::of(transaction, event.id)?;
            if from == State::Done {
                changes.reverse();
            }
            for change in &changes {
                exchange_in(transaction, change, event.action).map_err(|error| match error {
                    Error::NotFound { .. } => Error::BuiltUpon { action: event.action },
                    error if error.is_missing_ground() => Error::BuiltUpon { action: event.action },
                    error => error,
                })?;
            }
            events::turn(transaction, event.id, from.other(), by.at)?;
            let step = Step {
                event: event.id,
                action: event.action,
                document: event.document,
                changes: changes.len(),
            };
            Ok((Some(step), Outcome::Commit))
        })
    }
}

fn exchange_in(connection: &Connection, change: &Change, action: Action) -> Result<()> {
    match change.table {
        Table::Library => exchange::<LibraryDetails>(connection, change, action),
        Table::Documents => exchange::<StoredDocument>(connection, change, action),
        Table::Removals => exchange::<Removal>(connection, change, action),
        Table::Batches => exchange::<BatchRow>(connection, change, action),
        Table::Runs => exchange::<RunRow>(connection, change, action),
        Table::Decisions => exchange::<Decision>(connection, change, action),
        Table::Notes => exchange::<Note>(connection, change, action),
        Table::Drafts => exchange::<Draft>(connection, change, action),
    }
}
