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
use training::encoders::{self, EncoderTask};
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
    /// Dictionary that names are found with; not for encoders.
    #[arg(long)]
    terms: Option<PathBuf>,
    /// Folder of the corpora with marked mentions, for encoders.
    #[arg(long)]
    labelled: Option<PathBuf>,
    /// Only these of mentions, bc5cdr, ddi, kd-dti, pubmedqa and hoc; of an encoder its one task, as its recipe names it.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// With evaluate and an encoder: measure on the development part.
    #[arg(long)]
    dev: bool,
    /// Print only, change no file of the model.
    #[arg(long)]
    dry: bool,
    /// With evaluate: measure on test parts although they were used for this model before.
    #[arg(long)]
    again: bool,
}

/// Learns names and words from the training parts, fits on the development parts how they are weighed with what the model
/// says, and keeps what it finds in `tasks.json`.
pub fn calibrate(arguments: &Arguments) -> Result<(), Failure> {
    if bert::model::is_encoder(&arguments.model) {
        return Err(
            "nothing is fitted of an encoder: its probabilities are its own. Measure it with `evaluate`"
                .into(),
        );
    }
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

/// Measures on the test parts with what was fitted: once a model, and never without a trace.
pub fn evaluate(arguments: &Arguments) -> Result<(), Failure> {
    let is_encoder = bert::model::is_encoder(&arguments.model);
    if arguments.dev {
        return match is_encoder {
            true => keep(arguments, &of_encoder(arguments, Part::Dev)?),
            false => Err("--dev is for encoders: `calibrate` measures BioGPT's development figures".into()),
        };
    }
    let metrics = Manifest::read(&arguments.model)?.metrics;
    let used = used_test_parts(metrics.keys(), &arguments.only);
    if !arguments.again && !used.is_empty() {
        return Err(format!(
            "the test parts of {} were used for this model already: its manifest has their figures. Nothing may be chosen by \
             them. Say --again to measure all the same",
            used.join(", ")
        )
        .into());
    }
    if !arguments.again && arguments.dry {
        return Err("a test part is not looked at without a trace: leave --dry out, or say --again".into());
    }
    if is_encoder {
        return keep(arguments, &of_encoder(arguments, Part::Test)?);
    }
    let finders = finders(arguments)?;
    let guidance = Guidance::read(&arguments.model)?;
    let gold = tuning::read(&arguments.tasks, Part::Test, finders.dictionaries())?;
    keep(arguments, &evaluator(arguments, finders, guidance)?.measure(&arguments.only, &gold)?)
}

/// The tasks among `only` (all if none is named) whose test parts have given figures, by the figures' names.
fn used_test_parts<'a>(figures: impl Iterator<Item = &'a String>, only: &[String]) -> Vec<&'a str> {
    // How much was measured is written down of test parts alone.
    let counts = ["documents", "questions", "sentences"];
    let of_tests = figures.filter_map(|name| name.split_once('.'));
    let of_tests = of_tests.filter(|(_, figure)| counts.contains(figure)).map(|(task, _)| task);
    of_tests.filter(|task| only.is_empty() || only.iter().any(|one| one == task)).collect()
}

/// The figures of an encoder's task.
fn of_encoder(arguments: &Arguments, part: Part) -> Result<Figures, Failure> {
    let known = EncoderTask::ALL.map(EncoderTask::name).join(", ");
    let [task] = arguments.only.as_slice() else {
        return Err(format!("say with --only what the encoder was tuned for: one of {known}").into());
    };
    let task = EncoderTask::named(task).map_err(|problem| format!("--only {problem}"))?;
    let labelled = arguments.labelled.as_deref();
    let labelled = labelled.ok_or("say with --labelled where the corpora with marked mentions are")?;
    let texts = encoders::read(task, &arguments.tasks, labelled, part)?;
    let model = bert::Model::load(&arguments.model, &Device::flex())?;
    Ok(encoders::measure(model, task, &texts, part)?)
}

fn finders(arguments: &Arguments) -> Result<Finders, Failure> {
    let terms = arguments.terms.as_deref().ok_or("say with --terms which dictionary names are found with")?;
    Ok(Finders::new(vec![Arc::new(Terms::open(terms)?)]))
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

#[cfg(test)]
mod tests {
    use super::used_test_parts;

    #[test]
    fn a_test_part_that_was_used_is_known_by_its_figures() {
        let figures =
            ["bc5cdr.dev_pair_f1", "bc5cdr.documents", "bc5cdr.f1", "hoc.dev_micro_f1", "pubmedqa.questions"];
        let figures = figures.map(str::to_owned);
        let used = |only: &[&str]| {
            let only: Vec<String> = only.iter().map(|&task| task.to_owned()).collect();
            used_test_parts(figures.iter(), &only).join(" ")
        };
        assert_eq!(used(&[]), "bc5cdr pubmedqa");
        assert_eq!((used(&["pubmedqa", "hoc"]).as_str(), used(&["hoc", "ddi"]).as_str()), ("pubmedqa", ""));
    }
}
