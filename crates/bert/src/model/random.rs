//! Models of random weights: of any size, to measure and to test with, where no real one is at hand.

use std::ops::ControlFlow;
use std::path::Path;

use burn::tensor::{Device, TensorData};
use checkpoints::BertConfig;
use operations::Bits;
use parameters::{Manifest, ModelError, TensorPlan, WeightType, Weights, random_values};
use tokenizer::bert::BertTokenizer;

use super::{Import, import, published, weights};
use crate::network::Network;

/// A network of random weights, fixed by the `seed`: to be filled from a file, or to try.
///
/// # Errors
/// None of a valid configuration.
pub fn random_network(config: &BertConfig, seed: u64, device: &Device) -> Result<Network, ModelError> {
    struct Random(Vec<TensorPlan>, u64);
    impl Weights for Random {
        fn take(&mut self, name: &str) -> Result<(TensorData, Option<Bits>), ModelError> {
            let unknown = || ModelError::damaged(Path::new(name), "no such tensor is part of the model");
            let plan = self.0.iter().find(|plan| plan.name == name).ok_or_else(unknown)?;
            let values = random_values(name, &plan.shape, self.1);
            Ok((TensorData::new(values, plan.shape.clone()), None))
        }
    }
    weights::network(config, &mut Random(weights::tensors(config), seed), device)
}

/// Writes a folder of ours with random weights, stored as `stored`, and a WordPiece vocabulary of made-up words. `seed`
/// fixes the weights. No more than one tensor is in memory.
///
/// # Errors
/// If the folder exists or cannot be written, or the vocabulary has no room for the special tokens.
pub fn write_random(
    to: &Path,
    config: &BertConfig,
    stored: WeightType,
    seed: u64,
) -> Result<Manifest, ModelError> {
    let special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].map(str::to_owned);
    let words = special.len()..config.vocab_size;
    let tokens = special.into_iter().chain(words.map(|i| format!("w{i}"))).collect();
    let tokenizer = BertTokenizer::of_words(tokens)
        .map_err(|e| ModelError::Tokenizer { folder: to.to_owned(), reason: e.to_string() })?;
    let mut manifest = published(to, config);
    manifest.source = "random weights".to_owned();
    manifest.licence = "none needed".to_owned();
    let read = move |plan: &TensorPlan| Ok(random_values(&plan.name, &plan.shape, seed));
    let how = Import { weights: stored, ..Import::default() };
    import::write(to, config, &tokenizer, manifest, &how, read, |_| ControlFlow::Continue(()))
}
