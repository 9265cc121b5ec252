//! A loaded model: shape, tokenizer, weights and where they came from.

mod import;
mod random;
mod tuning;
mod weights;

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::{Device, Tensor};
use checkpoints::{BertConfig, Checkpoint};
use parameters::{FromCheckpoint, MANIFEST, Pack, WEIGHTS, map};
use tokenizer::bert::BertTokenizer;

use crate::network::Network;
use crate::read::{self, ReadError, Tokens};

pub use import::{Import, import_telling, write};
pub use parameters::{CONFIG, FileRecord, Manifest, Mapping, ModelError, TensorPlan, WeightType};
pub use random::{random_network, write_random};
pub use tuning::NewHead;

/// Everything that text goes through.
#[derive(Debug)]
pub struct Model {
    /// Shape of the network.
    pub config: BertConfig,
    /// Text to tokens.
    pub tokenizer: BertTokenizer,
    /// The weights, on their device.
    pub network: Network,
    /// Where they came from.
    pub manifest: Manifest,
    /// Where they are.
    pub device: Device,
    /// The file they are mapped from, until [`Model::settle`].
    pub mapping: Mapping,
}

/// Whether a folder holds an encoder, published or ours, and not another kind of model.
#[must_use]
pub fn is_encoder(folder: &Path) -> bool {
    BertConfig::is_named_in(folder)
}

/// The shape of the model in a folder, published or ours, without its weights: what to hold against a device's limits.
///
/// # Errors
/// As [`Model::load`].
pub fn configuration(folder: &Path) -> Result<BertConfig, ModelError> {
    Ok(BertConfig::read(&folder.join(CONFIG))?)
}

impl Model {
    /// Loads a model folder: our own, which is mapped into memory and ready at once, or a Hugging Face folder, which is
    /// read and converted each time ([`import_telling`] does that once and for all).
    ///
    /// # Errors
    /// [`ModelError`] says what is wrong with which file, and what to do.
    pub fn load(folder: &Path, device: &Device) -> Result<Self, ModelError> {
        if folder.join(MANIFEST).is_file() {
            return Self::load_own(folder, device);
        }
        let checkpoint = Checkpoint::open_bert(folder)?;
        let config = checkpoint.config().clone();
        let tokenizer = tokenizer_of(folder, &config)?;
        let plans = weights::tensors(&config);
        let network = weights::network(&config, &mut FromCheckpoint::new(&checkpoint, &plans), device)?;
        let manifest = published(folder, &config);
        Ok(Self { config, tokenizer, network, manifest, device: device.clone(), mapping: Mapping::default() })
    }

    fn load_own(folder: &Path, device: &Device) -> Result<Self, ModelError> {
        let manifest = Manifest::read(folder)?;
        manifest.check_lengths(folder)?;
        let config = configuration(folder)?;
        let tokenizer = tokenizer_of(folder, &config)?;
        let path = folder.join(WEIGHTS);
        let (bytes, mapping) = map(&path)?;
        let mut from = Pack::open(&path, bytes, &weights::tensors(&config))?;
        let mut network = weights::network(&config, &mut from, device)?;
        // Whatever is not computed with as it lies in the file has been copied.
        let mapping = if network.is_mapped() { mapping } else { Mapping::default() };
        Ok(Self { config, tokenizer, network, manifest, device: device.clone(), mapping })
    }

    /// Begins to move large weights to memory that a processor reads faster, for a model that will be used for a while. It
    /// can be used meanwhile; the thread may be waited for.
    pub fn settle(&mut self) -> Option<std::thread::JoinHandle<()>> {
        self.mapping.settle()
    }

    /// The same model with matrices of 8 or 4 bits, made now. Other types, and matrices that are quantized already change
    /// nothing.
    #[must_use]
    pub fn quantize(mut self, weights: WeightType) -> Self {
        if let Some(bits) = weights.bits() {
            self.network = self.network.quantize(bits);
        }
        self
    }

    /// Hidden states of some texts after the last layer: of each text `[tokens, d]`, row by row.
    ///
    /// # Errors
    /// [`ReadError`], if a text does not fit the model.
    pub fn hidden(&self, texts: &[Tokens]) -> Result<Vec<Vec<f32>>, ReadError> {
        read::check(texts, &self.config)?;
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        let counts = texts.iter().map(|text| text.ids.len());
        parts(self.network.hidden(texts), counts)
    }

    /// The head's logits of some texts: of each text `[tokens, classes or vocabulary]`, row by row, or, where texts are
    /// classified, `[classes]`.
    ///
    /// # Errors
    /// [`ReadError`], if a text does not fit the model or it has no head.
    pub fn logits(&self, texts: &[Tokens]) -> Result<Vec<Vec<f32>>, ReadError> {
        read::check(texts, &self.config)?;
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        let lengths: Vec<usize> = texts.iter().map(|text| text.ids.len()).collect();
        let logits = self.network.logits(self.network.hidden(texts), &lengths).ok_or(ReadError::NoHead)?;
        let of_texts = self.config.head == checkpoints::bert::Head::SequenceClassification;
        let counts = lengths.into_iter().map(|length| if of_texts { 1 } else { length });
        parts(logits, counts)
    }
}

/// Rows of a matrix, so many for each text.
fn parts(matrix: Tensor<2>, counts: impl Iterator<Item = usize>) -> Result<Vec<Vec<f32>>, ReadError> {
    let width = matrix.dims()[1];
    let values = matrix.into_data().convert::<f32>().try_into_vec::<f32>();
    let values = values.map_err(|error| ReadError::Device(format!("{error:?}")))?;
    let mut rest = values.as_slice();
    let mut all = Vec::new();
    for (text, count) in counts.enumerate() {
        let (own, after) = rest.split_at((count * width).min(rest.len()));
        if own.iter().any(|value| !value.is_finite()) {
            return Err(ReadError::NotFinite { text });
        }
        all.push(own.to_vec());
        rest = after;
    }
    Ok(all)
}

/// What can be said of a published checkpoint that was not imported.
fn published(folder: &Path, config: &BertConfig) -> Manifest {
    Manifest {
        format: 1,
        name: folder.file_name().map_or_else(|| "model".to_owned(), |n| n.to_string_lossy().into_owned()),
        source: "a published checkpoint".to_owned(),
        licence: "as its publisher says".to_owned(),
        parameters: config.parameters(),
        tasks: BTreeMap::new(),
        metrics: BTreeMap::new(),
        training: Vec::new(),
        heads: Vec::new(),
        files: BTreeMap::new(),
    }
}

/// The tokenizer beside some weights; its tokens must be the rows of the embedding.
fn tokenizer_of(folder: &Path, config: &BertConfig) -> Result<BertTokenizer, ModelError> {
    let refused = |reason: String| ModelError::Tokenizer { folder: folder.to_owned(), reason };
    let tokenizer = BertTokenizer::from_dir(folder).map_err(|e| refused(e.to_string()))?;
    if tokenizer.vocab_size() != config.vocab_size {
        let (has, needs) = (tokenizer.vocab_size(), config.vocab_size);
        return Err(refused(format!("it has {has} tokens, but the weights have {needs}")));
    }
    Ok(tokenizer)
}
