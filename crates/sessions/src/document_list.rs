//! The list of documents: pages by key, so that the ten-thousandth row costs what the first one does.

use serde::{Deserialize, Serialize};

use crate::conditions::Conditions;
use crate::error::Result;
use crate::identifiers::{DocumentId, Timestamp};
use crate::library::Library;
use crate::queue::LATEST_RUN;

/// How the list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentOrder {
    /// As imported.
    #[default]
    OldestFirst,
    /// The last import first.
    NewestFirst,
    /// By title.
    Title,
    /// By the id its source gives it.
    SourceId,
}

/// Which documents are listed. The default is all that are in sight.
#[derive(Debug, Clone, Copy, Default)]
pub struct DocumentFilter<'a> {
    /// Only those with relations that this curator has not decided.
    pub undecided_by: Option<&'a str>,
    /// Only those that no model has wholly run over for this task.
    pub without_task: Option<&'a str>,
    /// Only those whose results are another model's, so that this one can be asked again.
    pub not_of: Option<ModelOfTask<'a>>,
    /// Only those from this file or source.
    pub origin: Option<&'a str>,
    /// Only this one.
    pub only: Option<DocumentId>,
}

/// A model as a task uses it.
#[derive(Debug, Clone, Copy)]
pub struct ModelOfTask<'a> {
    /// The task.
    pub task: &'a str,
    /// The hash of the model's weights.
    pub model_sha256: &'a str,
    /// The hash of what its training taught beside the weights.
    pub guidance_sha256: &'a str,
}

/// Where the next page begins. Opaque; gives the same row also when others import in the meantime.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentCursor {
    key: String,
    id: DocumentId,
}

/// A row of the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DocumentSummary {
    /// The document.
    pub id: DocumentId,
    /// The id its source gives it.
    pub source_id: String,
    /// The title, or how the text begins.
    pub title: String,
    /// Where it comes from.
    pub origin: String,
    /// When it was imported.
    pub imported_at: Timestamp,
    /// Length of the text in bytes.
    pub length: u64,
    /// Relations as the curator sees them beside the text: those of the latest whole run of each model, each statement once, with
    /// what the curator decided about older runs, what came with the document, and what the curator added.
    pub findings: u64,
    /// How many of them the curator who looks has decided or added.
    pub decided: u64,
    /// Runs that looked for relations and came to their end: a document that was read may have none.
    pub runs: u64,
    /// Notes on it.
    pub notes: u64,
}

/// A finding that is a relation, and not a label or an answer.
pub(crate) const RELATION: &str = "f.signature LIKE 'relation%'";

/// A relation that a curator added.
const ADDED: &str = "verdict = 'add' AND json_extract(content, '$.is') = 'relation'";

/// Whether nobody decided the same statement about the same document, in whichever run. `curator` is a name in the SQL.
pub(crate) fn undecided_statement(curator: &str) -> String {
    format!(
        "NOT EXISTS (SELECT 1 FROM findings same JOIN decisions c ON c.finding_id = same.id
            WHERE same.signature = f.signature AND same.document_id = f.document_id AND c.curator = {curator})"
    )
}

impl Library {
    /// Up to `limit` rows after `after`, and where the page after them begins. `curator` is the one who looks.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn documents(
        &self,
        curator: &str,
        order: DocumentOrder,
        filter: &DocumentFilter<'_>,
        after: Option<&DocumentCursor>,
        limit: usize,
    ) -> Result<(Vec<DocumentSummary>, Option<DocumentCursor>)> {
        let (column, direction, comparison) = order.sql();
        let mut query = conditions(filter);
        if let Some(after) = after {
            let condition = if column == "id" {
                format!("d.id {comparison} {}", query.bind(after.id.0))
            } else {
                let key = query.bind(after.key.clone());
                let id = query.bind(after.id.0);
                format!("(d.{column}, d.id) {comparison} ({key}, {id})")
            };
            query.and(condition);
        }
        let curator = query.bind(curator.to_owned());
        let sql = format!(
            "SELECT d.id, d.source_id, d.title, d.origin, d.imported_at, octet_length(d.text),
                (SELECT count(DISTINCT f.signature) FROM findings f JOIN runs r ON r.id = f.run_id
                 WHERE f.document_id = d.id AND {RELATION} AND ({LATEST_RUN} OR EXISTS
                    (SELECT 1 FROM decisions WHERE finding_id = f.id AND curator = {curator})))
                + (SELECT count(*) FROM imported_relations WHERE document_id = d.id)
                + (SELECT count(*) FROM decisions WHERE document_id = d.id AND curator = {curator} AND {ADDED}),
                (SELECT count(DISTINCT f.signature) FROM findings f JOIN decisions c ON c.finding_id = f.id
                 WHERE f.document_id = d.id AND {RELATION} AND c.curator = {curator})
                + (SELECT count(*) FROM decisions
                   WHERE document_id = d.id AND curator = {curator} AND (relation_id IS NOT NULL OR {ADDED})),
                (SELECT count(*) FROM runs
                 WHERE document_id = d.id AND task LIKE 'relations/%' AND state = 'finished'),
                (SELECT count(*) FROM notes WHERE document_id = d.id), d.{column}
             FROM documents d WHERE {} ORDER BY d.{column} {direction}, d.id {direction} LIMIT {}",
            query.sql(),
            query.bind(i64::try_from(limit).unwrap_or(i64::MAX)),
        );
        self.reading(|connection| {
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement.query_map(rusqlite::params_from_iter(&query.values), |row| {
                Ok(DocumentSummary {
                    id: row.get(0)?,
                    source_id: row.get(1)?,
                    title: row.get(2)?,
                    origin: row.get(3)?,
                    imported_at: row.get(4)?,
                    length: row.get(5)?,
                    findings: row.get(6)?,
                    decided: row.get(7)?,
                    runs: row.get(8)?,
                    notes: row.get(9)?,
                })
            })?;
            let rows: Vec<DocumentSummary> = rows.collect::<rusqlite::Result<_>>()?;
            let next = rows.last().filter(|_| rows.len() == limit).map(|last| DocumentCursor {
                key: match order {
                    DocumentOrder::Title => last.title.clone(),
                    DocumentOrder::SourceId => last.source_id.clone(),
                    DocumentOrder::OldestFirst | DocumentOrder::NewestFirst => String::new(),
                },
                id: last.id,
            });
            Ok((rows, next))
        })
    }

    /// Every document of the list, for a batch over a selection or a scroll bar that knows its length.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn document_ids(&self, order: DocumentOrder, filter: &DocumentFilter<'_>) -> Result<Vec<DocumentId>> {
        let (column, direction, _) = order.sql();
        let query = conditions(filter);
        let sql = format!(
            "SELECT d.id FROM documents d WHERE {} ORDER BY d.{column} {direction}, d.id {direction}",
            query.sql()
        );
        self.reading(|connection| {
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement.query_map(rusqlite::params_from_iter(&query.values), |row| row.get(0))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }
}

impl DocumentOrder {
    const fn sql(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::OldestFirst => ("id", "ASC", ">"),
            Self::NewestFirst => ("id", "DESC", "<"),
            Self::Title => ("title", "ASC", ">"),
            Self::SourceId => ("source_id", "ASC", ">"),
        }
    }
}

fn conditions(filter: &DocumentFilter<'_>) -> Conditions {
    let mut query = Conditions::new("NOT EXISTS (SELECT 1 FROM removals WHERE document_id = d.id)");
    if let Some(curator) = filter.undecided_by {
        let curator = query.bind(curator.to_owned());
        query.and(format!(
            "(EXISTS (SELECT 1 FROM findings f JOIN runs r ON r.id = f.run_id
                WHERE f.document_id = d.id AND {RELATION} AND {LATEST_RUN} AND {})
              OR EXISTS (SELECT 1 FROM imported_relations i WHERE i.document_id = d.id AND NOT EXISTS
                (SELECT 1 FROM decisions WHERE relation_id = i.id AND curator = {curator})))",
            undecided_statement(&curator)
        ));
    }
    if let Some(task) = filter.without_task {
        let task = query.bind(task.to_owned());
        query.and(format!(
            "NOT EXISTS (SELECT 1 FROM runs WHERE document_id = d.id AND task = {task} AND state = 'finished')"
        ));
    }
    if let Some(model) = filter.not_of {
        let (task, weights) = (query.bind(model.task.to_owned()), query.bind(model.model_sha256.to_owned()));
        let guidance = query.bind(model.guidance_sha256.to_owned());
        let finished =
            format!("SELECT 1 FROM runs WHERE document_id = d.id AND task = {task} AND state = 'finished'");
        // Runs from before guidance was written down do not say what they had.
        query.and(format!(
            "EXISTS ({finished}) AND NOT EXISTS ({finished} AND model_sha256 = {weights}
                AND coalesce(json_extract(record, '$.guidance_sha256'), '') IN ('', {guidance}))"
        ));
    }
    query.and_if("d.origin =", filter.origin.map(str::to_owned));
    query.and_if("d.id =", filter.only.map(|id| id.0));
    query
}
