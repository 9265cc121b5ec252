//! Does a stored result come out again?

use documents::Document;
use sessions::{Prediction, RunRecord};

use crate::engine::{Cancel, Lane};
use crate::error::Result;
use crate::generator::SCRIPTED;
use crate::library::document_id;
use crate::runs::{Outcome, Recipe};
use crate::verification::{RecordedRun, compared, exported, predicted};
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
        let (mut verified, now) = self.repeat(&run.given, &run.record.text_sha256, &run.record)?;
        let differences = &mut verified.differences;
        if !run.text_is_the_same {
            differences.push("the text is another one".to_owned());
        }
        if run.mentions_changed {
            differences.push(
                "a curator changed mentions that the model was given: export everything to compare"
                    .to_owned(),
            );
        }
        if let Some(now) = now {
            if run.finished && run.output.as_ref().is_some_and(|before| *before != now.output) {
                differences.push("the model wrote other words".to_owned());
            }
            let count = now.predictions.len();
            if let Some(before) = run.findings.filter(|before| run.finished && *before != count) {
                differences.push(format!("{count} findings instead of {before}"));
            }
            let after = predicted(&now.predictions, &run.given.text);
            differences.extend(compared(&exported(run), &after, run.complete));
        }
        verified.identical = verified.differences.is_empty();
        Ok(verified)
    }

    /// The model of this installation that a record was made with.
    #[must_use]
    pub fn model_of(&self, record: &RunRecord) -> Option<String> {
        if record.parameters.get("model_id").and_then(serde_json::Value::as_str) == Some(SCRIPTED) {
            return Some(SCRIPTED.to_owned());
        }
        let models = self.models().unwrap_or_default();
        models.into_iter().find(|model| model.sha256 == record.model_sha256).map(|model| model.id)
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
            let claims = |predictions: &[Prediction]| predicted(predictions, &document.text);
            let differences = compared(&claims(before), &claims(&outcome.predictions), true);
            verified.differences.extend(differences);
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
        // Runs from before it was written down do not say what they had.
        if !record.guidance_sha256.is_empty() {
            compare(
                "what the model was taught beside its weights (names, calibration, thresholds in tasks.json)",
                &record.guidance_sha256,
                &now.guidance_sha256,
            );
        }
        compare("task version", &record.task_version, &now.task_version);
        compare("grammar version", &record.grammar_version, &now.grammar_version);
        compare("device", &record.device, &now.device);
        Ok((Verified { identical: differences.is_empty(), differences }, Some(outcome)))
    }
}
