//! The wire: what a client and the host say to each other. Plain data; `ui/src/host/types.ts` is its TypeScript twin.
//!
//! Offsets are UTF-16 code units into [`DocumentView::text`], half open. Times are milliseconds since 1970. Ids are numbers
//! of the open library, except where a string is said.

mod annotations;
mod app;
mod batches;
mod curation;
mod devices;
mod documents;
mod drafts;
mod evidence;
mod export;
mod general;
mod import;
mod knowledge;
mod library;
mod merging;
mod models;
mod requests;
mod settings;
mod tasks;

pub use annotations::*;
pub use app::*;
pub use batches::*;
pub use curation::*;
pub use devices::*;
pub use documents::*;
pub use drafts::*;
pub use evidence::*;
pub use export::*;
pub use general::*;
pub use import::*;
pub use knowledge::*;
pub use library::*;
pub use merging::*;
pub use models::*;
pub use requests::*;
pub use settings::*;
pub use tasks::*;

/// The number of a row of the open library.
pub type Id = u32;

/// What the generator of the TypeScript types is told of a wide integer or a float: a plain `number`. (It would refuse
/// the first, and call the second `number | null`; all of ours are finite and below 2^53.)
pub type Number = u32;
