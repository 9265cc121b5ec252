//! From a run to a folder that the engine loads.

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use bert::model::{self, Import, Manifest, TensorPlan, WeightType};
use bert::{BertConfig, BertTokenizer, Family, Model, ModelError};
use burn::tensor::Device;
use checkpoints::{Dtype, HuggingFaceWriter};
use tasks::guidance;

use super::run::{FIGURES, is_run};
use crate::export::{About, ExportError, mean, of_canonical};
use crate::{snapshot, weights};

/// Weights by the names of our own form, with the shape and the tokenizer that go with them.
struct Tuned {
    config: BertConfig,
    tokenizer: BertTokenizer,
    named: BTreeMap<String, Vec<f32>>,
}

impl Tuned {
    /// The weights of a run, or the mean of those that one kept.
    fn open(runs: &[PathBuf]) -> Result<Self, ExportError> {
        let last = runs.last().ok_or(ExportError::Nothing)?;
        let mut all = Vec::with_capacity(runs.len());
        let config = BertConfig::read(&last.join(model::CONFIG))?;
        for run in runs {
            if !is_run(run) {
                return Err(ExportError::NoEncoder { path: run.clone() });
            }
            if BertConfig::read(&run.join(model::CONFIG))? != config {
                return Err(ExportError::Shapes);
            }
            let device = Device::flex().autodiff();
            let network = model::random_network(&config, 0, &device)?;
            let (network, _) = snapshot::read(run, network, &device)?;
            let named = weights::named(&network).into_iter();
            let own = |name: String| name.trim_start_matches("classification.").to_owned();
            all.push(named.map(|(name, values)| (own(name), values)).collect());
        }
        Ok(Self { config, tokenizer: BertTokenizer::from_dir(last)?, named: mean(all) })
    }
}

/// Writes the weights of a run, or the mean of those that one kept, in our own form into the new folder `to`, with what its labels mean
/// and its figures, and loads it once to see that it is whole.
///
/// # Errors
/// If a folder is no run that tunes an encoder, their shapes differ, or `to` exists or cannot be written.
pub fn export(runs: &[PathBuf], to: &Path, about: &About, kind: WeightType) -> Result<Manifest, ExportError> {
    let last = runs.last().ok_or(ExportError::Nothing)?;
    let Tuned { config, tokenizer, named } = Tuned::open(runs)?;
    let meaning = last.join(guidance::FILE);
    let meaning = fs::read_to_string(&meaning).map_err(|source| ModelError::Io {
        action: "read",
        path: meaning.clone(),
        source,
    })?;
    let beside = [(guidance::FILE.to_owned(), meaning)].into();
    let how = Import { weights: kind, beside, ..Import::default() };
    let figures = fs::read(last.join(FIGURES)).unwrap_or_default();
    let manifest = Manifest {
        format: 0,
        name: about.name.clone(),
        source: about.source.clone(),
        licence: about.licence.clone(),
        parameters: config.parameters(),
        tasks: Default::default(),
        // A run that was stopped, and weights that were kept on the way, have none.
        metrics: serde_json::from_slice(&figures).unwrap_or_default(),
        training: about.training.clone(),
        heads: Vec::new(),
        files: Default::default(),
    };
    let read = move |plan: &TensorPlan| {
        named.get(&plan.name).cloned().ok_or_else(|| ModelError::Mismatch {
            path: plan.name.clone().into(),
            report: format!("the run has no {}", plan.name),
        })
    };
    let manifest =
        model::write(to, &config, &tokenizer, manifest, &how, read, |_| ControlFlow::Continue(()))?;
    Model::load(to, &Device::flex())?;
    Ok(manifest)
}

/// Writes the weights of a run in Hugging Face's form into `to`.
///
/// # Errors
/// As [`export`].
pub fn hugging_face(run: &Path, to: &Path, kind: Dtype) -> Result<(), ExportError> {
    let Tuned { config, tokenizer, named } = Tuned::open(&[run.to_owned()])?;
    let mut writer = HuggingFaceWriter::create_bert(to, &config, kind)?;
    for tensor in checkpoints::names::bert::canonical_tensors(&config) {
        writer.write(&tensor.name, of_canonical(&named, &tensor.name))?;
    }
    writer.finish()?;
    tokenizer.save(to)?;
    let class = if config.family == Family::Bert { "BertTokenizer" } else { "RobertaTokenizer" };
    let settings =
        serde_json::json!({ "tokenizer_class": class, "model_max_length": config.max_positions() });
    let path = to.join("tokenizer_config.json");
    fs::write(&path, format!("{settings:#}\n"))
        .map_err(|source| ModelError::Io { action: "write", path, source }.into())
}
