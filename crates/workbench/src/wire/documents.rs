//! One document as it is shown.

use serde::{Deserialize, Serialize};

use super::{Annotation, Id, Note, Number, Run, Span};

/// A document with everything that points into it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct DocumentView {
    /// Its number.
    pub id: Id,
    /// The id of the source.
    pub source_id: String,
    /// Its title, or how its text begins.
    pub title: String,
    /// The file it came from.
    pub origin: String,
    /// The format it came in.
    pub format: String,
    /// When it came.
    #[specta(type = Number)]
    pub imported_at: i64,
    /// Its text; never changes.
    pub text: String,
    /// SHA-256 of the text's UTF-8 bytes, in hexadecimal.
    pub text_sha256: String,
    /// Its parts.
    pub passages: Vec<Passage>,
    /// Its sentences.
    pub sentences: Vec<Span>,
    /// Bibliography and other properties that came with it.
    pub infons: Vec<Infon>,
    /// What a list of retracted articles says of it.
    pub retracted: Option<String>,
    /// The short forms that its text defines, in order.
    pub abbreviations: Vec<Abbreviation>,
    /// Everything that points into it.
    pub marks: Marks,
    /// First offset that was in view when the document was left.
    pub top: u32,
}

/// A short form that a text defines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct Abbreviation {
    /// `AMI`
    pub short: String,
    /// `acute myocardial infarction`
    pub long: String,
}

/// A property.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct Infon {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct Passage {
    /// Where it stands.
    pub span: Span,
    /// `title`, `abstract` ...
    #[serde(rename = "type")]
    pub kind: String,
}

/// Everything that points into a text. It is sent whole after each change of a document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct Marks {
    /// What came with the document, what models found, what the curator added.
    pub annotations: Vec<Annotation>,
    /// Notes on it.
    pub notes: Vec<Note>,
    /// Runs over it, the latest first.
    pub runs: Vec<Run>,
}
