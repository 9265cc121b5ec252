//! What waits for the engine.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use inference::{Cancel, TaskContext};

use super::{EngineError, Lane, Source};

/// What is to be done with the model, or with the reason why there is none.
type Task = Box<dyn FnOnce(Result<&mut TaskContext<'_>, EngineError>) -> Done + Send>;

/// A piece of work.
pub(super) struct Work {
    pub(super) activity: String,
    pub(super) cancel: Cancel,
    pub(super) run: Task,
}

/// A piece of work that was done. Its result is delivered when the state of the engine has been published.
pub(super) struct Done {
    pub(super) panicked: Option<EngineError>,
    pub(super) deliver: Box<dyn FnOnce() + Send>,
}

/// What the engine is told.
pub(super) enum Message {
    Choose(Option<Source>),
    Idle(Option<Duration>),
    Unload,
    Work(Work),
}

/// Messages of three kinds: orders, then persons' work, then batches'.
#[derive(Default)]
pub(super) struct Queue {
    inner: Mutex<Inner>,
    changed: Condvar,
}

#[derive(Default)]
struct Inner {
    orders: VecDeque<Message>,
    persons: VecDeque<Work>,
    batches: VecDeque<Work>,
    closed: bool,
    /// The switch of the work under way, so that closing stops it.
    under_way: Option<Cancel>,
}

/// What a person can wait for at once.
const MOST_WAITING: usize = 64;

/// What the engine's thread finds.
pub(super) enum Next {
    Message(Message),
    /// Nothing came for as long as was waited.
    Nothing,
    Closed,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A poisoned lock only means that another thread fell over between two pushes.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn push_order(&self, message: Message) {
        self.lock().orders.push_back(message);
        self.changed.notify_all();
    }

    pub(super) fn push_work(&self, lane: Lane, work: Work) -> Result<(), EngineError> {
        let mut inner = self.lock();
        if inner.closed {
            return Err(EngineError::Ended);
        }
        let waiting = inner.persons.len();
        if lane == Lane::Person && waiting >= MOST_WAITING {
            return Err(EngineError::Busy { waiting });
        }
        match lane {
            Lane::Person => inner.persons.push_back(work),
            Lane::Batch => inner.batches.push_back(work),
        }
        drop(inner);
        self.changed.notify_all();
        Ok(())
    }

    /// The next message; waits for it, at most as long as `patience`.
    pub(super) fn next(&self, patience: Option<Duration>) -> Next {
        let mut inner = self.lock();
        loop {
            inner.under_way = None;
            if inner.closed {
                return Next::Closed;
            }
            if let Some(order) = inner.orders.pop_front() {
                return Next::Message(order);
            }
            let work = inner.persons.pop_front().or_else(|| inner.batches.pop_front());
            if let Some(work) = work {
                inner.under_way = Some(work.cancel.clone());
                return Next::Message(Message::Work(work));
            }
            inner = match patience {
                None => self.changed.wait(inner).unwrap_or_else(PoisonError::into_inner),
                Some(patience) => {
                    let (inner, waited) =
                        self.changed.wait_timeout(inner, patience).unwrap_or_else(PoisonError::into_inner);
                    if waited.timed_out() && inner.is_empty() {
                        return Next::Nothing;
                    }
                    inner
                }
            };
        }
    }

    /// Pieces of work that wait.
    pub(super) fn waiting(&self) -> usize {
        let inner = self.lock();
        inner.persons.len() + inner.batches.len()
    }

    /// Ends everything: what is under way is cancelled, what waits is dropped.
    pub(super) fn close(&self) {
        let mut inner = self.lock();
        inner.closed = true;
        if let Some(cancel) = inner.under_way.take() {
            cancel.cancel();
        }
        // Dropped outside the lock: each tells its waiting caller.
        let dropped = (std::mem::take(&mut inner.persons), std::mem::take(&mut inner.batches));
        drop(inner);
        drop(dropped);
        self.changed.notify_all();
    }
}

impl Inner {
    fn is_empty(&self) -> bool {
        self.orders.is_empty() && self.persons.is_empty() && self.batches.is_empty() && !self.closed
    }
}
