//! Models of random weights: of any size, to measure and to test with, where no real one is at hand.

use std::collections::HashMap;
use std::path::Path;

use checkpoints::Config;
use parameters::random_values;
use tokenizer::{SPECIAL_TOKENS, Tokenizer, Vocabulary};

use super::weights::tensors;
use super::{Manifest, ModelError, WeightType, import};

/// Writes a folder of ours with random weights, stored as `stored`, and a vocabulary of made-up words. `seed` fixes the
/// weights. No more than one tensor is in memory.
///
/// # Errors
/// If the folder exists or cannot be written, or the configuration has no room for the special tokens.
pub fn write_random(
    to: &Path,
    config: &Config,
    stored: WeightType,
    seed: u64,
) -> Result<Manifest, ModelError> {
    let words = SPECIAL_TOKENS.len()..config.vocab_size - config.learned_prompt;
    let tokens = SPECIAL_TOKENS.map(str::to_owned).into_iter().chain(words.map(|i| format!("w{i}</w>")));
    let tokenizer = Tokenizer::new(Vocabulary { tokens: tokens.collect(), merges: Vec::new() })
        .and_then(|tokenizer| tokenizer.with_learned_prompts(config.learned_prompt))
        .map_err(|e| ModelError::Tokenizer { folder: to.to_owned(), reason: e.to_string() })?;
    let mut manifest = super::folder::published(to, config);
    manifest.source = "random weights".to_owned();
    manifest.licence = "none needed".to_owned();
    let shapes: HashMap<String, Vec<usize>> =
        tensors(config).into_iter().map(|plan| (plan.name, plan.shape)).collect();
    let read = move |name: &str| Ok(random_values(name, &shapes[name], seed));
    import::write(to, config, &tokenizer, manifest, stored, read, |_| {})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Model;
    use burn::tensor::Device;

    #[test]
    fn a_random_model_is_a_whole_model() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config { learned_prompt: 2, tied_head: false, ..Config::tiny() };
        let [one, same, other] = [("a", 1), ("b", 1), ("c", 2)].map(|(name, seed)| {
            let path = folder.path().join(name);
            let manifest = write_random(&path, &config, WeightType::Q8, seed).unwrap();
            manifest.verify(&path).unwrap();
            assert_eq!(Model::load(&path, &Device::flex()).unwrap().config, config);
            manifest.files["model.bpk"].sha256.clone()
        });
        assert!(one == same && one != other);
    }
}
