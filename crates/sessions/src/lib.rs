//! One SQLite file per library: documents, runs, findings, decisions, notes, drafts, batches, and the journal that undoes
//! and redoes all of it.
//!
//! The [`Library`] is the only door. Its methods stand beside the tables they are about:
//!
//! - documents come in ([`Library::import`]) and are listed ([`Library::documents`]), never changed;
//! - a model's results are stored as runs with findings ([`Library::begin_run`], [`Library::record_run`]), or as items of a
//!   batch ([`Library::start_batch`], [`Library::claim_item`], [`Library::finish_item`]);
//! - curators decide and annotate ([`Library::decide`], [`Library::annotate`], [`Library::annotate_occurrences`]), guided by
//!   a queue ([`Library::queue`]); what the model said stays beside it for ever;
//! - every action is one event ([`Library::undo`], [`Library::redo`], [`Library::history`]);
//! - everything is found again ([`Library::search`]), compared ([`Library::agreement`],
//!   [`Library::agreement_with_model`], [`Library::disagreements`]), brought together ([`Library::merge`]) and taken away ([`Library::annotated`]).
//!
//! Clock, ids of libraries and names of workers are arguments ([`By`], [`Timestamp`], [`Founding`]): the same calls make the
//! same file.

mod agreement;
mod annotated;
mod backup;
mod conditions;
mod disagreements;
mod document_list;
mod dump;
mod error;
mod file_identity;
mod founding;
mod full_text;
mod health;
mod identifiers;
mod journal;
mod json;
mod last_word;
mod library;
mod merge;
mod migrations;
mod occurrences;
mod queue;
mod search;
mod tables;

pub use agreement::{Agreement, ModelChoice, Tally};
pub use annotated::{KEEPS_NAMES, Which};
pub use disagreements::{Disagreement, Voice};
pub use document_list::{DocumentCursor, DocumentFilter, DocumentOrder, DocumentSummary, ModelOfTask};
pub use error::{Error, Result};
pub use founding::Founding;
pub use health::{Compacted, Repaired};
pub use identifiers::{
    BatchId, By, DecisionId, DocumentId, DraftId, EntityId, EventId, FindingId, NoteId, RelationId, RunId,
    Timestamp,
};
pub use journal::{Action, HistoryEntry, State, Step, Track};
pub use library::Library;
pub use merge::Merged;
pub use occurrences::occurrences;
pub use queue::{QueueCursor, QueueEntry, QueueFilter, QueueOrder};
pub use search::{Hit, Hits};
pub use tables::batch_items::{BatchItem, ItemState};
pub use tables::batches::{Batch, BatchState};
pub use tables::decisions::{Decision, Judgement, Reason, Statement, Subject, Verdict};
pub use tables::documents::{Imported, Incoming, NewDocument, StoredDocument, title};
pub use tables::drafts::{Draft, DraftSupport, DraftText, GeneratedSpan};
pub use tables::findings::Finding;
pub use tables::library_details::LibraryDetails;
pub use tables::notes::{NewNote, Note, NoteSubject};
pub use tables::places::Place;
pub use tables::runs::{Ending, Run, RunRecord, RunState, UsedDictionary};
pub use tables::tallies::Counts;
