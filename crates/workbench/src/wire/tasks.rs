//! What the model answers: events of the streamed tasks.

use serde::{Deserialize, Serialize};

use super::{Annotation, Change, HostError, Id, Number, Probabilities, Span, Stance};

/// Progress of `extract`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ExtractEvent {
    /// The prompt is made.
    Started {
        /// The run.
        run: Id,
        /// Length of the prompt.
        prompt_tokens: u32,
        /// Parts that the text was split into.
        parts: u32,
    },
    /// The model goes on.
    Progress {
        /// The part it is at, from 0.
        part: u32,
        /// Parts in all.
        parts: u32,
        /// Tokens written.
        tokens: u32,
        /// Rate.
        #[specta(type = Number)]
        tokens_per_second: f64,
    },
    /// A finding came.
    Found {
        /// The finding.
        annotation: Annotation,
    },
    /// Everything is in the library.
    Stored {
        /// What that did.
        change: Change,
    },
}

/// A token of generated text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    /// Its text, with the blank before it.
    pub text: String,
    /// Natural logarithm of its probability.
    #[specta(type = Number)]
    pub log_probability: f64,
    /// Others that stood at this place, the likeliest first, without the chosen one.
    pub alternatives: Vec<Alternative>,
}

/// A token that could have stood there.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct Alternative {
    /// Its text, with the blank before it.
    pub text: String,
    /// Natural logarithm of its probability.
    #[specta(type = Number)]
    pub log_probability: f64,
}

/// Progress of `describe`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum DescribeEvent {
    /// The prompt is made.
    Started {
        /// What the model is given.
        prompt: String,
        /// One for each candidate; none for beam search.
        seeds: Vec<u32>,
    },
    /// A candidate grew.
    Tokens {
        /// Which, from 0.
        candidate: u32,
        /// What is certain, since the last event.
        tokens: Vec<Token>,
        /// May still change; replaces the one before.
        tentative: String,
    },
    /// A candidate is complete.
    Candidate {
        /// Which, from 0.
        candidate: u32,
        /// Of its tokens.
        #[specta(type = Number)]
        mean_log_probability: f64,
        /// Why it ended.
        ended: DescriptionEnd,
    },
}

/// Why a description ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub enum DescriptionEnd {
    /// The model ended it.
    Complete,
    /// It grew too long.
    Length,
    /// It went round in circles.
    Repetition,
}

/// Progress of `continue_text`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ContinueEvent {
    /// The continuation grew.
    Tokens {
        /// What is certain, since the last event.
        tokens: Vec<Token>,
        /// May still change; replaces the one before.
        tentative: String,
    },
}

/// Sentences of the library that mention a term.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct Concordance {
    /// How many there are.
    pub total: u32,
    /// The first of them.
    pub lines: Vec<ConcordanceLine>,
}

/// A sentence of the library that mentions the term.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct ConcordanceLine {
    /// Its document.
    pub document: Id,
    /// The document's title.
    pub title: String,
    /// The id of the source.
    pub source_id: String,
    /// The sentence.
    pub sentence: String,
    /// Into `sentence`.
    pub highlights: Vec<Span>,
}

/// An answer in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// The text says so.
    Yes,
    /// The text says the contrary.
    No,
    /// The text leaves it open.
    Maybe,
    /// No sentence speaks about the question.
    NotStated,
    /// The model found no answer likely enough.
    Abstain,
}

/// A sentence that speaks about the question, with its words.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct EvidenceSentence {
    /// Where it stands in the document.
    pub span: Span,
    /// Its words.
    pub text: String,
    /// Where it names what was asked about, into `text`.
    pub named: Vec<Span>,
    /// What it says.
    pub stance: Stance,
    /// By which words it says so.
    pub reason: String,
}

/// Something that was looked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct Sought {
    /// The words of the question.
    pub words: String,
    /// Some of the other names that it was looked for by.
    pub names: Vec<String>,
    /// Sentences that name it; of a library, documents.
    pub found: u32,
}

/// Progress of `ask`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum AskEvent {
    /// The library was searched: only documents that say something about the question are asked.
    Searched {
        /// What was looked for.
        sought: Vec<Sought>,
        /// Documents that name all of it.
        naming: u32,
        /// Documents with a sentence that speaks about the question.
        speaking: u32,
    },
    /// A document answered.
    Answer {
        /// The document.
        document: Id,
        /// Its title.
        title: String,
        /// Whether a list of retracted articles has it.
        retracted: bool,
        /// What its sentences say.
        verdict: Verdict,
        /// The sentences that speak about the question, the most to the point first.
        evidence: Vec<EvidenceSentence>,
        /// What was looked for.
        sought: Vec<Sought>,
        /// What the model alone would say.
        model: Verdict,
        /// What each answer got from the model.
        probabilities: Probabilities,
        /// The run it is stored as.
        run: Id,
    },
    /// Leave one sentence out.
    Influence {
        /// The document.
        document: Id,
        /// What each sentence does.
        sentences: Vec<Influence>,
    },
    /// A document could not be asked.
    Unanswered {
        /// The document.
        document: Id,
        /// Its title.
        title: String,
        /// Why.
        error: HostError,
    },
}

/// What a sentence does to an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct Influence {
    /// The sentence.
    pub span: Span,
    /// What the probability of the given verdict loses without it.
    #[specta(type = Number)]
    pub effect: f64,
    /// What each answer gets without it.
    pub without: Probabilities,
}

/// Progress of `classify`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ClassifyEvent {
    /// A sentence was classified.
    Sentence {
        /// The document.
        document: Id,
        /// The sentence.
        span: Span,
        /// Every label.
        scores: Vec<LabelScore>,
    },
    /// A document was classified.
    Labels {
        /// The document.
        document: Id,
        /// Its title.
        title: String,
        /// How likely each label is of the document.
        labels: Vec<LabelScore>,
        /// From this probability on a sentence has a label, and the document with it.
        #[specta(type = Number)]
        threshold: f64,
        /// The run it is stored as.
        run: Id,
    },
}

/// A label and its probability.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct LabelScore {
    /// The label.
    pub label: String,
    /// Between 0 and 1.
    #[specta(type = Number)]
    pub probability: f64,
}
