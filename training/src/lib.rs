//! Produces every weight Osler uses: data, vocabulary, pre-training, fine-tuning, figures, export.

pub mod card;
pub mod curves;
pub mod device;
pub mod environment;
pub mod evaluation;
pub mod examples;
pub mod export;
pub mod head_figures;
pub mod history;
pub mod masking;
pub mod perplexity;
pub mod pretrain;
pub mod progress;
pub mod reading;
pub mod recipe;
pub mod run;
pub mod screen;
pub mod snapshot;
pub mod start;
pub mod step;
pub mod terminal;
pub mod tuning;
pub mod update;
pub mod weights;
pub mod windows;
