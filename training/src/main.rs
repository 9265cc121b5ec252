//! Produces every weight Osler uses.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use biogpt::Network;
use burn::tensor::Device;
use checkpoints::Config;
use clap::{Parser, Subcommand};
use training::pretrain::Pretraining;
use training::recipe::{Data, Model, Recipe};
use training::run::Run;

// Passes allocate and free the same large buffers again and again: an allocator that keeps them spares the page faults.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Failure = Box<dyn std::error::Error>;

/// Train BioGPT models: data, vocabulary, pre-training, fine-tuning, figures, export.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a recipe, from its folder's last snapshot if there is one.
    Train {
        /// The recipe, a TOML file.
        recipe: PathBuf,
        /// Where snapshots, curves and the result go.
        #[arg(long)]
        out: PathBuf,
        /// Stop after so many updates of this run, with a snapshot.
        #[arg(long)]
        stop_after: Option<u64>,
    },
}

/// Tells the allocator never to give pages back: the next pass needs them again, zeroed by the kernel once more.
fn keep_pages() {
    /// `mi_option_purge_delay` of mimalloc.h: milliseconds, -1 for never.
    const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;
    // SAFETY: sets a number before any other thread runs.
    #[allow(unsafe_code, reason = "mimalloc has no other way to set this from within")]
    unsafe {
        libmimalloc_sys::mi_option_set(PURGE_DELAY, -1);
    }
}

fn main() -> ExitCode {
    keep_pages();
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            training::run::log(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Train { recipe, out, stop_after } => {
            let recipe = Recipe::read(&recipe)?;
            let device = Device::flex().autodiff();
            let Data::Pretrain { folder, sequence } = &recipe.data;
            let source = Pretraining::open(folder, *sequence, recipe.seed)?;
            let tokenizer = tokenizer::Tokenizer::from_dir(&corpus::Shards::tokenizer_dir(folder))?;
            let config = configuration(&recipe.model, tokenizer.vocab_size())?;
            let network = Network::init(&config, recipe.seed, &device);
            training::run::log(&format!("{} tokens an epoch", source.tokens()));
            let run = Run { recipe: &recipe, config: &config, source: &source, folder: &out, device };
            let left = std::sync::atomic::AtomicU64::new(stop_after.unwrap_or(u64::MAX));
            let stopped = AtomicBool::new(false);
            run.train(network, || {
                let last = left.fetch_sub(1, Ordering::Relaxed) == 0;
                stopped.fetch_or(last, Ordering::Relaxed) || last
            })?;
            Ok(())
        }
    }
}

/// The shape a recipe asks for, with the vocabulary of its data.
fn configuration(model: &Model, vocab_size: usize) -> Result<Config, Failure> {
    let mut config = match model.preset.as_deref() {
        None | Some("starter") => Config::starter(),
        Some("base") => Config::base(),
        Some("large") => Config::large(),
        Some("tiny") => Config::tiny(),
        Some(other) => {
            return Err(format!("there is no preset {other}: use base, large, starter or tiny").into());
        }
    };
    config.vocab_size = vocab_size;
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
