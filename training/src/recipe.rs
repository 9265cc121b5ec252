//! A recipe: everything that decides what a training run does, in one TOML file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

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
        /// Tokens of a sequence.
        sequence: usize,
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
        /// Tokens of the longest sequence; what is longer loses the end of its source.
        longest: usize,
        /// How often an epoch goes through each task, by name, `definitions` and `prose` included; others are left out.
        times: BTreeMap<String, f64>,
    },
}

/// Tokens per update.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// Tokens that one update of the weights sees.
    pub tokens: usize,
    /// Tokens of one forward and backward pass on one worker.
    pub pass_tokens: usize,
    /// Passes that run side by side; 0 for one for each core on a CPU, 1 elsewhere.
    #[serde(default)]
    pub workers: usize,
}

/// Adam with decoupled weight decay.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Optimizer {
    /// Highest learning rate.
    pub learning_rate: f64,
    /// Updates until it is reached, linearly from zero.
    pub warmup: u64,
    /// What it does afterwards.
    pub schedule: Schedule,
    /// Updates in all.
    pub updates: u64,
    /// Moments' decays.
    #[serde(default = "default_betas")]
    pub betas: [f64; 2],
    /// Keeps the division finite.
    #[serde(default = "default_epsilon")]
    pub epsilon: f64,
    /// Decoupled weight decay.
    #[serde(default = "default_weight_decay")]
    pub weight_decay: f64,
    /// Largest norm of the gradient; 0 for no clipping.
    #[serde(default)]
    pub clip: f64,
}

const fn default_betas() -> [f64; 2] {
    [0.9, 0.98]
}
const fn default_epsilon() -> f64 {
    1e-8
}
const fn default_weight_decay() -> f64 {
    0.01
}

/// Learning rate after the warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// peak · sqrt(warmup / update), as BioGPT's pre-training.
    InverseSquareRoot,
    /// Half a cosine down to a tenth of the peak at the last update.
    Cosine,
    /// At the peak until the last fifth of the updates, then linearly to a fiftieth of it: a run can be prolonged
    /// from any point before the fall (Hägele et al. 2024).
    Trapezoid,
}

impl Optimizer {
    /// The learning rate of an update, counted from 1.
    #[must_use]
    pub fn rate(&self, update: u64) -> f64 {
        let (step, warmup, all) = (update as f64, self.warmup.max(1) as f64, self.updates as f64);
        if step < warmup {
            return self.learning_rate * step / warmup;
        }
        let share = ((step - warmup) / (all - warmup).max(1.0)).min(1.0);
        self.learning_rate
            * match self.schedule {
                Schedule::InverseSquareRoot => (warmup / step).sqrt(),
                Schedule::Cosine => 0.1 + 0.45 * (1.0 + (std::f64::consts::PI * share).cos()),
                Schedule::Trapezoid => {
                    let fall = (0.2 * all).max(1.0);
                    (((all - step) / fall).clamp(0.0, 1.0)).max(0.02)
                }
            }
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
    /// How many of these stay.
    pub keep: usize,
}

impl Default for Output {
    fn default() -> Self {
        Self { checkpoint_minutes: 10.0, validate_every: 500, log_every: 20, keep_every: 0, keep: 5 }
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
    #[error("{path} is not a recipe: {source}")]
    Parse {
        /// The file.
        path: PathBuf,
        /// Line, column and reason.
        source: Box<toml::de::Error>,
    },
}

impl Recipe {
    /// Reads a recipe; relative paths in it count from the folder it lies in.
    ///
    /// # Errors
    /// If the file cannot be read, or holds something that is not a recipe.
    pub fn read(path: &Path) -> Result<Self, RecipeError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| RecipeError::Read { path: path.to_owned(), source })?;
        let mut recipe: Self = toml::from_str(&text)
            .map_err(|source| RecipeError::Parse { path: path.to_owned(), source: Box::new(source) })?;
        let base = path.parent().unwrap_or(Path::new("."));
        match &mut recipe.data {
            Data::Pretrain { folder, .. } => *folder = base.join(&*folder),
            Data::Tune { tasks, terms, replay, .. } => {
                for path in [Some(tasks), Some(terms), replay.as_mut()].into_iter().flatten() {
                    *path = base.join(&*path);
                }
            }
        }
        if let Some(from) = &mut recipe.model.from {
            *from = base.join(&*from);
        }
        Ok(recipe)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn optimizer(schedule: Schedule) -> Optimizer {
        Optimizer {
            learning_rate: 1.0,
            warmup: 100,
            schedule,
            updates: 1000,
            betas: default_betas(),
            epsilon: 1e-8,
            weight_decay: 0.01,
            clip: 0.0,
        }
    }

    #[test]
    fn schedules_warm_up_and_come_down() {
        for (schedule, middle, last) in [
            (Schedule::InverseSquareRoot, (0.1f64 / 0.55).sqrt(), 0.1f64.sqrt()),
            (Schedule::Cosine, 0.55, 0.1),
            (Schedule::Trapezoid, 1.0, 0.02),
        ] {
            let o = optimizer(schedule);
            assert!((o.rate(50) - 0.5).abs() < 1e-9);
            assert!((o.rate(100) - 1.0).abs() < 1e-9);
            assert!((o.rate(550) - middle).abs() < 1e-2, "{schedule:?} {}", o.rate(550));
            assert!((o.rate(1000) - last).abs() < 1e-9, "{schedule:?} {}", o.rate(1000));
        }
    }
}
