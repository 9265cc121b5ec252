//! Texts that are written in Osler.

use serde::{Deserialize, Serialize};

use super::{Id, Number, Span, Support};

/// A text that is written in Osler.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct Draft {
    /// Its number.
    pub id: Id,
    /// Its title.
    pub title: String,
    /// Its text, Markdown.
    pub text: String,
    /// Stretches that a model wrote and the author has not accepted yet.
    pub generated: Vec<GeneratedSpan>,
    /// When it was begun.
    #[specta(type = Number)]
    pub created_at: i64,
    /// When it was last saved.
    #[specta(type = Number)]
    pub modified_at: i64,
}

/// The mark of text that a model wrote and no source supports, as far as is known.
pub const NO_SOURCE: &str = "[generated, no source]";

/// A stretch that a model wrote.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct GeneratedSpan {
    /// Into the draft's text.
    pub span: Span,
    /// Which model.
    pub model: String,
    /// With which seed; none for beam search.
    pub seed: Option<u32>,
    /// How far sources say it; none where nobody checked.
    pub support: Option<Support>,
    /// The mark that leaves Osler with it, of `CheckedSentence`; empty: `[generated, no source]`.
    pub mark: String,
}

/// A draft in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct DraftSummary {
    /// Its number.
    pub id: Id,
    /// Its title.
    pub title: String,
    /// Length in words.
    pub words: u32,
    /// When it was last saved.
    #[specta(type = Number)]
    pub modified_at: i64,
}
