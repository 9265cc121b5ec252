//! Figures of a model folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use biogpt::Model;
use biogpt::model::Manifest;
use burn::tensor::Device;
use inference::{BioGpt, Checksums, Finders};
use tasks::Finder;
use tasks::guidance::Guidance;
use terms::Terms;
use training::evaluation::{Evaluator, Figures};
use training::head_figures::HeadFigures;
use training::start::Start;
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
    /// Only these of mentions, bc5cdr, ddi, kd-dti, pubmedqa and hoc.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Print only, change no file of the model.
    #[arg(long)]
    dry: bool,
}

/// Learns names and words from the training parts, fits on the development parts how they are weighed with what the model
/// says, and keeps what it finds in `tasks.json`.
pub fn calibrate(arguments: &Arguments) -> Result<(), Failure> {
    let finders = finders(arguments)?;
    let finder = finders.dictionaries();
    let mut guidance = Guidance::read(&arguments.model)?;
    for (task, lexicon) in tuning::lexicons(&arguments.tasks, finder)? {
        guidance.0.entry(task).or_default().lexicon = lexicon;
    }
    let [train, dev] = [Part::Train, Part::Dev].map(|part| tuning::read(&arguments.tasks, part, finder));
    let (train, dev) = (train?, dev?);
    let (found, guidance) = evaluator(arguments, finders, guidance)?.fit(&arguments.only, &train, &dev)?;
    if !arguments.dry {
        guidance.write(&arguments.model)?;
    }
    keep(arguments, &found)
}

/// Measures on the test parts with what was fitted.
pub fn evaluate(arguments: &Arguments) -> Result<(), Failure> {
    let finders = finders(arguments)?;
    let guidance = Guidance::read(&arguments.model)?;
    let gold = tuning::read(&arguments.tasks, Part::Test, finders.dictionaries())?;
    keep(arguments, &evaluator(arguments, finders, guidance)?.measure(&arguments.only, &gold)?)
}

fn finders(arguments: &Arguments) -> Result<Finders, Failure> {
    Ok(Finders::new(vec![Arc::new(Terms::open(&arguments.terms)?)]))
}

fn evaluator(arguments: &Arguments, finders: Finders, guidance: Guidance) -> Result<Evaluator, Failure> {
    let model = Model::load(&arguments.model, &Device::flex())?;
    // Nothing is stored with these results that would name the files.
    let model = BioGpt::new(model, "", "cpu".to_owned(), Checksums::default(), guidance);
    Ok(Evaluator::new(model, finders))
}

/// Which model, on which data.
#[derive(clap::Args)]
pub struct Perplexity {
    /// The model folder.
    model: PathBuf,
    /// Folder written by `training prepare` with the model's vocabulary.
    #[arg(long)]
    data: PathBuf,
    /// Print only, do not change the manifest.
    #[arg(long)]
    dry: bool,
}

/// Measures on the documents that were held out from training.
pub fn perplexity(arguments: &Perplexity) -> Result<(), Failure> {
    let model = Model::load(&arguments.model, &Device::flex())?;
    tell(&arguments.model, &training::perplexity::perplexity(&model, &arguments.data)?, arguments.dry)
}

fn keep(arguments: &Arguments, found: &Figures) -> Result<(), Failure> {
    tell(&arguments.model, found, arguments.dry)
}

/// Prints figures, and keeps them in the manifest.
fn tell(folder: &Path, found: &Figures, dry: bool) -> Result<(), Failure> {
    for (name, value) in found {
        println!("{name} {value:.4}");
    }
    if !dry {
        let mut manifest = Manifest::read(folder)?;
        manifest.metrics.extend(found.clone());
        manifest.seal(folder)?;
    }
    Ok(())
}

/// Which run, on what.
#[derive(clap::Args)]
pub struct Heads {
    /// A run's folder, or a model folder.
    run: PathBuf,
    /// Folder of the gold sets.
    #[arg(long)]
    tasks: PathBuf,
    /// Dictionary that names are found with.
    #[arg(long)]
    terms: PathBuf,
    /// Folder of the corpora with marked mentions.
    #[arg(long)]
    labelled: PathBuf,
    /// Tokens of the longest text.
    #[arg(long, default_value_t = 512)]
    longest: usize,
}

/// Prints how good a run's heads are on the development parts.
pub fn heads(arguments: &Heads) -> Result<(), Failure> {
    let start = Start::open(&arguments.run, &Device::flex().autodiff())?;
    let finder = Finder::new(vec![Arc::new(Terms::open(&arguments.terms)?)]);
    let gold = tuning::read(&arguments.tasks, Part::Dev, &finder)?;
    let figures = HeadFigures::new(&start, &finder, arguments.longest);
    for (name, value) in figures.measure(&gold, &arguments.labelled)? {
        println!("{name} {value:.2}");
    }
    Ok(())
}
