//! `osler-cli models`

mod import;

use std::ops::ControlFlow;
use std::path::Path;

use biogpt::model::Manifest;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::Failure;
use crate::session::{CliSession, failure, model_folder};

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
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Bring a model into this installation: a published checkpoint (a Hugging Face or fairseq folder), which is converted, or
    /// a model folder of ours.
    Import(Box<import::Arguments>),
    /// Read every file of a model and compare it with its sha256.
    Verify {
        /// Its id, or its folder.
        model: String,
        /// One JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Tell what a model says about itself.
    Show {
        /// Its id, or its folder.
        model: String,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
}

pub fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::List { json } => list(*json),
        Command::Remove { id, json } => {
            CliSession::installed()?.workbench.remove_model(id).map_err(failure)?;
            if *json {
                println!("{}", json!({ "removed": id }));
            } else {
                println!("{id} is removed");
            }
            Ok(())
        }
        Command::Import(arguments) => import::run(arguments),
        Command::Verify { model, json } => {
            let folder = model_folder(model)?;
            let manifest = Manifest::read(&folder)?;
            verify(&manifest, &folder)?;
            if *json {
                println!(
                    "{}",
                    json!({ "name": manifest.name, "files": manifest.files.len(), "intact": true })
                );
            } else {
                println!("{}: {} files are whole", manifest.name, manifest.files.len());
            }
            Ok(())
        }
        Command::Show { model, json } => {
            let folder = model_folder(model)?;
            let manifest = Manifest::read(&folder)?;
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
            uses(&folder)?.iter().for_each(|line| println!("  {line}"));
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

/// What an encoder is used for, and what each of its labels means, a line each.
fn uses(folder: &Path) -> Result<Vec<String>, Failure> {
    let Some(plan) = workbench::plan_of_folder(folder).map_err(failure)? else { return Ok(Vec::new()) };
    let mut lines = vec![format!("task        {}", plan.task.name())];
    if let Some(marking) = &plan.marking {
        let second =
            marking.second.as_ref().map(|second| format!(", second text {second}")).unwrap_or_default();
        let unit = if marking.passages { "passages" } else { "sentences" };
        lines.push(format!("pairs       {} and {}{second}, in {unit}", marking.head, marking.tail));
    }
    lines.extend(plan.labels.iter().map(|(label, meaning)| format!("label       {label} is {meaning}")));
    Ok(lines)
}

fn verify(manifest: &Manifest, folder: &Path) -> Result<(), Failure> {
    let bar = byte_bar(0, "comparing sums")?;
    let result = manifest.verify_telling(folder, &mut |done, total| {
        bar.set_length(total);
        bar.set_position(done);
        ControlFlow::Continue(())
    });
    bar.finish_and_clear();
    Ok(result?)
}

fn byte_bar(bytes: u64, what: &'static str) -> Result<ProgressBar, Failure> {
    let bar = ProgressBar::new(bytes);
    bar.set_style(ProgressStyle::with_template("{msg} {bar:40} {bytes} of {total_bytes}, {eta}")?);
    bar.set_message(what);
    Ok(bar)
}

fn list(json: bool) -> Result<(), Failure> {
    for model in CliSession::installed()?.workbench.models().map_err(failure)? {
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
