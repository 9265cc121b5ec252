//! From a run to a folder that the engine, or Hugging Face's transformers, loads.

use std::collections::BTreeMap;
use std::path::Path;

use biogpt::heads::HeadsShape;
use biogpt::model::{self, HeadsFile, Manifest, TaskPrompt, TrainingStage, WeightType};
use biogpt::{Model, ModelError};
use burn::tensor::Device;
use checkpoints::{CheckpointError, Dtype, HuggingFaceWriter};

use crate::start::Start;
use crate::tuning::readings::{OPEN, RESEARCH_TERMS};
use crate::{tuning, weights};

/// What the manifest says beside numbers.
#[derive(Debug, Clone, Default)]
pub struct About {
    /// Shown to people.
    pub name: String,
    /// Where the weights came from.
    pub source: String,
    /// Terms of use.
    pub licence: String,
    /// How the weights were trained.
    pub training: Vec<TrainingStage>,
    /// The tasks that they were tuned for; all that have learned tokens if it is not known.
    pub tasks: Option<Vec<String>>,
}

/// Why an export fails.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// Our own form.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// Hugging Face's.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The vocabulary.
    #[error(transparent)]
    Tokenizer(#[from] tokenizer::Error),
    /// No weights to average.
    #[error("name at least one folder to average")]
    Nothing,
    /// The weights of a run.
    #[error(transparent)]
    Snapshot(#[from] crate::snapshot::SnapshotError),
    /// Not the folder of an encoder's run.
    #[error(
        "{path} is no run that tunes an encoder. Name folders that `finetune` wrote, or those in the `kept` of one"
    )]
    NoEncoder {
        /// The folder.
        path: std::path::PathBuf,
    },
    /// Weights that have no mean.
    #[error("the folders hold networks of different shapes; average snapshots of one run")]
    Shapes,
}

/// Writes our own form into the new folder `to`, and loads it once to see that it is whole.
///
/// # Errors
/// If the folder exists or cannot be written.
pub fn own(start: &Start, to: &Path, about: &About, kind: WeightType) -> Result<Manifest, ExportError> {
    write(start, weights::named(&start.network), to, about, kind)
}

/// As [`own`], with the mean of the weights of several starts of one shape, as BioGPT takes that of its last five.
///
/// # Errors
/// If there is none, their shapes differ, or the folder exists or cannot be written.
pub fn average(
    starts: &[Start],
    to: &Path,
    about: &About,
    kind: WeightType,
) -> Result<Manifest, ExportError> {
    let first = starts.first().ok_or(ExportError::Nothing)?;
    if starts.iter().any(|start| start.config != first.config) {
        return Err(ExportError::Shapes);
    }
    let mean = mean(starts.iter().map(|start| weights::named(&start.network)));
    write(first, mean, to, about, kind)
}

/// The mean of weights of one shape, by name.
pub(crate) fn mean(all: impl IntoIterator<Item = BTreeMap<String, Vec<f32>>>) -> BTreeMap<String, Vec<f32>> {
    let mut all = all.into_iter();
    let (mut sum, mut count) = (all.next().unwrap_or_default(), 1.0);
    for named in all {
        count += 1.0;
        for (name, values) in named {
            if let Some(sum) = sum.get_mut(&name) {
                sum.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
            }
        }
    }
    sum.values_mut().flatten().for_each(|value| *value /= count);
    sum
}

fn write(
    start: &Start,
    named: BTreeMap<String, Vec<f32>>,
    to: &Path,
    about: &About,
    kind: WeightType,
) -> Result<Manifest, ExportError> {
    let prompts = tuning::prompts(&start.tokenizer).into_iter();
    let tuned = |task: &String| about.tasks.as_ref().is_none_or(|tasks| tasks.contains(task));
    let tasks = prompts.filter(|(task, prompt)| !prompt.is_empty() && tuned(task));
    let manifest = Manifest {
        format: 0,
        name: about.name.clone(),
        source: about.source.clone(),
        licence: about.licence.clone(),
        parameters: 0,
        tasks: tasks.map(|(task, prompt)| (task, TaskPrompt { prompt })).collect(),
        metrics: Default::default(),
        training: about.training.clone(),
        heads: start.heads.iter().enumerate().map(|(file, shape)| heads_file(file, shape, about)).collect(),
        files: Default::default(),
    };
    let read = move |name: &str| {
        named.get(name).cloned().ok_or_else(|| ModelError::Mismatch {
            path: name.into(),
            report: format!("the run has no {name}"),
        })
    };
    let manifest = model::write(to, &start.config, &start.tokenizer, manifest, kind, read, |_| ())?;
    Model::load(to, &Device::flex())?;
    Ok(manifest)
}

/// The heads of one file, with their terms.
fn heads_file(file: usize, shape: &HeadsShape, about: &About) -> HeadsFile {
    let (name, licence) = match file {
        OPEN => ("heads.bpk", about.licence.as_str()),
        _ => ("heads-research.bpk", RESEARCH_TERMS),
    };
    HeadsFile { file: name.to_owned(), licence: licence.to_owned(), shape: shape.clone() }
}

/// Writes Hugging Face's form into `to`.
///
/// # Errors
/// If the folder cannot be written.
pub fn hugging_face(start: &Start, to: &Path, kind: Dtype) -> Result<(), ExportError> {
    let named = weights::named(&start.network);
    let mut writer = HuggingFaceWriter::create(to, &start.config, kind)?;
    for tensor in checkpoints::canonical_tensors(&start.config) {
        writer.write(&tensor.name, of_canonical(&named, &tensor.name))?;
    }
    writer.finish()?;
    Ok(start.tokenizer.save_hugging_face(to, start.config.max_positions)?)
}

/// The values of a tensor of published forms, which keep queries, keys and values apart: ours has them one below the other.
pub(crate) fn of_canonical<'a>(named: &'a BTreeMap<String, Vec<f32>>, tensor: &str) -> &'a [f32] {
    let parts = ["query", "key", "value"];
    let part = parts.iter().position(|part| tensor.contains(&format!(".{part}.")));
    let (name, part, count) = match part {
        Some(i) => (tensor.replace(&format!(".{}.", parts[i]), ".query_key_value."), i, 3),
        None => (tensor.to_owned(), 0, 1),
    };
    let values = named.get(&name).map(Vec::as_slice).unwrap_or_default();
    let size = values.len() / count;
    &values[part * size..(part + 1) * size]
}
