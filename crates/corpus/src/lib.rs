//! Prose, definitions and task data as deduplicated, licence-filtered, test-free token shards.
//!
//! [`collect`] reads the raw corpora and lets through what may be used: by licence, not in any test or validation
//! set, not seen before. [`train_vocabulary`] makes a Moses + BPE vocabulary of it, [`prepare`] token shards with a
//! manifest, and [`Shards`] reads those back, memory-mapped.

mod collect;
mod common;
mod definition_sentences;
mod definitions;
mod duplicates;
mod error;
mod fact_sheets;
mod figures;
mod fitness;
mod glossary;
mod held_out;
mod labelled;
mod licences;
mod manifest;
mod prepare;
mod prose;
mod records;
mod shards;
mod vocabulary;

pub use collect::{Collected, Document, Selection, Stream, Tally, collect};
pub use definitions::sentence;
pub use duplicates::Seen;
pub use error::Error;
pub use figures::{Figures, FiguresError, figures};
pub use glossary::{ABOUT as GLOSSARY_ABOUT, Gathered, gather};
pub use held_out::{HeldOut, Leak};
pub use labelled::{Labelled, LabelledMention, LabelledRelation, labelled};
pub use licences::{Licences, Terms, terms};
pub use manifest::{Manifest, Part, Source};
pub use prepare::{Settings, prepare};
pub use records::{Definition, Record};
pub use shards::{Shard, Shards};
pub use vocabulary::{Coverage, Trained, coverage, train_vocabulary};
