//! Undo and redo without limit, for one author, across documents and restarts.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};
use serde::Serialize;

use super::changes::{self, Change};
use super::record::{Journaled, Table, exchange};
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
            if from == State::Done {
                check_nobody_is_stranded(transaction, by.who, event.id, event.action, &changes)?;
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

/// Refuses an undo that would leave another author unable to make theirs, even where no row tells of it: they changed the
/// same row since, or had something on the document or run that goes (a note that they wrote and removed). From the last
/// action to the first everything can be undone.
fn check_nobody_is_stranded(
    connection: &Connection,
    author: &str,
    event: EventId,
    action: Action,
    changes: &[Change],
) -> Result<()> {
    let mut statement = connection.prepare_cached(
        "SELECT changes.record, changes.key, json_extract(changes.image, '$.document')
         FROM changes JOIN events ON events.id = changes.event_id
         WHERE events.id > ?1 AND events.author <> ?2 AND events.state = 'done'",
    )?;
    let later = statement.query_map(params![event, author], |row| {
        Ok(((row.get::<_, Table>(0)?, row.get::<_, i64>(1)?), row.get::<_, Option<i64>>(2)?))
    })?;
    let (mut rows, mut documents) = (BTreeSet::new(), BTreeSet::new());
    for found in later {
        let (row, document) = found?;
        rows.insert(row);
        documents.extend(document);
    }
    for change in changes {
        if rows.contains(&(change.table, change.key)) {
            return Err(Error::Overtaken { action });
        }
        let goes = match change.table {
            _ if change.expected.is_none() || documents.is_empty() => None,
            // Where only its record changes the document stays.
            Table::Documents => changes::image(connection, change.id)?.is_none().then_some(change.key),
            Table::Runs => RunRow::read(connection, change.key)?.map(|row| row.run.document.0),
            _ => None,
        };
        if goes.is_some_and(|document| documents.contains(&document)) {
            return Err(Error::BuiltUpon { action });
        }
    }
    Ok(())
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
