//! Relations out of a document.

mod job;
mod judging;
mod pairs;
mod predictions;

use documents::{Document, Prediction, Span};
use tasks::grounding::Grounding;
use tasks::{Finder, Mention, RelationTask};

use crate::constrained::RequestBatch;
use crate::windows::windows;
use crate::{InferenceError, Prompt, TaskContext, TaskOutcome, find_mentions};

pub(crate) use job::ExtractionJob;
pub use judging::{JudgedPair, ScoredPair, judge_pairs, merge_windows, score_pairs};
pub use pairs::{NamePair, TextWindow, candidate_pairs, pairs_task};
pub(crate) use pairs::{kinds_by_prompt, pairs_by_prompt};

/// How relations are found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Mode {
    /// The model writes them, under the task's grammar.
    Generate,
    /// Every pair of names that could be related is scored.
    Exhaustive {
        /// Pairs of at least this probability count; the model's own threshold if absent.
        threshold: Option<f64>,
    },
}

impl Mode {
    /// The threshold that was asked for.
    #[must_use]
    pub const fn threshold(self) -> Option<f64> {
        match self {
            Self::Generate => None,
            Self::Exhaustive { threshold } => threshold,
        }
    }
}

/// What to extract.
#[derive(Debug, Clone, Copy)]
pub struct Extraction<'a> {
    /// The task.
    pub task: RelationTask,
    /// How.
    pub mode: Mode,
    /// The document. Entities that it has are taken as given.
    pub document: &'a Document,
    /// Finds its names.
    pub finder: &'a Finder,
}

/// How far an extraction is.
#[derive(Debug, Clone, PartialEq)]
pub enum ExtractionStep {
    /// The text is cut into windows.
    Started {
        /// Tokens of the longest prompt.
        prompt_tokens: usize,
        /// Windows that the text is read in.
        parts: usize,
        /// What the user should know.
        notices: Vec<String>,
    },
    /// The model goes on.
    Progress {
        /// The window it is at, from 0.
        part: usize,
        /// Windows in all.
        parts: usize,
        /// Tokens written.
        tokens: usize,
        /// Rate.
        tokens_per_second: f64,
    },
    /// A finding.
    Found(Box<Prediction>),
}

/// Longer names than this are not offered to the model.
const LONGEST_NAME: usize = 48;
/// Pairs and labels count from this probability on where nothing was fitted.
pub const THRESHOLD: f64 = 0.5;

/// The mentions of a document and the windows in which it is read for a task.
#[derive(Debug, Clone, PartialEq)]
pub struct DocumentWindows {
    /// The document with its mentions, in text order.
    pub grounding: Grounding,
    /// The windows.
    pub spans: Vec<Span>,
    /// What the user should know about the windows.
    pub notice: Option<String>,
}

impl DocumentWindows {
    /// Finds names and cuts the text.
    ///
    /// # Errors
    /// As [`find_mentions`].
    pub fn new(
        context: &mut TaskContext<'_>,
        task: RelationTask,
        document: &Document,
        finder: &Finder,
    ) -> Result<Self, InferenceError> {
        let found = find_mentions(context, document, finder)?.mentions;
        let cut = windows(&*context.model, document, |span| prompt(task, document, span));
        let spans = cut.windows.iter().map(|window| window.span).collect();
        let mentions = found.into_iter().map(|(mention, _)| mention).collect();
        Ok(Self { grounding: Grounding::new(document, mentions), spans, notice: cut.notice() })
    }

    /// The mentions inside a window.
    #[must_use]
    pub fn mentions_in(&self, window: Span) -> Vec<Mention> {
        self.grounding.mentions().iter().filter(|mention| window.contains(mention.cover())).cloned().collect()
    }
}

fn prompt(task: RelationTask, document: &Document, span: Span) -> Prompt {
    Prompt::tuned(task.prompt(document, span), task.name())
}

/// Extracts relations; `on_step` receives each step. What was stopped is given as far as it came.
///
/// # Errors
/// If the model was not tuned for the task, or cannot go on.
pub fn extract(
    context: &mut TaskContext<'_>,
    extraction: &Extraction<'_>,
    on_step: &mut dyn FnMut(ExtractionStep),
) -> Result<TaskOutcome, InferenceError> {
    // A batch of one.
    let batch = RequestBatch::new(1);
    let mut job = ExtractionJob::begin(context, extraction, on_step)?;
    loop {
        match job.advance(context, extraction, &batch, on_step) {
            Ok(true) => break,
            Ok(false) => {
                let TaskContext { model, cancel, meter, .. } = &mut *context;
                model.step(&batch, &mut || {
                    meter.count(1);
                    on_step(job.progress(meter.tokens(), meter.rate()));
                    cancel.flow()
                })?;
            }
            Err(InferenceError::Cancelled) => {
                job.stop();
                break;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(job.finish(extraction, on_step))
}

/// The task, for people.
const fn words(task: RelationTask) -> &'static str {
    match task {
        RelationTask::Bc5cdr => "relations between chemicals and diseases",
        RelationTask::Ddi => "interactions between drugs",
        RelationTask::KdDti => "interactions between drugs and targets",
    }
}
