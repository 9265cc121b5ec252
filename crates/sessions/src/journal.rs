//! The event journal: what was done, by whom, and how to turn it back.
//!
//! One event is one action of one author and groups all the rows it changed. A change keeps the *other side* of a row: the
//! row as it is not at the moment (nothing, for a row that the action made). To undo is to exchange row and other side, and
//! so is to redo: one operation serves both, for every table alike. Nothing is stored twice, and a row that exists is never
//! a copy. Of a draft the other side says only what differs from the row.
//!
//! Each author has a stack of their own for each [`Track`], so that undo takes back what *I* did last, also when a colleague
//! works in the same file. Where someone else's work rests on an event, undo refuses ([`Error::BuiltUpon`],
//! [`Error::Overtaken`]) and changes nothing.

pub(crate) mod changes;
pub(crate) mod events;
mod named;
mod record;
mod summary;
mod undo;

pub(crate) use record::{Journaled, Recording, Table, next_key};
pub use undo::Step;

use crate::identifiers::words;

pub use events::{HistoryEntry, State};

words! {
    /// What an author can do to a library, as the history lists it.
    pub enum Action {
        /// Documents came in.
        Import = "import",
        /// Documents were taken out of sight.
        RemoveDocuments = "remove documents",
        /// Removed documents came back.
        RestoreDocuments = "restore documents",
        /// A model ran over one document.
        Run = "run",
        /// A task was started over many documents; its results belong to this event.
        Batch = "batch",
        /// Findings or imported annotations were accepted, rejected or edited.
        Decide = "decide",
        /// A curator added annotations of their own.
        Annotate = "annotate",
        /// A curator changed an annotation of their own.
        Revise = "revise",
        /// Decisions were taken back by hand.
        Withdraw = "withdraw",
        /// A note was written.
        WriteNote = "write note",
        /// A note was changed.
        EditNote = "edit note",
        /// A note was removed.
        RemoveNote = "remove note",
        /// Another library came in with what its curators did.
        Merge = "merge",
        /// The library was renamed or described.
        DescribeLibrary = "describe library",
        /// A draft was begun.
        BeginDraft = "begin draft",
        /// A draft was changed.
        EditDraft = "edit draft",
        /// A draft was removed.
        RemoveDraft = "remove draft",
    }
}

words! {
    /// Two histories that touch nothing of each other: undo in one leaves the other alone.
    pub enum Track {
        /// Documents, results, decisions, notes.
        Curation = "curation",
        /// Drafts.
        Writing = "writing",
    }
}

impl Action {
    /// The history that the action belongs to.
    #[must_use]
    pub const fn track(self) -> Track {
        match self {
            Self::BeginDraft | Self::EditDraft | Self::RemoveDraft => Track::Writing,
            _ => Track::Curation,
        }
    }
}
