//! A recipe: everything that decides what a training run does, in one TOML file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

mod check;
mod optimizer;

pub use check::Problem;
pub use optimizer::{Optimizer, Schedule};

/// One training run.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Shown in logs and model cards.
    pub name: String,
    /// What is trained.
    pub model: Model,
    /// On what.
    pub data: Data,
    /// How many tokens at a time.
    pub batch: Batch,
    /// How weights move.
    pub optimizer: Optimizer,
    /// Regularisation.
    #[serde(default)]
    pub dropout: Dropout,
    /// Rounding of matrix products.
    #[serde(default)]
    pub precision: Precision,
    /// What is written when.
    #[serde(default)]
    pub output: Output,
    /// Fixes the first weights, the order of the data and every dropout mask.
    #[serde(default = "default_seed")]
    pub seed: u64,
}

const fn default_seed() -> u64 {
    2022
}

/// Shape of the network, or the weights to start from.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// A model folder to continue from; its shape counts, and the rest of this table must be absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<PathBuf>,
    /// `base`, `large`, `starter` or `tiny`; single values below override it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preset: Option<String>,
    /// Transformer layers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layers: Option<usize>,
    /// Width d.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden_size: Option<usize>,
    /// Attention heads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heads: Option<usize>,
    /// Positions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_positions: Option<usize>,
}

/// What is read.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case", tag = "kind")]
pub enum Data {
    /// Running text: documents one after another, cut into sequences of equal length.
    Pretrain {
        /// Folder written by `training prepare`.
        folder: PathBuf,
        /// Tokens of a sequence; at the end of the run where shorter ones come before.
        sequence: usize,
        /// Up to which share of the run's tokens sequences are shorter, and how long they are, in the order of the run.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        shorter: Vec<(f64, usize)>,
        /// Windows that are read in both directions, with words hidden.
        #[serde(default)]
        masked: Masked,
    },
    /// Texts of one task, that an encoder (`model.from`: BERT or RoBERTa) is tuned for.
    Encoder {
        /// A name of [`crate::encoders::EncoderTask`].
        task: String,
        /// Folder of the gold sets: `bc5cdr/`, `pubmedqa/`, `hoc/`.
        tasks: PathBuf,
        /// Folder of the corpora in one form: `ncbi-disease.train.jsonl.gz` and the like.
        labelled: PathBuf,
        /// Tokens of the longest text; what is longer loses its end.
        longest: usize,
    },
    /// Examples of several tasks, each with its own learned prompt.
    Tune {
        /// Folder of the gold sets: `bc5cdr/`, `ddi/`, `kd-dti/`, `pubmedqa/`, `hoc/`.
        tasks: PathBuf,
        /// Dictionary that the names of unrelated pairs come from.
        terms: PathBuf,
        /// Folder written by `training prepare`: running text, so that tuning does not drive it out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        replay: Option<PathBuf>,
        /// Folder of corpora whose mentions are marked in the text: `biored.train.jsonl.gz` and the like.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        labelled: Option<PathBuf>,
        /// Tokens of the longest sequence; what is longer loses the end of its source.
        longest: usize,
        /// Tokens of the longest source; what is longer loses its end. 0 for no limit but `longest`.
        #[serde(default)]
        longest_source: usize,
        /// Decisions of curators: files of Osler's training JSON Lines. They are learned from like the gold sets.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        corrections: Vec<PathBuf>,
        /// Copies of each document with relations in which every name is another one of its kind.
        #[serde(default)]
        swapped: usize,
        /// How often an epoch goes through each task, by name, `definitions`, `common` and `prose` included; others are left out.
        times: BTreeMap<String, f64>,
    },
}

/// Hybrid pre-training (GPT-BERT): some windows are read in both directions, and their hidden tokens predicted.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Masked {
    /// Share of the windows.
    pub share: f64,
    /// Share of their words that is hidden, at the beginning and at the end of the run.
    pub rates: [f64; 2],
}

impl Default for Masked {
    fn default() -> Self {
        Self { share: 0.0, rates: [0.3, 0.15] }
    }
}

/// Tokens per update.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// Tokens that one update of the weights sees; 0 where `texts` says it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tokens: usize,
    /// Texts that one update sees, where an encoder is tuned.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub texts: usize,
    /// Tokens of one forward and backward pass on one worker.
    pub pass_tokens: usize,
    /// Passes that run side by side; 0 for one for each core on a CPU, 1 elsewhere.
    #[serde(default)]
    pub workers: usize,
}

const fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl Batch {
    /// What an update sees, in words.
    #[must_use]
    pub fn update(&self) -> String {
        if self.texts > 0 { format!("{} texts", self.texts) } else { format!("{} tokens", self.tokens) }
    }
}

/// Dropout probabilities.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Dropout {
    /// After each block and the embedding.
    pub hidden: f32,
    /// Of attention probabilities.
    pub attention: f32,
    /// Inside the feed-forward block.
    pub activation: f32,
}

/// Rounding of matrix products.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// None.
    F32,
    /// bfloat16 factors, float32 sums and weights, where the device has it.
    #[default]
    Bf16,
}

impl From<Precision> for operations::Precision {
    fn from(precision: Precision) -> Self {
        match precision {
            Precision::F32 => Self::F32,
            Precision::Bf16 => Self::Bf16,
        }
    }
}

/// What is written when.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Output {
    /// Minutes between checkpoints.
    pub checkpoint_minutes: f64,
    /// Updates between measurements on the validation data.
    pub validate_every: u64,
    /// Updates between log lines.
    pub log_every: u64,
    /// Updates between weights that are kept beside the last ones, in `kept/UPDATE`, for averaging; 0 for none.
    pub keep_every: u64,
    /// The same at the end of so many epochs; 0 for none.
    pub keep_every_epochs: u64,
    /// How many of these stay.
    pub keep: usize,
}

impl Default for Output {
    fn default() -> Self {
        Self {
            checkpoint_minutes: 10.0,
            validate_every: 500,
            log_every: 20,
            keep_every: 0,
            keep_every_epochs: 0,
            keep: 5,
        }
    }
}

/// Why a recipe cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RecipeError {
    /// The file cannot be read.
    #[error("cannot read the recipe {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is not a recipe.
    #[error(
        "{path} is not a recipe: {source}Mend that line; the recipes of training/recipes show what each can be"
    )]
    Parse {
        /// The file.
        path: PathBuf,
        /// Line, column and reason.
        source: Box<toml::de::Error>,
    },
    /// Its values contradict each other or cannot be meant.
    #[error("{path}{}: {problem}", in_words(*line))]
    Check {
        /// The file.
        path: PathBuf,
        /// The line of the value, from 1, or of its table where it is not there.
        line: Option<usize>,
        /// Which value, and what it could be.
        problem: Problem,
    },
}

fn in_words(line: Option<usize>) -> String {
    line.map_or_else(String::new, |line| format!(", line {line}"))
}

impl RecipeError {
    /// Of a value that cannot be meant.
    #[must_use]
    pub fn new(path: &Path, text: &str, problem: Problem) -> Self {
        Self::Check { path: path.to_owned(), line: line_of(text, &problem.field), problem }
    }
}

/// The line of a value (`data.longest`) in the text of a recipe, from 1; where it is not there, that of its table.
fn line_of(text: &str, field: &str) -> Option<usize> {
    let (mut table, mut nearest) = (String::new(), None);
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        let at = if let Some(header) = line.strip_prefix('[') {
            table = header.split(']').next().unwrap_or_default().trim().to_owned();
            table.clone()
        } else {
            let key = line.split('=').next().unwrap_or_default().trim();
            if table.is_empty() { key.to_owned() } else { format!("{table}.{key}") }
        };
        if at == field {
            return Some(number);
        }
        if !at.is_empty() && field.strip_prefix(&at).is_some_and(|rest| rest.starts_with('.')) {
            nearest = Some(number);
        }
    }
    nearest
}

impl Recipe {
    /// Reads a recipe; relative paths in it count from the folder it lies in, and become absolute.
    ///
    /// # Errors
    /// If the file cannot be read, or holds something that is not a recipe.
    pub fn read(path: &Path) -> Result<Self, RecipeError> {
        let read = |source| RecipeError::Read { path: path.to_owned(), source };
        let text = std::fs::read_to_string(path).map_err(read)?;
        let mut recipe: Self = toml::from_str(&text)
            .map_err(|source| RecipeError::Parse { path: path.to_owned(), source: Box::new(source) })?;
        recipe.check().map_err(|problem| RecipeError::new(path, &text, problem))?;
        let base = std::path::absolute(path).map_err(read)?;
        let base = base.parent().unwrap_or(Path::new("."));
        for path in recipe.paths() {
            *path = base.join(&*path);
        }
        Ok(recipe)
    }

    fn paths(&mut self) -> Vec<&mut PathBuf> {
        let mut paths: Vec<&mut PathBuf> = self.model.from.iter_mut().collect();
        match &mut self.data {
            Data::Pretrain { folder, .. } => paths.push(folder),
            Data::Encoder { tasks, labelled, .. } => paths.extend([tasks, labelled]),
            Data::Tune { tasks, terms, replay, labelled, corrections, .. } => {
                paths.extend([tasks, terms]);
                paths.extend(labelled);
                paths.extend(replay);
                paths.extend(corrections);
            }
        }
        paths
    }
}
