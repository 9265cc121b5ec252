//! A task over many documents.

use serde::{Deserialize, Serialize};

use super::{ExtractionMode, HostError, Id, Number, Task};

/// A batch to be started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct BatchRequest {
    /// What is asked.
    pub task: Task,
    /// The question, for [`Task::Answer`].
    pub question: Option<String>,
    /// The documents, in order.
    pub documents: Vec<Id>,
    /// How relations are found.
    pub mode: ExtractionMode,
}

/// A task over many documents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct Batch {
    /// Its number.
    pub id: Id,
    /// What is asked; absent for a task that this Osler does not know.
    pub task: Option<Task>,
    /// The question, for [`Task::Answer`].
    pub question: Option<String>,
    /// The model's name.
    pub model: String,
    /// How it stands.
    pub state: BatchState,
    /// Documents in all.
    pub total: u32,
    /// Documents with a result.
    pub done: u32,
    /// Documents without one.
    pub failed: u32,
    /// Documents that were left out.
    pub skipped: u32,
    /// What was found.
    pub findings: u32,
    /// When it was started.
    #[specta(type = Number)]
    pub created_at: i64,
    /// Seconds of work so far, pauses left out.
    #[specta(type = Number)]
    pub seconds: f64,
    /// Rate.
    #[specta(type = Option<Number>)]
    pub documents_per_minute: Option<f64>,
    /// Missing while too little is known.
    pub remaining: Option<Remaining>,
    /// What it is at.
    pub current: Option<String>,
    /// Why this program no longer works on it, where nobody asked for that.
    pub problem: Option<HostError>,
}

/// Seconds still to go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
#[derive(Copy)]
pub struct Remaining {
    /// If the rest is as easy as the easiest so far.
    #[specta(type = Number)]
    pub low: f64,
    /// If the rest is as hard as the hardest so far.
    #[specta(type = Number)]
    pub high: f64,
}

/// How a batch stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub enum BatchState {
    /// Under way.
    Running,
    /// It can be resumed.
    Paused,
    /// It cannot.
    Cancelled,
    /// Every document has its result or its problem.
    Finished,
}

/// A document of a batch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct BatchItem {
    /// Its place in the batch, from 0.
    pub ordinal: u32,
    /// The document.
    pub document: Id,
    /// Its title.
    pub title: String,
    /// How it stands.
    pub state: BatchItemState,
    /// What was found.
    pub findings: u32,
    /// What it took.
    #[specta(type = Option<Number>)]
    pub seconds: Option<f64>,
    /// Why it failed.
    pub problem: Option<HostError>,
}

/// How a document of a batch stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub enum BatchItemState {
    /// Its turn comes.
    Waiting,
    /// It is its turn.
    Running,
    /// It has its result.
    Done,
    /// It has none.
    Failed,
    /// It was left out.
    Skipped,
}
