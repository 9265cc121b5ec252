//! A task over the documents of large files, such as those of PubMed's baseline: on all cores, in bounded memory, one output for each
//! input.
//!
//! One thread cuts the files into pieces ([`documents::pieces`]); workers, each with a model of its own on a single thread, read a
//! piece, run the task over its documents and encode what comes of it ([`Form`]); the caller's thread writes the parts in the order of
//! the file. An output appears under its name when it is complete, and its bytes depend on input, task, models and dictionaries alone.
//! A record that cannot be read or worked on stands in a side table with its reason; what concerns model or machine ends the work.

mod error;
mod form;
mod output;
mod pool;
mod work;
mod write;

use std::path::PathBuf;

use inference::{Cancel, Finders, LanguageModel, TaskRequest};

pub use error::StreamError;
pub use form::{Form, Lines, PieceOrigin, Processed};
pub use output::Outputs;
pub use write::{Summary, run};

/// A file to work on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// Where it is.
    pub path: PathBuf,
    /// Its name, for messages and tables.
    pub name: String,
}

/// What a worker works with.
pub struct Models {
    /// The model.
    pub model: Box<dyn LanguageModel>,
    /// What finds the names for it, where that is another model.
    pub names: Option<Box<dyn LanguageModel>>,
}

/// Loads the models of a worker, on its thread.
pub type Loader<'a> = &'a (dyn Fn() -> Result<Models, StreamError> + Sync);

/// What is done with every document.
pub struct Job<'a> {
    /// The task.
    pub request: &'a TaskRequest,
    /// The names that are looked up.
    pub finders: &'a Finders,
    /// Loads the models of each worker.
    pub load: Loader<'a>,
    /// What everything is made with, as JSON without the input: kept beside each output, and what it hashes to in each row.
    pub made_with: serde_json::Value,
    /// How many documents are worked on at once.
    pub workers: usize,
    /// Ends the work.
    pub cancel: Cancel,
}

/// How far it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// The file that was written to last.
    pub file: String,
    /// Files that are complete.
    pub files: usize,
    /// Documents that are done.
    pub documents: u64,
}
