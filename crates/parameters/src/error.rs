use std::path::PathBuf;

use checkpoints::CheckpointError;

/// Why a model cannot be loaded or written.
#[derive(Debug, thiserror::Error, remedies::Remedy)]
pub enum ModelError {
    /// A published checkpoint is damaged or of another kind.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The tokenizer does not fit.
    #[error(
        "the tokenizer in {folder} cannot be used: {reason}. Take all files from the same place as the weights"
    )]
    Tokenizer {
        /// Where it lies.
        folder: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The system refuses.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// One of our own files is damaged.
    #[error(
        "{path} is damaged: {reason}. Import the model again, or copy the folder again from where it is whole"
    )]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// One of our own files has a newer format.
    #[error(
        "{path} was written by a newer Osler (format {found}, this one reads up to {known}). Update Osler"
    )]
    Newer {
        /// Which file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest this program knows.
        known: u32,
    },
    /// A tensor is missing, superfluous, or of the wrong shape or type.
    #[error("{path} does not fit its configuration: {report}. Import the model again")]
    Mismatch {
        /// Which file.
        path: PathBuf,
        /// All that does not fit.
        report: String,
    },
    /// A name in a manifest that is no file of its folder.
    #[error(
        "{path} names the file {name:?}, which is not a plain name of a file beside it. Get the model from a source that you \
         trust"
    )]
    StrangeName {
        /// The manifest.
        path: PathBuf,
        /// The name.
        name: String,
    },
    /// Whoever asked for it has stopped it.
    #[error("it was stopped")]
    Stopped,
    /// The target of an import is in use.
    #[error("{path} exists already. Choose another name, or remove that model first")]
    Exists {
        /// The folder.
        path: PathBuf,
    },
}

impl ModelError {
    /// What the system said when `action` was tried on a file.
    pub fn io(action: &'static str, path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }

    /// One of our own files is damaged.
    pub fn damaged(path: &std::path::Path, reason: impl ToString) -> Self {
        Self::Damaged { path: path.to_owned(), reason: reason.to_string() }
    }
}
