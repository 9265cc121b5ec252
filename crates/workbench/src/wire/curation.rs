//! Decisions, the journal, the queue of what to look at next.

use serde::{Deserialize, Serialize};

use super::{Annotation, Content, Id, Library, Marks, Number, Reason, Subject, Task};

/// A decision to be made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Judgement {
    /// It is right.
    Accept {
        /// About what.
        subject: Subject,
    },
    /// It is wrong.
    Reject {
        /// About what.
        subject: Subject,
        /// Why.
        reason: Option<Reason>,
        /// In the curator's words.
        comment: String,
    },
    /// It should read otherwise.
    Edit {
        /// About what.
        subject: Subject,
        /// How it should read.
        content: Content,
    },
}

/// One action, for the toast and the history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// Its number in the journal.
    pub event: Id,
    /// A past participle: `accepted 1 relation`.
    pub summary: String,
    /// The document it touched.
    pub document: Option<Id>,
    /// Where it is undone.
    pub track: Track,
}

/// Curation and writing are undone apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub enum Track {
    /// Documents, findings, decisions, notes.
    Curation,
    /// Drafts.
    Writing,
}

/// What an action did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// The action.
    pub step: Step,
    /// The document to show.
    pub document: Option<Id>,
    /// Its marks after the action.
    pub marks: Option<Marks>,
    /// The library after the action.
    pub library: Library,
}

/// An action of the past.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct HistoryEntry {
    /// Its number in the journal.
    pub event: Id,
    /// A past participle.
    pub summary: String,
    /// What it was about, the first few by name.
    pub about: Vec<String>,
    /// Who.
    pub author: String,
    /// The document it touched.
    pub document: Option<Id>,
    /// When.
    #[specta(type = Number)]
    pub made_at: i64,
    /// Whether it holds.
    pub state: HistoryState,
}

/// Whether an action holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub enum HistoryState {
    /// It holds.
    Done,
    /// It was taken back and can be repeated.
    Undone,
    /// It was taken back, and something else was done since.
    Abandoned,
}

/// What to look at first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub enum QueueOrder {
    /// The score nearest to a toss-up.
    Uncertainty,
    /// Models disagree, or a model and a curator.
    Disagreement,
    /// Seldom seen before.
    Novelty,
    /// The grammar took the most away.
    MaskedMass,
    /// The highest score.
    Confidence,
    /// As one reads.
    Reading,
}

/// Which findings the queue shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
#[derive(Default)]
pub struct QueueFilter {
    /// Only those without a decision.
    pub undecided: bool,
    /// Only those of this document.
    pub document: Option<Id>,
    /// Only those of this task.
    pub task: Option<Task>,
    /// Only those of this type.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Only those with at least this score.
    #[specta(type = Option<Number>)]
    pub at_least: Option<f64>,
}

/// A page of the queue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct QueuePage {
    /// In order.
    pub entries: Vec<QueueEntry>,
    /// Findings that the filter lets through.
    pub total: u32,
    /// Where the next page begins; missing at the end.
    pub next: Option<String>,
}

/// A finding to look at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct QueueEntry {
    /// Its document.
    pub document: Id,
    /// The document's title.
    pub document_title: String,
    /// The finding.
    pub annotation: Annotation,
    /// What it is ordered by.
    #[specta(type = Number)]
    pub rank: f64,
}
