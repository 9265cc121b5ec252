//! The engine against the reference's answers, and against itself: however a text is computed, the result is the same.

mod decoding;
mod properties;
mod published_forms;
mod reference;
