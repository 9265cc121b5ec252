//! Runs a recipe.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use burn::tensor::Device;
use checkpoints::Config;
use corpus::Shards;
use tasks::Finder;
use terms::Terms;
use tokenizer::Tokenizer;
use training::environment::Environment;
use training::pretrain::Pretraining;
use training::recipe::{Data, Model, Recipe};
use training::run::{Run, Source, log};
use training::start::Start;
use training::tuning::{self, Part};

use crate::Failure;

/// Which recipe, and where to.
#[derive(clap::Args)]
pub struct Arguments {
    /// The recipe, a TOML file.
    recipe: PathBuf,
    /// Where snapshots, curves and the result go.
    #[arg(long)]
    out: PathBuf,
    /// Stop after so many updates of this run, with a snapshot.
    #[arg(long)]
    stop_after: Option<u64>,
}

/// Trains to the end of the recipe, or of `--stop-after`.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let recipe = Recipe::read(&arguments.recipe)?;
    let device = Device::flex().autodiff();
    let start = start(&recipe, &device)?;
    start.describe(&arguments.out)?;
    Environment::here().write(&arguments.out)?;
    let Start { config, tokenizer, network } = start;
    let source: Box<dyn Source + '_> = match &recipe.data {
        Data::Pretrain { folder, sequence } => {
            let source = Pretraining::open(folder, *sequence, recipe.seed)?;
            log(&format!("{} tokens an epoch", source.tokens()));
            Box::new(source)
        }
        Data::Tune { tasks, terms, replay, longest, times } => {
            let finder = Finder::new(vec![Arc::new(Terms::open(terms)?)]);
            let gold = |part| tuning::read(tasks, part, &finder);
            let source = tuning::mixture(
                &tokenizer,
                (gold(Part::Train)?, gold(Part::Dev)?),
                replay.as_deref(),
                times,
                (*longest, config.eos_id, recipe.seed),
            )?;
            log(&format!("{} examples an epoch", source.epoch()));
            Box::new(source)
        }
    };
    let run =
        Run { recipe: &recipe, config: &config, source: source.as_ref(), folder: &arguments.out, device };
    let left = AtomicU64::new(arguments.stop_after.unwrap_or(u64::MAX));
    run.train(network, || {
        left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).is_err()
    })?;
    Ok(())
}

/// A new network with the vocabulary of the recipe's data, or the weights it starts from.
fn start(recipe: &Recipe, device: &Device) -> Result<Start, Failure> {
    if let Some(from) = &recipe.model.from {
        let start = Start::open(from, device)?;
        return Ok(match recipe.data {
            Data::Pretrain { .. } => start,
            Data::Tune { .. } => start.with_learned_prompts(tuning::learned_tokens())?,
        });
    }
    let folder = match &recipe.data {
        Data::Pretrain { folder, .. } | Data::Tune { replay: Some(folder), .. } => folder,
        Data::Tune { replay: None, .. } => {
            return Err("nothing gives the vocabulary: name model.from or data.replay in the recipe".into());
        }
    };
    let tokenizer = Tokenizer::from_dir(&Shards::tokenizer_dir(folder))?;
    let config = configuration(&recipe.model, &tokenizer)?;
    Ok(Start::new(config, tokenizer, recipe.seed, device))
}

/// The shape a recipe asks for, with the vocabulary of its data.
fn configuration(model: &Model, tokenizer: &Tokenizer) -> Result<Config, Failure> {
    let mut config = match model.preset.as_deref() {
        None | Some("starter") => Config::starter(),
        Some("base") => Config::base(),
        Some("large") => Config::large(),
        Some("tiny") => Config::tiny(),
        Some(other) => {
            return Err(format!("there is no preset {other}: use base, large, starter or tiny").into());
        }
    };
    config.vocab_size = tokenizer.vocab_size();
    config.learned_prompt = tokenizer.learned_prompt_ids().len();
    config.layers = model.layers.unwrap_or(config.layers);
    if let Some(d) = model.hidden_size {
        config.hidden_size = d;
        config.feed_forward_size = 4 * d;
    }
    config.heads = model.heads.unwrap_or(config.heads);
    config.max_positions = model.max_positions.unwrap_or(config.max_positions);
    config.validate()?;
    Ok(config)
}
