//! Table `runs`: one pass of one model over one document, with everything needed to do it again.

use ::documents::Prediction;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::documents;
use super::findings::{self, Finding};
use crate::error::{Error, Result};
use crate::identifiers::{BatchId, By, DocumentId, EventId, FindingId, RunId, Timestamp, words};
use crate::journal::{Action, Journaled, Recording, Table};
use crate::json;
use crate::library::{Library, Outcome};
use crate::migrations::Migration;

pub(crate) const MIGRATIONS: &[Migration] = &[
    Migration {
        version: 1,
        sql: "
    CREATE TABLE runs (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        document_id INTEGER NOT NULL REFERENCES documents (id),
        task TEXT NOT NULL,
        model_sha256 TEXT NOT NULL,
        batch_id INTEGER REFERENCES batches (id),
        batch_ordinal INTEGER,
        state TEXT NOT NULL CHECK (state IN ('running', 'finished', 'stopped', 'failed')),
        finished_at INTEGER,
        event_id INTEGER NOT NULL REFERENCES events (id),
        record TEXT NOT NULL,
        output TEXT,
        problem TEXT,
        UNIQUE (batch_id, batch_ordinal)  -- no item of a batch has two results
    ) STRICT;
    CREATE INDEX runs_by_document ON runs (document_id, task, model_sha256, id);
    ",
    },
    Migration { version: 3, sql: "CREATE INDEX runs_under_way ON runs (id) WHERE state = 'running';" },
];

/// Everything needed to make a result again, and to see what differs if it comes out otherwise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Osler's version.
    pub app_version: String,
    /// The model's name, as the user sees it.
    pub model: String,
    /// Hash of its weights.
    pub model_sha256: String,
    /// Hash of its tokenizer.
    pub tokenizer_sha256: String,
    /// Hash of what its training taught beside the weights: names, calibration, thresholds. That of no bytes where it was
    /// taught nothing; empty in runs from before this was written down.
    #[serde(default)]
    pub guidance_sha256: String,
    /// The task (`relations/bc5cdr`, `answer` ...).
    pub task: String,
    /// The version of prompt and reading.
    pub task_version: String,
    /// The version of the grammar; empty where none was used.
    pub grammar_version: String,
    /// What the task was given beside the text (the question).
    pub parameters: serde_json::Value,
    /// How tokens were chosen.
    pub decoding: serde_json::Value,
    /// The seed of every random choice.
    pub seed: u64,
    /// The device it ran on.
    pub device: String,
    /// Hash of the text it ran over; must be that of the stored document.
    pub text_sha256: String,
    /// The dictionaries in which names were looked up, the most trusted one first. None in runs from before this was written
    /// down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dictionaries: Option<Vec<UsedDictionary>>,
    /// When.
    pub made_at: Timestamp,
}

/// A dictionary that decided which names were found and which ids they have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsedDictionary {
    /// The name of its file.
    pub name: String,
    /// Hash of its bytes.
    pub sha256: String,
}

words! {
    /// How far a run has come.
    pub enum RunState {
        /// Findings are still coming (or the program was ended while they did).
        Running = "running",
        /// The model came to its end.
        Finished = "finished",
        /// The user stopped it; what had come is kept.
        Stopped = "stopped",
        /// It ended with a problem.
        Failed = "failed",
    }
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// Finished, stopped or failed.
    pub state: RunState,
    /// What the model wrote, word for word.
    pub output: Option<String>,
    /// What went wrong, for the user.
    pub problem: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// A run in the library.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Its number.
    pub id: RunId,
    /// The document it ran over.
    pub document: DocumentId,
    /// How to do it again.
    pub record: RunRecord,
    /// The batch it belongs to, and its place there.
    pub batch: Option<(BatchId, u64)>,
    /// How far it has come.
    pub state: RunState,
    /// What the model wrote.
    pub output: Option<String>,
    /// What went wrong.
    pub problem: Option<String>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// The event that it belongs to.
    pub event: EventId,
}

/// A run with its findings: they come and go together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct RunRow {
    pub(crate) run: Run,
    pub(crate) findings: Vec<Finding>,
}

impl Library {
    /// Begins a run whose findings will come one after the other. Undoing it takes them away, also those still to come.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::OtherText`] when the record is not of this document's text.
    pub fn begin_run(&mut self, by: By<'_>, document: DocumentId, record: &RunRecord) -> Result<RunId> {
        self.act(by, Action::Run, Some(document), |recording| {
            insert(recording, document, record, None, None, &[])
        })
    }

    /// Adds findings to a run that is going on.
    ///
    /// # Errors
    /// [`Error::NotFound`] when the run was undone meanwhile; [`Error::OutsideText`], [`Error::NotAProbability`].
    pub fn add_findings(&mut self, run: RunId, predictions: &[Prediction]) -> Result<Vec<FindingId>> {
        self.writing(|transaction| {
            let document = document_of(transaction, run)?;
            let text = documents::text(transaction, document)?;
            let findings = findings::number(transaction, run, document, &text, predictions)?;
            findings::write(transaction, &findings)?;
            Ok((findings.iter().map(|finding| finding.id).collect(), Outcome::Commit))
        })
    }

    /// Ends a run.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it was undone meanwhile.
    pub fn finish_run(&mut self, run: RunId, ending: &Ending) -> Result<()> {
        self.writing(|transaction| {
            document_of(transaction, run)?;
            transaction
                .prepare_cached(
                    "UPDATE runs SET state = ?2, output = ?3, problem = ?4, finished_at = ?5 WHERE id = ?1",
                )?
                .execute(params![run, ending.state, ending.output, ending.problem, ending.at])?;
            Ok(((), Outcome::Commit))
        })
    }

    /// Stores a run that has ended, with its findings, in one step.
    ///
    /// # Errors
    /// As [`Library::begin_run`] and [`Library::add_findings`].
    pub fn record_run(
        &mut self,
        by: By<'_>,
        document: DocumentId,
        record: &RunRecord,
        ending: &Ending,
        predictions: &[Prediction],
    ) -> Result<RunId> {
        self.act(by, Action::Run, Some(document), |recording| {
            insert(recording, document, record, Some(ending), None, predictions)
        })
    }

    /// A run.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub fn run(&self, id: RunId) -> Result<Run> {
        self.reading(|connection| read(connection, id)?.ok_or(Error::NotFound { what: "run", id: id.0 }))
    }

    /// The runs over a document, the first one first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn runs(&self, document: DocumentId) -> Result<Vec<Run>> {
        self.reading(|connection| of_document(connection, document))
    }
}

/// Whether a run is going on, or was when its program ended.
pub(crate) fn any_under_way(connection: &Connection) -> Result<bool> {
    Ok(connection.prepare("SELECT 1 FROM runs WHERE state = 'running'")?.exists([])?)
}

/// Ends the runs of programs that are no more: what they had found stays.
pub(crate) fn close_abandoned(connection: &Connection, at: Timestamp) -> Result<()> {
    connection.execute(
        "UPDATE runs SET state = ?1, problem = ?2, finished_at = ?3 WHERE state = 'running'",
        params![RunState::Stopped, "Osler ended before this run was done.", at],
    )?;
    Ok(())
}

/// Writes a new run with its findings as part of an action.
pub(crate) fn insert(
    recording: &mut Recording<'_>,
    document: DocumentId,
    record: &RunRecord,
    ending: Option<&Ending>,
    batch: Option<(BatchId, u64)>,
    predictions: &[Prediction],
) -> Result<RunId> {
    let stored = documents::read(recording.connection, document)?;
    if stored.text_sha256 != record.text_sha256 {
        return Err(Error::OtherText { document });
    }
    let id = RunId(recording.next_key(Table::Runs)?);
    let run = Run {
        id,
        document,
        record: record.clone(),
        batch,
        state: ending.map_or(RunState::Running, |ending| ending.state),
        output: ending.and_then(|ending| ending.output.clone()),
        problem: ending.and_then(|ending| ending.problem.clone()),
        finished_at: ending.map(|ending| ending.at),
        event: recording.event,
    };
    let findings = findings::number(recording.connection, id, document, &stored.document.text, predictions)?;
    recording.insert(&RunRow { run, findings })?;
    Ok(id)
}

fn document_of(connection: &Connection, run: RunId) -> Result<DocumentId> {
    let mut statement = connection.prepare_cached("SELECT document_id FROM runs WHERE id = ?1")?;
    statement.query_row([run], |row| row.get(0)).optional()?.ok_or(Error::NotFound { what: "run", id: run.0 })
}

const COLUMNS: &str =
    "id, document_id, record, batch_id, batch_ordinal, state, output, problem, finished_at, event_id";

fn parse(row: &Row<'_>) -> Result<Run> {
    let batch: (Option<BatchId>, Option<u64>) = (row.get(3)?, row.get(4)?);
    Ok(Run {
        id: row.get(0)?,
        document: row.get(1)?,
        record: json::column(row, 2)?,
        batch: batch.0.zip(batch.1),
        state: row.get(5)?,
        output: row.get(6)?,
        problem: row.get(7)?,
        finished_at: row.get(8)?,
        event: row.get(9)?,
    })
}

fn read(connection: &Connection, id: RunId) -> Result<Option<Run>> {
    let mut statement = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM runs WHERE id = ?1"))?;
    let mut rows = statement.query([id])?;
    rows.next()?.map(parse).transpose()
}

pub(crate) fn of_document(connection: &Connection, document: DocumentId) -> Result<Vec<Run>> {
    let mut statement = connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM runs WHERE document_id = ?1 ORDER BY id"))?;
    let mut rows = statement.query([document])?;
    let mut runs = Vec::new();
    while let Some(row) = rows.next()? {
        runs.push(parse(row)?);
    }
    Ok(runs)
}

impl Journaled for RunRow {
    const TABLE: Table = Table::Runs;

    fn key(&self) -> i64 {
        self.run.id.0
    }

    fn event(&self) -> EventId {
        self.run.event
    }

    fn read(connection: &Connection, key: i64) -> Result<Option<Self>> {
        let Some(run) = read(connection, RunId(key))? else { return Ok(None) };
        let findings = findings::of_run(connection, run.id)?;
        Ok(Some(Self { run, findings }))
    }

    fn write(&self, connection: &Connection) -> Result<()> {
        let run = &self.run;
        connection
            .prepare_cached(
                "INSERT INTO runs (id, document_id, task, model_sha256, batch_id, batch_ordinal, state, finished_at,
                    event_id, record, output, problem)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            )?
            .execute(params![
                run.id,
                run.document,
                run.record.task,
                run.record.model_sha256,
                run.batch.map(|(batch, _)| batch),
                run.batch.map(|(_, ordinal)| ordinal),
                run.state,
                run.finished_at,
                run.event,
                serde_json::to_string(&run.record)?,
                run.output,
                run.problem,
            ])?;
        findings::write(connection, &self.findings)
    }

    fn delete(connection: &Connection, key: i64) -> Result<()> {
        findings::delete(connection, key)?;
        connection.prepare_cached("DELETE FROM runs WHERE id = ?1")?.execute([key])?;
        Ok(())
    }
}
