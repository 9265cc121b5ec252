//! The loop over a batch's documents.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sessions::{BatchId, By, Ending, RunState};

use crate::Shelf;
use crate::engine::{Cancel, EngineError, Lane};
use crate::error::{Result, other};
use crate::machine::Machine;
use crate::runs::{Finders, Outcome, Recipe};

/// What a batch needs to go on after a restart.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Settings {
    /// See [`Recipe::parameters`].
    pub(super) parameters: Value,
    /// See [`Recipe::decoding`].
    pub(super) decoding: Value,
    pub(super) model_id: String,
    pub(super) model: String,
}

/// What works on a batch.
pub(super) struct Worker {
    pub(super) machine: Arc<Machine>,
    pub(super) finders: Arc<Finders>,
    pub(super) shelf: Shelf,
    pub(super) batch: BatchId,
    pub(super) cancel: Cancel,
}

/// How far it is.
pub(super) enum Step {
    /// The item at this place is begun.
    Begun(u64),
    /// It is over.
    Over,
}

impl Worker {
    /// Until nothing is left, it is paused, or nothing more can be done. A document that fails does not stop the others.
    pub(super) fn work(&self, tell: &mut dyn FnMut(Step)) -> Result<()> {
        let (shelf, id) = (&self.shelf, self.batch);
        let batch = shelf.with(|library| library.batch(id))?;
        let settings: Settings = serde_json::from_value(batch.settings).unwrap_or_default();
        let recipe = Recipe::of(&batch.task, &settings.parameters, &settings.decoding).ok_or_else(|| {
            other("This batch was made by another Osler, which asked in another way.", "Start it again.")
        })?;
        // Unique to this process and this start: what a killed one held is given out again.
        let worker = format!("{}-{}", std::process::id(), shelf.now().0);
        while !self.cancel.is_cancelled() {
            let Some(item) = shelf.with(|library| library.claim_item(id, &worker, shelf.now()))? else {
                break;
            };
            let stored = shelf.with(|library| library.document(item.document))?;
            tell(Step::Begun(item.ordinal));
            let (document, finders, asked) =
                (stored.document.clone(), Arc::clone(&self.finders), recipe.clone());
            let (wanted, name) = (settings.model_id.clone(), settings.model.clone());
            let activity = format!("Batch: {}", stored.document.id);
            let done = self.machine.engine.run(Lane::Batch, &activity, &self.cancel, move |desk| {
                let profile = desk.generator.profile().clone();
                if profile.id != wanted {
                    return Err(EngineError::Load(format!(
                        "this batch was started with {name}, and another model is in use now. Choose {name} and resume"
                    )));
                }
                Ok((profile, asked.run(desk, &document, &finders)?))
            });
            match done {
                Ok((profile, outcome)) if !outcome.stopped => {
                    let record = recipe.record(&profile, &stored.text_sha256, &outcome.notices, shelf.now());
                    let curator = shelf.curator();
                    shelf.with(|library| {
                        let by = By::new(&curator, shelf.now());
                        let ending = ending(shelf, &outcome);
                        library.finish_item(by, id, item.ordinal, &record, &ending, &outcome.predictions)
                    })?;
                }
                Ok(_) | Err(EngineError::Cancelled | EngineError::Ended) => {
                    shelf.with(|library| library.release_item(id, item.ordinal))?;
                    break;
                }
                // Without a model that can do it no other document can be done either.
                Err(
                    cause @ (EngineError::NoModel
                    | EngineError::Load(_)
                    | EngineError::Device(_)
                    | EngineError::Untuned { .. }),
                ) => {
                    shelf.with(|library| library.release_item(id, item.ordinal))?;
                    shelf.with(|library| library.pause_batch(id))?;
                    return Err(cause.into());
                }
                Err(cause) => {
                    let problem = cause.to_string();
                    shelf.with(|library| library.fail_item(id, item.ordinal, &problem, shelf.now()))?;
                }
            }
            tell(Step::Over);
        }
        Ok(())
    }
}

fn ending(shelf: &Shelf, outcome: &Outcome) -> Ending {
    Ending {
        state: RunState::Finished,
        output: (!outcome.output.is_empty()).then(|| outcome.output.clone()),
        problem: None,
        at: shelf.now(),
    }
}
