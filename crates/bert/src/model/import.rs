//! From a published checkpoint to a folder of ours, tensor by tensor.

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use checkpoints::{BertConfig, Checkpoint};
use parameters::{Manifest, ModelError, TensorPlan, WeightType, read_merged};
use tokenizer::bert::BertTokenizer;

use super::{published, tokenizer_of, weights};

/// What is known of a model beside its files.
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
    /// Further files of the new folder: their text by name.
    pub beside: BTreeMap<String, String>,
}

/// Converts the published model in `from` into a new folder `to`. Nothing is listed as a model until all of it is there.
/// `progress` gets the share that is done and says whether to go on.
///
/// # Errors
/// What is wrong with which file, [`ModelError::Stopped`]; a half-written folder is removed.
pub fn import_telling(
    from: &Path,
    to: &Path,
    how: &Import,
    progress: impl FnMut(f64) -> ControlFlow<()> + Send + 'static,
) -> Result<Manifest, ModelError> {
    let checkpoint = Arc::new(Checkpoint::open_bert(from)?);
    let config = checkpoint.config().clone();
    let tokenizer = tokenizer_of(from, &config)?;
    let mut manifest = published(from, &config);
    manifest.name.clone_from(&how.name);
    manifest.source.clone_from(&how.source);
    manifest.licence.clone_from(&how.licence);
    let read = move |plan: &TensorPlan| Ok(read_merged(&checkpoint, plan)?);
    write(to, &config, &tokenizer, manifest, how, read, progress)
}

/// Writes a new folder `to` of tensors that `read` gives, by the names of our own format. Nothing is listed as a model until all of it
/// is there.
///
/// # Errors
/// As [`import_telling`].
pub fn write(
    to: &Path,
    config: &BertConfig,
    tokenizer: &BertTokenizer,
    manifest: Manifest,
    how: &Import,
    read: impl Fn(&TensorPlan) -> Result<Vec<f32>, ModelError> + Send + Sync + 'static,
    progress: impl FnMut(f64) -> ControlFlow<()> + Send + 'static,
) -> Result<Manifest, ModelError> {
    let save = |to: &Path| {
        let refused =
            |e: tokenizer::Error| ModelError::Tokenizer { folder: to.to_owned(), reason: e.to_string() };
        tokenizer.save(to).map_err(refused)?;
        how.beside.iter().try_for_each(|(name, text)| {
            let path = to.join(name);
            fs::write(&path, text).map_err(ModelError::io("write", &path))
        })
    };
    let plans = weights::tensors(config);
    parameters::write_folder(to, &config.to_json(), save, plans, manifest, how.weights, read, progress)
}
