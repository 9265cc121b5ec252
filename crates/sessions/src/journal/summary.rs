//! What an action did, in a past participle: for the toast after it, the undo button and the history.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::changes;
use super::events::{self, HistoryEntry, State};
use super::record::{Journaled, Table};
use super::{Action, Track};
use crate::error::{Error, Result};
use crate::identifiers::EventId;
use crate::library::Library;
use crate::tables::decisions::{Decision, Statement, Verdict, content_of};

/// Beyond so many changes the noun is `annotations`, whatever they are.
const LOOKED_AT: usize = 200;

impl Library {
    /// The events that [`Library::undo`] and [`Library::redo`] would turn next.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn next_events(
        &self,
        author: &str,
        track: Track,
    ) -> Result<(Option<HistoryEntry>, Option<HistoryEntry>)> {
        self.reading(|connection| {
            let done = events::top(connection, author, track, State::Done)?;
            Ok((done, events::top(connection, author, track, State::Undone)?))
        })
    }

    /// What an event did: `accepted 2 relations`, `imported 1 document`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn summary(&self, event: EventId, action: Action) -> Result<String> {
        self.reading(|connection| {
            // Counted and not listed: an event may have changed ten thousand rows.
            let documents =
                |table| Ok::<_, Error>(counted(changes::count(connection, event, table)?, "document"));
            Ok(match action {
                Action::Import => {
                    let (all, updated) = (
                        changes::count(connection, event, Table::Documents)?,
                        changes::count_updates(connection, event, Table::Documents)?,
                    );
                    let records = format!("updated {}", counted(updated, "record"));
                    match (all - updated, updated) {
                        (imported, 0) => format!("imported {}", counted(imported, "document")),
                        (0, _) => records,
                        (imported, _) => format!("imported {} and {records}", counted(imported, "document")),
                    }
                }
                Action::Merge => {
                    let decisions = changes::count(connection, event, Table::Decisions)?;
                    let decisions = counted(decisions, "decision");
                    format!("merged a library: {} and {decisions}", documents(Table::Documents)?)
                }
                Action::RemoveDocuments => format!("removed {}", documents(Table::Removals)?),
                Action::RestoreDocuments => format!("brought {} back", documents(Table::Removals)?),
                Action::Run => {
                    found(connection, &changes::first(connection, event, Table::Runs, LOOKED_AT)?)?
                }
                Action::Batch => match changes::count(connection, event, Table::Runs)? {
                    0 => "started a batch".to_owned(),
                    runs => format!("ran a batch over {}", counted(runs, "document")),
                },
                Action::Decide | Action::Annotate | Action::Revise | Action::Withdraw => {
                    decided(connection, event, action)?
                }
                Action::WriteNote => "wrote a note".to_owned(),
                Action::EditNote => "changed a note".to_owned(),
                Action::RemoveNote => "removed a note".to_owned(),
                Action::DescribeLibrary => "renamed the library".to_owned(),
                Action::BeginDraft => "began a draft".to_owned(),
                Action::EditDraft => "changed a draft".to_owned(),
                Action::RemoveDraft => "removed a draft".to_owned(),
            })
        })
    }
}

fn found(connection: &Connection, changes: &[changes::Change]) -> Result<String> {
    let mut by_sort: BTreeMap<String, usize> = BTreeMap::new();
    // A signature begins with the sort of what it stands for.
    let mut statement = connection.prepare_cached(
        "SELECT substr(signature, 1, instr(signature, char(31)) - 1) AS sort, count(*) FROM findings
         WHERE run_id = ?1 GROUP BY sort",
    )?;
    for run in changes {
        let counts = statement.query_map([run.key], |row| Ok((row.get(0)?, row.get(1)?)))?;
        for row in counts {
            let (sort, count): (String, usize) = row?;
            *by_sort.entry(sort).or_default() += count;
        }
    }
    let named: Vec<String> = by_sort.iter().map(|(sort, count)| counted(*count, noun(sort))).collect();
    Ok(if named.is_empty() { "ran the model".to_owned() } else { format!("found {}", named.join(" and ")) })
}

fn decided(connection: &Connection, event: EventId, action: Action) -> Result<String> {
    let changes = changes::first(connection, event, Table::Decisions, LOOKED_AT)?;
    let count = changes::count(connection, event, Table::Decisions)?;
    if changes.is_empty() {
        // Of what can no longer be redone only the action is known.
        return Ok(match action {
            Action::Annotate => "added annotations",
            Action::Revise => "edited an annotation",
            Action::Withdraw => "took decisions back",
            _ => "decided about annotations",
        }
        .to_owned());
    }
    let mut verbs: Vec<&str> = Vec::new();
    let mut nouns: Vec<&str> = Vec::new();
    for change in &changes {
        let image = changes::image(connection, change.id)?;
        let image: Option<Decision> = image.map(|image| serde_json::from_str(&image)).transpose()?;
        // What a later event decided instead is in the row, and what this one decided in the image of that event.
        let later = changes::image_after(connection, event, Table::Decisions, change.key)?;
        let later: Option<Decision> = later.map(|image| serde_json::from_str(&image)).transpose()?;
        let sides = [Decision::read(connection, change.key)?, image, later];
        // The side that this event wrote says what it did; a withdrawal left none.
        let own = sides.iter().flatten().find(|decision| decision.event == event);
        verbs.push(match (action, own.map(|decision| &decision.statement)) {
            (Action::Annotate, _) => "added",
            (Action::Withdraw, _) => "took back",
            (_, Some(Statement::Judged { verdict: Verdict::Accept, .. })) => "accepted",
            (_, Some(Statement::Judged { verdict: Verdict::Reject(_), .. })) => "rejected",
            (_, Some(_)) | (Action::Revise, None) => "edited",
            (_, None) => "decided",
        });
        nouns.push(match own.or(sides.iter().flatten().next()).map(|decision| &decision.statement) {
            Some(Statement::Added(content)) => noun(content.variant()),
            Some(Statement::Judged { subject, .. }) => {
                content_of(connection, *subject).map_or("annotation", |(_, content)| noun(content.variant()))
            }
            None => "annotation",
        });
    }
    let verb = verbs.first().copied().filter(|first| verbs.iter().all(|verb| verb == first));
    let alike = count <= LOOKED_AT;
    let noun = nouns.first().copied().filter(|first| alike && nouns.iter().all(|noun| noun == first));
    Ok(format!("{} {}", verb.unwrap_or("decided"), counted(count, noun.unwrap_or("annotation"))))
}

fn noun(sort: &str) -> &str {
    if sort == "entity" { "mention" } else { sort }
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
