//! A run that tunes an encoder.

use std::fs;
use std::path::{Path, PathBuf};

use bert::{BertConfig, Model};
use burn::module::Module;
use tasks::guidance::Guidance;

use super::{EncoderTask, Examples, measure, read};
use crate::evaluation::Figures;
use crate::place::Place;
use crate::progress::{Cost, log};
use crate::recipe::{Data, Problem};
use crate::run::{RunError, Source};
use crate::start::RequireGradients;
use crate::tuning::{DataError, Part};
use crate::{history, snapshot};

/// The file of a run's folder with its figures on the development part.
pub(super) const FIGURES: &str = "figures.json";

/// Why an encoder cannot be tuned or measured.
#[derive(Debug, thiserror::Error)]
pub enum EncoderError {
    /// The model that it starts from.
    #[error(transparent)]
    Model(#[from] bert::ModelError),
    /// Its tokenizer.
    #[error(transparent)]
    Tokenizer(#[from] tokenizer::Error),
    /// The corpus.
    #[error(transparent)]
    Data(#[from] DataError),
    /// What its labels mean.
    #[error(transparent)]
    Labels(#[from] tasks::labels::LabelsError),
    /// What its labels mean, on disk.
    #[error(transparent)]
    Guidance(#[from] tasks::guidance::GuidanceError),
    /// What the model was made of.
    #[error(transparent)]
    History(#[from] history::HistoryError),
    /// The run itself.
    #[error(transparent)]
    Run(#[from] RunError),
    /// Measuring names.
    #[error(transparent)]
    Inference(#[from] inference::InferenceError),
    /// Measuring classes.
    #[error(transparent)]
    Reading(#[from] bert::ReadError),
    /// How far the run is.
    #[error(transparent)]
    Snapshot(#[from] snapshot::SnapshotError),
    /// The recipe.
    #[error(transparent)]
    Recipe(Problem),
    /// A model that was tuned for something else.
    #[error("the model is not one of {task}: its classes are {labels}. Name its own task")]
    OtherTask {
        /// What was asked for.
        task: &'static str,
        /// The model's own.
        labels: String,
    },
    /// A file of the run's folder.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

/// Whether a folder is that of a run that tunes an encoder.
#[must_use]
pub fn is_run(folder: &Path) -> bool {
    folder.join(snapshot::FILE).is_file() && BertConfig::is_named_in(folder)
}

/// Tunes to the end of the recipe, from the folder's snapshot if there is one, and measures the result on the development part;
/// no figures if `stop` ended it before.
///
/// # Errors
/// If the model, the corpus or the recipe cannot be used, or the run fails.
pub fn tune(place: &Place<'_>, stop: impl Fn() -> bool) -> Result<Option<Figures>, EncoderError> {
    let Place { recipe, out, devices, .. } = place;
    let wrong =
        |field: &str, problem: String| EncoderError::Recipe(Problem { field: field.to_owned(), problem });
    let Data::Encoder { task, tasks, labelled, longest } = &recipe.data else {
        return Err(wrong("data.kind", "is not \"encoder\"".to_owned()));
    };
    let task = EncoderTask::named(task).map_err(|problem| wrong("data.task", problem))?;
    let from = recipe.model.from.as_deref();
    let from = from.ok_or_else(|| wrong("model.from", "names no folder of an encoder".to_owned()))?;
    let device = devices.first().cloned().unwrap_or_default();
    let Model { config, tokenizer, network, manifest, .. } =
        Model::load_to_tune(from, &task.head(), recipe.seed, &device)?;
    if *longest > config.max_positions() {
        let most = config.max_positions();
        return Err(wrong(
            "data.longest",
            format!("is {longest}, but the model has {most} positions: write {most} or less"),
        ));
    }
    let part = |part| read(task, tasks, labelled, part);
    let (train, dev) = (part(Part::Train)?, part(Part::Dev)?);
    describe(out, &config, &task.guidance())?;
    tokenizer.save(out)?;
    place.record()?;
    let multi_label = config.multi_label.then_some(config.labels.len());
    let texts = (train.as_slice(), dev.as_slice());
    let source = Examples::new(&tokenizer, texts, multi_label, *longest, recipe.batch.texts, recipe.seed)?;
    log(&format!("{} texts an epoch", source.epoch()));
    let run = place.run(Cost::of_encoder(&config), &source);
    let network = run.train(network.map(&mut RequireGradients), stop)?;
    let at = snapshot::position(out)?;
    if !recipe.optimizer.is_over(at.update, at.consumed, source.epoch()) {
        return Ok(None);
    }
    let (network, device) = (network.valid(), device.without_autodiff());
    let mapping = bert::model::Mapping::default();
    let model = Model { config, tokenizer, network, manifest, device, mapping };
    let figures = measure(model, task, &dev, Part::Dev)?;
    figures.iter().for_each(|(name, value)| log(&format!("{name} {value:.2}")));
    write(&out.join(FIGURES), &(serde_json::to_string_pretty(&figures).unwrap_or_default() + "\n"))?;
    Ok(Some(figures))
}

/// Writes shape and meaning of the labels into a run's folder, so that its snapshots can be read without the recipe.
fn describe(out: &Path, config: &BertConfig, guidance: &Guidance) -> Result<(), EncoderError> {
    fs::create_dir_all(out).map_err(|source| EncoderError::Write { path: out.to_path_buf(), source })?;
    write(&out.join(bert::model::CONFIG), &config.to_json())?;
    Ok(guidance.write(out)?)
}

fn write(path: &Path, text: &str) -> Result<(), EncoderError> {
    fs::write(path, text).map_err(|source| EncoderError::Write { path: path.to_owned(), source })
}
