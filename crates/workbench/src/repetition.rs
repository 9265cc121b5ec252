//! Does a stored result come out again?

use sessions::{Prediction, RunRecord};

use crate::engine::{Cancel, Lane};
use crate::error::Result;
use crate::library::document_id;
use crate::runs::Recipe;
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

    /// Runs a record again over a document, and compares what comes out with what came out before.
    ///
    /// # Errors
    /// When there is no model, or it cannot go on.
    pub fn verify_record(
        &self,
        document: &documents::Document,
        text_sha256: &str,
        record: &RunRecord,
        before: &[Prediction],
    ) -> Result<Verified> {
        let mut differences = Vec::new();
        if record.text_sha256 != text_sha256 {
            differences.push("the text is another one".to_owned());
        }
        let Some(recipe) = Recipe::of(&record.task, &record.parameters, &record.decoding) else {
            differences.push(format!("this Osler does not know the task {}", record.task));
            return Ok(Verified { identical: false, differences });
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
        differences.extend(compared(before, &outcome.predictions));
        Ok(Verified { identical: differences.is_empty(), differences })
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

fn line(prediction: &Prediction) -> String {
    format!("{} ({})", prediction.content.kind(), prediction.content.names().replace('\n', ", "))
}
