//! The engine's thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use inference::{LanguageModel, Meter, TaskContext};
use tokio::sync::watch;

use super::queue::{Message, Next, Queue, Work};
use super::{Ask, Computing, EngineError, Failure, Loader, Source, State, Status};

/// Owns the model, and works on what the queue holds.
pub(super) struct EngineWorker {
    queue: Arc<Queue>,
    loader: Loader,
    publish: Arc<watch::Sender<Status>>,
    idle: Option<Duration>,
    ask: Ask,
    /// Whether the processor was refused in place of the chosen device: nobody is asked twice.
    refused: bool,
    source: Option<Source>,
    model: Option<Loaded>,
}

/// What is in memory.
struct Loaded {
    model: Box<dyn LanguageModel>,
    /// What finds the names for it, where that is another model.
    names: Option<Box<dyn LanguageModel>>,
}

impl EngineWorker {
    pub(super) fn new(
        queue: Arc<Queue>,
        loader: Loader,
        publish: Arc<watch::Sender<Status>>,
        idle: Option<Duration>,
        ask: Ask,
    ) -> Self {
        Self { queue, loader, publish, idle, ask, refused: false, source: None, model: None }
    }

    /// Until the queue is closed.
    pub(super) fn work(mut self) {
        loop {
            let patience = self.idle.filter(|_| self.model.is_some());
            match self.queue.next(patience) {
                Next::Closed => return,
                Next::Nothing => self.unload(),
                Next::Message(Message::Choose(source)) => self.choose(source),
                Next::Message(Message::Idle(idle)) => self.idle = idle,
                Next::Message(Message::Unload) => self.unload(),
                Next::Message(Message::Work(work)) => {
                    self.one(work);
                    biogpt::memory::give_back();
                }
            }
        }
    }

    fn tell(&self, change: impl FnOnce(&mut Status)) {
        let queued = self.queue.waiting();
        self.publish.send_modify(|status| {
            change(status);
            status.queued = queued;
        });
    }

    fn choose(&mut self, source: Option<Source>) {
        if source == self.source && self.model.is_some() {
            return;
        }
        self.model = None;
        self.refused = false;
        self.source = source;
        let source = self.source.clone();
        self.tell(|status| {
            *status = Status {
                state: if source.is_some() { State::Unloaded } else { State::Empty },
                model: source.as_ref().map(|source| source.name.clone()),
                model_id: source.map(|source| source.id),
                ..Status::default()
            };
        });
    }

    fn unload(&mut self) {
        if self.model.take().is_some() {
            biogpt::memory::give_back();
            tracing::info!("the model left memory");
            self.tell(|status| {
                status.state = State::Unloaded;
                (status.memory, status.activity) = (None, None);
            });
        }
    }

    /// Loads the chosen model, if it is not there: on the processor where its device fails and someone allows that.
    fn load(&mut self) -> Result<(), EngineError> {
        if self.model.is_some() {
            return Ok(());
        }
        let loaded = self.load_where_it_is_to_compute();
        if let Err(error) = &loaded
            && self.take_over(error)
        {
            return self.load_where_it_is_to_compute();
        }
        loaded
    }

    fn load_where_it_is_to_compute(&mut self) -> Result<(), EngineError> {
        let source = self.source.clone().ok_or(EngineError::NoModel)?;
        self.tell(|status| {
            status.state = State::Loading;
            status.activity = Some("Loading the model".to_owned());
            status.problem = None;
            status.computing = None;
        });
        let publish = self.publish.clone();
        let goes_to = move |computing: Computing| {
            publish.send_modify(|status| status.computing = Some(computing));
        };
        let model = self.loaded(&source, &goes_to)?;
        let names = match &source.names {
            Some(names) => {
                let names = Source { device: source.device, ..Source::clone(names) };
                let model = self.loaded(&names, &|_| ())?;
                if !model.finds_names() {
                    return Err(EngineError::FindsNoNames { model: names.name });
                }
                Some(model)
            }
            None => None,
        };
        let memory = |model: &dyn LanguageModel| model.profile().memory;
        let memory = memory(&*model) + names.as_deref().map_or(0, memory);
        self.tell(|status| {
            status.state = State::Ready;
            status.memory = Some(memory);
            status.activity = None;
        });
        self.model = Some(Loaded { model, names });
        Ok(())
    }

    fn loaded(
        &mut self,
        source: &Source,
        goes_to: &dyn Fn(Computing),
    ) -> Result<Box<dyn LanguageModel>, EngineError> {
        let loaded = catch_unwind(AssertUnwindSafe(|| (self.loader)(source, goes_to)));
        let model =
            loaded.unwrap_or_else(|panic| Err(EngineError::panicked("loading the model", &*panic)))?;
        let profile = model.profile();
        tracing::info!(model = profile.name, device = profile.device, "loaded");
        Ok(model)
    }

    fn one(&mut self, work: Work) {
        let Work { activity, cancel, run } = work;
        if cancel.is_cancelled() {
            let done = run(Err(EngineError::Cancelled));
            self.tell(|_| ());
            return (done.deliver)();
        }
        let loaded = self.load();
        let (Ok(()), Some(Loaded { model, names })) = (&loaded, &mut self.model) else {
            let error = loaded.err().unwrap_or(EngineError::NoModel);
            if error != EngineError::NoModel {
                self.fail(&error);
            }
            return (run(Err(error)).deliver)();
        };
        let publish = self.publish.clone();
        let meter = Meter::new(move |rate| {
            publish.send_if_modified(|status| {
                status.tokens_per_second = rate;
                rate.is_some()
            });
        });
        let queued = self.queue.waiting();
        self.publish.send_modify(|status| {
            status.state = State::Busy;
            status.activity = Some(activity.clone());
            status.queued = queued;
            status.problem = None;
        });
        let names = names.as_deref_mut().map(|names| names as &mut dyn LanguageModel);
        let mut context = TaskContext { model: &mut **model, names, cancel, meter };
        // Without the activity: it names the document, and the id of a document may be a person's name.
        let done = tracing::info_span!("engine").in_scope(|| run(Ok(&mut context)));
        let rate = context.meter.rate();
        match &done.panicked {
            Some(error) => self.fail(error),
            None => self.tell(|status| {
                status.state = State::Ready;
                status.activity = None;
                status.tokens_per_second = rate.or(status.tokens_per_second);
            }),
        }
        (done.deliver)();
        if let Some(Loaded { model, names }) = self.model.as_mut().filter(|_| done.panicked.is_none()) {
            model.after_request();
            if let Some(names) = names {
                names.after_request();
            }
        }
        // What was begun cannot be begun again here, so its failure is told first.
        if let Some(error) = &done.panicked {
            self.take_over(error);
        }
    }

    /// Where a device other than the processor failed: asks whether the processor may take over, once for each choice of a
    /// device, and takes it for the next loading if it may.
    fn take_over(&mut self, error: &EngineError) -> bool {
        let computing = self.publish.borrow().computing.clone();
        let device = match error {
            EngineError::Device(_) => true,
            EngineError::Panicked { .. } => computing.as_ref().is_some_and(|computing| computing.graphics),
            _ => false,
        };
        let Some(source) = &mut self.source else { return false };
        if !device || source.device == devices::Request::Cpu || self.refused {
            return false;
        }
        let device = computing.map(|computing| computing.device);
        let allowed = (self.ask)(&Failure { device, reason: error.to_string() });
        tracing::warn!(allowed, "a device failed; whether the processor may take over was asked");
        if allowed {
            source.device = devices::Request::Cpu;
            self.tell(|status| {
                status.state = State::Unloaded;
                (status.computing, status.problem) = (None, None);
            });
        } else {
            self.refused = true;
        }
        allowed
    }

    fn fail(&mut self, error: &EngineError) {
        // Not the reason: a panic's message may quote a text.
        tracing::error!("the engine failed");
        self.model = None;
        let problem = error.to_string();
        self.tell(|status| {
            status.state = State::Failed;
            (status.memory, status.activity) = (None, None);
            status.problem = Some(problem);
        });
    }
}
