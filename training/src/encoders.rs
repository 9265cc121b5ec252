//! Encoders (BERT, RoBERTa) are tuned for one task each: the classes of words, of texts or of pairs of texts.
//!
//! The tasks are those of BLURB (Gu et al. 2021, doi 10.1145/3458754) whose corpora are at hand, in the form that the app asks
//! an encoder in: words by their first piece, pairs of names with the names masked, sentences.

mod batch;
mod data;
mod examples;
mod export;
mod figures;
mod run;

use bert::Head;
use bert::model::NewHead;
use documents::corpora::pubmedqa;
use tasks::guidance::Guidance;
use tasks::labels::{LabelTask, Plan};
use tasks::marking::Marking;
use tasks::{RelationTask, answer, classify};

pub use batch::{Batch, Example, Targets};
pub use data::{Gold, Text, read};
pub use examples::Examples;
pub use export::{export, hugging_face};
pub use figures::measure;
pub use run::{EncoderError, is_run, tune};

/// What an encoder is tuned for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncoderTask {
    /// Names of chemicals in BC5CDR.
    Bc5cdrChemical,
    /// Names of diseases in BC5CDR.
    Bc5cdrDisease,
    /// Names of diseases in the NCBI disease corpus.
    NcbiDisease,
    /// Names of genes in BC2GM.
    Bc2gm,
    /// How a chemical acts on a protein.
    Chemprot,
    /// How drugs interact.
    Ddi,
    /// Hallmarks of cancer that a sentence speaks of.
    Hoc,
    /// Whether an abstract answers a question with yes, no or maybe.
    Pubmedqa,
}

/// ChemProt's groups of relations that are evaluated, CPR:3, 4, 5, 6 and 9, each with the kinds in it.
pub const CHEMPROT: [(&str, &[&str]); 5] = [
    ("upregulator", &["upregulator", "activator", "indirect-upregulator"]),
    ("downregulator", &["downregulator", "inhibitor", "indirect-downregulator"]),
    ("agonist", &["agonist", "agonist-activator", "agonist-inhibitor"]),
    ("antagonist", &["antagonist"]),
    ("substrate", &["substrate", "product-of", "substrate_product-of"]),
];

/// The label of a pair that is not related.
const NONE: &str = "none";

impl EncoderTask {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Bc5cdrChemical,
        Self::Bc5cdrDisease,
        Self::NcbiDisease,
        Self::Bc2gm,
        Self::Chemprot,
        Self::Ddi,
        Self::Hoc,
        Self::Pubmedqa,
    ];

    /// As recipes and figures call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bc5cdrChemical => "bc5cdr-chemical",
            Self::Bc5cdrDisease => "bc5cdr-disease",
            Self::NcbiDisease => "ncbi-disease",
            Self::Bc2gm => "bc2gm",
            Self::Chemprot => "chemprot",
            Self::Ddi => "ddi",
            Self::Hoc => "hoc",
            Self::Pubmedqa => "pubmedqa",
        }
    }

    /// The task of this [`name`](Self::name).
    ///
    /// # Errors
    /// Lists those that there are.
    pub fn named(name: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|task| task.name() == name).ok_or_else(|| {
            let known = Self::ALL.map(Self::name).join(", ");
            format!("is {name:?}, which is no task of an encoder: they are {known}")
        })
    }

    /// The kind of the names that are marked; `None` where texts are classified.
    #[must_use]
    pub const fn kind(self) -> Option<&'static str> {
        match self {
            Self::Bc5cdrChemical => Some("Chemical"),
            Self::Bc5cdrDisease | Self::NcbiDisease => Some("Disease"),
            Self::Bc2gm => Some("Gene"),
            _ => None,
        }
    }

    /// The relations that are judged, where these are pairs of names.
    #[must_use]
    pub const fn relations(self) -> Option<RelationTask> {
        match self {
            Self::Chemprot => Some(RelationTask::KdDti),
            Self::Ddi => Some(RelationTask::Ddi),
            _ => None,
        }
    }

    /// How a pair of names is shown, where these are judged: `@CHEMICAL$` and `@GENE$`, `@DRUG$` and `@DRUG$`.
    #[must_use]
    pub fn marking(self) -> Option<Marking> {
        self.relations().map(Marking::usual)
    }

    /// The classes, by number: of names `O`, `B-`, `I-`; of pairs "none" first.
    #[must_use]
    pub fn labels(self) -> Vec<String> {
        let owned = |labels: &[&str]| labels.iter().map(|label| (*label).to_owned()).collect::<Vec<_>>();
        if let Some(kind) = self.kind() {
            return vec!["O".to_owned(), format!("B-{kind}"), format!("I-{kind}")];
        }
        match self {
            Self::Chemprot => {
                std::iter::once(NONE).chain(CHEMPROT.map(|(name, _)| name)).map(str::to_owned).collect()
            }
            Self::Ddi => std::iter::once(NONE)
                .chain(RelationTask::Ddi.kinds().iter().copied())
                .map(str::to_owned)
                .collect(),
            Self::Hoc => owned(&classify::HALLMARKS),
            _ => answer::Answer::ALL.map(|answer| answer.word().to_owned()).to_vec(),
        }
    }

    /// The head that learns it.
    #[must_use]
    pub fn head(self) -> NewHead {
        let head =
            if self.kind().is_some() { Head::TokenClassification } else { Head::SequenceClassification };
        NewHead { head, labels: self.labels(), multi_label: self == Self::Hoc }
    }

    /// What the app uses the tuned model for, as its `tasks.json` keeps it. A model of PubMedQA is one of classes: the app answers
    /// questions by sentences, not by a model.
    #[must_use]
    pub fn guidance(self) -> Guidance {
        let labels = self.labels();
        let (task, labels) = match (self.kind(), self.relations()) {
            (Some(kind), _) => (LabelTask::Mentions, vec![kind.to_owned()]),
            (None, Some(relations)) => (LabelTask::Pairs(relations), labels),
            (None, None) => (LabelTask::Classify, labels),
        };
        let labels = labels.into_iter().map(|label| (label.clone(), label)).collect();
        Plan { task, labels, marking: self.marking() }.guidance()
    }

    /// The corpus it is learned from, with its terms as its publishers state them.
    #[must_use]
    pub const fn corpus(self) -> (&'static str, &'static str) {
        match self {
            Self::Bc5cdrChemical | Self::Bc5cdrDisease => ("BC5CDR, train", "public domain"),
            Self::NcbiDisease => ("NCBI disease corpus, train", "public domain"),
            Self::Bc2gm => ("BC2GM, train", "CC BY 4.0 (collection)"),
            Self::Chemprot => ("ChemProt, train", "for research"),
            Self::Ddi => ("DDI 2013, train", "CC BY-NC 4.0"),
            Self::Hoc => ("Hallmarks of Cancer, nine tenths of train", "GPL-3.0"),
            Self::Pubmedqa => ("PubMedQA, fold 0 train", "MIT"),
        }
    }
}

/// What an answer is read from: question and abstract, which become a pair of texts.
fn context(question: &pubmedqa::Question) -> String {
    question.contexts.join(" ")
}
