//! Models: what is installed, what could be.

use serde::{Deserialize, Serialize};

use super::{HostError, Number, Task};

/// An installed model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct Model {
    /// Its folder's name.
    pub id: String,
    /// For people.
    pub name: String,
    /// Where it is from.
    pub origin: ModelOrigin,
    /// Number of weights.
    #[specta(type = Number)]
    pub parameters: u64,
    /// Size on disk.
    #[specta(type = Number)]
    pub bytes: u64,
    /// SHA-256 of the weights.
    pub sha256: String,
    /// SHA-256 of the tokenizer's files.
    pub tokenizer_sha256: String,
    /// As an SPDX expression, or in words.
    pub licence: String,
    /// Whether the licence forbids more than research.
    pub research_only: bool,
    /// What it was tuned for.
    pub tasks: Vec<Task>,
    /// `24 layers, width 1,024 ...`
    pub architecture: String,
    /// Longest input.
    pub context_tokens: u32,
    /// `f32`, `f16`, `int8` ...
    pub precision: String,
    /// When it was imported.
    #[specta(type = Option<Number>)]
    pub imported_at: Option<i64>,
    /// When its bytes were last compared with their sums.
    #[specta(type = Option<Number>)]
    pub verified_at: Option<i64>,
    /// What the self-test said.
    pub self_test: Option<SelfTest>,
    /// What was measured of it.
    pub metrics: Vec<Metric>,
    /// The card's text, Markdown.
    pub card: String,
    /// Whether it is the model in use.
    pub in_use: bool,
    /// Whether it finds the names for the model in use.
    pub finds_names: bool,
}

/// Where a model is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub enum ModelOrigin {
    /// It came with Osler.
    BuiltIn,
    /// The user imported it.
    Imported,
}

/// A measured figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct Metric {
    /// The task.
    pub task: Task,
    /// `F1`, `accuracy` ...
    pub name: String,
    /// Ours, as the manifest has it: F1 and accuracy in percent, calibration errors and weights as shares.
    #[specta(type = Number)]
    pub value: f64,
    /// The publication's, in percent.
    #[specta(type = Option<Number>)]
    pub published: Option<f64>,
    /// The part of the data that it was measured on: `test`, `development`.
    pub data: String,
}

/// A fixed prompt that must give known tokens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct SelfTest {
    /// Whether it did.
    pub passed: bool,
    /// Where it ran.
    pub device: String,
    /// How fast.
    #[specta(type = Number)]
    pub tokens_per_second: f64,
    /// For people.
    pub message: String,
}

/// What an import of a model would bring.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct ModelPreview {
    /// Hand it back to `import_model`; missing where nothing can be imported.
    pub id: Option<String>,
    /// Where it was looked.
    pub folder: String,
    /// How the weights are published.
    pub form: ModelForm,
    /// A name to begin with.
    pub name: String,
    /// `24 layers, width 1,024 ...`
    pub architecture: Option<String>,
    /// Number of weights.
    #[specta(type = Option<Number>)]
    pub parameters: Option<u64>,
    /// What is there and what is missing.
    pub files: Vec<ModelFile>,
    /// Size of what is there.
    #[specta(type = Number)]
    pub bytes: u64,
    /// Space that the import needs.
    #[specta(type = Number)]
    pub needed_bytes: u64,
    /// Space that the disk has.
    #[specta(type = Number)]
    pub free_bytes: u64,
    /// Why it cannot be imported.
    pub problems: Vec<HostError>,
    /// What a published classifier could be used for, the likeliest first; empty for other models.
    pub uses: Vec<ModelUse>,
}

/// What a published classifier is used for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct ModelUse {
    /// The task.
    pub task: Task,
    /// What each of its labels, or of the kinds in them, means.
    pub labels: Vec<ModelLabel>,
    /// What labels may mean; empty where that is free.
    pub meanings: Vec<String>,
    /// How pairs of names are shown to it, where it judges pairs.
    pub marking: Option<PairMarking>,
}

/// What a label means.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct ModelLabel {
    /// As the model has it.
    pub label: String,
    /// A kind of names, a class, or a kind of relation; `none` for what is left out, or says that names are not related.
    pub meaning: String,
}

/// How pairs of names are shown to a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct PairMarking {
    /// `[E1] {} [/E1]`, where `{}` is the first name, or a word in its place, `@CHEMICAL$`.
    pub head: String,
    /// The same for the second name.
    pub tail: String,
    /// `{head} and {tail}`, where the model reads the names as a second text.
    pub second: Option<String>,
    /// Whether it reads all that lies between two names, and not only single sentences.
    pub passages: bool,
}

/// How weights are published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub enum ModelForm {
    /// `config.json`, `vocab.json`, weights.
    HuggingFace,
    /// `dict.txt`, `bpecodes`, `checkpoint.pt`.
    Fairseq,
    /// Osler's own folder.
    Osler,
    /// None of these.
    Unknown,
}

/// A file of a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct ModelFile {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub role: String,
    /// Whether it is there.
    pub state: ModelFileState,
    /// Its size.
    #[specta(type = Option<Number>)]
    pub bytes: Option<u64>,
    /// For people.
    pub remark: String,
}

/// Whether a file of a model is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub enum ModelFileState {
    /// It is.
    Found,
    /// It is not, and is needed.
    Missing,
    /// It is not, and is not needed.
    Optional,
    /// It cannot be used.
    Damaged,
}

/// Progress of `import_model`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[expect(
    clippy::large_enum_variant,
    reason = "one of these is told in a whole import: a box would only make it harder to read"
)]
pub enum ModelImportEvent {
    /// A phase goes on.
    Phase {
        /// Which.
        phase: ModelPhase,
        /// Bytes, tensors or tokens.
        #[specta(type = Number)]
        done: u64,
        /// In all.
        #[specta(type = Number)]
        total: u64,
        /// For people.
        detail: String,
    },
    /// The model is installed.
    Imported {
        /// The model.
        model: Model,
    },
}

/// A phase of an import or a verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub enum ModelPhase {
    /// Files are read.
    Reading,
    /// Weights are converted.
    Converting,
    /// Sums are compared.
    Verifying,
    /// The fixed prompt runs.
    SelfTest,
}

/// Progress of `verify_model`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[expect(
    clippy::large_enum_variant,
    reason = "one of these is told in a whole import: a box would only make it harder to read"
)]
pub enum VerifyEvent {
    /// A phase goes on.
    Phase {
        /// Which.
        phase: ModelPhase,
        /// Bytes, tensors or tokens.
        #[specta(type = Number)]
        done: u64,
        /// In all.
        #[specta(type = Number)]
        total: u64,
        /// For people.
        detail: String,
    },
    /// The model was verified.
    Verified {
        /// The model.
        model: Model,
        /// Whether its bytes are what was imported.
        intact: bool,
        /// For people.
        message: String,
    },
}
