//! A model with a head of a task, to be tuned.

use std::path::Path;

use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};
use checkpoints::bert::{Family, Head};
use checkpoints::{BertConfig, Checkpoint, CheckpointError};
use parameters::{FromCheckpoint, Linear, MANIFEST, Mapping, Matrix, ModelError, random_values};

use super::{Model, configuration, published, tokenizer_of, weights};
use crate::heads::Classification;

/// The classes that a model is to learn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewHead {
    /// [`Head::TokenClassification`] or [`Head::SequenceClassification`].
    pub head: Head,
    /// The classes' names, by number.
    pub labels: Vec<String>,
    /// Whether the classes of a text are independent of each other.
    pub multi_label: bool,
}

/// The deviation of new weights, `initializer_range` of the published configurations.
const DEVIATION: f32 = 0.02;

impl NewHead {
    fn is_of(&self, config: &BertConfig) -> bool {
        (config.head, &config.labels, config.multi_label) == (self.head, &self.labels, self.multi_label)
    }

    /// The shape of a model with this head.
    fn on(&self, config: BertConfig) -> BertConfig {
        let (labels, multi_label) = (self.labels.clone(), self.multi_label);
        BertConfig { head: self.head, labels, multi_label, ..config.without_head() }
    }
}

impl Model {
    /// Loads a model folder, ours or Hugging Face's, with a head for these classes, all numbers as floats. A head for the same
    /// classes stays; any other is left out, and the new one is random (uniform with
    /// the reference's standard deviation of 0.02, which draws from a normal distribution), fixed by the `seed`, with a bias of 0. The pooler stays where BERT has one, as in the reference.
    ///
    /// # Errors
    /// As [`Model::load`]; if the classes do not make a head.
    pub fn load_to_tune(
        folder: &Path,
        new: &NewHead,
        seed: u64,
        device: &Device,
    ) -> Result<Self, ModelError> {
        let own = folder.join(MANIFEST).is_file();
        let config = configuration(folder)?;
        if own || new.is_of(&config) {
            let mut model = Self::load(folder, device)?;
            model.network = model.network.unpacked();
            if !new.is_of(&model.config) {
                let pooler = model.network.classification.take().and_then(|head| head.pooler);
                model.set_head(folder, new, pooler, seed)?;
            }
            return Ok(model);
        }
        let checkpoint = Checkpoint::open_bert_body(folder)?;
        let config = checkpoint.config().clone();
        let tokenizer = tokenizer_of(folder, &config)?;
        let plans = weights::tensors(&config);
        let network = weights::network(&config, &mut FromCheckpoint::new(&checkpoint, &plans), device)?;
        let manifest = published(folder, &config);
        let pooler = published_pooler(&checkpoint, device)?;
        let mapping = Mapping::default();
        let mut model = Self { config, tokenizer, network, manifest, device: device.clone(), mapping };
        model.set_head(folder, new, pooler, seed)?;
        Ok(model)
    }

    fn set_head(
        &mut self,
        folder: &Path,
        new: &NewHead,
        pooler: Option<Linear>,
        seed: u64,
    ) -> Result<(), ModelError> {
        let config = new.on(self.config.clone());
        let refused = |cause| CheckpointError::Config { path: folder.to_owned(), cause };
        config.validate().map_err(refused)?;
        let (d, device) = (config.hidden_size, &self.device);
        let pooler = (config.head == Head::SequenceClassification).then(|| {
            // RoBERTa's is a part of the head for a task.
            let known = pooler.filter(|_| config.family == Family::Bert);
            known.unwrap_or_else(|| random("pooler", [d, d], seed, device))
        });
        let classifier = random("classifier", [config.labels.len(), d], seed, device);
        self.network.classification = Some(Classification { pooler, classifier });
        self.network.masked = None;
        self.manifest.parameters = config.parameters();
        self.config = config;
        Ok(())
    }
}

fn published_pooler(
    checkpoint: &Checkpoint<BertConfig>,
    device: &Device,
) -> Result<Option<Linear>, ModelError> {
    if !checkpoint.names().any(|name| name == "pooler.weight") {
        return Ok(None);
    }
    let d = checkpoint.config().hidden_size;
    let weight = checkpoint.load_f32("pooler.weight")?;
    Ok(Some(linear(weight, checkpoint.load_f32("pooler.bias")?, [d, d], device)))
}

fn random(name: &str, shape: [usize; 2], seed: u64, device: &Device) -> Linear {
    let scale = DEVIATION * (shape[1] as f32).sqrt();
    let weight = random_values(&format!("{name}.weight"), &shape, seed);
    let weight = weight.into_iter().map(|value| value * scale).collect();
    linear(weight, vec![0.0; shape[0]], shape, device)
}

fn linear(weight: Vec<f32>, bias: Vec<f32>, shape: [usize; 2], device: &Device) -> Linear {
    let bias = TensorData::new(bias, [shape[0]]);
    Linear {
        weight: Matrix::from_tensor(Tensor::from_data(TensorData::new(weight, shape), device)),
        bias: Param::from_tensor(Tensor::from_data(bias, device)),
    }
}
