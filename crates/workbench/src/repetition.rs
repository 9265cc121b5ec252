//! Does a stored result come out again?

use std::collections::BTreeSet;

use documents::{Document, Target};
use sessions::{Content, Prediction, RunRecord};

use crate::engine::{Cancel, Lane};
use crate::error::Result;
use crate::library::document_id;
use crate::runs::{Outcome, Recipe};
use crate::verification::RecordedRun;
use crate::wire::Id;
use crate::workbench::Workbench;

/// What running a record again gave.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verified {
    /// Whether everything is as it was.
    pub identical: bool,
    /// What differs, in words; empty if nothing does.
    pub differences: Vec<String>,
}

impl Workbench {
    /// Runs every finished run of a document again, and compares.
    ///
    /// # Errors
    /// When there is no model, or the library cannot be read.
    pub fn verify_runs(&self, document: Id) -> Result<Vec<(Id, Verified)>> {
        let shelf = self.shelf();
        let (stored, runs) = shelf.with(|library| {
            let id = document_id(document);
            Ok((library.document(id)?, library.runs(id)?))
        })?;
        let mut verified = Vec::new();
        for run in runs.iter().filter(|run| run.state == sessions::RunState::Finished) {
            let findings = shelf.with(|library| library.findings_of_run(run.id))?;
            let before: Vec<Prediction> = findings.into_iter().map(|finding| finding.prediction).collect();
            let one = self.verify_record(&stored.document, &stored.text_sha256, &run.record, &before)?;
            verified.push((crate::library::id_of(run.id.0), one));
        }
        Ok(verified)
    }

    /// Runs a record of an export again, over the text and the imported mentions that the export has, and compares.
    ///
    /// # Errors
    /// When there is no model, or it cannot go on.
    pub fn verify_recorded(&self, run: &RecordedRun) -> Result<Verified> {
        let mut document = run.document.clone();
        // What models and curators added is no input: findings name their run, mentions of participants their grade.
        let added = |infons: &documents::Infons| {
            ["run", "grade", "origin"].iter().any(|name| infons.contains_key(*name))
        };
        let stated: Vec<documents::Relation> = document.relations.clone();
        document.relations.retain(|relation| !added(&relation.infons));
        document.entities.retain(|entity| !added(&entity.infons));
        let (mut verified, now) = self.repeat(&document, &run.record.text_sha256, &run.record)?;
        if !run.text_is_the_same {
            verified.differences.push("the text is another one".to_owned());
        }
        if let (Some(before), Some(now)) = (&run.output, &now)
            && *before != now.output
        {
            verified.differences.push("the model wrote other words".to_owned());
        }
        if let Some(now) = &now {
            let before: BTreeSet<String> = stated
                .iter()
                .filter(|relation| relation.infons.get("run") == Some(&run.run))
                .map(|relation| exported(&run.document, relation))
                .collect();
            let after: BTreeSet<String> = now.predictions.iter().filter_map(predicted).collect();
            // A curated export has what the curator kept; a whole one has everything.
            verified
                .differences
                .extend(before.difference(&after).map(|one| format!("no longer found: {one}")));
        }
        verified.identical = verified.differences.is_empty();
        Ok(verified)
    }

    /// Runs a record again over a document, and compares what comes out with what came out before.
    ///
    /// # Errors
    /// When there is no model, or it cannot go on.
    pub fn verify_record(
        &self,
        document: &Document,
        text_sha256: &str,
        record: &RunRecord,
        before: &[Prediction],
    ) -> Result<Verified> {
        let (mut verified, outcome) = self.repeat(document, text_sha256, record)?;
        if record.text_sha256 != text_sha256 {
            verified.differences.push("the text is another one".to_owned());
        }
        if let Some(outcome) = outcome {
            verified.differences.extend(compared(before, &outcome.predictions));
        }
        verified.identical = verified.differences.is_empty();
        Ok(verified)
    }

    /// Runs a record again, and compares how it was made.
    fn repeat(
        &self,
        document: &Document,
        text_sha256: &str,
        record: &RunRecord,
    ) -> Result<(Verified, Option<Outcome>)> {
        let mut differences = Vec::new();
        let Some(recipe) = Recipe::of(&record.task, &record.parameters, &record.decoding) else {
            differences.push(format!("this Osler does not know the task {}", record.task));
            return Ok((Verified { identical: false, differences }, None));
        };
        let (finders, asked, document) =
            (std::sync::Arc::clone(self.machine.finders(&self.names)), recipe.clone(), document.clone());
        let (profile, outcome) =
            self.machine.engine.run(Lane::Person, "Verifying a result", &Cancel::default(), move |desk| {
                Ok((desk.generator.profile().clone(), asked.run(desk, &document, &finders)?))
            })?;
        let now = recipe.record(&profile, text_sha256, &outcome.notices, record.made_at);
        let mut compare = |what: &str, before: &str, after: &str| {
            if before != after {
                differences.push(format!("{what}: {before} before, {after} now"));
            }
        };
        compare("Osler", &record.app_version, &now.app_version);
        compare("model", &record.model_sha256, &now.model_sha256);
        compare("tokenizer", &record.tokenizer_sha256, &now.tokenizer_sha256);
        compare("task version", &record.task_version, &now.task_version);
        compare("grammar version", &record.grammar_version, &now.grammar_version);
        compare("device", &record.device, &now.device);
        Ok((Verified { identical: differences.is_empty(), differences }, Some(outcome)))
    }
}

/// Scores that differ by no more than this are the same: it is what a change of device may do to the last digits.
const TOLERANCE: f64 = 1e-4;

/// What is missing, new, or scored otherwise.
fn compared(before: &[Prediction], after: &[Prediction]) -> Vec<String> {
    let mut differences = Vec::new();
    for old in before {
        match after.iter().find(|new| new.content.identity() == old.content.identity()) {
            None => differences.push(format!("no longer found: {}", line(old))),
            Some(new) => {
                let (was, is) = (old.score.unwrap_or(-1.0), new.score.unwrap_or(-1.0));
                if (was - is).abs() > TOLERANCE {
                    differences.push(format!("scored {is:.4} instead of {was:.4}: {}", line(old)));
                }
            }
        }
    }
    let is_new =
        |new: &&Prediction| !before.iter().any(|old| old.content.identity() == new.content.identity());
    differences.extend(after.iter().filter(is_new).map(|new| format!("newly found: {}", line(new))));
    differences
}

/// A relation of an export by its kind and the first place of each participant.
fn exported(document: &Document, relation: &documents::Relation) -> String {
    let place = |target: &Target| match target {
        Target::Entity(id) => document
            .entities
            .iter()
            .find(|entity| entity.id == *id)
            .and_then(|entity| entity.spans.first())
            .map_or_else(|| id.clone(), |span| format!("{}-{}", span.start, span.end)),
        Target::Concept(_) | Target::Relation(_) => "not in the text".to_owned(),
    };
    let places: Vec<String> = relation.arguments.iter().map(|argument| place(&argument.target)).collect();
    format!("{} {}", relation.kind, places.join(" "))
}

/// The same of a finding.
fn predicted(prediction: &Prediction) -> Option<String> {
    let Content::Relation { kind, participants } = &prediction.content else { return None };
    let place = |spans: &[documents::Span]| {
        spans
            .first()
            .map_or_else(|| "not in the text".to_owned(), |span| format!("{}-{}", span.start, span.end))
    };
    let places: Vec<String> = participants.iter().map(|one| place(&one.spans)).collect();
    Some(format!("{kind} {}", places.join(" ")))
}

fn line(prediction: &Prediction) -> String {
    format!("{} ({})", prediction.content.kind(), prediction.content.names().replace('\n', ", "))
}
