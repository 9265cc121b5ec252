//! How a language model is asked and how its answers are read: each task from prompt to predictions, once for the app and
//! for the evaluation of models.
//!
//! A [`LanguageModel`] generates and scores text; [`BioGpt`] does so with weights, [`Scripted`] without. An [`Encoder`] only reads, and
//! says so where it is to write. The tasks
//! ([`extract`], [`answer`], [`classify`], [`describe`], [`continue_text`]) work on a [`TaskContext`]: a model, a switch
//! that stops the work, and a meter that counts tokens. There is no library, no thread and no wire here.
//!
//! Inside, work that is stopped ends with [`InferenceError::Cancelled`]. A task that has something to show by then gives it
//! as a result that says so ([`TaskOutcome::stopped`], [`FinishReason::Stopped`]); one that has nothing gives the error.

mod answer;
mod batch;
mod biogpt;
mod classify;
mod constrained;
mod context;
mod continuation;
mod describe;
mod encoder;
mod error;
mod finders;
mod generation;
mod load;
mod mentions;
mod model;
mod prompt;
pub mod relations;
mod request;
mod scripted;
mod self_test;
mod windows;

pub use answer::{
    Answered, FromEvidence, Influence, NOT_STATED, Question, ScoredWindow, Verdict, answer,
    answer_from_evidence, influence, score_windows, surest,
};
pub use batch::{Finished, TaskBatch};
pub use biogpt::{BioGpt, Checksums, need};
pub use classify::{Classes, Classified, LabelScore, classify, label_log_probabilities};
pub use constrained::{ConstrainedItem, ConstrainedOutput, RequestBatch, RequestId, RequestState};
pub use context::{Cancel, Meter, TaskContext};
pub use continuation::continue_text;
pub use describe::{Candidate, Decoding, DescribeStep, Description, describe};
pub use encoder::{Encoder, encoder_need, plan_of};
pub use error::{InferenceError, LoadError};
pub use finders::Finders;
pub use generation::{
    Alternative, DecodingStrategy, FinishReason, Generation, GenerationRequest, Token, TokenDelta,
};
pub use load::{load, need_of_folder};
pub use mentions::{DocumentMentions, TASK as MENTIONS, TaggedNames, Tagging, find_mentions, tag_document};
pub use model::{Continuation, LanguageModel, ModelProfile, NamesModel, Prompt};
pub use prompt::{PromptView, Subject, view};
pub use relations::{Extraction, ExtractionStep, Mode, extract};
pub use request::{TaskOutcome, TaskRequest};
pub use scripted::{FAILS, ID as SCRIPTED, Scripted};
pub use self_test::{SelfTest, self_test};
