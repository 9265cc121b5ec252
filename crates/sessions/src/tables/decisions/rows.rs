//! Decisions as rows: read, written, found again by document, curator and subject.

use ::documents::Content;
use rusqlite::{Connection, Row, params};

use super::{Decision, Statement, Subject, Verdict, content_of};
use crate::error::Result;
use crate::identifiers::{DocumentId, EntityId, EventId, FindingId, RelationId};
use crate::journal::{Journaled, Table};
use crate::json;

const COLUMNS: &str =
    "id, document_id, finding_id, entity_id, relation_id, curator, verdict, reason, content, comment,
    made_at, event_id";

fn parse(row: &Row<'_>) -> Result<Decision> {
    let (finding, entity, relation): (Option<FindingId>, Option<EntityId>, Option<RelationId>) =
        (row.get(2)?, row.get(3)?, row.get(4)?);
    let subject =
        finding.map(Subject::Finding).or(entity.map(Subject::Entity)).or(relation.map(Subject::Relation));
    let verdict = row.get_ref(6)?.as_str().map_err(rusqlite::Error::from)?;
    let content = || -> Result<Content> { json::column(row, 8) };
    let statement = match subject {
        None => Statement::Added(content()?),
        Some(subject) => Statement::Judged {
            subject,
            verdict: match verdict {
                "accept" => Verdict::Accept,
                "reject" => Verdict::Reject(row.get(7)?),
                _ => Verdict::Edit(content()?),
            },
        },
    };
    Ok(Decision {
        id: row.get(0)?,
        document: row.get(1)?,
        curator: row.get(5)?,
        statement,
        comment: row.get(9)?,
        made_at: row.get(10)?,
        event: row.get(11)?,
    })
}

fn select(connection: &Connection, condition: &str, values: impl rusqlite::Params) -> Result<Vec<Decision>> {
    let mut statement =
        connection.prepare_cached(&format!("SELECT {COLUMNS} FROM decisions WHERE {condition}"))?;
    let mut rows = statement.query(values)?;
    let mut decisions = Vec::new();
    while let Some(row) = rows.next()? {
        decisions.push(parse(row)?);
    }
    Ok(decisions)
}

pub(crate) fn of_document(connection: &Connection, document: DocumentId) -> Result<Vec<Decision>> {
    select(connection, "document_id = ?1 ORDER BY id", [document])
}

/// A curator's decisions on all documents in sight.
pub(crate) fn of_curator(connection: &Connection, curator: &str) -> Result<Vec<Decision>> {
    select(
        connection,
        "curator = ?1 AND NOT EXISTS (SELECT 1 FROM removals WHERE document_id = decisions.document_id)
         ORDER BY document_id, id",
        [curator],
    )
}

pub(crate) fn on(connection: &Connection, subject: Subject, curator: &str) -> Result<Option<Decision>> {
    let (column, id) = match subject {
        Subject::Finding(id) => ("finding_id", id.0),
        Subject::Entity(id) => ("entity_id", id.0),
        Subject::Relation(id) => ("relation_id", id.0),
    };
    Ok(select(connection, &format!("{column} = ?1 AND curator = ?2"), params![id, curator])?.pop())
}

impl Journaled for Decision {
    const TABLE: Table = Table::Decisions;

    fn key(&self) -> i64 {
        self.id.0
    }

    fn event(&self) -> EventId {
        self.event
    }

    fn read(connection: &Connection, key: i64) -> Result<Option<Self>> {
        let mut statement =
            connection.prepare_cached(&format!("SELECT {COLUMNS} FROM decisions WHERE id = ?1"))?;
        let mut rows = statement.query([key])?;
        rows.next()?.map(parse).transpose()
    }

    fn write(&self, connection: &Connection) -> Result<()> {
        let (subject, verdict, reason, content) = match &self.statement {
            Statement::Added(content) => (None, "add", None, Some(content)),
            Statement::Judged { subject, verdict } => match verdict {
                Verdict::Accept => (Some(*subject), "accept", None, None),
                Verdict::Reject(reason) => (Some(*subject), "reject", *reason, None),
                Verdict::Edit(content) => (Some(*subject), "edit", None, Some(content)),
            },
        };
        let mut words = vec![verdict.to_owned(), self.comment.clone()];
        words.extend(reason.map(|reason| reason.word().to_owned()));
        match (content, subject) {
            (Some(content), _) => words.push(content.names()),
            (None, Some(subject)) => words.push(content_of(connection, subject)?.1.names()),
            (None, None) => {}
        }
        let of = |wanted: fn(Subject) -> Option<i64>| subject.and_then(wanted);
        connection
            .prepare_cached(
                "INSERT INTO decisions (id, document_id, finding_id, entity_id, relation_id, curator, verdict, reason,
                    content, comment, words, made_at, event_id)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
                 ON CONFLICT (id) DO UPDATE SET verdict = ?7, reason = ?8, content = ?9, comment = ?10, words = ?11,
                    made_at = ?12, event_id = ?13",
            )?
            .execute(params![
                self.id,
                self.document,
                of(|subject| if let Subject::Finding(id) = subject { Some(id.0) } else { None }),
                of(|subject| if let Subject::Entity(id) = subject { Some(id.0) } else { None }),
                of(|subject| if let Subject::Relation(id) = subject { Some(id.0) } else { None }),
                self.curator,
                verdict,
                reason,
                content.map(serde_json::to_string).transpose()?,
                self.comment,
                words.join("\n"),
                self.made_at,
                self.event,
            ])?;
        Ok(())
    }

    fn delete(connection: &Connection, key: i64) -> Result<()> {
        connection.prepare_cached("DELETE FROM decisions WHERE id = ?1")?.execute([key])?;
        Ok(())
    }
}
