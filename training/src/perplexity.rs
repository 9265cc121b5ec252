//! How well a model foresees held-out text.

use std::path::{Path, PathBuf};

use biogpt::Model;
use biogpt::network::Training;
use corpus::{Shard, Shards, Stream};

use crate::evaluation::Figures;
use crate::step::{self, Batch, Pass};

/// Why there is no perplexity.
#[derive(Debug, thiserror::Error)]
pub enum PerplexityError {
    /// The prepared data.
    #[error(transparent)]
    Data(#[from] corpus::Error),
    /// The vocabulary of the data.
    #[error(transparent)]
    Tokenizer(#[from] tokenizer::Error),
    /// The numbers in the shards mean other words to the model.
    #[error(
        "{folder} was prepared with another vocabulary than the model's: prepare the corpora with the model's own"
    )]
    Vocabulary {
        /// The data.
        folder: PathBuf,
    },
}

/// Tokens of the longest piece that is read at once.
const LONGEST: usize = 512;
/// Tokens of one pass.
const PASS: usize = 4096;

/// Perplexity of every token of the validation documents in `folder` (made by `training prepare`), each document by itself
/// with `</s>` at both ends, long ones in pieces: `perplexity.prose` and so on for each stream a token, and `..._word`
/// a word, which can be compared between vocabularies, as can `bits_per_character.prose` (where the data was prepared since
/// characters are counted).
///
/// # Errors
/// If the folder is not one of prepared data, or was prepared with another vocabulary.
pub fn perplexity(model: &Model, folder: &Path) -> Result<Figures, PerplexityError> {
    let shards = Shards::open(folder)?;
    let own = tokenizer::Tokenizer::from_dir(&Shards::tokenizer_dir(folder))?;
    if !same_words(&own, &model.tokenizer) {
        return Err(PerplexityError::Vocabulary { folder: folder.to_owned() });
    }
    let mut figures = Figures::new();
    for stream in Stream::ALL {
        let Some(shard) = shards.shard(stream, true).filter(|shard| shard.count() > 0) else { continue };
        let (loss, tokens) = loss(model, shard);
        let part = shards.manifest().parts.iter().find(|part| part.stream == stream && part.validation);
        let (words, characters) = part.map_or((0, 0), |part| (part.words, part.characters));
        let name = format!("perplexity.{}", stream.name());
        figures.insert(name.clone(), (loss / tokens).exp());
        figures.insert(name + "_word", (loss / words.max(1) as f64).exp());
        if characters > 0 {
            let bits = loss / std::f64::consts::LN_2 / characters as f64;
            figures.insert(format!("bits_per_character.{}", stream.name()), bits);
        }
    }
    Ok(figures)
}

/// Whether the ids of the data's vocabulary mean the same to the model, which may have learned tokens beyond it.
fn same_words(data: &tokenizer::Tokenizer, model: &tokenizer::Tokenizer) -> bool {
    let ordinary = data.vocab_size() - data.learned_prompt_ids().len();
    ordinary == model.vocab_size() - model.learned_prompt_ids().len()
        && (0..ordinary as u32).all(|id| data.decode(&[id]) == model.decode(&[id]))
}

/// Sum of the losses of all tokens, and their number.
fn loss(model: &Model, shard: &Shard) -> (f64, f64) {
    let separator = model.config.eos_id;
    let longest = LONGEST.min(model.config.max_positions);
    let mut pieces: Vec<Vec<u32>> = Vec::new();
    for document in 0..shard.count() {
        let mut tokens = vec![separator];
        shard.append(document, &mut tokens);
        tokens.push(separator);
        // Each piece begins with the last token of the one before, which it predicts nothing for.
        let mut from = 0;
        while from + 1 < tokens.len() {
            let to = (from + longest + 1).min(tokens.len());
            pieces.push(tokens[from..to].to_vec());
            from = to - 1;
        }
    }
    pieces.sort_by_key(Vec::len);
    let (mut sum, mut count) = (0.0, 0.0);
    let mut rest = pieces.as_slice();
    while let Some(last) = rest.last() {
        let length = last.len() - 1;
        let rows = (PASS / length).clamp(1, rest.len());
        let (before, own) = rest.split_at(rest.len() - rows);
        let batch = batch(own, length, separator);
        let (training, device) = (Training::default(), &model.device);
        count += batch.weight();
        sum += step::value(step::loss(&model.network, &batch, &training, device));
        rest = before;
    }
    (sum, count)
}

fn batch(pieces: &[Vec<u32>], length: usize, padding: u32) -> Batch {
    let mut batch = Batch { rows: pieces.len(), length, ..Batch::default() };
    for piece in pieces {
        let predicted = piece.len() - 1;
        let end = batch.ids.len() + length;
        batch.ids.extend_from_slice(&piece[..predicted]);
        batch.targets.extend_from_slice(&piece[1..]);
        batch.weights.extend(std::iter::repeat_n(1.0, predicted));
        batch.ids.resize(end, padding);
        batch.targets.resize(end, padding);
        batch.weights.resize(end, 0.0);
    }
    batch
}

#[cfg(test)]
mod tests {
    use burn::module::{Module, ModuleMapper, Param};
    use burn::tensor::{Device, Tensor};
    use checkpoints::Config;

    use super::*;

    const SMOKE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/smoke");

    fn untrained(learned: usize) -> Model {
        let tokenizer = tokenizer::Tokenizer::from_dir(&Shards::tokenizer_dir(SMOKE.as_ref())).unwrap();
        let tokenizer = tokenizer.with_learned_prompts(learned).unwrap();
        let learned = tokenizer.learned_prompt_ids().len();
        let config = Config {
            vocab_size: tokenizer.vocab_size(),
            max_positions: 48,
            learned_prompt: learned,
            ..Config::tiny()
        };
        let device = Device::flex();
        let network = biogpt::Network::init(&config, 3, &device);
        let folder = tempfile::tempdir().unwrap();
        let start = crate::start::Start { config, tokenizer, network, heads: Vec::new() };
        let to = folder.path().join("model");
        crate::export::own(&start, &to, &crate::export::About::default(), biogpt::model::WeightType::F32)
            .unwrap();
        Model::load(&to, &device).unwrap()
    }

    /// All weights zero: every token is as likely as any other.
    struct Ignorant;

    impl ModuleMapper for Ignorant {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            param.map(|weights| weights.zeros_like())
        }
    }

    #[test]
    fn a_model_that_knows_nothing_wavers_between_all_tokens_and_counts_each_once() {
        let mut model = untrained(4);
        model.network = model.network.map(&mut Ignorant);
        let figures = perplexity(&model, SMOKE.as_ref()).unwrap();
        for stream in ["prose", "definitions"] {
            let found = figures[&format!("perplexity.{stream}")] / model.config.vocab_size as f64;
            assert!((found - 1.0).abs() < 1e-3, "{stream}: {found}");
            assert!(figures[&format!("perplexity.{stream}_word")] > figures[&format!("perplexity.{stream}")]);
        }
        let shards = Shards::open(SMOKE.as_ref()).unwrap();
        let shard = shards.shard(Stream::Prose, true).unwrap();
        let (_, counted) = loss(&model, shard);
        assert_eq!(
            counted as usize,
            shard.tokens() + shard.count(),
            "every token, and the end of each document"
        );
    }

    #[test]
    fn data_of_another_vocabulary_is_refused() {
        let mut model = untrained(4);
        let folder =
            concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/tokenizer/tests/fixtures/micro/hugging-face");
        model.tokenizer = tokenizer::Tokenizer::from_dir(folder.as_ref()).unwrap();
        let error = perplexity(&model, SMOKE.as_ref()).unwrap_err().to_string();
        assert!(error.contains("another vocabulary"), "{error}");
    }
}
