//! Produces every weight Osler uses: data, vocabulary, pre-training, fine-tuning, figures, export.

pub mod curves;
pub mod environment;
pub mod evaluation;
pub mod examples;
pub mod export;
pub mod pretrain;
pub mod recipe;
pub mod run;
pub mod snapshot;
pub mod start;
pub mod step;
pub mod tuning;
pub mod weights;
pub mod windows;
