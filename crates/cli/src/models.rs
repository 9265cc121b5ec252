//! `osler-cli models`

use std::path::PathBuf;

use biogpt::model::{self, Import, Manifest, WeightType};
use indicatif::{ProgressBar, ProgressStyle};

use crate::Failure;
use crate::desk::{Desk, failure};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the models of this installation.
    List {
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Remove an imported model for good.
    Remove {
        /// Its id, as `models list` tells it.
        id: String,
    },
    /// Convert a published checkpoint (a Hugging Face or fairseq folder) into a model folder of ours.
    Import {
        /// The published folder.
        from: PathBuf,
        /// The new folder.
        #[arg(long)]
        to: PathBuf,
        /// Shown in lists; the folder's name if absent.
        #[arg(long)]
        name: Option<String>,
        /// Where the weights came from.
        #[arg(long, default_value = "imported by hand")]
        source: String,
        /// Terms of use.
        #[arg(long, default_value = "as the publisher says")]
        licence: String,
        /// How numbers are stored: f32, f16, bf16, q8 or q4 (8 or 4 bits a weight).
        #[arg(long, default_value = "f32", value_parser = weight_type)]
        weights: WeightType,
        /// The task the checkpoint was tuned for (bc5cdr, ddi, kd-dti, pubmedqa, hoc), if it has a learned prompt.
        #[arg(long)]
        task: Option<String>,
    },
    /// Read every file of a model folder and compare it with its sha256.
    Verify {
        /// The folder.
        model: PathBuf,
    },
    /// Tell what a model folder says about itself.
    Show {
        /// The folder.
        model: PathBuf,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}

fn weight_type(text: &str) -> Result<WeightType, String> {
    match text {
        "f32" => Ok(WeightType::F32),
        "f16" => Ok(WeightType::F16),
        "bf16" => Ok(WeightType::Bf16),
        "q8" => Ok(WeightType::Q8),
        "q4" => Ok(WeightType::Q4),
        _ => Err(format!("`{text}` is not f32, f16, bf16, q8 or q4")),
    }
}

pub fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::List { json } => list(*json),
        Command::Remove { id } => {
            Desk::installed()?.workbench.remove_model(id).map_err(failure)?;
            println!("{id} is removed");
            Ok(())
        }
        Command::Import { from, to, name, source, licence, weights, task } => {
            let name = name
                .clone()
                .unwrap_or_else(|| to.file_name().unwrap_or_default().to_string_lossy().into_owned());
            let how = Import {
                name,
                source: source.clone(),
                licence: licence.clone(),
                weights: *weights,
                task: task.clone(),
            };
            let bar = ProgressBar::new(1000);
            bar.set_style(ProgressStyle::with_template("{bar:40} {percent}% {eta}")?);
            let shown = bar.clone();
            let manifest =
                model::import(from, to, &how, move |share| shown.set_position((share * 1000.0) as u64))?;
            bar.finish_and_clear();
            manifest.verify(to)?;
            println!("{} ({} parameters) is in {}", manifest.name, manifest.parameters, to.display());
            Ok(())
        }
        Command::Verify { model } => {
            let manifest = Manifest::read(model)?;
            manifest.verify(model)?;
            println!("{}: {} files are whole", manifest.name, manifest.files.len());
            Ok(())
        }
        Command::Show { model, json } => {
            let manifest = Manifest::read(model)?;
            if *json {
                println!("{}", serde_json::to_string(&manifest)?);
                return Ok(());
            }
            println!(
                "{}\n  source      {}\n  licence     {}\n  parameters  {}",
                manifest.name, manifest.source, manifest.licence, manifest.parameters
            );
            for (task, prompt) in &manifest.tasks {
                println!("  task        {task}, learned prompt of {} tokens", prompt.prompt.len());
            }
            for (name, value) in &manifest.metrics {
                println!("  {name:<11} {value}");
            }
            for (name, file) in &manifest.files {
                println!("  {name:<22} {:>13} bytes  sha256 {}", file.bytes, file.sha256);
            }
            Ok(())
        }
    }
}

fn list(json: bool) -> Result<(), Failure> {
    for model in Desk::installed()?.workbench.models().map_err(failure)? {
        if json {
            println!("{}", serde_json::to_string(&model)?);
            continue;
        }
        let tasks: Vec<String> = model.tasks.iter().map(|task| format!("{task:?}").to_lowercase()).collect();
        let in_use = if model.in_use { " (in use)" } else { "" };
        println!(
            "{:<20} {}{in_use}: {:.1} M parameters, {}, {}",
            model.id,
            model.name,
            model.parameters as f64 / 1e6,
            model.precision,
            tasks.join(" ")
        );
    }
    Ok(())
}
