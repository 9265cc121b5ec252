//! The state of the engine, for the status bar.

use crate::engine::{State, Status};
use crate::error::Result;
use crate::wire::{self, EngineState};
use crate::workbench::Workbench;

impl From<Status> for wire::EngineStatus {
    fn from(status: Status) -> Self {
        let computing = status.computing;
        Self {
            state: match status.state {
                State::Empty => EngineState::Empty,
                State::Unloaded => EngineState::Unloaded,
                State::Loading => EngineState::Loading,
                State::Ready => EngineState::Ready,
                State::Busy => EngineState::Busy,
                State::Failed => EngineState::Failed,
            },
            model: status.model,
            model_id: status.model_id,
            graphics: computing.as_ref().is_some_and(|computing| computing.graphics),
            device_reason: computing.as_ref().map(|computing| computing.reason.clone()).unwrap_or_default(),
            device: computing.map(|computing| computing.device).unwrap_or_default(),
            activity: status.activity.or(status.problem),
            tokens_per_second: status.tokens_per_second,
            queued: status.queued as u32,
            memory: status.memory,
        }
    }
}

impl Workbench {
    /// The state of the engine.
    #[must_use]
    pub fn engine_status(&self) -> wire::EngineStatus {
        self.model_host.engine.status().into()
    }

    /// The state of the engine and how to wait for its changes: the shell passes them on to the window.
    #[must_use]
    pub fn watch_engine(&self) -> tokio::sync::watch::Receiver<Status> {
        self.model_host.engine.watch()
    }

    /// Loads the model in use, and waits for it.
    ///
    /// # Errors
    /// When there is none, or it cannot be loaded.
    pub fn load_model(&self) -> Result<wire::EngineStatus> {
        self.model_host.engine.load()?;
        Ok(self.engine_status())
    }

    /// Takes the model out of memory; it comes back when it is needed.
    ///
    /// # Errors
    /// None so far.
    pub fn unload_model(&self) -> Result<wire::EngineStatus> {
        self.model_host.engine.unload();
        Ok(self.engine_status())
    }
}
