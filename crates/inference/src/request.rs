//! A task over a document: what is asked, how it is written down, and what comes of it.

use documents::{Document, Prediction};
use serde_json::{Value, json};
use tasks::RelationTask;

use crate::relations::{Extraction, Mode, extract};
use crate::{
    Finders, InferenceError, MENTIONS, Question, TaskContext, answer, answer_from_evidence, classify,
    find_mentions,
};

/// What came of a document.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TaskOutcome {
    /// What the model says, in its order.
    pub predictions: Vec<Prediction>,
    /// What the user should know about how it came to be.
    pub notices: Vec<String>,
    /// What the model wrote, word for word; empty where it only scored.
    pub output: String,
    /// Whether someone stopped it: then this is what had come.
    pub stopped: bool,
}

/// A task that is run over a document.
#[derive(Debug, Clone, PartialEq)]
pub enum TaskRequest {
    /// Relations.
    Relations {
        /// Which.
        task: RelationTask,
        /// How they are found.
        mode: Mode,
    },
    /// A question.
    Answer {
        /// The question.
        question: String,
        /// See [`Question::abstain_below`].
        abstain_below: f64,
        /// Whether the verdict is that of the sentences that speak about the question ([`answer_from_evidence`]), or the model's
        /// alone, as it was before there were any.
        from_evidence: bool,
    },
    /// The hallmarks of cancer, or a model's own classes of sentences.
    Classify,
    /// Names.
    Mentions,
}

impl TaskRequest {
    /// The version of prompts and readings; it changes when the same model would be asked otherwise.
    pub const VERSION: &str = "3";
    /// The version of the grammars.
    pub const GRAMMAR_VERSION: &str = "1";

    /// The task's name in a library: `relations/bc5cdr`, `answer`, `classify`, `mentions`.
    #[must_use]
    pub fn task(&self) -> String {
        match self {
            Self::Relations { task, .. } => format!("relations/{}", task.name().replace('-', "_")),
            Self::Answer { .. } => "answer".to_owned(),
            Self::Classify => "classify".to_owned(),
            Self::Mentions => MENTIONS.to_owned(),
        }
    }

    /// What the task was given besides the text.
    #[must_use]
    pub fn parameters(&self) -> Value {
        match self {
            Self::Relations { mode, .. } => json!({ "threshold": mode.threshold() }),
            Self::Answer { question, abstain_below, from_evidence } => {
                json!({ "question": question, "abstain_below": abstain_below, "from_evidence": from_evidence })
            }
            Self::Classify | Self::Mentions => json!({}),
        }
    }

    /// How tokens are chosen.
    #[must_use]
    pub fn decoding(&self) -> Value {
        match self {
            Self::Relations { mode: Mode::Generate, .. } => {
                json!({ "kind": "greedy", "constraint": "grammar" })
            }
            Self::Relations { mode: Mode::Exhaustive { .. }, .. } => json!({ "kind": "exhaustive" }),
            Self::Answer { .. } | Self::Classify | Self::Mentions => json!({ "kind": "scored" }),
        }
    }

    /// The version of the grammar that it is written under; empty without one.
    #[must_use]
    pub const fn grammar_version(&self) -> &'static str {
        match self {
            Self::Relations { mode: Mode::Generate, .. } => Self::GRAMMAR_VERSION,
            _ => "",
        }
    }

    /// The request whose [`TaskRequest::task`], [`TaskRequest::parameters`] and [`TaskRequest::decoding`] these are; what
    /// else is among the parameters is passed over. `None` for one that this Osler does not know.
    #[must_use]
    pub fn of_record(task: &str, parameters: &Value, decoding: &Value) -> Option<Self> {
        if let Some(name) = task.strip_prefix("relations/") {
            let mode = match decoding.get("kind").and_then(Value::as_str)? {
                "greedy" => Mode::Generate,
                "exhaustive" => {
                    Mode::Exhaustive { threshold: parameters.get("threshold").and_then(Value::as_f64) }
                }
                _ => return None,
            };
            return Some(Self::Relations { task: RelationTask::named(&name.replace('_', "-"))?, mode });
        }
        match task {
            "answer" => Some(Self::Answer {
                question: parameters.get("question")?.as_str()?.to_owned(),
                abstain_below: parameters.get("abstain_below").and_then(Value::as_f64).unwrap_or_default(),
                from_evidence: parameters.get("from_evidence").and_then(Value::as_bool).unwrap_or_default(),
            }),
            "classify" => Some(Self::Classify),
            MENTIONS => Some(Self::Mentions),
            _ => None,
        }
    }

    /// Whether dictionaries decide what is found.
    #[must_use]
    pub const fn looks_names_up(&self) -> bool {
        matches!(self, Self::Relations { .. } | Self::Mentions | Self::Answer { from_evidence: true, .. })
    }

    /// Whether a model's tagger decides what is found: the model's own, or that of another one.
    #[must_use]
    pub const fn finds_names(&self) -> bool {
        matches!(self, Self::Relations { .. } | Self::Mentions)
    }

    /// Runs it over a document, without reporting how far it is.
    ///
    /// # Errors
    /// If the model was not tuned for it or cannot go on.
    pub fn run(
        &self,
        context: &mut TaskContext<'_>,
        document: &Document,
        finders: &Finders,
    ) -> Result<TaskOutcome, InferenceError> {
        match self {
            Self::Relations { task, mode } => {
                let finder = finders.of(context.model.profile(), task.name());
                let extraction = Extraction { task: *task, mode: *mode, document, finder: &finder };
                extract(context, &extraction, &mut |_| ())
            }
            Self::Answer { question, abstain_below, from_evidence } => {
                let question = Question { question, document, abstain_below: *abstain_below };
                if *from_evidence {
                    let dictionary = finders.dictionaries().dictionary();
                    return Ok(answer_from_evidence(context, &question, dictionary)?.model.outcome);
                }
                Ok(answer(context, &question)?.outcome)
            }
            Self::Classify => Ok(classify(context, document, &mut |_, _| ())?.outcome),
            Self::Mentions => {
                context.model.reset();
                let finder = finders.of(context.model.profile(), MENTIONS);
                let found = find_mentions(context, document, &finder)?;
                Ok(TaskOutcome { predictions: found.predictions(document), ..TaskOutcome::default() })
            }
        }
    }

    /// The task's name in a model's manifest, for lists of what a model can do.
    #[must_use]
    pub fn tuned_name(&self) -> &'static str {
        match self {
            Self::Relations { task, .. } => task.name(),
            Self::Answer { .. } => answer::TASK,
            Self::Classify => classify::TASK,
            Self::Mentions => MENTIONS,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_from_its_record() {
        let requests = [
            TaskRequest::Relations {
                task: RelationTask::KdDti,
                mode: Mode::Exhaustive { threshold: Some(0.25) },
            },
            TaskRequest::Relations { task: RelationTask::KdDti, mode: Mode::Exhaustive { threshold: None } },
            TaskRequest::Relations { task: RelationTask::Bc5cdr, mode: Mode::Generate },
            TaskRequest::Answer { question: "Is it?".to_owned(), abstain_below: 0.5, from_evidence: true },
            TaskRequest::Answer { question: "Is it?".to_owned(), abstain_below: 0.5, from_evidence: false },
            TaskRequest::Classify,
            TaskRequest::Mentions,
        ];
        for request in requests {
            let mut parameters = request.parameters();
            parameters["notices"] = json!(["cut"]);
            let again = TaskRequest::of_record(&request.task(), &parameters, &request.decoding());
            assert_eq!(again, Some(request));
        }
    }

    #[test]
    fn an_answer_from_before_sentences_were_looked_for_is_run_as_it_was() {
        let parameters = json!({ "question": "Is it?", "abstain_below": 0.5 });
        let again = TaskRequest::of_record("answer", &parameters, &json!({ "kind": "scored" }));
        let expected =
            TaskRequest::Answer { question: "Is it?".to_owned(), abstain_below: 0.5, from_evidence: false };
        assert_eq!(again, Some(expected));
    }

    #[test]
    fn a_threshold_that_an_older_osler_wrote_down_for_written_relations_changes_nothing() {
        let written = json!({ "kind": "greedy", "constraint": "grammar" });
        assert_eq!(
            TaskRequest::of_record("relations/ddi", &json!({ "threshold": 0.4 }), &written),
            Some(TaskRequest::Relations { task: RelationTask::Ddi, mode: Mode::Generate })
        );
    }
}
