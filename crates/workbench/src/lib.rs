//! The use cases of Osler: the one API that every client calls (`osler-cli`, the desktop shell, tests).
//!
//! A client opens a [`Workbench`] over the [`AppPaths`] that it gives, and calls methods that are named as the commands of
//! `ui/src/host/tauri.ts`. They take and return [`wire`] types and wait for their result; a streamed one takes the id of its
//! job and a [`Sink`], tells exactly one ending, and stops after [`Workbench::cancel`]. Errors are [`wire::HostError`]s.

mod agreement;
mod app_paths;
mod batches;
mod commands;
mod definitions;
mod devices;
pub mod engine;
mod error;
mod export;
mod import;
mod jobs;
mod knowledge;
pub mod library;
mod merging;
mod model_host;
mod models;
mod repetition;
mod run_record;
mod settings;
mod terminology;
mod use_cases;
mod verification;
pub mod wire;
mod workbench;

pub use agreement::{Agreement, Tally};
pub use app_paths::{AppPaths, Clock, SystemClock};
pub use batches::Changed;
pub use definitions::{BuiltGlossary, build_glossary};
pub use documents::formats::PDF_THREAD;
pub use error::Result;
pub use export::Exported;
pub use glossary::{Definitions, Meaning};
pub use jobs::{Jobs, Sink, Stream};
pub use library::OpenLibrary;
pub use models::{Conversion, convert, plan_of_folder};
pub use repetition::Verified;
pub use streaming::{Form, Lines, PieceOrigin, Processed, Progress, StreamError, Summary};
pub use tasks::marking::Marking;
pub use terminology::{Built, FoundTerm, build_terms};
pub use use_cases::StreamRequest;
pub use verification::{ComparedFile, RecordedExport, RecordedRun, recorded_runs};
pub use workbench::{Watcher, Workbench};
