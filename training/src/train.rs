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
use training::encoders::{self, EncoderError};
use training::place::Place;
use training::pretrain::{Lengths, Pretraining};
use training::progress::{Cost, is_signalled, is_watched, log, stop_on_signals};
use training::recipe::{Data, Model, Recipe, RecipeError};
use training::run::Source;
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

/// Trains to the end of the recipe, or of `--stop-after`. A run that a signal stopped is a failure: what a script does with the
/// result must wait.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    stop_on_signals();
    tune(arguments)?;
    if is_signalled() { Err("a signal stopped the run".into()) } else { Ok(()) }
}

fn tune(arguments: &Arguments) -> Result<(), Failure> {
    let recipe = Recipe::read(&arguments.recipe)?;
    let out = arguments.out.clone().unwrap_or_else(|| Path::new("runs").join(&recipe.name));
    let devices = arguments.device.open()?;
    let peak = arguments.device.peak(&devices, recipe.precision.into());
    let first = devices.first().ok_or("no device was named")?;
    let device = arguments.device.name();
    let screen = (!arguments.plain && is_watched()).then(|| device.clone());
    let left = AtomicU64::new(arguments.stop_after.unwrap_or(u64::MAX));
    let stop = || left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1)).is_err();
    let place = Place { recipe: &recipe, out: &out, devices: &devices, device: &device, peak, screen };
    match &recipe.data {
        Data::Encoder { .. } => {
            encoders::tune(&place, stop).map_err(|error| match error {
                EncoderError::Recipe(problem) => {
                    let text = std::fs::read_to_string(&arguments.recipe).unwrap_or_default();
                    RecipeError::new(&arguments.recipe, &text, problem).into()
                }
                error => Failure::from(error),
            })?;
            Ok(())
        }
        Data::Pretrain { folder, sequence, shorter, masked } => {
            let start = match &recipe.model.from {
                Some(from) => Start::open(from, first)?,
                None => new(&recipe, folder, first)?,
            };
            fits("data.sequence", *sequence, &start.config)?;
            let lengths = Lengths { sequence: *sequence, shorter: shorter.clone() };
            let all = recipe.optimizer.updates * recipe.batch.tokens as u64;
            let source = Pretraining::open(folder, lengths, *masked, all, recipe.seed)?;
            log(&format!("{} tokens an epoch", source.tokens()));
            train(place, &start, &source, stop)
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
            let start = match (&recipe.model.from, replay) {
                (Some(from), _) => Start::open(from, first)?.with_learned_prompts(tuning::learned_tokens())?,
                (None, Some(folder)) => new(&recipe, folder, first)?,
                (None, None) => {
                    return Err(
                        "nothing gives the vocabulary: name model.from or data.replay in the recipe".into()
                    );
                }
            };
            let shapes = readings::shapes(times);
            if !start.heads.is_empty() && start.heads != shapes {
                // The weights under them are going to change.
                log(
                    "the heads of the weights that this starts from are not those of `data.times`: they are left out",
                );
            }
            let start = start.with_heads(shapes, recipe.seed);
            fits("data.longest", *longest, &start.config)?;
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
                Some(folder) => readings(&start.tokenizer, &finder, gold, folder, is_dev, times, *longest),
                None => Ok(Vec::new()),
            };
            let readings = (read(&gold, false)?, read(&dev, true)?);
            let source = tuning::mixture(
                &start.tokenizer,
                (gold, dev),
                readings,
                replay.as_deref(),
                times,
                (*longest, start.config.eos_id, recipe.seed),
            )?;
            let source = match longest_source {
                0 => source,
                tokens => source.with_longest_source(*tokens),
            };
            log(&format!("{} examples an epoch", source.epoch()));
            train(place, &start, &source, stop)
        }
    }
}

/// Trains BioGPT's network.
fn train(
    place: Place<'_>,
    start: &Start,
    source: &dyn Source,
    stop: impl Fn() -> bool,
) -> Result<(), Failure> {
    start.describe(place.out)?;
    place.record()?;
    let run = place.run(Cost::of(&start.config), source);
    run.train(start.network.clone(), stop)?;
    Ok(())
}

/// Sequences must have a position for each token.
fn fits(name: &str, longest: usize, config: &Config) -> Result<(), Failure> {
    match longest <= config.max_positions {
        true => Ok(()),
        false => {
            Err(format!("`{name}` is {longest}, but the model has {} positions", config.max_positions).into())
        }
    }
}

/// A new network with the vocabulary of prepared data.
fn new(recipe: &Recipe, prepared: &Path, device: &Device) -> Result<Start, Failure> {
    let tokenizer = Tokenizer::from_dir(&Shards::tokenizer_dir(prepared))?;
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
