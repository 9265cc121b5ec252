//! Errors, places in a text, events of a stream.

use serde::{Deserialize, Serialize};

/// What went wrong, for people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
#[derive(thiserror::Error)]
#[error("{message}")]
pub struct HostError {
    /// What the client may act on.
    pub code: ErrorCode,
    /// What was attempted and why it failed.
    pub message: String,
    /// What to do.
    pub hint: String,
}

/// A code exists only where a client acts on it; everything else is [`ErrorCode::Other`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub enum ErrorCode {
    /// There is no model to work with.
    NoModel,
    /// The chosen model cannot be loaded, or is not the one that is needed: another one must be chosen.
    ModelUnusable,
    /// The model is at something that cannot be shared.
    ModelBusy,
    /// The engine gave up; it will be loaded again.
    EngineFailed,
    /// The model or the text is too large for the memory of the device.
    OutOfMemory,
    /// Another program keeps the library.
    LibraryLocked,
    /// The library may be read but not changed.
    LibraryReadOnly,
    /// A later Osler wrote the library.
    LibraryTooNew,
    /// No space is left.
    DiskFull,
    /// What was named is not there (any more).
    NotFound,
    /// Someone else changed the same thing meanwhile.
    Overtaken,
    /// A file or a value cannot be used as it is.
    BadInput,
    /// Anything else.
    Other,
}

/// A place in a text, half open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
#[derive(Copy, Eq, Hash)]
pub struct Span {
    /// First UTF-16 code unit.
    pub start: u32,
    /// One past the last.
    pub end: u32,
}

/// An event of a streamed call. The last one of a stream is an [`Ending`], and there is only one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct Streamed<Event> {
    /// Counts from 0 without gaps.
    pub seq: u32,
    /// What is said.
    #[serde(flatten)]
    pub item: StreamItem<Event>,
}

/// An event, or the ending.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(untagged)]
pub enum StreamItem<Event> {
    /// The stream is over.
    Ending(Ending),
    /// Something on the way.
    Event(Event),
}

/// How a stream ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Ending {
    /// Everything was done.
    Finished,
    /// Cancelled; what had come is kept.
    Stopped,
    /// It could not go on.
    Failed {
        /// Why.
        error: HostError,
    },
}
