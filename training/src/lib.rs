//! Produces every weight Osler uses: data, vocabulary, pre-training, fine-tuning, figures, export.

pub mod examples;
pub mod pretrain;
pub mod recipe;
pub mod run;
pub mod snapshot;
pub mod step;
pub mod tuning;
pub mod windows;
