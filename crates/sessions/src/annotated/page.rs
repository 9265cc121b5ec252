//! A document of a library in the making, with its decisions.

use std::collections::BTreeSet;

use documents::annotated::Annotated;
use documents::{Infons, Target};
use rusqlite::Connection;

use crate::error::Result;
use crate::identifiers::{RunId, Timestamp};
use crate::tables::decisions::{Decision, Statement, Subject, Verdict};
use crate::tables::documents::StoredDocument;
use crate::tables::findings::Finding;

/// A document in the making.
pub(super) struct Page<'c> {
    pub(super) connection: &'c Connection,
    pub(super) stored: StoredDocument,
    pub(super) annotated: Annotated,
    pub(super) used_runs: BTreeSet<RunId>,
    pub(super) mentions_changed: bool,
}

impl<'c> Page<'c> {
    pub(super) fn new(connection: &'c Connection, stored: StoredDocument) -> Self {
        let annotated = Annotated::new(stored.document.clone());
        Self { connection, stored, annotated, used_runs: BTreeSet::new(), mentions_changed: false }
    }

    pub(super) fn add_finding(&mut self, finding: &Finding, more: Infons) {
        let (id, run) = (format!("F{}", finding.id), finding.run.to_string());
        self.annotated.add_prediction(&id, &finding.prediction, &run, more);
    }

    /// Takes rejected annotations out, but for mentions that a relation still rests on.
    pub(super) fn drop_rejected(&mut self, rejected: &BTreeSet<String>) {
        let document = &mut self.annotated.document;
        document.relations.retain(|relation| !rejected.contains(&relation.id));
        let needed: BTreeSet<&String> = document
            .relations
            .iter()
            .flat_map(|relation| &relation.arguments)
            .filter_map(|argument| match &argument.target {
                Target::Entity(id) => Some(id),
                Target::Concept(_) | Target::Relation(_) => None,
            })
            .collect();
        document.entities.retain(|entity| !rejected.contains(&entity.id) || needed.contains(&entity.id));
    }

    pub(super) fn decision_infons(&self, decision: &Decision) -> Result<Infons> {
        let of = |name: &str| format!("{name}.{}", decision.curator);
        let (word, reason) = match &decision.statement {
            Statement::Added(_) => ("add", None),
            Statement::Judged { verdict: Verdict::Accept, .. } => ("accept", None),
            Statement::Judged { verdict: Verdict::Reject(reason), .. } => ("reject", *reason),
            Statement::Judged { verdict: Verdict::Edit(_), .. } => ("edit", None),
        };
        let mut infons = Infons::from([
            (of("decision"), word.to_owned()),
            (of("decided_at"), date_and_time(self.connection, decision.made_at)?),
        ]);
        infons.extend(reason.map(|reason| (of("reason"), reason.word().to_owned())));
        if !decision.comment.is_empty() {
            infons.insert(of("comment"), decision.comment.clone());
        }
        if matches!(
            decision.statement,
            Statement::Added(_) | Statement::Judged { verdict: Verdict::Edit(_), .. }
        ) {
            infons.insert("origin".into(), "curator".into());
        }
        Ok(infons)
    }

    pub(super) fn id_of(&self, subject: Subject) -> String {
        let entity = |id| self.stored.entity_ids.iter().position(|one| *one == id);
        let relation = |id| self.stored.relation_ids.iter().position(|one| *one == id);
        match subject {
            Subject::Finding(id) => format!("F{id}"),
            Subject::Entity(id) => {
                entity(id).map_or_else(String::new, |place| self.stored.document.entities[place].id.clone())
            }
            Subject::Relation(id) => relation(id)
                .map_or_else(String::new, |place| self.stored.document.relations[place].id.clone()),
        }
    }
}

/// `2026-01-31T12:00:00.000Z`.
fn date_and_time(connection: &Connection, at: Timestamp) -> Result<String> {
    Ok(connection
        .prepare_cached("SELECT strftime('%Y-%m-%dT%H:%M:%fZ', ?1 / 1000.0, 'unixepoch')")?
        .query_row([at], |row| row.get(0))?)
}
