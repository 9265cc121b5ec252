//! The app as a whole: its start, what it says by itself, the state of the engine.

use serde::{Deserialize, Serialize};

use super::{Batch, Id, Library, Number, RecentLibrary, Settings};

/// Everything a client shows first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct Startup {
    /// Of the app.
    pub version: String,
    /// As they were saved.
    pub settings: Settings,
    /// The open library.
    pub library: Library,
    /// Opened before, the latest first.
    pub recent: Vec<RecentLibrary>,
    /// As it is now.
    pub engine: EngineStatus,
    /// Where the curator was, to open it again.
    pub place: Option<Place>,
    /// What the last start left to say.
    pub notices: Vec<StartNotice>,
    /// Files that the system asked Osler to open.
    pub opened: Vec<String>,
}

/// What the last start left to say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum StartNotice {
    /// The crash sentinel was found.
    AfterCrash {
        /// For the user.
        message: String,
    },
    /// Another device than before is used.
    DeviceChanged {
        /// For the user.
        message: String,
    },
    /// Osler is open in another window, too.
    SecondWindow {
        /// For the user.
        message: String,
    },
}

/// What the host says without being asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum AppEvent {
    /// The engine's state changed.
    Engine {
        /// The new one.
        status: EngineStatus,
    },
    /// Files are held over the window.
    DropHover {
        /// Which.
        paths: Vec<String>,
    },
    /// They are gone again.
    DropLeft,
    /// Files were dropped.
    Dropped {
        /// Which.
        paths: Vec<String>,
    },
    /// The system asked to open files.
    Opened {
        /// Which.
        paths: Vec<String>,
    },
    /// A batch went on.
    Batch {
        /// As it stands.
        batch: Batch,
    },
    /// Another process, or a batch, wrote into the library: lists are stale.
    LibraryChanged {
        /// As it is now.
        library: Library,
        /// Which documents changed; nobody knows without them.
        documents: Option<Vec<Id>>,
    },
    /// The device failed; nothing goes on before `answer_fallback`.
    AskFallback {
        /// The device that failed; empty where there is none of the kind that was asked for.
        from: String,
        /// The device that would take over.
        to: String,
        /// Why.
        reason: String,
    },
}

/// What the status bar tells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct EngineStatus {
    /// In a word.
    pub state: EngineState,
    /// The name of the model in use.
    pub model: Option<String>,
    /// Its id.
    pub model_id: Option<String>,
    /// The device in use; empty before the model was loaded.
    pub device: String,
    /// Whether that is a graphics device, and not the processor.
    pub graphics: bool,
    /// Why this device, in a sentence.
    pub device_reason: String,
    /// What runs at the moment, in words: `Extracting relations from 31245789`.
    pub activity: Option<String>,
    /// Rate of what runs.
    #[specta(type = Option<Number>)]
    pub tokens_per_second: Option<f64>,
    /// Requests that wait.
    pub queued: u32,
    /// Bytes of model memory.
    #[specta(type = Option<Number>)]
    pub memory: Option<u64>,
}

/// The state of the engine in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub enum EngineState {
    /// There is no model.
    Empty,
    /// A model is being loaded.
    Loading,
    /// It waits for work.
    Ready,
    /// It works.
    Busy,
    /// The model left memory and comes back with the next request.
    Unloaded,
    /// It gave up.
    Failed,
}

/// Where a curator was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
#[derive(Copy)]
pub struct Place {
    /// The document.
    pub document: Id,
    /// First offset that was in view.
    pub top: u32,
}
