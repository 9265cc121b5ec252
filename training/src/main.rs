//! Produces every weight Osler uses.

#![allow(clippy::print_stdout, reason = "this is a program: its answers go to standard output")]

mod measure;
mod prepare;
mod score;
mod train;
mod vocabulary;

use std::path::PathBuf;
use std::process::ExitCode;

use biogpt::model::WeightType;
use burn::tensor::Device;
use clap::{Parser, Subcommand, ValueEnum};
use training::export::{self, About};
use training::start::Start;

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
    Train(train::Arguments),
    /// Write a run's weights as a model folder.
    Export(Export),
    /// Fit a model's thresholds and probabilities on the development parts, and keep them in its manifest.
    Calibrate(measure::Arguments),
    /// Measure a calibrated model on the test parts, and keep the figures in its manifest.
    Evaluate(measure::Arguments),
    /// Score a file of model outputs as the BioGPT repository's scripts do.
    Score(score::Arguments),
}

#[derive(clap::Args)]
struct Export {
    /// A run's folder, or a model folder. Of several (a run's `kept/*`) the mean is taken.
    #[arg(required = true)]
    run: Vec<PathBuf>,
    /// Folder to write.
    #[arg(long)]
    out: PathBuf,
    /// For whom.
    #[arg(long, value_enum, default_value_t = Form::Osler)]
    form: Form,
    /// Bits of a number.
    #[arg(long, value_enum, default_value_t = Type::F16)]
    weights: Type,
    /// Shown to people.
    #[arg(long, default_value = "model")]
    name: String,
    /// Where the weights came from.
    #[arg(long, default_value = "trained with Osler")]
    source: String,
    /// Terms of use.
    #[arg(long, default_value = "not stated")]
    licence: String,
}

#[derive(Clone, Copy, ValueEnum)]
enum Form {
    /// This engine.
    Osler,
    /// The transformers library.
    HuggingFace,
}

#[derive(Clone, Copy, ValueEnum)]
enum Type {
    /// 32 bits.
    F32,
    /// 16 bits, half precision.
    F16,
    /// 16 bits with the range of 32.
    Bf16,
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
        Command::Prepare(arguments) => prepare::run(arguments),
        Command::Tokenizer(arguments) => vocabulary::run(arguments),
        Command::Train(arguments) => train::run(&arguments),
        Command::Export(arguments) => write(&arguments),
        Command::Calibrate(arguments) => measure::calibrate(&arguments),
        Command::Evaluate(arguments) => measure::evaluate(&arguments),
        Command::Score(arguments) => score::run(&arguments),
    }
}

fn write(arguments: &Export) -> Result<(), Failure> {
    let device = Device::flex().autodiff();
    let mut starts: Vec<Start> =
        arguments.run.iter().map(|run| Start::open(run, &device)).collect::<Result<_, _>>()?;
    let out = &arguments.out;
    match arguments.form {
        Form::Osler => {
            let Export { name, source, licence, .. } = arguments;
            let about = About { name: name.clone(), source: source.clone(), licence: licence.clone() };
            let kind = match arguments.weights {
                Type::F32 => WeightType::F32,
                Type::F16 => WeightType::F16,
                Type::Bf16 => WeightType::Bf16,
            };
            let manifest = export::average(&starts, out, &about, kind)?;
            for (file, record) in &manifest.files {
                println!("{} {} {file}", record.sha256, record.bytes);
            }
        }
        Form::HuggingFace => {
            let kind = match arguments.weights {
                Type::F32 => checkpoints::Dtype::F32,
                Type::F16 => checkpoints::Dtype::F16,
                Type::Bf16 => checkpoints::Dtype::Bf16,
            };
            let (Some(start), true) = (starts.pop(), starts.is_empty()) else {
                return Err("average into Osler's form first, then export that folder".into());
            };
            export::hugging_face(&start, out, kind)?;
        }
    }
    Ok(())
}
