//! What a run starts from: a new network, the last snapshot of another run, or a model folder.

use std::path::{Path, PathBuf};

use biogpt::heads::{self, HeadsShape};
use biogpt::matrix::Matrix;
use biogpt::{Model, Network};
use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Tensor};
use checkpoints::Config;
use tokenizer::Tokenizer;

use crate::snapshot;

/// Shape, vocabulary and first weights.
#[derive(Debug)]
pub struct Start {
    /// Shape of the network.
    pub config: Config,
    /// Text to tokens and back.
    pub tokenizer: Tokenizer,
    /// The weights, on the run's device.
    pub network: Network,
    /// What the network's heads are, by file.
    pub heads: Vec<HeadsShape>,
}

/// Why a folder cannot be started from.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The model folder.
    #[error(transparent)]
    Model(#[from] biogpt::ModelError),
    /// The configuration.
    #[error(transparent)]
    Config(#[from] checkpoints::CheckpointError),
    /// The vocabulary.
    #[error(transparent)]
    Tokenizer(#[from] tokenizer::Error),
    /// The snapshot.
    #[error(transparent)]
    Snapshot(#[from] snapshot::SnapshotError),
    /// The list of heads.
    #[error("{path} is damaged: {reason}. Start anew in another folder")]
    Heads {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A file cannot be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

impl Start {
    /// A new network.
    #[must_use]
    pub fn new(config: Config, tokenizer: Tokenizer, seed: u64, device: &Device) -> Self {
        let network = Network::init(&config, seed, device);
        Self { config, tokenizer, network, heads: Vec::new() }
    }

    /// The same with heads of these shapes: those that it has already stay, new ones are random.
    #[must_use]
    pub fn with_heads(mut self, shapes: Vec<HeadsShape>, seed: u64) -> Self {
        let device = self.network.device();
        if self.heads != shapes {
            self.network.heads = heads::init(&shapes, self.config.hidden_size, seed, &device);
            self.heads = shapes;
        }
        self
    }

    /// The weights in `folder`: a run's (its last snapshot), or a model folder of any form.
    ///
    /// # Errors
    /// If the folder is neither.
    pub fn open(folder: &Path, device: &Device) -> Result<Self, StartError> {
        if !folder.join(snapshot::FILE).is_file() {
            let Model { config, tokenizer, network, manifest, .. } = Model::load(folder, device)?;
            // Rounded weights cannot be trained, what they stand for can.
            let network = network.unpacked().map(&mut RequireGradients);
            let heads = manifest.heads.into_iter().map(|file| file.shape).collect();
            return Ok(Self { config, tokenizer, network, heads });
        }
        let config = Config::read(&folder.join("config.json"))?;
        let tokenizer = Tokenizer::from_dir(folder)?;
        let start = Self::new(config, tokenizer, 0, device).with_heads(heads_of(folder)?, 0);
        let (network, _) = snapshot::read(folder, start.network, device)?;
        Ok(Self { network, ..start })
    }

    /// The same with at least `count` learned tokens at the end of the vocabulary. New ones begin as the rows of the first
    /// ordinary tokens, so that they have the size of others.
    ///
    /// # Errors
    /// If the vocabulary cannot be extended.
    pub fn with_learned_prompts(mut self, count: usize) -> Result<Self, StartError> {
        let missing = count.saturating_sub(self.tokenizer.learned_prompt_ids().len());
        if missing > 0 {
            self.tokenizer = self.tokenizer.with_learned_prompts(count)?;
            let first = tokenizer::SPECIAL_TOKENS.len();
            let copied = first..first + missing;
            self.network.embed_tokens = with_rows_repeated(&self.network.embed_tokens, copied.clone());
            self.network.head = self.network.head.as_ref().map(|head| with_rows_repeated(head, copied));
            self.config.vocab_size += missing;
        }
        self.config.learned_prompt = self.tokenizer.learned_prompt_ids().len();
        Ok(self)
    }

    /// Writes shape and vocabulary into a run's folder, so that its snapshots can be read without the recipe.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub fn describe(&self, folder: &Path) -> Result<(), StartError> {
        std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(folder.join("config.json"), self.config.to_json() + "\n"))
            .and_then(|()| match self.heads.as_slice() {
                [] => Ok(()),
                heads => std::fs::write(folder.join(HEADS), serde_json::to_string_pretty(heads)? + "\n"),
            })
            .map_err(|source| StartError::Write { path: folder.to_owned(), source })?;
        Ok(self.tokenizer.save(folder)?)
    }
}

/// Lists the heads of a run's network.
pub const HEADS: &str = "heads.json";

fn heads_of(folder: &Path) -> Result<Vec<HeadsShape>, StartError> {
    let path = folder.join(HEADS);
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let read = std::fs::read(&path).map_err(|e| e.to_string());
    read.and_then(|bytes| serde_json::from_slice(&bytes).map_err(|e| e.to_string()))
        .map_err(|reason| StartError::Heads { path, reason })
}

/// Weights as leaves that gradients are kept of.
pub(crate) struct RequireGradients;

impl ModuleMapper for RequireGradients {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(Tensor::require_grad)
    }
}

/// A matrix with some of its rows once more at its end.
fn with_rows_repeated(matrix: &Matrix, copied: std::ops::Range<usize>) -> Matrix {
    let rows = matrix.val().inner();
    let more = rows.clone().slice(copied);
    Matrix::from_tensor(Tensor::from_inner(Tensor::cat(vec![rows, more], 0)))
}
