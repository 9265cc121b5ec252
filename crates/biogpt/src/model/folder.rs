//! Our own model folder, see [`Manifest`]: `config.json` the shape, `tokenizer.json` the vocabulary, `model.bpk` the weights,
//! mapped into memory when loaded; `heads*.bpk` heads over the hidden states, if the model has any: [`HeadsFile`].

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::Device;
use checkpoints::Config;
use parameters::{CONFIG, Mapping, ModelError, Pack, TaskPrompt, WEIGHTS, map};

use super::{HeadsFile, Manifest, Model, heads, tokenizer_of, weights};

/// What can be said of a published checkpoint that was not imported.
pub(super) fn published(folder: &Path, config: &Config) -> Manifest {
    let name = folder.file_name().map_or_else(|| "model".to_owned(), |n| n.to_string_lossy().into_owned());
    let first = config.vocab_size - config.learned_prompt;
    let prompt = (first as u32..config.vocab_size as u32).collect();
    let tasks = if config.learned_prompt == 0 {
        BTreeMap::new()
    } else {
        [("tuned".to_owned(), TaskPrompt { prompt })].into()
    };
    Manifest {
        format: 1,
        name,
        source: "a published checkpoint".to_owned(),
        licence: "as its publisher says".to_owned(),
        parameters: config.parameters(),
        tasks,
        metrics: BTreeMap::new(),
        training: Vec::new(),
        heads: Vec::new(),
        files: BTreeMap::new(),
    }
}

/// Loads a folder of ours. Lengths are checked here; sums only by [`Manifest::verify`], since that reads everything.
pub(super) fn load(folder: &Path, device: &Device) -> Result<Model, ModelError> {
    let manifest = Manifest::read(folder)?;
    manifest.check_lengths(folder)?;
    let config = Config::read(&folder.join(CONFIG))?;
    let tokenizer = tokenizer_of(folder, &config)?;
    let path = folder.join(WEIGHTS);
    let (bytes, mapping) = map(&path)?;
    let mut from = Pack::open(&path, bytes, &weights::tensors(&config))?;
    let mut network = weights::network(&config, &mut from, device)?;
    let read = |own: &HeadsFile| heads::read(&folder.join(&own.file), &own.shape, config.hidden_size, device);
    network.heads = manifest.heads.iter().map(read).collect::<Result<_, _>>()?;
    // Whatever is not computed with as it lies in the file has been copied.
    let mapping = if network.is_exact() { mapping } else { Mapping::default() };
    Ok(Model { config, tokenizer, network, manifest, device: device.clone(), mapping })
}
