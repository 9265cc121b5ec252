//! What is said about a document, by whom, and what the curator decided about it.

use serde::{Deserialize, Serialize};

use super::{Evidence, Id, Number, Span, Task, Verdict};

/// An id in a vocabulary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
#[derive(Eq, Hash)]
pub struct Concept {
    /// `MESH` ...
    pub vocabulary: String,
    /// The id in it.
    pub id: String,
    /// Its preferred name; empty where the dictionary does not know it.
    pub name: String,
}

/// How well a name is grounded in the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub enum Grade {
    /// The words stand there.
    Exact,
    /// They stand there in another case.
    Case,
    /// An abbreviation that the text defines stands there.
    Abbreviation,
    /// Another name of the same concept stands there.
    Alias,
    /// Nothing in the text supports it.
    None,
}

/// One participant of a relation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct Participant {
    /// Its part.
    pub role: String,
    /// The name, in the author's case.
    pub name: String,
    /// The mention nearest to the evidence first; empty for a name that is not in the text.
    pub spans: Vec<Span>,
    /// Ids, best first.
    pub concepts: Vec<Concept>,
    /// How the name is grounded.
    pub grade: Grade,
}

/// One statement about a document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Content {
    /// A mention of a thing.
    Entity {
        /// `Chemical`, `Disease` ...
        #[serde(rename = "type")]
        r#type: String,
        /// Where it stands; more than one for a discontinuous mention.
        spans: Vec<Span>,
        /// The words.
        text: String,
        /// Ids, best first.
        concepts: Vec<Concept>,
    },
    /// A relation between named things.
    Relation {
        /// `CID`, `effect` ...
        #[serde(rename = "type")]
        r#type: String,
        /// Who takes part, in the task's order.
        participants: Vec<Participant>,
    },
    /// A label of the document, or of one sentence of it.
    Label {
        /// The label.
        label: String,
        /// The sentence; the whole document without one.
        span: Option<Span>,
    },
    /// The answer to a question about the document.
    Answer {
        /// The question.
        question: String,
        /// The answer.
        verdict: Verdict,
        /// What each answer got from the model.
        probabilities: Probabilities,
        /// The sentences that speak about the question, the most to the point first.
        evidence: Vec<SpeakingSentence>,
    },
}

/// What a sentence says to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub enum Stance {
    /// It says so.
    For,
    /// It says the contrary.
    Against,
    /// It leaves it open.
    Unclear,
}

/// A sentence that speaks about a question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct SpeakingSentence {
    /// The sentence.
    pub span: Span,
    /// What it says.
    pub stance: Stance,
    /// By which words it says so.
    pub reason: String,
}

/// What each answer got; sums to 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
#[derive(Copy)]
pub struct Probabilities {
    /// Of `yes`.
    #[specta(type = Number)]
    pub yes: f64,
    /// Of `no`.
    #[specta(type = Number)]
    pub no: f64,
    /// Of `maybe`.
    #[specta(type = Number)]
    pub maybe: f64,
}

/// What an annotation is, and what its curator may decide about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[derive(Copy, Eq, Hash)]
pub enum Subject {
    /// A model's.
    Finding {
        /// Its number.
        id: Id,
    },
    /// A mention that came with the document.
    Entity {
        /// Its number.
        id: Id,
    },
    /// A relation that came with the document.
    Relation {
        /// Its number.
        id: Id,
    },
    /// The curator's own.
    Added {
        /// Its number.
        id: Id,
    },
}

/// A statement, who made it, and what the curator says of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct Annotation {
    /// What it is.
    pub subject: Subject,
    /// As it reads now: edited by the curator, or else as it came.
    pub content: Content,
    /// The same for the same statement by another model.
    pub signature: String,
    /// What the model said. Never changes, whatever the curator decides.
    pub prediction: Option<Prediction>,
    /// What the curator says.
    pub decision: Option<Decision>,
}

/// What a model said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct Prediction {
    /// The run it is of.
    pub run: Id,
    /// The statement.
    pub content: Content,
    /// Calibrated probability.
    #[specta(type = Option<Number>)]
    pub score: Option<f64>,
    /// Probability that the grammar took away while it was written, 0 to 1.
    #[specta(type = Option<Number>)]
    pub masked_mass: Option<f64>,
    /// The same for each token of the statement.
    #[specta(type = Vec<Number>)]
    pub masked_masses: Vec<f64>,
    /// Further figures by name: `log probability`, `against none`, `against swapped`.
    pub figures: Vec<Figure>,
    /// The sentences that support it.
    pub evidence: Vec<Evidence>,
    /// How it is grounded.
    pub grade: Grade,
    /// What a reader should look at twice.
    pub warnings: Vec<Warning>,
}

/// A figure by name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct Figure {
    /// Its name.
    pub name: String,
    /// Its value.
    #[specta(type = Number)]
    pub value: f64,
}

/// What a reader should look at twice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct Warning {
    /// In a word.
    #[serde(rename = "type")]
    pub kind: WarningKind,
    /// The cue.
    pub span: Option<Span>,
    /// The words of it, or the remark.
    pub text: String,
}

/// What a warning is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub enum WarningKind {
    /// The text may deny it.
    Negation,
    /// The text may only suppose it.
    Hedging,
    /// Anything else.
    Other,
}

/// What a curator says of an annotation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// In a word.
    pub verdict: DecisionVerdict,
    /// Why it was rejected.
    pub reason: Option<Reason>,
    /// In the curator's words.
    pub comment: String,
    /// Who.
    pub curator: String,
    /// When.
    #[specta(type = Number)]
    pub made_at: i64,
}

/// A decision in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub enum DecisionVerdict {
    /// As it stands.
    Accepted,
    /// Not at all.
    Rejected,
    /// In other words.
    Edited,
    /// The curator's own.
    Added,
}

/// Why an annotation was rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub enum Reason {
    /// The text does not say it.
    NotInText,
    /// The text denies it.
    Negated,
    /// The text only supposes it.
    Speculative,
    /// It is of another type.
    WrongType,
    /// A name is wrong.
    WrongName,
    /// An id is wrong.
    WrongId,
    /// The participants are the wrong way round.
    WrongDirection,
    /// It is there already.
    Duplicate,
    /// See the comment.
    Other,
}

/// A run of a model over one document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// Its number.
    pub id: Id,
    /// What was asked; absent for a task that this Osler does not know.
    pub task: Option<Task>,
    /// The model's name.
    pub model: String,
    /// The model's id; empty for a model that is not installed here.
    pub model_id: String,
    /// The name of the model that found the names, where that was another one.
    #[serde(default)]
    #[specta(optional)]
    pub names_by: Option<String>,
    /// How it stands.
    pub state: RunState,
    /// What it found.
    pub findings: u32,
    /// When it ended.
    #[specta(type = Option<Number>)]
    pub finished_at: Option<i64>,
    /// What the user should know: the text was split in two parts with overlap.
    pub notices: Vec<String>,
    /// Why it failed.
    pub problem: Option<String>,
    /// Whether the model of this id has other weights today, or was taught otherwise: its results may be made again.
    #[serde(default)]
    #[specta(optional)]
    pub other_weights: bool,
}

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub enum RunState {
    /// Under way, or left behind by a program that ended.
    Running,
    /// Done.
    Finished,
    /// Stopped by the user; what had come is kept.
    Stopped,
    /// It could not go on.
    Failed,
}

/// A curator's note.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct Note {
    /// Its number.
    pub id: Id,
    /// The document it is on.
    pub document: Id,
    /// What it is about.
    pub subject: Option<Subject>,
    /// Where it points.
    pub span: Option<Span>,
    /// The words.
    pub text: String,
    /// Who.
    pub author: String,
    /// When it was last changed.
    #[specta(type = Number)]
    pub modified_at: i64,
}

/// A note to be written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct NewNote {
    /// The document it is on.
    pub document: Id,
    /// What it is about.
    pub subject: Option<Subject>,
    /// Where it points.
    pub span: Option<Span>,
    /// The words.
    pub text: String,
}
