//! The use cases that need the model: the same names as the commands of the window.

mod answering;
mod classifying;
mod describing;
mod extracting;
mod mentioning;
mod prompting;
mod status;
mod streaming;

pub(crate) use extracting::mode;
pub use streaming::StreamRequest;

use documents::Span;
use inference::{InferenceError, TaskContext, TaskOutcome};
use sessions::{DocumentId, Ending, RunState, StoredDocument};

use crate::engine::{Cancel, EngineError, Lane};
use crate::error::{Result, error, not_found, remedied};
use crate::jobs::Stream;
use crate::library::{OpenLibrary, document_id};
use crate::wire::{ErrorCode, HostError, Id};
use crate::workbench::Workbench;

impl From<EngineError> for HostError {
    fn from(cause: EngineError) -> Self {
        let code = match &cause {
            // Not every device that refuses a model is short of memory.
            EngineError::Device(device) => return device.clone().into(),
            EngineError::NoModel => ErrorCode::NoModel,
            EngineError::Busy { .. } => ErrorCode::ModelBusy,
            EngineError::Load { .. } | EngineError::FindsNoNames { .. } | EngineError::OtherModel { .. } => {
                ErrorCode::ModelUnusable
            }
            EngineError::Panicked { .. } | EngineError::Ended => ErrorCode::EngineFailed,
            EngineError::Inference(InferenceError::Device(_)) => ErrorCode::EngineFailed,
            EngineError::Inference(_) => ErrorCode::BadInput,
            EngineError::Cancelled => ErrorCode::Other,
        };
        remedied!(code, cause)
    }
}

/// The switch of a streamed call, for the engine.
fn switch<Event>(stream: &Stream<Event>) -> Cancel {
    Cancel::from(stream.stop_flag())
}

/// Ends a streamed call that was stopped before it had anything to tell as stopped, not as failed.
fn unless_stopped<R>(stream_stopped: bool, result: std::result::Result<R, EngineError>) -> Result<Option<R>> {
    match result {
        Err(EngineError::Cancelled) if stream_stopped => Ok(None),
        Err(cause) => Err(cause.into()),
        Ok(done) => Ok(Some(done)),
    }
}

/// A document that a model may work on.
fn readable(opened: &OpenLibrary, id: Id) -> Result<StoredDocument> {
    let stored = opened.with(|library| library.document(document_id(id)))?;
    if stored.document.text.trim().is_empty() {
        return Err(error(
            ErrorCode::BadInput,
            format!("{} has no text.", stored.title),
            "Import a file that has some, such as the abstract.",
        ));
    }
    Ok(stored)
}

/// How the run ended that an outcome is of.
fn ending(opened: &OpenLibrary, outcome: &TaskOutcome) -> Ending {
    Ending {
        state: if outcome.stopped { RunState::Stopped } else { RunState::Finished },
        output: (!outcome.output.is_empty()).then(|| outcome.output.clone()),
        problem: None,
        at: opened.now(),
    }
}

fn failed(opened: &OpenLibrary, cause: &EngineError) -> Ending {
    let state = if *cause == EngineError::Cancelled { RunState::Stopped } else { RunState::Failed };
    let problem = (state == RunState::Failed).then(|| cause.to_string());
    Ending { state, output: None, problem, at: opened.now() }
}

impl Workbench {
    /// Does a piece of work on the engine's thread for someone who waits.
    fn on_engine<R: Send + 'static>(
        &self,
        activity: &str,
        cancel: &Cancel,
        work: impl FnOnce(&mut TaskContext<'_>) -> std::result::Result<R, EngineError> + Send + 'static,
    ) -> std::result::Result<R, EngineError> {
        self.model_host.engine.run(Lane::Person, activity, cancel, work)
    }
}

/// A place that must lie in a text.
fn inside(text: &str, span: Span) -> Result<Span> {
    match span.slice(text) {
        Some(_) => Ok(span),
        None => Err(not_found("This place is not in the document.", "Select a sentence of it.")),
    }
}

fn document_of(id: DocumentId) -> Id {
    crate::library::id_of(id.0)
}

#[cfg(test)]
pub(crate) mod tests;
