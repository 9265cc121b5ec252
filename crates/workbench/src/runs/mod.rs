//! What a model does with a text: each task on the engine's thread, from prompt to findings. No library and no wire here.

mod answer;
mod classify;
mod continuation;
mod describe;
mod finders;
mod pairs;
mod predictions;
mod prompt;
mod recipe;
mod relations;
mod self_test;
mod side_by_side;

use documents::{Document, Prediction, Span};
use tasks::windows::{Windows, cover};

use crate::engine::EngineError;
use crate::generator::{Generator, Profile, Prompt};

pub use answer::{Answered, Influence, Question, answer, influence};
pub use classify::{Classified, LabelScore, classify};
pub use continuation::continue_text;
pub use describe::{Candidate, Decoding, DescribeStep, Description, describe};
pub use finders::Finders;
pub use prompt::{PromptView, Subject, view};
pub use recipe::{Asked, Recipe};
pub use relations::{Extraction, Mode, Step, extract};
pub use self_test::{Tested, self_test};
pub use side_by_side::{Over, SideBySide};

/// What came of a text.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// What the model says, in its order.
    pub predictions: Vec<Prediction>,
    /// What the user should know about how it came to be.
    pub notices: Vec<String>,
    /// What the model wrote, word for word; empty where it only scored.
    pub output: String,
    /// Whether someone stopped it: then this is what had come.
    pub stopped: bool,
}

/// Sentences that two parts of a long text have in common.
const OVERLAP: usize = 2;

/// Refuses what the model was not tuned for.
fn require(profile: &Profile, task: &str, words: &str) -> Result<(), EngineError> {
    if profile.tuned_for_unknown || profile.tuned.contains_key(task) {
        return Ok(());
    }
    Err(EngineError::Untuned { model: profile.name.clone(), task: words.to_owned() })
}

/// Tokens that a prompt may have. BioGPT cut its sources at 640 of 1,024 tokens; the rest is for the answer.
fn room(generator: &dyn Generator) -> usize {
    generator.profile().positions * 5 / 8
}

/// The parts in which a document is read.
fn windows(generator: &dyn Generator, document: &Document, prompt: impl Fn(Span) -> Prompt) -> Windows {
    cover(document, room(generator), OVERLAP, |span| generator.length(&prompt(span)))
}

#[cfg(test)]
mod corpora;
#[cfg(test)]
mod tests;
