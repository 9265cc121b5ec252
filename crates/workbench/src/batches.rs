//! A task over many documents, behind everything that a person waits for; what is written comes side by side.
//!
//! What is done stands in the library: a batch goes on after a kill, and no document gets a second result.

mod commands;
mod remaining;
mod view;
mod work;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use sessions::BatchId;

use crate::engine::Cancel;
use crate::wire::HostError;

/// What to do where the model or the dictionaries are not those that a batch was begun with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// Say so, and do nothing.
    Refuse,
    /// Go on all the same: each run's record says what it was made with.
    Accept,
}

/// The batches that this process works on.
#[derive(Default)]
pub(crate) struct Runner {
    running: Arc<Mutex<HashMap<BatchId, Running>>>,
    /// Why a batch is no longer worked on here, where nobody asked for that.
    problems: Arc<Mutex<HashMap<BatchId, HostError>>>,
}

pub(crate) struct Running {
    cancel: Cancel,
    thread: Option<JoinHandle<()>>,
    /// The places of the items that it is at.
    at: Vec<u64>,
}

impl Runner {
    fn lock(&self) -> MutexGuard<'_, HashMap<BatchId, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn problems(&self) -> MutexGuard<'_, HashMap<BatchId, HostError>> {
        self.problems.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stops a batch here and waits until its item is put back.
    fn stop(&self, batch: BatchId) {
        let running = self.lock().remove(&batch);
        self.problems().remove(&batch);
        if let Some(mut running) = running {
            running.cancel.cancel();
            if let Some(thread) = running.thread.take() {
                // It never panics: what fails is noted in the library.
                let _ = thread.join();
            }
        }
    }

    /// Stops all of them: another library is opened, or the program ends.
    pub(crate) fn rest(&self) {
        let all: Vec<BatchId> = self.lock().keys().copied().collect();
        all.into_iter().for_each(|batch| self.stop(batch));
        // Those of another library have the same numbers.
        self.problems().clear();
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.rest();
    }
}

#[cfg(test)]
mod tests;
