//! The use cases that need no model, over real library files.

mod curation;
mod drafts;
mod exports;
mod files;
mod journey;
mod processes;
mod samples;
