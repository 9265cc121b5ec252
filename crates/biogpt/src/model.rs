//! A loaded model: shape, tokenizer, weights and where they came from.

mod folder;
mod heads;
mod import;
mod random;
mod weights;

use std::path::Path;

use burn::tensor::Device;
use checkpoints::{Checkpoint, Config};
use parameters::FromCheckpoint;
use tokenizer::Tokenizer;

use crate::network::Network;

pub use heads::HeadsFile;
pub use import::{Import, import, import_telling, write};
pub use parameters::{FileRecord, Mapping, ModelError, TaskPrompt, TrainingData, TrainingStage, WeightType};
pub use random::write_random;

/// What a model folder says about itself.
pub type Manifest = parameters::Manifest<HeadsFile>;

/// Everything that text goes through.
#[derive(Debug)]
pub struct Model {
    /// Shape of the network.
    pub config: Config,
    /// Text to tokens and back.
    pub tokenizer: Tokenizer,
    /// The weights, on their device.
    pub network: Network,
    /// Where they came from and what they can do.
    pub manifest: Manifest,
    /// Where they are.
    pub device: Device,
    /// The file they are mapped from, until [`Model::settle`].
    pub mapping: Mapping,
}

impl Model {
    /// Begins to move large weights to memory that a processor reads faster, for a model that will be used for a while. It
    /// can be used meanwhile; the thread may be waited for.
    pub fn settle(&mut self) -> Option<std::thread::JoinHandle<()>> {
        self.mapping.settle()
    }

    /// Loads a model folder: our own, a Hugging Face folder or a fairseq folder. Our own is mapped into memory and ready
    /// at once; the published forms are read and converted each time ([`import`] does that once and for all).
    ///
    /// # Errors
    /// [`ModelError`] says what is wrong with which file, and what to do.
    pub fn load(folder: &Path, device: &Device) -> Result<Self, ModelError> {
        if folder.join(parameters::MANIFEST).is_file() {
            return folder::load(folder, device);
        }
        let checkpoint = Checkpoint::open(folder)?;
        let config = checkpoint.config().clone();
        let tokenizer = tokenizer_of(folder, &config)?;
        let plans = weights::tensors(&config);
        let network = weights::network(&config, &mut FromCheckpoint::new(&checkpoint, &plans), device)?;
        let manifest = folder::published(folder, &config);
        Ok(Self { config, tokenizer, network, manifest, device: device.clone(), mapping: Mapping::default() })
    }

    /// The same model with matrices of 8 or 4 bits, made now (an [`import`] with [`WeightType::Q8`] or
    /// [`WeightType::Q4`] does it once and for all). Other types, and matrices that are quantized already change
    /// nothing.
    #[must_use]
    pub fn quantize(mut self, weights: WeightType) -> Self {
        if let Some(bits) = weights.bits() {
            self.network = self.network.quantize(bits);
        }
        self
    }
}

/// The shape of the model in a folder of any form, without its weights: what to hold against a device's limits.
///
/// # Errors
/// As [`Model::load`].
pub fn configuration(folder: &Path) -> Result<Config, ModelError> {
    if folder.join(parameters::MANIFEST).is_file() {
        return Ok(Config::read(&folder.join(parameters::CONFIG))?);
    }
    Ok(Checkpoint::open(folder)?.config().clone())
}

/// The tokenizer in the folder of some weights; its tokens must be the rows of the embedding.
fn tokenizer_of(folder: &Path, config: &Config) -> Result<Tokenizer, ModelError> {
    let refused = |reason: String| ModelError::Tokenizer { folder: folder.to_owned(), reason };
    let tokenizer = Tokenizer::from_dir(folder).map_err(|e| refused(e.to_string()))?;
    let missing = config.vocab_size.saturating_sub(tokenizer.vocab_size());
    let tokenizer = if missing > 0 && missing == config.learned_prompt {
        tokenizer.with_learned_prompts(missing).map_err(|e| refused(e.to_string()))?
    } else {
        tokenizer
    };
    if tokenizer.vocab_size() != config.vocab_size {
        let (has, needs) = (tokenizer.vocab_size(), config.vocab_size);
        return Err(refused(format!("it has {has} tokens, but the weights have {needs}")));
    }
    Ok(tokenizer)
}
