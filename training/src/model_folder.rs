//! From a run to a model folder.

use std::path::{Path, PathBuf};

use biogpt::model::WeightType;
use burn::tensor::Device;
use clap::ValueEnum;
use training::export::{self, About};
use training::start::Start;
use training::{encoders, history, snapshot};

use crate::Failure;

/// Of one run's folder, or of several.
#[derive(clap::Args)]
pub struct Export {
    /// A run's folder, or a model folder. Of several (a run's `kept/*`) the mean is taken.
    #[arg(required = true)]
    run: Vec<PathBuf>,
    /// For whom.
    #[arg(long, value_enum, default_value_t = Form::Osler)]
    form: Form,
    /// What and how to write.
    #[command(flatten)]
    to: To,
}

/// Of the weights that a run kept on its way.
#[derive(clap::Args)]
pub struct Average {
    /// The run's folder; its recipe says how often weights are kept.
    run: PathBuf,
    /// How many of the last ones. BioGPT's figures are of the mean of five.
    #[arg(long, default_value_t = 5)]
    last: usize,
    /// What and how to write.
    #[command(flatten)]
    to: To,
}

/// What and how to write.
#[derive(clap::Args)]
struct To {
    /// Folder to write.
    #[arg(long)]
    out: PathBuf,
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
    /// 8 bits a weight; for this engine only.
    Q8,
    /// 4 bits a weight; for this engine only.
    Q4,
}

/// Writes the weights of one run, or the mean of several.
pub fn export(arguments: &Export) -> Result<(), Failure> {
    let to = &arguments.to;
    match (arguments.form, arguments.run.as_slice()) {
        (Form::Osler, runs) => own(runs, to),
        (Form::HuggingFace, [run]) => {
            let kind = match to.weights {
                Type::F32 => checkpoints::Dtype::F32,
                Type::F16 => checkpoints::Dtype::F16,
                Type::Bf16 => checkpoints::Dtype::Bf16,
                Type::Q8 | Type::Q4 => {
                    return Err("Hugging Face's form has no such weights: use f32, f16 or bf16".into());
                }
            };
            if encoders::is_run(run) {
                return Ok(encoders::hugging_face(run, &to.out, kind)?);
            }
            Ok(export::hugging_face(&open(run)?, &to.out, kind)?)
        }
        (Form::HuggingFace, _) => Err("average into Osler's form first, then export that folder".into()),
    }
}

/// Writes the mean of the last weights that a run kept.
pub fn average(arguments: &Average) -> Result<(), Failure> {
    let kept = snapshot::kept(&arguments.run)?;
    if kept.is_empty() {
        let run = arguments.run.display();
        return Err(format!(
            "{run} kept no weights on its way: set `output.keep_every` or `keep_every_epochs` in its recipe"
        )
        .into());
    }
    own(&kept[kept.len().saturating_sub(arguments.last.max(1))..], &arguments.to)
}

fn open(run: &Path) -> Result<Start, Failure> {
    Ok(Start::open(run, &Device::flex().autodiff())?)
}

fn own(runs: &[PathBuf], to: &To) -> Result<(), Failure> {
    let training = runs.last().map_or(Ok(Vec::new()), |run| history::of(run))?;
    let tasks = runs.last().and_then(|run| history::tasks(run));
    let about = About {
        name: to.name.clone(),
        source: to.source.clone(),
        licence: to.licence.clone(),
        training,
        tasks,
    };
    let kind = match to.weights {
        Type::F32 => WeightType::F32,
        Type::F16 => WeightType::F16,
        Type::Bf16 => WeightType::Bf16,
        Type::Q8 => WeightType::Q8,
        Type::Q4 => WeightType::Q4,
    };
    let files = if runs.iter().any(|run| encoders::is_run(run)) {
        encoders::export(runs, &to.out, &about, kind)?.files
    } else {
        let starts: Vec<Start> = runs.iter().map(|run| open(run)).collect::<Result<_, _>>()?;
        export::average(&starts, &to.out, &about, kind)?.files
    };
    for (file, record) in &files {
        println!("{} {} {file}", record.sha256, record.bytes);
    }
    Ok(())
}
