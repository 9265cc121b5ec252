//! What is known of a term, and how far sources say what was written.

use serde::{Deserialize, Serialize};

use super::{Id, Number, Span};

/// What is known of a term, step by step: what sources say, what the library says, what is spelled almost like it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct TermKnowledge {
    /// As it was asked for.
    pub term: String,
    /// Whether a source or the library says what it is.
    pub known: bool,
    /// The things that it may mean, those with a text first. More than one: the term is ambiguous.
    pub meanings: Vec<TermMeaning>,
    /// Sentences of the library that say what it is, the clearest first.
    pub library: Vec<DefiningSentence>,
    /// How many of them there are.
    pub library_total: u32,
    /// Sentences of the library that name it and say nothing of what it is; `concordance` lists them.
    pub mentions: u32,
    /// Where nothing is known: names that are spelled almost like it and have a text, the nearest first.
    pub near: Vec<String>,
}

/// One of the things that a term may mean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct TermMeaning {
    /// As the best of its sources calls it.
    pub name: String,
    /// `Chemical`, `Disease`, ...; empty where nobody says.
    pub kind: String,
    /// `VOCABULARY:id`.
    pub ids: Vec<String>,
    /// What sources say, best first. Empty where only the dictionary knows it.
    pub texts: Vec<SourcedText>,
}

/// What a source says, word for word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct SourcedText {
    /// What it is cited by, from 1; the sentences of the library follow.
    pub number: u32,
    /// What is defined, as the source writes it.
    pub term: String,
    /// The text, as the source has it.
    pub text: String,
    /// What kind of statement it is.
    pub nature: TextNature,
    /// The source.
    pub source: String,
    /// Its release; empty where it states none.
    pub release: String,
    /// Its licence; empty where it states none.
    pub licence: String,
    /// The source's id for the term; empty where it has none.
    pub id: String,
    /// PubMed id of the document of a sentence; empty where none is known.
    pub pmid: String,
    /// Title of the document of a sentence; empty where none is known.
    pub title: String,
    /// All of that in a line, to stand behind the text where it is inserted.
    pub citation: String,
}

/// What kind of statement a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub enum TextNature {
    /// Written to say what the term is.
    Definition,
    /// What a substance does, as rows of an ontology list it.
    Roles,
    /// A sentence of a document.
    Sentence,
    /// How a substance is built: it does not say what it is for.
    Structure,
}

/// A sentence of the library that says what a term is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct DefiningSentence {
    /// What it is cited by; goes on after the texts of the sources.
    pub number: u32,
    /// Its document.
    pub document: Id,
    /// The document's title.
    pub title: String,
    /// The id that the document came with.
    pub source_id: String,
    /// Where it stands in the document.
    pub span: Span,
    /// The sentence.
    pub sentence: String,
    /// The name, in `sentence`.
    pub highlight: Span,
    /// How it says so.
    pub form: DefiningForm,
}

/// How a sentence says what a term is, the clearest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub enum DefiningForm {
    /// "X is a ..."
    Statement,
    /// "X, a ..., "
    Apposition,
    /// "X, which ..."
    Clause,
    /// "the anticoagulant X"
    Class,
    /// The long form with the short one.
    Expansion,
}

/// A text to hold against sources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct CheckRequest {
    /// What was written.
    pub text: String,
    /// What it is held against.
    pub sources: Vec<GivenSource>,
}

/// A source of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct GivenSource {
    /// What it is cited by.
    pub number: u32,
    /// What a mark calls it where it leaves Osler, since a number means nothing there; empty: its number.
    pub label: String,
    /// Names of what it is about: a definition rarely repeats its term.
    pub about: Vec<String>,
    /// The text.
    pub text: String,
}

/// A text with what sources say of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct CheckedText {
    /// Its sentences in order.
    pub sentences: Vec<CheckedSentence>,
    /// The share of them that is supported.
    #[specta(type = Number)]
    pub coverage: f64,
}

/// A sentence with what sources say of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct CheckedSentence {
    /// In the text.
    pub span: Span,
    /// How far sources say it.
    pub support: Support,
    /// Numbers of those that do, the closest first.
    pub sources: Vec<u32>,
    /// What no source has.
    pub alarms: Vec<Alarm>,
    /// The mark that stands behind it where it leaves Osler: `[generated, supported by LABEL]`, `[generated, partly supported by
    /// LABEL]`, `[generated, no source]`.
    pub mark: String,
}

/// How far sources say what a sentence says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub enum Support {
    /// One passage says it.
    Supported,
    /// A passage says a part of it, or something in it is nowhere.
    Partly,
    /// No source says it.
    None,
}

/// A place that no source supports, of a kind that readers act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct Alarm {
    /// What is nowhere.
    pub kind: AlarmKind,
    /// In the text.
    pub span: Span,
}

/// What no source has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub enum AlarmKind {
    /// A number.
    Number,
    /// A number with a unit of dose.
    Dose,
    /// A name.
    Name,
    /// A denial, or its lack.
    Negation,
}
