//! One file per table: its migrations, its row, reading, writing. Rows that can be undone implement
//! [`crate::journal::Journaled`]; their children (imported annotations, findings, batch items) go with them.

pub(crate) mod batch_items;
pub(crate) mod batches;
pub(crate) mod decisions;
pub(crate) mod documents;
pub(crate) mod drafts;
pub(crate) mod findings;
pub(crate) mod imported_entities;
pub(crate) mod imported_relations;
pub(crate) mod library_details;
pub(crate) mod notes;
pub(crate) mod places;
pub(crate) mod removals;
pub(crate) mod runs;
pub(crate) mod tallies;
