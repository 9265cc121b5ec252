//! What a curator should look at next.

use serde::{Deserialize, Serialize};

use crate::conditions::Conditions;
use crate::document_list::{RELATION, undecided_statement};
use crate::error::Result;
use crate::identifiers::{DocumentId, FindingId};
use crate::json;
use crate::library::Library;
use crate::tables::findings::Finding;

/// By what the queue is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueueOrder {
    /// Where the model is closest to a toss-up (or gives no score) first.
    #[default]
    Uncertainty,
    /// Where the grammar had to take most probability away first.
    MaskedMass,
    /// Where others see it differently first: other models that ran over the document and did not find it, other curators
    /// who did not accept it.
    Disagreement,
    /// What few other documents of the library say first.
    Novelty,
    /// The highest score first.
    Confidence,
    /// As one reads: document by document.
    Reading,
}

/// Which findings are queued. The default is those of every run that is the latest whole one of its model and task on
/// a document.
#[derive(Debug, Clone, Default)]
pub struct QueueFilter {
    /// Only those whose statement this curator has not decided about the document, in whichever run: what was decided once
    /// is not asked again because a model says it again.
    pub undecided_by: Option<String>,
    /// Only relations, and no labels or answers.
    pub relations: bool,
    /// Only those of one document.
    pub document: Option<DocumentId>,
    /// Only those of one task.
    pub task: Option<String>,
    /// Only those of one model, by the hash of its weights.
    pub model_sha256: Option<String>,
    /// Only those of one type.
    pub kind: Option<String>,
    /// Only those with at least this score (without a score counts as 0).
    pub at_least: Option<f64>,
    /// Only those with a score below this.
    pub below: Option<f64>,
}

/// Where the next page begins. Opaque.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct QueueCursor {
    rank: f64,
    id: FindingId,
}

/// An entry of the queue.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QueueEntry {
    /// The finding.
    pub finding: Finding,
    /// The title of its document.
    pub title: String,
    /// The figure it is sorted by: higher comes first.
    pub rank: f64,
}

impl Library {
    /// Up to `limit` entries after `after`, and where the page after them begins.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn queue(
        &self,
        curator: &str,
        order: QueueOrder,
        filter: &QueueFilter,
        after: Option<QueueCursor>,
        limit: usize,
    ) -> Result<(Vec<QueueEntry>, Option<QueueCursor>)> {
        let mut query = conditions(filter);
        let curator = query.bind(curator.to_owned());
        let (with, join, rank) = order.sql(&curator);
        if let Some(after) = after {
            let (rank_value, id) = (query.bind(after.rank), query.bind(after.id.0));
            query.and(format!("{rank} <= {rank_value} AND ({rank} < {rank_value} OR f.id > {id})"));
        }
        // The page is found by number first, so that sorting moves no predictions about. The cross join keeps findings in
        // front: their indexes have the order.
        let sql = format!(
            "{with} SELECT f.id, f.run_id, f.document_id, f.ordinal, f.prediction, d.title, page.rank
             FROM (SELECT f.id AS id, {rank} AS rank FROM findings f CROSS JOIN runs r ON r.id = f.run_id {join}
                   WHERE {} ORDER BY {rank} DESC, f.id LIMIT {}) AS page
             JOIN findings f ON f.id = page.id JOIN documents d ON d.id = f.document_id
             ORDER BY page.rank DESC, page.id",
            query.sql(),
            query.bind(i64::try_from(limit).unwrap_or(i64::MAX)),
        );
        self.reading(|connection| {
            let mut statement = connection.prepare_cached(&sql)?;
            let mut rows = statement.query(rusqlite::params_from_iter(&query.values))?;
            let mut entries: Vec<QueueEntry> = Vec::new();
            while let Some(row) = rows.next()? {
                let prediction = json::column(row, 4)?;
                let finding = Finding {
                    id: row.get(0)?,
                    run: row.get(1)?,
                    document: row.get(2)?,
                    ordinal: row.get(3)?,
                    prediction,
                };
                entries.push(QueueEntry { finding, title: row.get(5)?, rank: row.get(6)? });
            }
            let next = entries.last().filter(|_| entries.len() == limit);
            let next = next.map(|last| QueueCursor { rank: last.rank, id: last.finding.id });
            Ok((entries, next))
        })
    }

    /// How many findings pass a filter, as the threshold slider and the preview of a bulk decision show it.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn queue_count(&self, filter: &QueueFilter) -> Result<u64> {
        let query = conditions(filter);
        let sql =
            format!("SELECT count(*) FROM findings f JOIN runs r ON r.id = f.run_id WHERE {}", query.sql());
        self.reading(|connection| {
            let mut statement = connection.prepare_cached(&sql)?;
            Ok(statement.query_row(rusqlite::params_from_iter(&query.values), |row| row.get(0))?)
        })
    }

    /// Every finding that passes a filter, for a bulk decision.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn queue_ids(&self, filter: &QueueFilter) -> Result<Vec<FindingId>> {
        let query = conditions(filter);
        let sql = format!(
            "SELECT f.id FROM findings f JOIN runs r ON r.id = f.run_id WHERE {} ORDER BY f.id",
            query.sql()
        );
        self.reading(|connection| {
            let mut statement = connection.prepare_cached(&sql)?;
            let rows = statement.query_map(rusqlite::params_from_iter(&query.values), |row| row.get(0))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }
}

/// Of the runs of one task and model over one document the one that counts: the latest that came to its end. One that was
/// stopped or killed has seen a part of the text only and hides nothing of an earlier one; it counts while there is no other.
/// One that failed never does. `$run` is the run in question, a name in the SQL.
macro_rules! latest_run {
    ($run:literal) => {
        concat!(
            $run,
            ".id = (SELECT id FROM runs WHERE document_id = ",
            $run,
            ".document_id AND task = ",
            $run,
            ".task AND model_sha256 = ",
            $run,
            ".model_sha256 AND state <> 'failed'
            ORDER BY state = 'finished' DESC, id DESC LIMIT 1)"
        )
    };
}

/// A run `r` that counts.
pub(crate) const LATEST_RUN: &str = latest_run!("r");

/// The same for a run `o` of another model.
const LATEST_OTHER: &str = latest_run!("o");

impl QueueOrder {
    /// A common table, a join with it, and the rank.
    fn sql(self, curator: &str) -> (&'static str, &'static str, String) {
        match self {
            Self::Uncertainty => ("", "", "f.uncertainty".into()),
            Self::MaskedMass => ("", "", "coalesce(f.masked_mass, 0.0)".into()),
            Self::Confidence => ("", "", "coalesce(f.score, 0.0)".into()),
            Self::Reading => ("", "", "-1.0 * f.document_id".into()),
            Self::Novelty => (
                "WITH seen AS MATERIALIZED
                    (SELECT signature, count(DISTINCT document_id) AS documents FROM findings GROUP BY signature)",
                "JOIN seen ON seen.signature = f.signature",
                "1.0 / seen.documents".into(),
            ),
            Self::Disagreement => (
                "",
                "",
                format!(
                    "1.0 * (SELECT count(*) FROM runs o
                        WHERE o.document_id = f.document_id AND o.task = r.task AND o.model_sha256 <> r.model_sha256
                        AND {LATEST_OTHER}
                        AND NOT EXISTS (SELECT 1 FROM findings g
                            WHERE g.signature = f.signature AND g.document_id = f.document_id AND g.run_id = o.id))
                     + (SELECT count(*) FROM decisions
                        WHERE finding_id = f.id AND curator <> {curator} AND verdict <> 'accept')"
                ),
            ),
        }
    }
}

fn conditions(filter: &QueueFilter) -> Conditions {
    let mut query = Conditions::new("NOT EXISTS (SELECT 1 FROM removals WHERE document_id = f.document_id)");
    query.and(LATEST_RUN.into());
    if let Some(curator) = &filter.undecided_by {
        let curator = query.bind(curator.clone());
        query.and(undecided_statement(&curator));
    }
    if filter.relations {
        query.and(RELATION.into());
    }
    query.and_if("f.document_id =", filter.document.map(|document| document.0));
    query.and_if("r.task =", filter.task.clone());
    query.and_if("r.model_sha256 =", filter.model_sha256.clone());
    query.and_if("f.kind =", filter.kind.clone());
    query.and_if("coalesce(f.score, 0.0) >=", filter.at_least);
    query.and_if("coalesce(f.score, 0.0) <", filter.below);
    query
}
