//! How far two curators, or a curator and a model, agree.
//!
//! What is compared are statements about a document, equal by [`Content::identity`]; each side says yes or no to each:
//!
//! - a curator says yes to what they accepted, added, or wrote in an edit, and no to what they rejected or edited away;
//! - two curators are compared on the documents on which both have decided something. What one of them added, the other one
//!   has not seen fit to add: that is a no. What was proposed to both and only one has decided is left out and counted;
//! - a model says yes to the findings of its latest whole run over a document that reach the threshold, no to its others, and no to
//!   what the curator knows of and it did not find. Findings that the curator has not decided are left out and counted.

use std::collections::{BTreeMap, BTreeSet};

use documents::Prediction;
use rusqlite::{Connection, params};
use serde::Serialize;

use crate::error::Result;
use crate::identifiers::DocumentId;
use crate::json;
use crate::last_word::{Says, words};
use crate::library::Library;
use crate::queue::LATEST_RUN;
use crate::tables::decisions;

/// Which model's results are compared.
#[derive(Debug, Clone, Copy)]
pub struct ModelChoice<'a> {
    /// The task.
    pub task: &'a str,
    /// The hash of the model's weights.
    pub model_sha256: &'a str,
    /// A finding counts as said from this score on; one without a score always does.
    pub threshold: f64,
}

/// Yes and no of two sides. The first side is the reference for precision and recall.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Tally {
    /// Both say yes.
    pub both: u64,
    /// Only the first side does.
    pub only_first: u64,
    /// Only the second side does.
    pub only_second: u64,
    /// Both say no.
    pub neither: u64,
}

impl Tally {
    /// Share of the second side's yes that the first side shares; `None` if it says no yes.
    #[must_use]
    pub fn precision(&self) -> Option<f64> {
        ratio(self.both, self.both + self.only_second)
    }

    /// Share of the first side's yes that the second side shares; `None` if it says no yes.
    #[must_use]
    pub fn recall(&self) -> Option<f64> {
        ratio(self.both, self.both + self.only_first)
    }

    /// Harmonic mean of precision and recall; the same whichever side is the reference.
    #[must_use]
    pub fn f1(&self) -> Option<f64> {
        ratio(2 * self.both, 2 * self.both + self.only_first + self.only_second)
    }

    /// Share of the statements on which both say the same; `None` without any.
    #[must_use]
    pub fn raw(&self) -> Option<f64> {
        ratio(self.both + self.neither, self.both + self.only_first + self.only_second + self.neither)
    }

    /// Cohen's kappa: agreement beyond what chance would give (Cohen 1960, doi 10.1177/001316446002000104). `None` without
    /// items, and where both sides always say the same one thing, so that chance alone explains everything.
    #[must_use]
    pub fn kappa(&self) -> Option<f64> {
        let n = (self.both + self.only_first + self.only_second + self.neither) as f64;
        let observed = (self.both + self.neither) as f64 / n;
        let first = (self.both + self.only_first) as f64 / n;
        let second = (self.both + self.only_second) as f64 / n;
        let chance = first * second + (1.0 - first) * (1.0 - second);
        (n > 0.0 && chance < 1.0).then(|| (observed - chance) / (1.0 - chance))
    }

    fn count(&mut self, first: bool, second: bool) {
        *match (first, second) {
            (true, true) => &mut self.both,
            (true, false) => &mut self.only_first,
            (false, true) => &mut self.only_second,
            (false, false) => &mut self.neither,
        } += 1;
    }
}

fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// How far two sides agree.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Agreement {
    /// By type of mention or relation, by label, by answer.
    pub by_kind: BTreeMap<String, Tally>,
    /// All types together.
    pub total: Tally,
    /// Documents that were compared.
    pub documents: u64,
    /// Statements on them that only one side has decided.
    pub left_out: u64,
}

impl Agreement {
    fn count(&mut self, kind: &str, first: bool, second: bool) {
        self.total.count(first, second);
        self.by_kind.entry(kind.to_owned()).or_default().count(first, second);
    }
}

/// A statement on a document.
type Key = (DocumentId, String);

/// What one side thinks of a statement.
#[derive(Debug, Clone)]
struct View {
    sort: &'static str,
    kind: String,
    yes: bool,
    /// It was there to be decided, so that the other side must have decided it to be compared.
    proposed: bool,
}

impl Library {
    /// How far two curators agree. `first` is the reference.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn agreement(&self, first: &str, second: &str) -> Result<Agreement> {
        let (first, second) =
            self.reading(|connection| Ok((views_of(connection, first)?, views_of(connection, second)?)))?;
        let documents: BTreeSet<DocumentId> =
            documents(&first).intersection(&documents(&second)).copied().collect();
        let mut agreement = Agreement { documents: documents.len() as u64, ..Agreement::default() };
        let keys: BTreeSet<&Key> = first.keys().chain(second.keys()).collect();
        for key in keys.into_iter().filter(|key| documents.contains(&key.0)) {
            match (first.get(key), second.get(key)) {
                (Some(a), Some(b)) => agreement.count(&a.kind, a.yes, b.yes),
                (Some(view), None) if !view.proposed => agreement.count(&view.kind, view.yes, false),
                (None, Some(view)) if !view.proposed => agreement.count(&view.kind, false, view.yes),
                _ => agreement.left_out += 1,
            }
        }
        Ok(agreement)
    }

    /// How far a model agrees with a curator, who is the reference.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn agreement_with_model(&self, curator: &str, model: &ModelChoice<'_>) -> Result<Agreement> {
        self.reading(|connection| {
            let curator = views_of(connection, curator)?;
            let scope = Scope::of(connection, model.task)?;
            let mut agreement = Agreement::default();
            let mut known: BTreeMap<DocumentId, Vec<(&Key, &View)>> = BTreeMap::new();
            for (key, view) in &curator {
                known.entry(key.0).or_default().push((key, view));
            }
            for (document, views) in known {
                let Some(said) = predictions(connection, document, model)? else { continue };
                agreement.documents += 1;
                for (key, yes) in &said {
                    match curator.get(key) {
                        Some(view) => agreement.count(&view.kind, view.yes, *yes),
                        None => agreement.left_out += 1,
                    }
                }
                for (key, view) in views {
                    if !said.contains_key(key) && scope.holds(view) {
                        agreement.count(&view.kind, view.yes, false);
                    }
                }
            }
            Ok(agreement)
        })
    }
}

fn documents(views: &BTreeMap<Key, View>) -> BTreeSet<DocumentId> {
    views.keys().map(|(document, _)| *document).collect()
}

fn views_of(connection: &Connection, curator: &str) -> Result<BTreeMap<Key, View>> {
    let decisions = decisions::of_curator(connection, curator)?;
    let mut views: BTreeMap<Key, View> = BTreeMap::new();
    for word in words(connection, &decisions)? {
        let key = (word.decision.document, word.content.identity());
        let before = views.get(&key);
        let yes = match word.says {
            Says::Yes => true,
            Says::No => false,
            Says::Duplicate => before.is_some_and(|view| view.yes),
        };
        let proposed = word.proposed || before.is_some_and(|view| view.proposed);
        let (sort, kind) = (word.content.variant(), word.content.kind().to_owned());
        views.insert(key, View { sort, kind, yes, proposed });
    }
    Ok(views)
}

/// What a model says of a document, and whether it reaches the threshold. `None` if it has not run.
fn predictions(
    connection: &Connection,
    document: DocumentId,
    model: &ModelChoice<'_>,
) -> Result<Option<BTreeMap<Key, bool>>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT r.id FROM runs r WHERE r.document_id = ?1 AND r.task = ?2 AND r.model_sha256 = ?3 AND {LATEST_RUN}"
    ))?;
    let mut runs = statement.query(params![document, model.task, model.model_sha256])?;
    let Some(run) = runs.next()? else { return Ok(None) };
    let run: i64 = run.get(0)?;
    let mut statement = connection.prepare_cached("SELECT prediction FROM findings WHERE run_id = ?1")?;
    let mut rows = statement.query([run])?;
    let mut said: BTreeMap<Key, bool> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let prediction: Prediction = json::column(row, 0)?;
        let yes = prediction.score.is_none_or(|score| score >= model.threshold);
        let key = (document, prediction.content.identity());
        *said.entry(key).or_default() |= yes;
    }
    Ok(Some(said))
}

/// What a task can say at all: a model is not blamed for what it was not asked.
struct Scope {
    sorts: BTreeSet<String>,
    kinds_of_others: BTreeSet<String>,
}

impl Scope {
    fn of(connection: &Connection, task: &str) -> Result<Self> {
        let mut statement = connection.prepare_cached(
            "SELECT DISTINCT r.task = ?1, f.kind, substr(f.signature, 1, instr(f.signature, char(31)) - 1)
             FROM findings f JOIN runs r ON r.id = f.run_id",
        )?;
        let (mut own, mut others, mut sorts) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let mut rows = statement.query([task])?;
        while let Some(row) = rows.next()? {
            let kind: String = row.get(1)?;
            if row.get(0)? {
                own.insert(kind);
                sorts.insert(row.get(2)?);
            } else {
                others.insert(kind);
            }
        }
        Ok(Self { sorts, kinds_of_others: others.difference(&own).cloned().collect() })
    }

    fn holds(&self, view: &View) -> bool {
        let asked = self.sorts.is_empty() || self.sorts.contains(view.sort);
        asked && !self.kinds_of_others.contains(&view.kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_by_hand() {
        // Cohen's textbook table: 20 yes-yes, 15 no-no, 5 and 10 split.
        let tally = Tally { both: 20, only_first: 5, only_second: 10, neither: 15 };
        assert_eq!(tally.precision(), Some(20.0 / 30.0));
        assert_eq!(tally.recall(), Some(20.0 / 25.0));
        assert!((tally.f1().unwrap() - 40.0 / 55.0).abs() < 1e-12);
        assert!((tally.kappa().unwrap() - 0.4).abs() < 1e-12);
        assert_eq!(Tally::default().kappa(), None);
        assert_eq!(Tally::default().f1(), None);
        // Perfect agreement on everything being right is no more than chance would give.
        assert_eq!(Tally { both: 9, ..Tally::default() }.kappa(), None);
        assert_eq!(Tally { both: 9, ..Tally::default() }.f1(), Some(1.0));
        assert!((Tally { both: 5, neither: 5, ..Tally::default() }.kappa().unwrap() - 1.0).abs() < 1e-12);
    }
}
