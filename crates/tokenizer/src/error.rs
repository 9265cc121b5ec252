//! What can go wrong with a tokenizer's files.

use std::path::PathBuf;

/// Why a tokenizer could not be read or written. The message names the file, the place and the remedy.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder holds none of the known forms.
    #[error(
        "no tokenizer in {}: it needs tokenizer.json, or vocab.json with merges.txt, or dict.txt with bpecodes. \
         Copy these files from the folder that the model came from.",
        dir.display()
    )]
    NotFound {
        /// The folder that was looked at.
        dir: PathBuf,
    },
    /// The folder holds none of the forms of an encoder's tokenizer.
    #[error(
        "no tokenizer in {}: it needs tokenizer.json, or vocab.txt (BERT), or vocab.json with merges.txt (RoBERTa). Copy \
         these files from the folder that the model came from.",
        dir.display()
    )]
    NoBertTokenizer {
        /// The folder that was looked at.
        dir: PathBuf,
    },
    /// The file could not be read.
    #[error("cannot read {}: {source}. Check that the file exists and that you may read it.", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file could not be written.
    #[error("cannot write {}: {source}. Check the free space and that you may write there.", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not what its name promises.
    #[error("{} is damaged or not a tokenizer of this kind of model ({place}): {problem}. Copy the file again from its source.", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where in the file: a line, a token.
        place: String,
        /// What is wrong there.
        problem: String,
    },
    /// A vocabulary put together in memory does not hold.
    #[error("the vocabulary does not hold ({place}): {problem}")]
    Inconsistent {
        /// Which token or merge.
        place: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl Error {
    /// The same fault, with the file that it was read from.
    pub(crate) fn in_file(self, file: &std::path::Path) -> Self {
        match self {
            Self::Inconsistent { place, problem } => {
                Self::Malformed { path: file.to_owned(), place, problem }
            }
            other => other,
        }
    }
}
