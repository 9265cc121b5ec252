//! What a run is made of: everything that is needed to make it again.

use documents::Document;
use serde_json::{Value, json};
use sessions::{RunRecord, Timestamp, UsedDictionary};
use tasks::RelationTask;

use super::{Extraction, Finders, Mode, Outcome, Question, answer, classify, extract};
use super::{answer as answering, classify as classifying};
use crate::engine::{Desk, EngineError};
use crate::generator::Profile;

/// The version of prompts and readings; it moves when the same model would be asked otherwise.
const TASK_VERSION: &str = "3";
/// The version of the grammars.
const GRAMMAR_VERSION: &str = "1";

/// A task that is run over a document.
#[derive(Debug, Clone, PartialEq)]
pub enum Asked {
    /// Relations.
    Relations {
        /// Which.
        task: RelationTask,
        /// How they are found.
        mode: Mode,
        /// See [`Extraction::threshold`].
        threshold: Option<f64>,
    },
    /// A question.
    Answer {
        /// The question.
        question: String,
        /// See [`Question::abstain_below`].
        abstain_below: f64,
    },
    /// The hallmarks of cancer.
    Classify,
}

/// A task, and how it is stored with its results.
#[derive(Debug, Clone, PartialEq)]
pub struct Recipe(pub Asked);

impl Recipe {
    /// The task's name in a library: `relations/bc5cdr`, `answer`, `classify`.
    #[must_use]
    pub fn task(&self) -> String {
        match &self.0 {
            Asked::Relations { task, .. } => format!("relations/{}", task.name().replace('-', "_")),
            Asked::Answer { .. } => "answer".to_owned(),
            Asked::Classify => "classify".to_owned(),
        }
    }

    /// What it was given beside the text.
    #[must_use]
    pub fn parameters(&self) -> Value {
        match &self.0 {
            Asked::Relations { threshold, .. } => json!({ "threshold": threshold }),
            Asked::Answer { question, abstain_below } => {
                json!({ "question": question, "abstain_below": abstain_below })
            }
            Asked::Classify => json!({}),
        }
    }

    /// How tokens are chosen.
    #[must_use]
    pub fn decoding(&self) -> Value {
        match &self.0 {
            Asked::Relations { mode: Mode::Generate, .. } => {
                json!({ "kind": "greedy", "constraint": "grammar" })
            }
            Asked::Relations { mode: Mode::Exhaustive, .. } => json!({ "kind": "exhaustive" }),
            Asked::Answer { .. } | Asked::Classify => json!({ "kind": "scored" }),
        }
    }

    /// The recipe of a stored run. `None` for one that this Osler does not know.
    #[must_use]
    pub fn of(task: &str, parameters: &Value, decoding: &Value) -> Option<Self> {
        if let Some(name) = task.strip_prefix("relations/") {
            let mode = match decoding.get("kind").and_then(Value::as_str)? {
                "greedy" => Mode::Generate,
                "exhaustive" => Mode::Exhaustive,
                _ => return None,
            };
            let threshold = parameters.get("threshold").and_then(Value::as_f64);
            return Some(Self(Asked::Relations {
                task: RelationTask::named(&name.replace('_', "-"))?,
                mode,
                threshold,
            }));
        }
        match task {
            "answer" => Some(Self(Asked::Answer {
                question: parameters.get("question")?.as_str()?.to_owned(),
                abstain_below: parameters.get("abstain_below").and_then(Value::as_f64).unwrap_or_default(),
            })),
            "classify" => Some(Self(Asked::Classify)),
            _ => None,
        }
    }

    /// The record of a run over a text. `notices` and the model's id stand among its parameters.
    #[must_use]
    pub fn record(
        &self,
        profile: &Profile,
        text_sha256: &str,
        notices: &[String],
        dictionaries: &[UsedDictionary],
        at: Timestamp,
    ) -> RunRecord {
        let mut parameters = self.parameters();
        if let Some(object) = parameters.as_object_mut() {
            object.insert("model_id".to_owned(), json!(profile.id));
            if !notices.is_empty() {
                object.insert("notices".to_owned(), json!(notices));
            }
        }
        let formal = matches!(self.0, Asked::Relations { mode: Mode::Generate, .. });
        RunRecord {
            app_version: env!("CARGO_PKG_VERSION").to_owned(),
            model: profile.name.clone(),
            model_sha256: profile.sha256.clone(),
            tokenizer_sha256: profile.tokenizer_sha256.clone(),
            guidance_sha256: profile.guidance_sha256.clone(),
            task: self.task(),
            task_version: TASK_VERSION.to_owned(),
            grammar_version: if formal { GRAMMAR_VERSION.to_owned() } else { String::new() },
            parameters,
            decoding: self.decoding(),
            seed: 0,
            device: profile.device.clone(),
            text_sha256: text_sha256.to_owned(),
            dictionaries: self.looks_names_up().then(|| dictionaries.to_vec()),
            made_at: at,
        }
    }

    /// Whether dictionaries decide what is found.
    #[must_use]
    pub const fn looks_names_up(&self) -> bool {
        matches!(self.0, Asked::Relations { .. })
    }

    /// Runs it over a document, without telling how far it is.
    ///
    /// # Errors
    /// If the model was not tuned for it or cannot go on.
    pub fn run(
        &self,
        desk: &mut Desk<'_>,
        document: &Document,
        finders: &Finders,
    ) -> Result<Outcome, EngineError> {
        match &self.0 {
            Asked::Relations { task, mode, threshold } => {
                let finder = finders.of(desk.generator.profile(), task.name());
                let extraction =
                    Extraction { task: *task, mode: *mode, document, finder: &finder, threshold: *threshold };
                extract(desk, &extraction, &mut |_| ())
            }
            Asked::Answer { question, abstain_below } => {
                let question = Question { question, document, abstain_below: *abstain_below };
                Ok(answer(desk, &question)?.outcome)
            }
            Asked::Classify => Ok(classify(desk, document, &mut |_, _| ())?.outcome),
        }
    }

    /// The task's name in a model's manifest, for lists of what a model can do.
    #[must_use]
    pub fn tuned_name(&self) -> &'static str {
        match &self.0 {
            Asked::Relations { task, .. } => task.name(),
            Asked::Answer { .. } => answering::TASK,
            Asked::Classify => classifying::TASK,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recipe_is_read_from_its_record() {
        let recipes = [
            Asked::Relations { task: RelationTask::KdDti, mode: Mode::Exhaustive, threshold: Some(0.25) },
            Asked::Relations { task: RelationTask::Bc5cdr, mode: Mode::Generate, threshold: None },
            Asked::Answer { question: "Is it?".to_owned(), abstain_below: 0.5 },
            Asked::Classify,
        ];
        for recipe in recipes.map(Recipe) {
            let record = recipe.record(&Profile::default(), "", &["cut".to_owned()], &[], Timestamp(1));
            assert_eq!(Recipe::of(&record.task, &record.parameters, &record.decoding), Some(recipe));
        }
    }
}
