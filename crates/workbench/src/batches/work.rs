//! The loop over a batch's documents.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use documents::Document;
use inference::{
    Checksums, Finders, Finished, ModelProfile, NamesModel, TaskBatch, TaskOutcome, TaskRequest,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sessions::{BatchId, BatchState, By, Ending, RunState, UsedDictionary};

use crate::OpenLibrary;
use crate::engine::{Cancel, EngineError, Lane};
use crate::error::{Result, other};
use crate::model_host::ModelHost;
use crate::run_record::run_record;
use crate::wire::HostError;

/// What a batch needs to go on after a restart.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Settings {
    /// See [`TaskRequest::parameters`].
    pub(super) parameters: Value,
    /// See [`TaskRequest::decoding`].
    pub(super) decoding: Value,
    pub(super) model_id: String,
    pub(super) model: String,
    /// Sums of what the results depend on; empty in batches from before they were written down.
    pub(super) model_sha256: String,
    pub(super) tokenizer_sha256: String,
    pub(super) guidance_sha256: String,
    /// None where no names are looked up.
    pub(super) dictionaries: Option<Vec<UsedDictionary>>,
    /// What finds the names, where that is another model.
    pub(super) names: Option<NamesModel>,
}

impl Settings {
    /// As the library keeps them.
    ///
    /// # Errors
    /// When they are in no form that this Osler knows.
    pub(super) fn read(kept: Value) -> Result<Self> {
        serde_json::from_value(kept).map_err(|cause| {
            other(
                format!("What this batch was begun with cannot be read ({cause})."),
                "Start a new batch over its documents.",
            )
        })
    }

    /// What is no longer as it was when the batch was begun, in words.
    pub(super) fn changes(&self, now: &Models, dictionaries: &[UsedDictionary]) -> Vec<&'static str> {
        let sums = &now.sums;
        let differ = |before: &str, now: &str| !before.is_empty() && before != now;
        let mut changes = Vec::new();
        if differ(&self.model_sha256, &sums.weights) {
            changes.push("the model's weights");
        }
        if differ(&self.tokenizer_sha256, &sums.tokenizer) {
            changes.push("its tokenizer");
        }
        if differ(&self.guidance_sha256, &sums.guidance) {
            changes.push("what it was taught beside its weights (tasks.json)");
        }
        if self.dictionaries.as_ref().is_some_and(|before| before[..] != *dictionaries) {
            changes.push("the dictionaries");
        }
        let as_before = |one: &NamesModel| now.names.as_ref().is_some_and(|now| now.is_the_same_as(one));
        if self.names.as_ref().is_some_and(|before| !as_before(before)) {
            changes.push("the model that finds the names");
        }
        changes
    }
}

/// The models that a batch goes on with, by the sums of their files.
#[derive(Clone)]
pub(super) struct Models {
    pub(super) sums: Checksums,
    /// What finds the names; nothing where none are looked for, or the model itself finds them.
    pub(super) names: Option<NamesModel>,
}

impl Models {
    fn are_the_same_as(&self, other: &Self) -> bool {
        let same_names = match (&self.names, &other.names) {
            (Some(one), Some(two)) => one.is_the_same_as(two),
            (one, two) => one.is_none() && two.is_none(),
        };
        self.sums == other.sums && same_names
    }
}

/// How often a worker says that it is alive, well below the minute after which others take its documents.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);
/// How often a worker with nothing to do looks whether others have left something.
const LOOK: Duration = Duration::from_millis(500);
/// Tells the workers of one process apart.
static WORKERS: AtomicU64 = AtomicU64::new(0);

/// What works on a batch.
pub(super) struct Worker {
    pub(super) model_host: Arc<ModelHost>,
    pub(super) finders: Arc<Finders>,
    pub(super) dictionaries: Vec<UsedDictionary>,
    pub(super) opened: OpenLibrary,
    pub(super) batch: BatchId,
    pub(super) cancel: Cancel,
    /// What it goes on with, as it is now.
    pub(super) models: Models,
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
    /// The batch was undone.
    Undone,
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
    /// `tell` hears the places of the documents under way when they change. Tells whether nothing was left: else someone
    /// stopped it.
    pub(super) fn work(&self, tell: &mut dyn FnMut(&[u64])) -> Result<bool> {
        let (opened, id) = (&self.opened, self.batch);
        // Unique to this process and this start: what a killed one held is given out again.
        let number = WORKERS.fetch_add(1, Ordering::Relaxed);
        let worker = format!("{}-{}-{number}", std::process::id(), opened.now().0);
        let (over, is_over) = mpsc::channel::<()>();
        let stopped = std::thread::scope(|scope| {
            let worker = &worker;
            scope.spawn(move || {
                while is_over.recv_timeout(SIGN_OF_LIFE) == Err(RecvTimeoutError::Timeout) {
                    // Where the library is busy for so long the next one is heard.
                    let _ = opened.with(|library| library.keep_items(id, worker, opened.now()));
                }
            });
            let stopped = self.go_through(worker, tell);
            drop(over);
            stopped
        });
        let released = opened.with(|library| library.release_items(id, &worker));
        match stopped {
            Ok(()) => released.map(|()| true),
            Err(Stop::Asked) => released.map(|()| false),
            Err(Stop::Undone) => Ok(false),
            Err(Stop::Library(cause)) => Err(cause),
            Err(Stop::Model(cause)) => {
                opened.with(|library| library.pause_batch(id))?;
                Err(cause.into())
            }
        }
    }

    /// What was not done is left to be released.
    fn go_through(&self, worker: &str, tell: &mut dyn FnMut(&[u64])) -> std::result::Result<(), Stop> {
        let mut held: Vec<Held> = Vec::new();
        let batch = self.opened.with(|library| library.batch(self.batch))?;
        let settings = Settings::read(batch.settings)?;
        let request = TaskRequest::of_record(&batch.task, &settings.parameters, &settings.decoding);
        let request = request.ok_or_else(|| {
            other("This batch was made by another Osler, which asked in another way.", "Start it again.")
        })?;
        let new = || Arc::new(Mutex::new(TaskBatch::new(request.clone())));
        let mut under_way = new();
        // How many of those that are held are under way, and whether more may come.
        let (mut taken, mut room, mut more) = (0, true, true);
        // So many are done alone: they failed together, and only the one to blame is to fail.
        let mut alone = 0_usize;
        loop {
            if self.cancel.is_cancelled() {
                return Err(Stop::Asked);
            }
            if taken == held.len() && more && room && alone == 0 {
                match self.claim(worker)? {
                    Some(one) => held.push(one),
                    None => more = false,
                }
            }
            if taken < held.len() && (alone == 0 || taken == 0) {
                lock(&under_way).add(held[taken].ordinal, Arc::clone(&held[taken].document));
                taken += 1;
                tell(&held[..taken].iter().map(|one| one.ordinal).collect::<Vec<_>>());
            }
            if taken == 0 {
                if !self.others_are_at_it()? {
                    return Ok(());
                }
                // What they hold is theirs while they live; what they leave is done here.
                std::thread::sleep(LOOK);
                more = true;
                continue;
            }
            match self.turn((&settings, request.finds_names()), &under_way, &held, more && alone == 0) {
                Ok((profile, finished, left)) => {
                    room = left;
                    for (ordinal, outcome) in finished {
                        let Some(place) = held.iter().position(|one| one.ordinal == ordinal) else {
                            continue;
                        };
                        self.over(&request, &profile, &held[place], outcome.map_err(EngineError::from))?;
                        held.remove(place);
                        taken -= 1;
                        alone = alone.saturating_sub(1);
                        tell(&held[..taken].iter().map(|one| one.ordinal).collect::<Vec<_>>());
                    }
                }
                Err(cause) if cause.may_be_of_the_text() => {
                    under_way = new();
                    if taken == 1 {
                        self.over(&request, &ModelProfile::default(), &held[0], Err(cause))?;
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

    /// Whether documents wait that other workers hold.
    fn others_are_at_it(&self) -> std::result::Result<bool, Stop> {
        let batch = self.stored(|library| library.batch(self.batch))?;
        Ok(batch.is_some_and(|batch| batch.state == BatchState::Running && batch.waiting() > 0))
    }

    /// Does something to the batch in the library; nothing where another worker was faster.
    fn stored<T>(
        &self,
        work: impl FnOnce(&mut sessions::Library) -> sessions::Result<T>,
    ) -> std::result::Result<Option<T>, Stop> {
        match work(&mut self.opened.lock()) {
            Ok(done) => Ok(Some(done)),
            Err(sessions::Error::AlreadyFinished { .. }) => Ok(None),
            Err(sessions::Error::NotFound { what: "batch" | "batch item", .. }) => Err(Stop::Undone),
            Err(cause) => Err(Stop::Library(cause.into())),
        }
    }

    fn claim(&self, worker: &str) -> std::result::Result<Option<Held>, Stop> {
        let (opened, id) = (&self.opened, self.batch);
        let claimed = self.stored(|library| library.claim_item(id, worker, opened.now()))?;
        let Some(item) = claimed.flatten() else { return Ok(None) };
        let stored = opened.with(|library| library.document(item.document))?;
        let (document, text_sha256) = (Arc::new(stored.document), stored.text_sha256);
        Ok(Some(Held { ordinal: item.ordinal, document, text_sha256 }))
    }

    /// Works on what is under way until a document is done, or there is room for one of the `more` that wait; tells
    /// whether there is.
    fn turn(
        &self,
        (settings, finds_names): (&Settings, bool),
        under_way: &Arc<Mutex<TaskBatch>>,
        held: &[Held],
        more: bool,
    ) -> std::result::Result<(ModelProfile, Vec<Finished>, bool), EngineError> {
        let (finders, under_way) = (Arc::clone(&self.finders), Arc::clone(under_way));
        let (wanted, name, models) = (settings.model_id.clone(), settings.model.clone(), self.models.clone());
        let activity = match held {
            [one] => format!("Batch: {}", one.document.id),
            many => format!("Batch: {} documents side by side", many.len()),
        };
        self.model_host.engine.run(Lane::Batch, &activity, &self.cancel, move |context| {
            let profile = context.profile();
            let now = Models {
                sums: Checksums::of_profile(&profile),
                names: profile.names.clone().filter(|_| finds_names),
            };
            if profile.id != wanted || !now.are_the_same_as(&models) {
                return Err(EngineError::OtherModel { wanted: name });
            }
            let mut under_way = lock(&under_way);
            let finished = under_way.turn(context, &finders, more)?;
            Ok((profile, finished, under_way.has_room(context)))
        })
    }

    /// Stores what came of a document.
    fn over(
        &self,
        request: &TaskRequest,
        profile: &ModelProfile,
        one: &Held,
        outcome: std::result::Result<TaskOutcome, EngineError>,
    ) -> std::result::Result<(), Stop> {
        let (opened, id) = (&self.opened, self.batch);
        match outcome {
            Ok(outcome) if outcome.stopped => return Err(Stop::Asked),
            Ok(outcome) => {
                let (notices, dictionaries) = (&outcome.notices, &self.dictionaries);
                let record =
                    run_record(request, profile, &one.text_sha256, notices, dictionaries, opened.now());
                let curator = opened.curator();
                let ending = ending(opened, &outcome);
                self.stored(|library| {
                    let by = By::new(&curator, opened.now());
                    library.finish_item(by, id, one.ordinal, &record, &ending, &outcome.predictions)
                })?;
            }
            Err(cause) if cause.may_be_of_the_text() => {
                let HostError { message, hint, .. } = cause.into();
                let problem = format!("{message} {hint}");
                self.stored(|library| library.fail_item(id, one.ordinal, &problem, opened.now()))?;
            }
            Err(cause) => return Err(cause.into()),
        }
        Ok(())
    }
}

fn lock<T>(under_way: &Mutex<T>) -> MutexGuard<'_, T> {
    // After a panic a new one is taken.
    under_way.lock().unwrap_or_else(PoisonError::into_inner)
}

fn ending(opened: &OpenLibrary, outcome: &TaskOutcome) -> Ending {
    Ending {
        state: RunState::Finished,
        output: (!outcome.output.is_empty()).then(|| outcome.output.clone()),
        problem: None,
        at: opened.now(),
    }
}
