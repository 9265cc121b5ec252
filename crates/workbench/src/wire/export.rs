//! Results on their way out.

use serde::{Deserialize, Serialize};

use super::{EvidenceReport, Id, Number, Task};

/// A format that can be written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct Format {
    /// Names it in a request.
    pub id: String,
    /// For people.
    pub name: String,
    /// Without the dot.
    pub extension: String,
    /// What it is good for.
    pub description: String,
    /// What it can hold at all.
    pub holds: Holds,
}

/// What a format can hold at all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
#[derive(Copy)]
pub struct Holds {
    /// Mentions.
    pub entities: bool,
    /// Relations.
    pub relations: bool,
    /// Scores.
    pub scores: bool,
    /// Decisions.
    pub decisions: bool,
    /// Records of runs.
    pub record: bool,
}

/// What is to be exported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ExportScope {
    /// These documents.
    Documents {
        /// Which.
        documents: Vec<Id>,
    },
    /// Every document.
    Library,
    /// One draft.
    Draft {
        /// Which.
        draft: Id,
    },
}

/// Whose statements are exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub enum ExportContent {
    /// As the curator left it.
    Curated,
    /// As the models said.
    Predicted,
    /// Both, side by side.
    Everything,
    /// As it came.
    Imported,
}

/// An export to be made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct ExportRequest {
    /// Of what.
    pub scope: ExportScope,
    /// The id of the format.
    pub format: String,
    /// Whose statements.
    pub content: ExportContent,
}

/// What an export would write.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct ExportPreview {
    /// A name for the file.
    pub file_name: String,
    /// Documents in it.
    pub documents: u32,
    /// Mentions, relations, labels and answers in it.
    pub annotations: u32,
    /// Its size.
    #[specta(type = Number)]
    pub bytes: u64,
    /// The beginning of the file.
    pub excerpt: String,
    /// What the format cannot hold.
    pub losses: Vec<Loss>,
    /// The runs that stand behind it.
    pub records: Vec<RunRecord>,
    /// What to look at before it leaves.
    pub evidence: EvidenceReport,
}

/// What a format cannot hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct Loss {
    /// In words.
    pub what: String,
    /// How often.
    pub count: u32,
    /// One of them.
    pub example: String,
}

/// How a result was computed, so that it can be computed again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct RunRecord {
    /// The run.
    pub run: Id,
    /// Version of Osler.
    pub app_version: String,
    /// The model's name.
    pub model: String,
    /// SHA-256 of the weights.
    pub model_sha256: String,
    /// SHA-256 of the tokenizer's files.
    pub tokenizer_sha256: String,
    /// SHA-256 of what the model was taught beside its weights; empty in runs from before this was written down.
    pub guidance_sha256: String,
    /// The model that found the names, where that was another one: its name, and SHA-256 of its weights.
    pub names_by: Option<(String, String)>,
    /// The task; absent for one that this Osler does not know.
    pub task: Option<Task>,
    /// Version of the task.
    pub task_version: String,
    /// Version of its grammar.
    pub grammar_version: String,
    /// How tokens were chosen.
    pub decoding: String,
    /// With which seed.
    pub seed: String,
    /// On which device.
    pub device: String,
    /// SHA-256 of the text.
    pub text_sha256: String,
    /// When.
    #[specta(type = Number)]
    pub made_at: i64,
}

/// Progress of `export_to`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ExportEvent {
    /// Documents are being written.
    Progress {
        /// Written so far.
        done: u32,
        /// In all.
        total: u32,
    },
    /// The file is there.
    Written {
        /// Where.
        path: String,
        /// Its size.
        #[specta(type = Number)]
        bytes: u64,
        /// Documents in it.
        documents: u32,
    },
}
