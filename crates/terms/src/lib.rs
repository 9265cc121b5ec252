//! An offline dictionary of chemical, disease and gene names with ids in terminologies.
//!
//! A dictionary is one memory-mapped file: an automaton over folded names ([`words`]), the concepts of each name and
//! their ids. [`Terms::find`] gives the longest names on word boundaries, through case, plural, spelling, dash, space
//! and Greek-letter variants, [`Dictionary::meanings`] what one name may stand for. [`abbreviations`] finds the short forms that a text defines itself.

pub mod abbreviations;
mod builder;
pub mod builtin;
mod concepts;
pub mod container;
mod file;
mod find;
mod linking;
mod meanings;
mod names;
mod near;
mod rows;
mod variants;
pub mod words;

pub use builder::{Builder, Summary};
pub use concepts::{Concept, Kind};
pub use container::FileError;
pub use file::Terms;
pub use find::{Dictionary, Grade, Match};
pub use meanings::Meaning;
pub use near::near;
pub use rows::{Row, RowError};
pub use variants::spellings_of;
