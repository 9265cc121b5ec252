//! The engine: one thread that owns model and device, and everything that reaches it by message. What it computes it shares out
//! among threads that let others go first.
//!
//! Work waits in two lanes: what a person waits for goes before what a batch wants. The state of the engine is one
//! [`Status`], published to whoever watches. A panic is the failure of one piece of work: the model is dropped, the state
//! says so, and the next piece of work loads it again.

mod error;
mod fallback;
mod queue;
mod status;
mod thread;
mod threads;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use inference::{LanguageModel, TaskContext};
use tokio::sync::watch;

use queue::{Message, Queue};
use thread::EngineWorker;

pub use error::EngineError;
pub use fallback::{Ask, Failure, Fallback};
pub use inference::{Cancel, encoder_need, need, need_of_folder};
pub use status::{Computing, State, Status};

/// Which model the engine works with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The model's id, as in lists of models.
    pub id: String,
    /// Its name, for people.
    pub name: String,
    /// Where it is; nowhere for the scripted model.
    pub folder: Option<std::path::PathBuf>,
    /// Where it is to compute.
    pub device: devices::Request,
    /// Another model that finds the names for it, on the same device.
    pub names: Option<Box<Source>>,
}

/// Loads models. It is called on the engine's thread, and reports where it is going to compute before it opens anything there:
/// a driver that takes the whole process with it leaves no other trace.
pub type Loader =
    Box<dyn FnMut(&Source, &dyn Fn(Computing)) -> Result<Box<dyn LanguageModel>, EngineError> + Send>;

/// Who waits for a piece of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// A person: goes first.
    Person,
    /// A batch.
    Batch,
}

/// The engine. Dropping it ends its thread after the piece of work under way, which is cancelled.
pub struct Engine {
    queue: Arc<Queue>,
    publish: Arc<watch::Sender<Status>>,
    status: watch::Receiver<Status>,
    thread: Option<JoinHandle<()>>,
}

impl Engine {
    /// Starts the thread, without a model. After `idle` without work the model leaves memory; never without one. A device that
    /// fails is an error.
    #[must_use]
    pub fn start(loader: Loader, idle: Option<Duration>) -> Self {
        Self::start_asking(loader, idle, Box::new(|_| false))
    }

    /// The same, and where a device fails it asks whether the processor may take over.
    #[must_use]
    pub fn start_asking(loader: Loader, idle: Option<Duration>, ask: Ask) -> Self {
        let queue = Arc::new(Queue::default());
        let (sender, status) = watch::channel(Status::default());
        let publish = Arc::new(sender);
        let (messages, told) = (queue.clone(), publish.clone());
        // A system that cannot start a thread gives an engine whose every piece of work fails.
        let thread = std::thread::Builder::new()
            .name("engine".to_owned())
            .spawn(move || {
                threads::behind_others(|| EngineWorker::new(messages, loader, told, idle, ask).work())
            })
            .ok();
        if thread.is_none() {
            queue.close();
        }
        Self { queue, publish, status, thread }
    }

    /// The state, and how to wait for its changes.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<Status> {
        self.status.clone()
    }

    /// The state now.
    #[must_use]
    pub fn status(&self) -> Status {
        self.status.borrow().clone()
    }

    /// Works with another model (or none) from now on. It is loaded with the next piece of work, or by [`Engine::load`].
    pub fn choose(&self, source: Option<Source>) {
        // Told at once: whoever asks for the status next, before the thread comes to it, hears of this model.
        self.publish.send_modify(|status| {
            status.model = source.as_ref().map(|source| source.name.clone());
            status.model_id = source.as_ref().map(|source| source.id.clone());
            if status.state == State::Empty && source.is_some() {
                status.state = State::Unloaded;
            }
        });
        self.queue.push_order(Message::Choose(source));
    }

    /// Another time without work after which the model leaves memory.
    pub fn set_idle(&self, idle: Option<Duration>) {
        self.queue.push_order(Message::Idle(idle));
    }

    /// Takes the model out of memory. It comes back with the next piece of work.
    pub fn unload(&self) {
        self.queue.push_order(Message::Unload);
    }

    /// Loads the model now, and waits for it.
    ///
    /// # Errors
    /// If there is no model or it cannot be loaded.
    pub fn load(&self) -> Result<(), EngineError> {
        self.run(Lane::Person, "Loading the model", &Cancel::default(), |_| Ok(()))
    }

    /// Does a piece of work on the engine's thread, and waits for it: see [`Engine::submit`].
    ///
    /// # Errors
    /// As [`Engine::submit`] and [`Pending::wait`].
    pub fn run<R: Send + 'static>(
        &self,
        lane: Lane,
        activity: &str,
        cancel: &Cancel,
        work: impl FnOnce(&mut TaskContext<'_>) -> Result<R, EngineError> + Send + 'static,
    ) -> Result<R, EngineError> {
        self.submit(lane, activity, cancel, work)?.wait()
    }

    /// Gives the engine's thread a piece of work. `activity` is what the status bar says meanwhile.
    ///
    /// # Errors
    /// If the queue is full, or the engine has ended.
    pub fn submit<R: Send + 'static>(
        &self,
        lane: Lane,
        activity: &str,
        cancel: &Cancel,
        work: impl FnOnce(&mut TaskContext<'_>) -> Result<R, EngineError> + Send + 'static,
    ) -> Result<Pending<R>, EngineError> {
        let (sender, receiver) = mpsc::sync_channel(1);
        let at = activity.to_owned();
        let run = move |context: Result<&mut TaskContext<'_>, EngineError>| {
            // The model is dropped after a panic, so nothing half-changed is ever seen.
            let done = catch_unwind(AssertUnwindSafe(|| context.and_then(work)));
            let result = done.unwrap_or_else(|panic| Err(EngineError::panicked(&at, &*panic)));
            let panicked =
                result.as_ref().err().filter(|e| matches!(e, EngineError::Panicked { .. })).cloned();
            // The receiver may be gone: then nobody wants the result.
            queue::Done { panicked, deliver: Box::new(move || drop(sender.send(result))) }
        };
        let task = queue::Work { activity: activity.to_owned(), cancel: cancel.clone(), run: Box::new(run) };
        self.queue.push_work(lane, task)?;
        Ok(Pending(receiver))
    }
}

/// A piece of work that waits or is under way.
#[must_use]
pub struct Pending<R>(mpsc::Receiver<Result<R, EngineError>>);

impl<R> Pending<R> {
    /// Waits for the result.
    ///
    /// # Errors
    /// Those of the work; if there is no model, it cannot be loaded, or the work panicked; [`EngineError::Cancelled`] if it
    /// was cancelled before it began.
    pub fn wait(self) -> Result<R, EngineError> {
        // The sender is dropped without a result only when the engine has ended.
        self.0.recv().unwrap_or(Err(EngineError::Ended))
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.queue.close();
        if let Some(thread) = self.thread.take() {
            // It never panics: every piece of work is caught.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests;
