//! From a published checkpoint to a folder of ours, tensor by tensor.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use checkpoints::{Checkpoint, Config};
use parameters::{ModelError, TaskPrompt, TensorPlan, WeightType, read_merged};
use tokenizer::Tokenizer;

use super::{Manifest, folder, heads, tokenizer_of, weights};

/// Options of an import besides the files.
#[derive(Debug, Clone, Default)]
pub struct Import {
    /// Shown to people.
    pub name: String,
    /// Where the weights came from.
    pub source: String,
    /// Terms of use.
    pub licence: String,
    /// How numbers are stored.
    pub weights: WeightType,
    /// The task a checkpoint with a learned prompt was tuned for, if known.
    pub task: Option<String>,
}

/// Converts the published checkpoint in `from` into a new folder `to`. Nothing is listed as a model until all of it is
/// there and has been read back. `progress` gets the share that is done.
///
/// # Errors
/// What is wrong with which file; a half-written folder is removed.
pub fn import(
    from: &Path,
    to: &Path,
    how: &Import,
    mut progress: impl FnMut(f64) + Send + 'static,
) -> Result<Manifest, ModelError> {
    import_telling(from, to, how, move |share| {
        progress(share);
        ControlFlow::Continue(())
    })
}

/// The same; `progress` also says whether to go on.
///
/// # Errors
/// As [`import`]; [`ModelError::Stopped`].
pub fn import_telling(
    from: &Path,
    to: &Path,
    how: &Import,
    progress: impl FnMut(f64) -> ControlFlow<()> + Send + 'static,
) -> Result<Manifest, ModelError> {
    let checkpoint = Checkpoint::open(from)?;
    let config = checkpoint.config().clone();
    let tokenizer = tokenizer_of(from, &config)?;
    let checkpoint = Arc::new(checkpoint);
    let read = move |plan: &TensorPlan| Ok(read_merged(&checkpoint, plan)?);
    let mut manifest = folder::published(from, &config);
    manifest.name.clone_from(&how.name);
    manifest.source.clone_from(&how.source);
    manifest.licence.clone_from(&how.licence);
    manifest.tasks = match (&how.task, manifest.tasks.remove("tuned")) {
        (Some(task), Some(prompt)) => [(task.clone(), prompt)].into(),
        (None, Some(prompt)) => [("tuned".to_owned(), prompt)].into(),
        (Some(task), None) => [(task.clone(), TaskPrompt::default())].into(),
        (None, None) => BTreeMap::new(),
    };
    write_telling(to, &config, &tokenizer, manifest, how.weights, read, progress)
}

/// Writes a folder of ours from any source of weights (by our names, row-major, `[out, in]`; those of the manifest's n-th
/// file of heads as `heads.n.NAME`).
///
/// # Errors
/// If the folder exists or cannot be written; a half-written one is removed.
pub fn write(
    to: &Path,
    config: &Config,
    tokenizer: &Tokenizer,
    manifest: Manifest,
    weights: WeightType,
    read: impl Fn(&str) -> Result<Vec<f32>, ModelError> + Send + Sync + 'static,
    mut progress: impl FnMut(f64) + Send + 'static,
) -> Result<Manifest, ModelError> {
    let read = move |plan: &TensorPlan| read(&plan.name);
    write_telling(to, config, tokenizer, manifest, weights, read, move |share| {
        progress(share);
        ControlFlow::Continue(())
    })
}

fn write_telling(
    to: &Path,
    config: &Config,
    tokenizer: &Tokenizer,
    manifest: Manifest,
    weights: WeightType,
    read: impl Fn(&TensorPlan) -> Result<Vec<f32>, ModelError> + Send + Sync + 'static,
    progress: impl FnMut(f64) -> ControlFlow<()> + Send + 'static,
) -> Result<Manifest, ModelError> {
    let read = Arc::new(read);
    let (of_heads, shapes, d) = (read.clone(), manifest.heads.clone(), config.hidden_size);
    let save = move |to: &Path| {
        let refused =
            |e: tokenizer::Error| ModelError::Tokenizer { folder: to.to_owned(), reason: e.to_string() };
        tokenizer.save(to).map_err(refused)?;
        shapes.iter().enumerate().try_for_each(|(number, own)| {
            // Heads are no part of the plans of a network: each tensor is asked for by its name alone.
            let of = |name: &str| of_heads(&named(format!("heads.{number}.{name}")));
            heads::write(&to.join(&own.file), heads::tensors(&own.shape, d), of)
        })
    };
    let config_text = config.to_json() + "\n";
    let read = move |plan: &TensorPlan| read(plan);
    parameters::write_folder(
        to,
        &config_text,
        save,
        weights::tensors(config),
        manifest,
        weights,
        read,
        progress,
    )
}

/// A plan that is nothing but a name.
fn named(name: String) -> TensorPlan {
    TensorPlan { name, shape: Vec::new(), stays_whole: true }
}
