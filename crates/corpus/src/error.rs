//! What can go wrong between the raw corpora and the shards.

use std::path::{Path, PathBuf};

/// Why data could not be prepared or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder could not be read or written.
    #[error("cannot {action} {}: {source}. Check the path, your rights there and the free space.", path.display())]
    File {
        /// "read" or "write".
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file holds something else than it should.
    #[error("{}, {place}: {problem}. See the corpora's README for the form that is expected.", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Line, document, field.
        place: String,
        /// What is wrong there.
        problem: String,
    },
    /// A set that may not be trained on is not known.
    #[error(
        "{} is missing, so that its documents could not be kept out of the training data. Bring it; for a task that no model \
         will be measured on, put a file without documents there (`{{}}`; for hoc an empty one)",
        path.display()
    )]
    NothingHeldOut {
        /// The file.
        path: PathBuf,
    },
    /// The tokenizer.
    #[error(transparent)]
    Tokenizer(#[from] tokenizer::Error),
    /// The vocabulary cannot be trained as asked.
    #[error("cannot train a vocabulary of {size} tokens: {problem}")]
    Vocabulary {
        /// The size asked for.
        size: usize,
        /// Why not, and what would do.
        problem: String,
    },
    /// There is nothing to prepare.
    #[error("no documents are left of {}: look at the counts of what was dropped ({dropped})", path.display())]
    Empty {
        /// The corpora.
        path: PathBuf,
        /// Reason and number.
        dropped: String,
    },
}

impl Error {
    pub(crate) fn read(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { action: "read", path, source }
    }

    pub(crate) fn write(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { action: "write", path, source }
    }

    pub(crate) fn malformed(path: &Path, place: impl Into<String>, problem: impl ToString) -> Self {
        Self::Malformed { path: path.to_owned(), place: place.into(), problem: problem.to_string() }
    }
}
