use std::any::Any;

use inference::{InferenceError, LoadError};

/// Why a piece of work was not done.
#[derive(Debug, Clone, PartialEq, thiserror::Error, remedies::Remedy)]
pub enum EngineError {
    /// Nothing is chosen.
    #[error("there is no model to work with. Import one, or choose one of the list")]
    NoModel,
    /// The chosen model cannot be loaded.
    #[error("the model cannot be loaded: {problem}. {remedy}")]
    Load {
        /// What is wrong with it.
        problem: String,
        /// What to do.
        remedy: String,
    },
    /// The model that is to find names for another one does not.
    #[error(
        "{model} does not find names. Choose a model whose labels are those of names, or none, in the list of models"
    )]
    FindsNoNames {
        /// The model.
        model: String,
    },
    /// The device cannot be opened, or cannot hold the model.
    #[error(transparent)]
    Device(#[from] devices::DeviceError),
    /// A batch was begun with another model than the one in use.
    #[error(
        "this batch was started with {wanted}, and another model is in use now. Choose {wanted} and resume"
    )]
    OtherModel {
        /// The model that it was begun with.
        wanted: String,
    },
    /// The model fell over.
    #[error(
        "the model stopped working while it was {activity} ({reason}). It is loaded again for the next request: try once \
         more, and choose another device if it happens again"
    )]
    Panicked {
        /// What it was at, without any text of a document.
        activity: String,
        /// What the program says.
        reason: String,
    },
    /// Too much waits already.
    #[error("{waiting} requests wait for the model already. Wait until some are done, or stop them")]
    Busy {
        /// How many.
        waiting: usize,
    },
    /// Someone asked to stop before it began.
    #[error("stopped")]
    Cancelled,
    /// The program is closing.
    #[error("the engine has ended. Start Osler again")]
    Ended,
    /// The model cannot do this.
    #[error(transparent)]
    Inference(InferenceError),
}

impl From<InferenceError> for EngineError {
    fn from(error: InferenceError) -> Self {
        match error {
            InferenceError::Cancelled => Self::Cancelled,
            error => Self::Inference(error),
        }
    }
}

impl From<LoadError> for EngineError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Device(error) => Self::Device(error),
            error => Self::Load {
                problem: error.problem(),
                remedy: error
                    .remedy()
                    .unwrap_or_else(|| "Import the model again, or choose another one".to_owned()),
            },
        }
    }
}

impl EngineError {
    /// Whether it may be due to the text at hand, so that other texts may still be worked on.
    pub(crate) const fn may_be_of_the_text(&self) -> bool {
        match self {
            Self::Panicked { .. } => true,
            Self::Inference(error) => !matches!(error, InferenceError::Untuned { .. }),
            _ => false,
        }
    }

    pub(super) fn panicked(activity: &str, panic: &(dyn Any + Send)) -> Self {
        let reason = panic
            .downcast_ref::<&str>()
            .map(|reason| (*reason).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "no reason given".to_owned());
        Self::Panicked { activity: activity.to_lowercase(), reason }
    }
}
