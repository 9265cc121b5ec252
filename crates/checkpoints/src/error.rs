use std::io;
use std::path::{Path, PathBuf};

use crate::config::ConfigError;
use crate::pickle::PickleError;
use crate::report::LoadReport;

/// Why a checkpoint cannot be used. Every message names the file, the place in it and what to do, causes included.
#[derive(Debug, thiserror::Error, remedies::Remedy)]
pub enum CheckpointError {
    /// The operating system would not give the file.
    #[error("{path}: cannot be read ({cause}). Check that the file is there, complete and readable")]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
    /// The operating system would not take the file.
    #[error("{path}: cannot be written ({cause}). Check the free space and the permissions of the folder")]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        cause: io::Error,
    },
    /// The folder holds none of the known weight files.
    #[error(
        "{path}: no model weights here. A model folder holds `config.json` with `model.safetensors` or \
         `pytorch_model.bin` (Hugging Face), or `checkpoint.pt` with `dict.txt` (fairseq)"
    )]
    NoWeights {
        /// The folder.
        path: PathBuf,
    },
    /// The folder holds several fairseq checkpoints and it is not clear which one is meant.
    #[error("{path}: several checkpoints ({}). Give the path of the one to use", files.join(", "))]
    SeveralCheckpoints {
        /// The folder.
        path: PathBuf,
        /// The file names found.
        files: Vec<String>,
    },
    /// The configuration is missing a value or holds one that cannot be used.
    #[error("{path}: {cause}")]
    #[remedy(cause)]
    Config {
        /// The file that holds the configuration.
        path: PathBuf,
        /// What is wrong with it.
        cause: ConfigError,
    },
    /// The file is not what its format promises: cut off, altered, or never complete.
    #[error("{path}: damaged at {place}: {problem}. Download or copy the file again")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where: a byte offset, a tensor, an archive member.
        place: String,
        /// What was found there.
        problem: String,
    },
    /// The pickle asks for something outside the short list of what a checkpoint needs, or is malformed.
    #[error("{path}: {cause}")]
    #[remedy(cause)]
    Pickle {
        /// The file.
        path: PathBuf,
        /// What the pickle asked for and where.
        cause: PickleError,
    },
    /// A sound file of a kind that is not read here.
    #[error("{path}: {what}. {remedy}")]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// What the file is.
        what: String,
        /// What to do instead.
        remedy: &'static str,
    },
    /// Names, shapes or number types of the weights do not fit the configuration.
    #[error(
        "{path}: the weights do not fit the configuration. Take both from the same place. What does not fit:\n{report}"
    )]
    Mismatch {
        /// The weight file or, for several, their folder.
        path: PathBuf,
        /// Everything that does not fit.
        report: Box<LoadReport>,
    },
    /// A weight is not a number, or infinite.
    #[error(
        "{path}: tensor {tensor} holds {value} at {index:?}. The training run or the copy went wrong; \
         use another checkpoint"
    )]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// The tensor's name, canonical and as stored.
        tensor: String,
        /// `NaN` or `infinity`.
        value: &'static str,
        /// The place in the tensor.
        index: Vec<usize>,
    },
    /// The configuration ties a tensor of the head to another one, but a different one is stored.
    #[error(
        "{path}: tensor {tensor} differs from {of}, although the configuration says that both are one. Set \
         `tie_word_embeddings` (`share_decoder_input_output_embed`) to false, or take a matching file"
    )]
    NotTied {
        /// The file.
        path: PathBuf,
        /// The stored tensor's name.
        tensor: String,
        /// The tensor that it should equal.
        of: String,
    },
    /// A tensor was asked for that this model does not have.
    #[error("{path}: this model has no tensor named `{tensor}`")]
    UnknownTensor {
        /// The checkpoint.
        path: PathBuf,
        /// The name asked for.
        tensor: String,
    },
    /// A writer was given something else than the next tensor.
    #[error("{path}: {problem}")]
    OutOfOrder {
        /// The file being written.
        path: PathBuf,
        /// What was expected and what came.
        problem: String,
    },
}

impl CheckpointError {
    pub(crate) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |cause| Self::Read { path, cause }
    }

    pub(crate) fn write(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |cause| Self::Write { path, cause }
    }

    pub(crate) fn config(path: &Path) -> impl FnOnce(ConfigError) -> Self {
        let path = path.into();
        move |cause| Self::Config { path, cause }
    }

    pub(crate) fn damaged(path: &Path, place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Damaged { path: path.into(), place: place.into(), problem: problem.into() }
    }

    pub(crate) fn unsupported(path: &Path, what: impl Into<String>, remedy: &'static str) -> Self {
        Self::Unsupported { path: path.into(), what: what.into(), remedy }
    }
}
