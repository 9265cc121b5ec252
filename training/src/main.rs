//! Produces every weight Osler uses.

#![expect(clippy::print_stdout, reason = "this is a program: its answers go to standard output")]

mod measure;
mod model_folder;
mod prepare;
mod score;
mod train;
mod vocabulary;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

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
    /// Turn raw corpora into token shards.
    Prepare(prepare::Arguments),
    /// Train the vocabulary of a new model.
    Tokenizer(vocabulary::Arguments),
    /// Run a recipe, from its folder's last snapshot if there is one.
    #[command(visible_aliases = ["pretrain", "finetune", "resume"])]
    Train(train::Arguments),
    /// Write the mean of the last weights that a run kept as a model folder.
    Average(model_folder::Average),
    /// Write a run's weights as a model folder.
    Export(model_folder::Export),
    /// Write what a model folder's manifest tells into its README.md.
    Card {
        /// The model folder.
        model: PathBuf,
    },
    /// Measure how well a model foresees held-out prose and definitions, and keep it in its manifest.
    Perplexity(measure::Perplexity),
    /// Fit a model's thresholds and probabilities on the development parts, and keep them in its manifest.
    Calibrate(measure::Arguments),
    /// Measure a calibrated model on the test parts, and keep the figures in its manifest.
    Evaluate(measure::Arguments),
    /// Measure a run's heads on the development parts, to choose between runs.
    Heads(measure::Heads),
    /// Score a file of model outputs as the BioGPT repository's scripts do.
    Score(score::Arguments),
}

/// Tells the allocator never to give pages back: the next pass needs them again, zeroed by the kernel once more.
fn keep_pages() {
    /// `mi_option_purge_delay` of mimalloc.h: milliseconds, -1 for never.
    const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;
    // SAFETY: sets a number before any other thread runs.
    #[expect(unsafe_code, reason = "mimalloc has no other way to set this from within")]
    unsafe {
        libmimalloc_sys::mi_option_set(PURGE_DELAY, -1);
    }
}

fn main() -> ExitCode {
    keep_pages();
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            training::progress::log(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Prepare(arguments) => prepare::run(arguments),
        Command::Tokenizer(arguments) => vocabulary::run(arguments),
        Command::Train(arguments) => train::run(&arguments),
        Command::Average(arguments) => model_folder::average(&arguments),
        Command::Export(arguments) => model_folder::export(&arguments),
        Command::Card { model } => {
            println!("{}", training::card::write(&model)?.display());
            Ok(())
        }
        Command::Perplexity(arguments) => measure::perplexity(&arguments),
        Command::Calibrate(arguments) => measure::calibrate(&arguments),
        Command::Evaluate(arguments) => measure::evaluate(&arguments),
        Command::Heads(arguments) => measure::heads(&arguments),
        Command::Score(arguments) => score::run(&arguments),
    }
}
