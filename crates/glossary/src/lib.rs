//! What sources say a term is, word for word.
//!
//! A glossary is one memory-mapped file: texts in compressed blocks, an automaton over the folded names of what they
//! define, another over the ids of their sources. Every [`Entry`] keeps its text verbatim, with source, release, licence,
//! id and, for a sentence of a document, that document. [`define`] finds what is known of a term, through every name
//! that the dictionaries know for it, and says so where nothing is. [`defining`] separates sentences that say what a name is
//! from those that only mention it.

pub mod apposition;
mod builder;
mod define;
pub mod defining;
mod entry;
mod file;
pub mod genus;
mod rows;

pub use builder::{Builder, Summary};
pub use define::{Definitions, Meaning, define};
pub use entry::{Document, Entry, Nature, Source};
pub use file::Glossary;
pub use rows::{Defaults, RowError, jsonl, table};
pub use terms::FileError;
