//! The loop over a batch's documents.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use documents::Document;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sessions::{BatchId, By, Ending, RunState};

use crate::Shelf;
use crate::engine::{Cancel, EngineError, Lane};
use crate::error::{Result, other};
use crate::generator::Profile;
use crate::machine::Machine;
use crate::runs::{Finders, Outcome, Over, Recipe, SideBySide};
use crate::wire::HostError;

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

/// A document that this worker holds.
struct Held {
    ordinal: u64,
    document: Arc<Document>,
    text_sha256: String,
}

/// Why a worker does not go on.
enum Stop {
    /// Someone asked for it.
    Asked,
    /// There is no model that can do it: no other document can be done either.
    Model(EngineError),
    /// The library cannot be written.
    Library(HostError),
}

impl From<HostError> for Stop {
    fn from(cause: HostError) -> Self {
        Self::Library(cause)
    }
}

impl From<EngineError> for Stop {
    fn from(cause: EngineError) -> Self {
        match cause {
            EngineError::Cancelled | EngineError::Ended => Self::Asked,
            cause => Self::Model(cause),
        }
    }
}

impl Worker {
    /// Until nothing is left, it is paused, or nothing more can be done. A document that fails does not stop the others.
    /// `tell` hears the places of the documents under way when they change.
    pub(super) fn work(&self, tell: &mut dyn FnMut(&[u64])) -> Result<()> {
        let (shelf, id) = (&self.shelf, self.batch);
        let mut held = Vec::new();
        let stopped = self.go_through(&mut held, tell);
        for one in &held {
            shelf.with(|library| library.release_item(id, one.ordinal))?;
        }
        match stopped {
            Ok(()) | Err(Stop::Asked) => Ok(()),
            Err(Stop::Library(cause)) => Err(cause),
            Err(Stop::Model(cause)) => {
                shelf.with(|library| library.pause_batch(id))?;
                Err(cause.into())
            }
        }
    }

    /// Leaves those in `held` that were not done.
    fn go_through(
        &self,
        held: &mut Vec<Held>,
        tell: &mut dyn FnMut(&[u64]),
    ) -> std::result::Result<(), Stop> {
        let batch = self.shelf.with(|library| library.batch(self.batch))?;
        let settings: Settings = serde_json::from_value(batch.settings).unwrap_or_default();
        let recipe = Recipe::of(&batch.task, &settings.parameters, &settings.decoding).ok_or_else(|| {
            other("This batch was made by another Osler, which asked in another way.", "Start it again.")
        })?;
        // Unique to this process and this start: what a killed one held is given out again.
        let worker = format!("{}-{}", std::process::id(), self.shelf.now().0);
        let new = || Arc::new(Mutex::new(SideBySide::new(recipe.clone())));
        let mut table = new();
        // How many of those that are held are on the table, and whether more may come.
        let (mut taken, mut room, mut more) = (0, true, true);
        // So many are done alone: they failed together, and only the one to blame is to fail.
        let mut alone = 0_usize;
        loop {
            if self.cancel.is_cancelled() {
                return Err(Stop::Asked);
            }
            if taken == held.len() && more && room && alone == 0 {
                match self.claim(&worker)? {
                    Some(one) => held.push(one),
                    None => more = false,
                }
            }
            if taken < held.len() && (alone == 0 || taken == 0) {
                lock(&table).add(held[taken].ordinal, Arc::clone(&held[taken].document));
                taken += 1;
                tell(&held[..taken].iter().map(|one| one.ordinal).collect::<Vec<_>>());
            }
            if taken == 0 {
                return Ok(());
            }
            match self.turn(&settings, &table, held, more && alone == 0) {
                Ok((profile, over, left)) => {
                    room = left;
                    for (ordinal, outcome) in over {
                        let Some(place) = held.iter().position(|one| one.ordinal == ordinal) else {
                            continue;
                        };
                        self.over(&recipe, &profile, &held[place], outcome)?;
                        held.remove(place);
                        taken -= 1;
                        alone = alone.saturating_sub(1);
                        tell(&held[..taken].iter().map(|one| one.ordinal).collect::<Vec<_>>());
                    }
                }
                Err(cause @ (EngineError::Panicked { .. } | EngineError::Generator(_))) => {
                    table = new();
                    if taken == 1 {
                        self.over(&recipe, &Profile::default(), &held[0], Err(cause))?;
                        held.remove(0);
                        alone = alone.saturating_sub(1);
                        tell(&[]);
                    } else {
                        alone = taken;
                    }
                    taken = 0;
                }
                Err(cause) => return Err(cause.into()),
            }
        }
    }

    fn claim(&self, worker: &str) -> Result<Option<Held>> {
        let (shelf, id) = (&self.shelf, self.batch);
        let Some(item) = shelf.with(|library| library.claim_item(id, worker, shelf.now()))? else {
            return Ok(None);
        };
        let stored = shelf.with(|library| library.document(item.document))?;
        let (document, text_sha256) = (Arc::new(stored.document), stored.text_sha256);
        Ok(Some(Held { ordinal: item.ordinal, document, text_sha256 }))
    }

    /// Works on what is on the table until a document is done, or there is room for one of the `more` that wait; tells
    /// whether there is.
    fn turn(
        &self,
        settings: &Settings,
        table: &Arc<Mutex<SideBySide>>,
        held: &[Held],
        more: bool,
    ) -> std::result::Result<(Profile, Vec<Over>, bool), EngineError> {
        let (finders, table) = (Arc::clone(&self.finders), Arc::clone(table));
        let (wanted, name) = (settings.model_id.clone(), settings.model.clone());
        let activity = match held {
            [one] => format!("Batch: {}", one.document.id),
            many => format!("Batch: {} documents side by side", many.len()),
        };
        self.machine.engine.run(Lane::Batch, &activity, &self.cancel, move |desk| {
            let profile = desk.generator.profile().clone();
            if profile.id != wanted {
                return Err(EngineError::Load(format!(
                    "this batch was started with {name}, and another model is in use now. Choose {name} and resume"
                )));
            }
            let mut table = lock(&table);
            let over = table.turn(desk, &finders, more)?;
            Ok((profile, over, table.has_room(desk)))
        })
    }

    /// Stores what came of a document.
    fn over(
        &self,
        recipe: &Recipe,
        profile: &Profile,
        one: &Held,
        outcome: std::result::Result<Outcome, EngineError>,
    ) -> std::result::Result<(), Stop> {
        let (shelf, id) = (&self.shelf, self.batch);
        match outcome {
            Ok(outcome) if outcome.stopped => return Err(Stop::Asked),
            Ok(outcome) => {
                let record = recipe.record(profile, &one.text_sha256, &outcome.notices, shelf.now());
                let curator = shelf.curator();
                shelf.with(|library| {
                    let by = By::new(&curator, shelf.now());
                    let ending = ending(shelf, &outcome);
                    library.finish_item(by, id, one.ordinal, &record, &ending, &outcome.predictions)
                })?;
            }
            Err(cause @ (EngineError::Panicked { .. } | EngineError::Generator(_))) => {
                let problem = cause.to_string();
                shelf.with(|library| library.fail_item(id, one.ordinal, &problem, shelf.now()))?;
            }
            Err(cause) => return Err(cause.into()),
        }
        Ok(())
    }
}

fn lock<T>(table: &Mutex<T>) -> MutexGuard<'_, T> {
    // After a panic a new one is taken.
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

fn ending(shelf: &Shelf, outcome: &Outcome) -> Ending {
    Ending {
        state: RunState::Finished,
        output: (!outcome.output.is_empty()).then(|| outcome.output.clone()),
        problem: None,
        at: shelf.now(),
    }
}
