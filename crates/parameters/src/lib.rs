//! What models have in common below their architecture: matrices of any precision and the layers made of them, and the
//! folder of a converted model, with its manifest, its packed tensors and its mapping into memory.
//!
//! Knows no architecture: which tensors a model has, and what becomes of them, is described by [`TensorPlan`]s.

mod build;
mod error;
mod layers;
mod manifest;
pub mod matrix;
mod pack;
mod pages;
mod random;
mod write;

pub use build::{Build, FromCheckpoint, Weights, read_merged};
pub use error::ModelError;
pub use layers::{LayerNorm, Linear, rows_of};
pub use manifest::{
    CONFIG, FORMAT, FileRecord, HeadsRecord, MANIFEST, Manifest, NoHeads, TaskPrompt, TrainingData,
    TrainingStage, WEIGHTS,
};
pub use matrix::Matrix;
pub use pack::{Pack, map};
pub use pages::Mapping;
pub use random::random_values;
pub use write::{WeightType, write_folder};

/// A tensor of our own format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TensorPlan {
    /// Its name in the file.
    pub name: String,
    /// Matrices are `[out, in]`, embeddings `[rows, d]`, norms and biases `[d]`.
    pub shape: Vec<usize>,
    /// Whether it is only looked up, added or scaled by, and so stays whole where matrices get fewer bits.
    pub stays_whole: bool,
}

impl TensorPlan {
    /// The tensors of our own format in the order of the canonical ones, queries, keys and values of a layer as one
    /// matrix. Matrices of the names in `looked_up` stay whole.
    #[must_use]
    pub fn of(canonical: Vec<checkpoints::TensorSpec>, looked_up: &[&str]) -> Vec<Self> {
        let mut all = Vec::new();
        for mut spec in canonical {
            if spec.name.contains(".key.") || spec.name.contains(".value.") {
                continue;
            }
            if spec.name.contains(".query.") {
                spec.shape[0] *= 3;
            }
            let name = spec.name.replace(".query.", ".query_key_value.");
            let stays_whole = spec.shape.len() != 2 || looked_up.contains(&name.as_str());
            all.push(Self { name, shape: spec.shape, stays_whole });
        }
        all
    }

    /// Whether it is stored with fewer bits where the model is quantized.
    #[must_use]
    pub fn is_quantized(&self) -> bool {
        !self.stays_whole && self.shape.len() == 2 && operations::Quantized::fits(self.shape[1])
    }

    /// Numbers in it.
    #[must_use]
    pub fn elements(&self) -> usize {
        self.shape.iter().product()
    }

    /// The canonical tensors that it is made of.
    #[must_use]
    pub fn sources(&self) -> Vec<String> {
        if self.name.contains(".query_key_value.") {
            ["query", "key", "value"].map(|part| self.name.replace("query_key_value", part)).to_vec()
        } else {
            vec![self.name.clone()]
        }
    }
}
