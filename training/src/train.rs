//! Runs a recipe.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use burn::tensor::Device;
use checkpoints::Config;
use corpus::Shards;
use tasks::Finder;
use terms::Terms;
use tokenizer::Tokenizer;
use training::device::Computes;
use training::environment::Environment;
use training::history;
use training::pretrain::{Lengths, Pretraining};
use training::progress::{is_watched, log};
use training::recipe::{Data, Model, Recipe};
use training::run::{Run, Source};
use training::start::Start;
use training::tuning::readings::{self, readings};
use training::tuning::{self, Gold, OtherNames, Part};

use crate::Failure;

/// Which recipe, and where to.
#[derive(clap::Args)]
pub struct Arguments {
    /// The recipe, a TOML file.
    recipe: PathBuf,
    /// Where snapshots, curves and the result go; `runs/` and the recipe's name if absent.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Where to compute: cpu, wgpu, wgpu:1, cuda, cuda:0,1,2,3 (several: data-parallel).
    #[arg(long, default_value = "cpu")]
    device: Computes,
    /// Stop after so many updates of this run, with a snapshot.
    #[arg(long)]
    stop_after: Option<u64>,
    /// Tell of the run in log lines, also where a terminal could show a screen.
    #[arg(long)]
    plain: bool,
}

/// Trains to the end of the recipe, or of `--stop-after`.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let recipe = Recipe::read(&arguments.recipe)?;
    let out = arguments.out.clone().unwrap_or_else(|| Path::new("runs").join(&recipe.name));
    let devices = arguments.device.open()?;
    let peak = arguments.device.peak(&devices, recipe.precision.into());
    let first = devices.first().ok_or("no device was named")?;
    let start = start(&recipe, first)?;
    let start = match &recipe.data {
        Data::Pretrain { .. } => start,
        Data::Tune { times, .. } => start.with_heads(readings::shapes(times), recipe.seed),
    };
    fits(&recipe, &start.config)?;
    start.describe(&out)?;
    let environment = Environment::here(&arguments.device.name());
    environment.write(&out)?;
    history::write(&out, &history::begun(&recipe, &environment.machine())?)?;
    let Start { config, tokenizer, network, .. } = start;
    let source: Box<dyn Source + '_> = match &recipe.data {
        Data::Pretrain { folder, sequence, shorter, masked } => {
            let lengths = Lengths { sequence: *sequence, shorter: shorter.clone() };
            let all = recipe.optimizer.updates * recipe.batch.tokens as u64;
            let source = Pretraining::open(folder, lengths, *masked, all, recipe.seed)?;
            log(&format!("{} tokens an epoch", source.tokens()));
            Box::new(source)
        }
        Data::Tune {
            tasks,
            terms,
            replay,
            labelled,
            longest,
            longest_source,
            corrections,
            swapped,
            times,
        } => {
            let terms = Arc::new(Terms::open(terms)?);
            let finder = Finder::new(vec![terms.clone()]);
            let mut gold = tuning::read(tasks, Part::Train, &finder)?;
            for path in corrections {
                let corrected = tuning::add_corrections(&mut gold, path)?;
                let (used, unused) = (corrected.used, corrected.unused);
                log(&format!("{}: {used} decided examples, {unused} that teach nothing", path.display()));
                corrected.problems.iter().for_each(|problem| log(&format!("{}, {problem}", path.display())));
            }
            if *swapped > 0 {
                tuning::add_swapped(&mut gold, &OtherNames::of(&terms), &finder, *swapped, recipe.seed);
            }
            let dev = tuning::read(tasks, Part::Dev, &finder)?;
            let read = |gold: &Gold, is_dev: bool| match labelled {
                Some(folder) => readings(&tokenizer, &finder, gold, folder, is_dev, times, *longest),
                None => Ok(Vec::new()),
            };
            let readings = (read(&gold, false)?, read(&dev, true)?);
            let source = tuning::mixture(
                &tokenizer,
                (gold, dev),
                readings,
                replay.as_deref(),
                times,
                (*longest, config.eos_id, recipe.seed),
            )?;
            let source = match longest_source {
                0 => source,
                tokens => source.with_longest_source(*tokens),
            };
            log(&format!("{} examples an epoch", source.epoch()));
            Box::new(source)
        }
    };
    let run = Run {
        recipe: &recipe,
        config: &config,
        source: source.as_ref(),
        folder: &out,
        devices: &devices,
        peak,
        screen: (!arguments.plain && is_watched()).then(|| arguments.device.name()),
    };
    let left = AtomicU64::new(arguments.stop_after.unwrap_or(u64::MAX));
    run.train(network, || {
        left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).is_err()
    })?;
    Ok(())
}

/// Sequences must have a position for each token.
fn fits(recipe: &Recipe, config: &Config) -> Result<(), Failure> {
    let (name, longest) = match &recipe.data {
        Data::Pretrain { sequence, .. } => ("data.sequence", *sequence),
        Data::Tune { longest, .. } => ("data.longest", *longest),
    };
    match longest <= config.max_positions {
        true => Ok(()),
        false => {
            Err(format!("`{name}` is {longest}, but the model has {} positions", config.max_positions).into())
        }
    }
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
