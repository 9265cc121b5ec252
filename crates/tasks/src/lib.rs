//! What BioGPT is asked, and how its answer is read, grounded and scored. No model in here, and no I/O but the one file
//! of [`guidance`].
//!
//! Every task module has the same items: `prompt` (the source text exactly as BioGPT's data building gives it),
//! `target` (what the model is trained to write), `read` (its output exactly as BioGPT's post-processing reads it).
//! [`evaluation`] holds the official scores of each.

pub mod answer;
pub mod calibration;
pub mod candidates;
pub mod classify;
pub mod cues;
pub mod describe;
pub mod evaluation;
pub mod exhaustive;
pub mod grammar;
pub mod grounding;
pub mod guidance;
pub mod labels;
pub mod lexicon;
pub mod linear;
pub mod marking;
pub mod mentions;
pub mod pair_features;
pub mod personal;
pub mod reading;
pub mod relations;
pub mod scores;
pub mod sentences;
pub mod source;
pub mod stance;
pub mod support;
pub mod tagging;
pub mod verdicts;
pub mod windows;

pub use candidates::{Finder, Mention};
pub use relations::{RelationTask, Stated};
pub use terms::Kind;
