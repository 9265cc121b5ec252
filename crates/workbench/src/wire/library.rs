//! The library file and lists of its documents.

use serde::{Deserialize, Serialize};

use super::{Id, Number, Span, Step, Task};

/// The open library.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct Library {
    /// Its file.
    pub path: String,
    /// For people.
    pub name: String,
    /// For people.
    pub description: String,
    /// Size of the file.
    #[specta(type = Number)]
    pub bytes: u64,
    /// Documents in it.
    pub documents: u32,
    /// Findings of models.
    pub findings: u32,
    /// Findings that the curator has decided.
    pub decided: u32,
    /// Notes in it.
    pub notes: u32,
    /// Drafts in it.
    pub drafts: u32,
    /// Whether it may only be read.
    pub read_only: bool,
    /// What undo would take back.
    pub undo: Option<Step>,
    /// What redo would repeat.
    pub redo: Option<Step>,
}

/// A library that was opened before.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct RecentLibrary {
    /// Its file.
    pub path: String,
    /// Its name when it was last open.
    pub name: String,
    /// Its documents when it was last open.
    pub documents: u32,
    /// When it was last opened.
    #[specta(type = Number)]
    pub opened_at: i64,
    /// Whether the file is gone.
    pub missing: bool,
}

/// Order of a list of documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub enum DocumentOrder {
    /// Imported last first.
    NewestFirst,
    /// Imported first first.
    OldestFirst,
    /// By title.
    Title,
    /// By the id of the source.
    SourceId,
}

/// Which documents a list shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
#[derive(Default)]
pub struct DocumentFilter {
    /// Only documents with relations that the curator has not decided.
    pub undecided: bool,
    /// Only documents that no model has run over for this task.
    pub without_task: Option<Task>,
    /// Only documents of this origin.
    pub origin: Option<String>,
}

/// A document in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct DocumentSummary {
    /// Its number.
    pub id: Id,
    /// The id of the source (a PMID).
    pub source_id: String,
    /// Its title, or how its text begins.
    pub title: String,
    /// The file it came from.
    pub origin: String,
    /// When it came.
    #[specta(type = Number)]
    pub imported_at: i64,
    /// Length of the text in words.
    pub words: u32,
    /// Relations as they are seen beside its text: each statement of the latest runs once, with what came with it or was
    /// added.
    pub findings: u32,
    /// Those that the curator has decided or added.
    pub decided: u32,
    /// Whether a model has looked for relations, with or without finding some.
    pub read: bool,
    /// Notes on it.
    pub notes: u32,
    /// Whether a list of retracted articles has it.
    pub retracted: bool,
}

/// A place where searched words stand.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct SearchHit {
    /// What was found.
    pub kind: SearchHitKind,
    /// The number of it.
    pub id: Id,
    /// The document it belongs to; a draft has none.
    pub document: Option<Id>,
    /// Of the document or draft.
    pub title: String,
    /// The words around.
    pub snippet: String,
    /// Into `snippet`.
    pub highlights: Vec<Span>,
}

/// What a search finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub enum SearchHitKind {
    /// Words of a document's text.
    Document,
    /// A name or id in what a model found.
    Name,
    /// A curator's note.
    Note,
    /// A decision.
    Decision,
    /// A draft.
    Draft,
}
