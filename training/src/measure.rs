//! Figures of a model folder.

use std::path::PathBuf;
use std::sync::Arc;

use biogpt::Model;
use biogpt::model::Manifest;
use burn::tensor::Device;
use tasks::Finder;
use terms::Terms;
use training::evaluation::{Evaluator, Figures};
use training::tuning::{self, Part};

use crate::Failure;

/// Which model, on what.
#[derive(clap::Args)]
pub struct Arguments {
    /// The model folder.
    model: PathBuf,
    /// Folder of the gold sets: `bc5cdr/`, `ddi/`, `kd-dti/`, `pubmedqa/`, `hoc/`.
    #[arg(long)]
    tasks: PathBuf,
    /// Dictionary that names are found with.
    #[arg(long)]
    terms: PathBuf,
    /// Only these of bc5cdr, ddi, pubmedqa and hoc.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Print only, do not change the manifest.
    #[arg(long)]
    dry: bool,
}

/// Fits on the development parts.
pub fn calibrate(arguments: &Arguments) -> Result<(), Failure> {
    figures(arguments, Part::Dev, |evaluator, gold, _| Ok(evaluator.fit(&arguments.only, gold)?))
}

/// Measures on the test parts with what was fitted.
pub fn evaluate(arguments: &Arguments) -> Result<(), Failure> {
    figures(arguments, Part::Test, |evaluator, gold, fitted| {
        Ok(evaluator.measure(&arguments.only, gold, fitted)?)
    })
}

fn figures(
    arguments: &Arguments,
    part: Part,
    find: impl Fn(&Evaluator<'_>, &tuning::Gold, &Figures) -> Result<Figures, Failure>,
) -> Result<(), Failure> {
    let model = Model::load(&arguments.model, &Device::flex())?;
    let finder = Finder::new(vec![Arc::new(Terms::open(&arguments.terms)?)]);
    let gold = tuning::read(&arguments.tasks, part, &finder)?;
    let found = find(&Evaluator::new(&model, &finder), &gold, &model.manifest.metrics)?;
    for (name, value) in &found {
        println!("{name} {value:.4}");
    }
    if !arguments.dry {
        let mut manifest = Manifest::read(&arguments.model)?;
        manifest.metrics.extend(found);
        let path = arguments.model.join("manifest.json");
        std::fs::write(&path, serde_json::to_string_pretty(&manifest)? + "\n")
            .map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    }
    Ok(())
}
