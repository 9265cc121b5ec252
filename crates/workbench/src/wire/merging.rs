//! Libraries of several curators.

use serde::{Deserialize, Serialize};

use super::{Id, Number, Reason, Span, Step};

/// What came of a merge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct MergeReport {
    /// Documents that came in.
    pub documents: u32,
    /// Documents whose text was there already.
    pub documents_met: u32,
    /// Runs that came in, with their findings.
    pub runs: u32,
    /// Runs that had found the same here.
    pub runs_met: u32,
    /// Decisions that came in.
    pub decisions: u32,
    /// Decisions that the same curator had made here, too.
    pub decisions_met: u32,
    /// Rejections of what came with a document there and is not here.
    pub decisions_without_ground: u32,
    /// Notes that came in.
    pub notes: u32,
    /// The action.
    pub step: Step,
}

/// How far the curators of a library agree, and where they do not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    /// Each two curators.
    pub pairs: Vec<CuratorPair>,
    /// The first of the disagreements that wait for whoever looks.
    pub disagreements: Vec<Disagreement>,
    /// How many of them are not listed.
    pub further: u32,
}

/// How far two curators agree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct CuratorPair {
    /// One of them.
    pub first: String,
    /// The other one.
    pub second: String,
    /// Documents on which both have decided something.
    pub documents: u32,
    /// Statements that both have decided.
    pub statements: u32,
    /// Statements that only one of them has decided, which are not compared.
    pub left_out: u32,
    /// Share of the statements on which both say the same, from 0 to 1; none without any.
    #[specta(type = Option<Number>)]
    pub agreement: Option<f64>,
    /// Cohen's kappa; none where chance explains everything.
    #[specta(type = Option<Number>)]
    pub kappa: Option<f64>,
}

/// A statement that some curators hold and others do not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct Disagreement {
    /// The document.
    pub document: Id,
    /// The id that its source gives it.
    pub source_id: String,
    /// Its title, or how its text begins.
    pub title: String,
    /// The type of the statement.
    pub r#type: String,
    /// The names in it.
    pub names: String,
    /// Where to look.
    pub span: Option<Span>,
    /// What each says.
    pub voices: Vec<Voice>,
}

/// What one curator says of a statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct Voice {
    /// Who.
    pub curator: String,
    /// Whether they hold it.
    pub holds: bool,
    /// In a word: accepted, rejected, edited, added, did not add.
    pub word: String,
    /// Why it was rejected.
    pub reason: Option<Reason>,
    /// A remark; may be empty.
    pub comment: String,
}
