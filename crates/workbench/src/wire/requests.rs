//! What the model is asked: requests.

use serde::{Deserialize, Serialize};

use super::{Id, Number, Span};

/// What a model can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub enum Task {
    /// Chemicals that induce diseases.
    #[serde(rename = "bc5cdr")]
    Bc5cdr,
    /// Interactions between drugs.
    Ddi,
    /// Drugs and their targets.
    KdDti,
    /// A description of a term.
    Describe,
    /// A question about an abstract.
    Answer,
    /// Hallmarks of cancer, or a model's own classes of sentences.
    Classify,
    /// Names: chemicals, diseases, genes and others.
    Mentions,
}

impl Task {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Bc5cdr, Self::Ddi, Self::KdDti, Self::Describe, Self::Answer, Self::Classify, Self::Mentions];
}

/// A task that finds relations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub enum RelationTask {
    /// Chemicals that induce diseases.
    #[serde(rename = "bc5cdr")]
    Bc5cdr,
    /// Interactions between drugs.
    Ddi,
    /// Drugs and their targets.
    KdDti,
}

impl From<RelationTask> for Task {
    fn from(task: RelationTask) -> Self {
        match task {
            RelationTask::Bc5cdr => Self::Bc5cdr,
            RelationTask::Ddi => Self::Ddi,
            RelationTask::KdDti => Self::KdDti,
        }
    }
}

/// How relations are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub enum ExtractionMode {
    /// The model writes under the grammar.
    Generate,
    /// Every candidate pair is scored.
    Exhaustive,
}

/// Relations of one document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct ExtractRequest {
    /// The document.
    pub document: Id,
    /// Which relations.
    pub task: RelationTask,
    /// How.
    pub mode: ExtractionMode,
    /// Another model than the one in use.
    pub model_id: Option<String>,
}

/// How text is chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[derive(Copy)]
pub enum Decoding {
    /// Beam search with five beams.
    Careful,
    /// Sampling, with a seed for each candidate.
    Varied {
        /// Above 0.
        #[specta(type = Number)]
        temperature: f64,
        /// Of the first candidate.
        seed: u32,
    },
}

/// Descriptions of a term.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct DescribeRequest {
    /// The term.
    pub term: String,
    /// How many descriptions.
    pub candidates: u32,
    /// How they are chosen.
    pub decoding: Decoding,
    /// Text that the description must begin with: to go on from a chosen alternative.
    pub beginning: String,
    /// Longest description.
    pub max_tokens: u32,
}

/// What may follow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct ContinueRequest {
    /// The text before the cursor.
    pub before: String,
    /// Longest continuation.
    pub max_tokens: u32,
}

/// A question about documents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct AskRequest {
    /// The question.
    pub question: String,
    /// Which documents are asked.
    pub scope: AskScope,
}

/// Which documents are asked, each by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum AskScope {
    /// These.
    Documents {
        /// Which.
        documents: Vec<Id>,
    },
    /// Those of the library that say something about the question.
    Library,
}

/// What each sentence of a document does to the model's answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct WeighRequest {
    /// The question.
    pub question: String,
    /// The document.
    pub document: Id,
}

/// Hallmarks of cancer in documents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct ClassifyRequest {
    /// The documents.
    pub documents: Vec<Id>,
}

/// The prompt of what?
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum PromptRequest {
    /// Of relations.
    Extract {
        /// The document.
        document: Id,
        /// Which relations.
        task: RelationTask,
    },
    /// Of a question.
    Answer {
        /// The document.
        document: Id,
        /// The question.
        question: String,
    },
    /// Of a classification.
    Classify {
        /// The document.
        document: Id,
        /// The sentence.
        span: Span,
    },
    /// Of a description.
    Describe {
        /// The term.
        term: String,
    },
}

/// Exactly what the model is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct Prompt {
    /// As text.
    pub text: String,
    /// Its length in tokens.
    pub tokens: u32,
    /// Learned prompt tokens, which are no text.
    pub learned_tokens: u32,
    /// The model's context in tokens.
    pub limit: u32,
}
