//! The BioGPT network (Luo et al. 2022, doi 10.1093/bib/bbac409), its checkpoints and its decoding.
//!
//! Knows no task and no device: tensors carry their device, prompts arrive as text or token ids.

pub mod cache;
pub mod decode;
pub mod matrix;
pub mod model;
pub mod network;

pub use cache::Cache;
pub use checkpoints::Config;
pub use decode::Decoder;
pub use matrix::largest_piece;
pub use model::{Model, ModelError};
pub use network::{Network, Training};
pub use operations::{Visibility, memory};
pub use tokenizer::{DecodeStream, Tokenizer};
