//! Why a stream of documents ends early.

use std::io;
use std::path::PathBuf;

use documents::formats::WriteError;
use inference::{InferenceError, LoadError};

/// What ends the work on all files.
#[derive(Debug, thiserror::Error, remedies::Remedy)]
pub enum StreamError {
    /// Someone asked to stop.
    #[error("stopped")]
    Cancelled,
    /// A worker has no model.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The model cannot do the task, or its device failed.
    #[error(transparent)]
    Inference(#[from] InferenceError),
    /// A model that is to find names finds none.
    #[error("{model} finds no names. Choose another model for them, or none")]
    FindsNoNames {
        /// The model.
        model: String,
    },
    /// An output cannot be written.
    #[error("{} cannot be written ({source}). Free some space, or choose another folder", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Findings cannot be encoded.
    #[error(transparent)]
    Encode(#[from] WriteError),
    /// Two inputs would have the same output.
    #[error(
        "{first} and {second} would both be written to {name}. Rename one of them, or choose another folder for it"
    )]
    SameName {
        /// An input.
        first: String,
        /// Another one.
        second: String,
        /// The output of both.
        name: String,
    },
    /// An output is there, made otherwise.
    #[error("{} is there already, made with other models, dictionaries or options, or from another input. Choose another folder, or remove it", path.display())]
    MadeOtherwise {
        /// The output.
        path: PathBuf,
    },
    /// A worker is gone.
    #[error("a worker ended without a word. Try again, with fewer of them (--jobs)")]
    Vanished,
}

impl StreamError {
    /// Whether an error of a task is about model or machine, so that no other document would fare better.
    pub(crate) const fn is_fatal(cause: &InferenceError) -> bool {
        matches!(
            cause,
            InferenceError::Cancelled
                | InferenceError::Untuned { .. }
                | InferenceError::Encoder { .. }
                | InferenceError::Device(_)
        )
    }
}
