//! The BioGPT network (Luo et al. 2022, doi 10.1093/bib/bbac409), its checkpoints and its decoding.
//!
//! Knows no task and no device: tensors carry their device, prompts arrive as text or token ids.

pub mod cache;
pub mod decode;
pub mod heads;
pub mod model;
pub mod network;
pub mod whole;

pub use cache::Cache;
pub use checkpoints::Config;
pub use decode::Decoder;
pub use model::{Model, ModelError};
pub use network::{Network, Training};
pub use operations::{Visibility, memory};
pub use parameters::matrix;
pub use tokenizer::Tokenizer;

/// The most numbers that a tensor of a model of this shape has on a graphics device, with its matrices in pieces.
#[must_use]
pub fn largest_piece(config: &Config) -> usize {
    let d = config.hidden_size;
    let matrices = [config.vocab_size, config.feed_forward_size, 3 * d].map(|rows| [rows, d]);
    // Positions are few, and so not split.
    matrix::largest_piece(matrices).max(config.position_rows() * d)
}
