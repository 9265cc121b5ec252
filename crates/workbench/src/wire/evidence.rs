//! What statements rest on, and what to look at before they leave Osler.

use serde::{Deserialize, Serialize};

use super::{Id, Span};

/// A sentence that a statement rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// First UTF-16 code unit.
    pub start: u32,
    /// One past the last.
    pub end: u32,
    /// What it says of a relation; nothing where it was not read for it.
    pub reading: Option<EvidenceReading>,
}

/// What a sentence says of a relation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct EvidenceReading {
    /// What it says.
    pub stance: EvidenceStance,
    /// Where in the document: `abstract, Results`.
    pub place: String,
    /// By which words.
    pub reason: String,
}

/// In a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub enum EvidenceStance {
    /// States it.
    Supports,
    /// States it with a doubt.
    Partly,
    /// Denies it.
    Contradicts,
    /// Does not name both.
    Background,
}

/// What was checked: quotes (pieces of evidence, and the words of mentions), and documents.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct EvidenceReport {
    /// Documents that were checked.
    pub documents: u32,
    /// Quotes that were checked.
    pub quotes: u32,
    /// The first of the points to look at.
    pub flaws: Vec<EvidenceFlaw>,
    /// How many of them are not listed.
    pub further: u32,
}

/// A point to look at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct EvidenceFlaw {
    /// The document.
    pub document: Id,
    /// The id that its source gives it.
    pub source_id: String,
    /// Its title, or how its text begins.
    pub title: String,
    /// The statement, by its id in exports (`F12`, `answer.F3`); empty where it is about the document.
    pub statement: String,
    /// What is wrong.
    pub kind: EvidenceFlawKind,
    /// The quote.
    pub quote: String,
    /// Where to look.
    pub span: Option<Span>,
}

/// What the point is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub enum EvidenceFlawKind {
    /// It is no exact part of the text.
    NotInText,
    /// It begins or ends inside of a word.
    Cut,
    /// All evidence of the statement is the title.
    TitleOnly,
    /// All evidence of the statement is headings.
    HeadingOnly,
    /// All evidence of the statement is a list of authors.
    AuthorsOnly,
    /// A list of retracted articles has the document: the quote is what it says.
    Retracted,
    /// The quote may identify a person: a name, a date, a record number, an age over 89.
    Identifying,
}
