use bert::ReadError;
use biogpt::ModelError;
use biogpt::decode::DecodeError;
use devices::DeviceError;
use tasks::guidance::GuidanceError;
use tasks::labels::LabelsError;

/// Why a model did not do what it was asked.
#[derive(Debug, Clone, PartialEq, thiserror::Error, remedies::Remedy)]
pub enum InferenceError {
    /// Someone asked to stop, and there is nothing to show yet.
    #[error("stopped")]
    Cancelled,
    /// The model was not tuned for this.
    #[error(
        "{model} was not tuned for {task}. Choose a model that was: the list of models says which. This one describes \
         terms"
    )]
    Untuned {
        /// The model.
        model: String,
        /// The task, in words.
        task: String,
    },
    /// The model is an encoder, and cannot do this.
    #[error(
        "{model} is an encoder: it {does}, and does not write. For {task} choose another model: the list of models says what each does"
    )]
    Encoder {
        /// The model.
        model: String,
        /// What it does.
        does: String,
        /// The task, in words.
        task: String,
    },
    /// The text leaves no room.
    #[error(
        "the text takes {length} tokens, and the model reads at most {longest} when it is to write an answer. Shorten it"
    )]
    TooLong {
        /// Tokens of the text.
        length: usize,
        /// Tokens it may have.
        longest: usize,
    },
    /// There is nothing to continue.
    #[error("there is no text to go on from. Write something first")]
    Empty,
    /// The device failed, or ran out of memory.
    #[error(transparent)]
    Device(DecodeError),
    /// Anything else that the decoder says.
    #[error(transparent)]
    Decoding(DecodeError),
    /// An encoder does not read what it is given.
    #[error(transparent)]
    Reading(ReadError),
    /// An encoder's tokenizer does not read a text.
    #[error("the tokenizer cannot read the text ({0}). Verify the model, or import it again")]
    Tokenizing(String),
}

impl From<DecodeError> for InferenceError {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::EmptyPrompt => Self::Empty,
            DecodeError::TooLong { length, longest } => Self::TooLong { length, longest },
            DecodeError::Device(_) | DecodeError::NotANumber => Self::Device(error),
            other => Self::Decoding(other),
        }
    }
}

/// Why a model is not loaded.
#[derive(Debug, thiserror::Error, remedies::Remedy)]
pub enum LoadError {
    /// No device fits, or its driver refuses.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The weights or the tokenizer cannot be read.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// `tasks.json` cannot be read.
    #[error(transparent)]
    Guidance(#[from] GuidanceError),
    /// An encoder's labels do not say what it can be used for.
    #[error("the model in {folder} cannot be used: {source}")]
    #[remedy(source)]
    Labels {
        /// Its folder.
        folder: std::path::PathBuf,
        /// What is wrong with them.
        source: LabelsError,
    },
}
