//! Does a stored result come out again?

use documents::Document;
use inference::{NamesModel, SCRIPTED, TaskOutcome};
use sessions::RunRecord;

use crate::engine::{Cancel, Lane};
use crate::error::Result;
use crate::run_record::{names_of, request_of, run_record};
use crate::verification::{RecordedRun, compared, exported, predicted, same_figures};
use crate::workbench::Workbench;

/// What running a record again gave.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verified {
    /// Whether everything is as it was, to the last digit.
    pub identical: bool,
    /// Whether figures differ, but by no more than 0.0001: the last digits may depend on the processor.
    pub close: bool,
    /// What differs, in words; empty if nothing does.
    pub differences: Vec<String>,
    /// Why not everything was compared, where it was not.
    pub not_compared: Option<String>,
}

impl Workbench {
    /// Runs a record of an export again, over the text and the imported mentions that the export has, and compares.
    ///
    /// # Errors
    /// When there is no model, or it cannot go on.
    pub fn verify_recorded(&self, run: &RecordedRun) -> Result<Verified> {
        if run.state == "failed" {
            let not_compared = Some("the run failed, so that there is nothing to compare".to_owned());
            return Ok(Verified { not_compared, ..Verified::default() });
        }
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
            let (before, after) = (exported(run), predicted(&now.predictions, &run.given.text));
            differences.extend(compared(&before, &after, run.complete, run.keeps_names));
            verified.close = !same_figures(&before, &after);
        }
        if !run.finished {
            verified.not_compared = Some(format!(
                "the run did not come to its end ({}): only what it had found was compared",
                run.state
            ));
        }
        verified.identical =
            verified.differences.is_empty() && verified.not_compared.is_none() && !verified.close;
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

    /// The model of this installation that found the names of a record's run; nothing where that was the run's own model.
    #[must_use]
    pub fn names_model_of(&self, record: &RunRecord) -> Option<String> {
        let names = names_of(record)?;
        let models = self.models().unwrap_or_default();
        models.into_iter().find(|model| model.sha256 == names.sha256).map(|model| model.id)
    }

    /// Runs a record again, and compares how it was made.
    fn repeat(
        &self,
        document: &Document,
        text_sha256: &str,
        record: &RunRecord,
    ) -> Result<(Verified, Option<TaskOutcome>)> {
        let mut differences = Vec::new();
        let Some(request) = request_of(record) else {
            differences.push(format!("this Osler does not know the task {}", record.task));
            return Ok((Verified { differences, ..Verified::default() }, None));
        };
        let finders = std::sync::Arc::clone(self.model_host.finders(&self.names)?);
        let dictionaries = self.names.all()?.1;
        let (asked, document) = (request.clone(), document.clone());
        let (profile, outcome) = self.model_host.engine.run(
            Lane::Person,
            "Verifying a result",
            &Cancel::default(),
            move |context| Ok((context.profile(), asked.run(context, &document, &finders)?)),
        )?;
        let notices = &outcome.notices;
        let now = run_record(&request, &profile, text_sha256, notices, dictionaries, record.made_at);
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
        // Neither do they say which dictionaries.
        if let (Some(before), Some(after)) = (&record.dictionaries, &now.dictionaries) {
            let told = |all: &[sessions::UsedDictionary]| match all {
                [] => "none".to_owned(),
                all => all
                    .iter()
                    .map(|one| format!("{} ({:.12})", one.name, one.sha256))
                    .collect::<Vec<_>>()
                    .join(", "),
            };
            compare("dictionaries", &told(before), &told(after));
        }
        let names = |record: &RunRecord| match names_of(record) {
            Some(NamesModel { name, sha256, tokenizer_sha256, guidance_sha256, .. }) => {
                format!("{name} ({sha256:.12}, {tokenizer_sha256:.12}, {guidance_sha256:.12})")
            }
            None => "the model itself and dictionaries".to_owned(),
        };
        compare("names found by", &names(record), &names(&now));
        compare("task version", &record.task_version, &now.task_version);
        compare("grammar version", &record.grammar_version, &now.grammar_version);
        compare("device", &record.device, &now.device);
        Ok((Verified { differences, ..Verified::default() }, Some(outcome)))
    }
}
