//! What an action was about, by name: for the history, which says what was done and where.

use documents::Content;
use rusqlite::Connection;

use super::changes;
use super::record::{Journaled, Table};
use crate::error::{Error, Result};
use crate::identifiers::EventId;
use crate::library::Library;
use crate::tables::decisions::{Decision, Statement, Verdict, content_of};

impl Library {
    /// The first few statements that an event decided, added or took back: `amiodarone and nausea`. Empty for other actions, and for
    /// those that can no longer be redone, of which nothing else is kept.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn named(&self, event: EventId, limit: usize) -> Result<Vec<String>> {
        self.reading(|connection| {
            let mut names = Vec::new();
            let changes = changes::of(connection, event)?;
            for change in changes.iter().filter(|change| change.table == Table::Decisions).take(limit) {
                let image = changes::image(connection, change.id)?;
                let image: Option<Decision> = image.map(|image| serde_json::from_str(&image)).transpose()?;
                let present = Decision::read(connection, change.key)?;
                let sides = [present, image];
                let own = sides.iter().flatten().find(|decision| decision.event == event);
                if let Some(decision) = own.or(sides.iter().flatten().next()) {
                    names.extend(named(connection, &decision.statement)?);
                }
            }
            Ok(names)
        })
    }
}

fn named(connection: &Connection, statement: &Statement) -> Result<Option<String>> {
    let content = match statement {
        Statement::Added(content) | Statement::Judged { verdict: Verdict::Edit(content), .. } => {
            content.clone()
        }
        Statement::Judged { subject, .. } => match content_of(connection, *subject) {
            Ok((_, content)) => content,
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error),
        },
    };
    Ok(Some(match content {
        Content::Entity { text, .. } => text,
        Content::Relation { participants, .. } => {
            participants.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(" and ")
        }
        Content::Label { label, .. } => label,
        Content::Answer { question, .. } => question,
    }))
}
