//! Table `findings`: what a model predicted. Belongs to its run, is never changed, and stays beside whatever a curator decides.

use ::documents::{Content, Prediction};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::documents;
use crate::error::{Error, Result};
use crate::full_text::full_text;
use crate::identifiers::{DocumentId, FindingId, RunId};
use crate::journal::next_key;
use crate::library::Library;
use crate::migrations::Migration;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    sql: concat!(
        "
    CREATE TABLE findings (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        run_id INTEGER NOT NULL REFERENCES runs (id),
        document_id INTEGER NOT NULL REFERENCES documents (id),
        ordinal INTEGER NOT NULL,   -- as the model wrote them
        kind TEXT NOT NULL,
        signature TEXT NOT NULL,    -- the same for the same statement anywhere
        names TEXT NOT NULL,        -- for the search
        score REAL,
        masked_mass REAL,
        -- 1 where the model is undecided (0.5) or gives no score, 0 where it is sure of yes or no
        uncertainty REAL NOT NULL GENERATED ALWAYS AS (coalesce(1.0 - abs(2.0 * score - 1.0), 1.0)) STORED,
        prediction TEXT NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX findings_by_run ON findings (run_id, ordinal);
    CREATE INDEX findings_by_document ON findings (document_id);
    CREATE INDEX findings_by_signature ON findings (signature, document_id);
    CREATE INDEX findings_by_uncertainty ON findings (uncertainty DESC, id);
    CREATE INDEX findings_by_score ON findings (coalesce(score, 0.0) DESC, id);
    CREATE INDEX findings_by_masked_mass ON findings (coalesce(masked_mass, 0.0) DESC, id);
    ",
        full_text!("findings_words", "findings", ["names"])
    ),
}];

/// A prediction in the library.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Its number.
    pub id: FindingId,
    /// The run that made it.
    pub run: RunId,
    /// The document it is about.
    pub document: DocumentId,
    /// Its place in the run's output, from 0.
    pub ordinal: u64,
    /// What it says.
    pub prediction: Prediction,
}

impl Library {
    /// A finding.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn finding(&self, id: FindingId) -> Result<Finding> {
        self.reading(|connection| {
            let mut statement = connection.prepare_cached(&select("id = ?1"))?;
            let found = statement.query_row([id], columns).optional()?;
            found.map(parse).transpose()?.ok_or(Error::NotFound { what: "finding", id: id.0 })
        })
    }

    /// The findings of a run, as the model wrote them.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn findings_of_run(&self, run: RunId) -> Result<Vec<Finding>> {
        self.reading(|connection| of_run(connection, run))
    }

    /// The findings of all runs over a document, in the order they were made.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn findings_of_document(&self, document: DocumentId) -> Result<Vec<Finding>> {
        self.reading(|connection| of_document(connection, document))
    }
}

fn select(condition: &str) -> String {
    format!("SELECT id, run_id, document_id, ordinal, prediction FROM findings WHERE {condition}")
}

type Columns = (FindingId, RunId, DocumentId, u64, String);

fn columns(row: &Row<'_>) -> rusqlite::Result<Columns> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
}

fn parse((id, run, document, ordinal, prediction): Columns) -> Result<Finding> {
    Ok(Finding { id, run, document, ordinal, prediction: serde_json::from_str(&prediction)? })
}

pub(crate) fn of_run(connection: &Connection, run: RunId) -> Result<Vec<Finding>> {
    let mut statement = connection.prepare_cached(&select("run_id = ?1 ORDER BY ordinal"))?;
    statement.query_map([run], columns)?.map(|row| parse(row?)).collect()
}

pub(crate) fn of_document(connection: &Connection, document: DocumentId) -> Result<Vec<Finding>> {
    let mut statement = connection.prepare_cached(&select("document_id = ?1 ORDER BY id"))?;
    statement.query_map([document], columns)?.map(|row| parse(row?)).collect()
}

/// What a finding says, and of which document.
pub(super) fn content(connection: &Connection, id: FindingId) -> Result<Option<(DocumentId, Content)>> {
    let mut statement = connection.prepare_cached(&select("id = ?1"))?;
    let found = statement.query_row([id], columns).optional()?;
    Ok(found.map(parse).transpose()?.map(|finding| (finding.document, finding.prediction.content)))
}

/// Gives predictions their numbers, after those that the run has already.
pub(super) fn number(
    connection: &Connection,
    run: RunId,
    document: DocumentId,
    text: &str,
    predictions: &[Prediction],
) -> Result<Vec<Finding>> {
    for prediction in predictions {
        let spans = prediction.content.spans().into_iter().chain(prediction.evidence.iter().copied());
        documents::check_spans(
            document,
            text,
            spans.chain(prediction.warnings.iter().filter_map(|one| one.span)),
        )?;
        let masses = prediction.masked_mass.iter().chain(&prediction.masked_masses);
        let of_masses = masses.map(|mass| ("the masked mass", *mass));
        let mut all = prediction.score.map(|score| ("the score", score)).into_iter().chain(of_masses);
        if let Some((what, value)) = all.find(|(_, value)| !(0.0..=1.0).contains(value)) {
            return Err(Error::NotAProbability { what, value });
        }
    }
    let ordinal: i64 = connection
        .prepare_cached("SELECT coalesce(max(ordinal) + 1, 0) FROM findings WHERE run_id = ?1")?
        .query_row([run], |row| row.get(0))?;
    let id = next_key(connection, "findings")?;
    Ok(predictions
        .iter()
        .zip((id..).zip(ordinal.unsigned_abs()..))
        .map(|(prediction, (id, ordinal))| Finding {
            id: FindingId(id),
            run,
            document,
            ordinal,
            prediction: prediction.clone(),
        })
        .collect())
}

pub(super) fn write(connection: &Connection, findings: &[Finding]) -> Result<()> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO findings (id, run_id, document_id, ordinal, kind, signature, names, score, masked_mass, prediction)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    for finding in findings {
        let prediction = &finding.prediction;
        statement.execute(params![
            finding.id,
            finding.run,
            finding.document,
            finding.ordinal,
            prediction.content.kind(),
            prediction.content.signature(),
            prediction.content.names(),
            prediction.score,
            prediction.masked_mass,
            serde_json::to_string(prediction)?,
        ])?;
    }
    Ok(())
}

pub(super) fn delete(connection: &Connection, run: i64) -> Result<()> {
    connection.prepare_cached("DELETE FROM findings WHERE run_id = ?1")?.execute([run])?;
    Ok(())
}
