//! From a published model to a folder of Osler's form: BioGPT, or an encoder with what its labels mean.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;

use biogpt::model::{Manifest, ModelError, WeightType};
use inference::plan_of;
use tasks::guidance;
use tasks::labels::{LabelTask, LabelsError, Plan};
use tasks::marking::Marking;

use crate::error::{Result, bad_input, other, remedied, sentences};
use crate::wire::{ErrorCode, HostError, ModelUse, Task};

/// How a published model is brought into Osler's form.
#[derive(Debug, Clone, Default)]
pub struct Conversion {
    /// Shown to people.
    pub name: String,
    /// Where the weights came from.
    pub source: String,
    /// Terms of use.
    pub licence: String,
    /// How numbers are stored.
    pub weights: WeightType,
    /// The task that it was tuned for (bc5cdr, ddi, kd-dti, pubmedqa, hoc, mentions, classify), where its files do not tell.
    pub task: Option<String>,
    /// Of an encoder, from its labels, or the kinds in them, to what they mean; the rest is guessed.
    pub labels: BTreeMap<String, String>,
    /// How pairs of names are shown to an encoder that judges them.
    pub marking: Option<Marking>,
}

impl From<&ModelUse> for Conversion {
    fn from(used: &ModelUse) -> Self {
        // An empty meaning was left to be guessed.
        let said = used.labels.iter().filter(|label| !label.meaning.trim().is_empty());
        let marking = used.marking.clone().map(|marking| Marking {
            head: marking.head,
            tail: marking.tail,
            second: marking.second.filter(|second| !second.trim().is_empty()),
            passages: marking.passages,
        });
        Self {
            task: task_name(used.task).map(str::to_owned),
            labels: said.map(|one| (one.label.clone(), one.meaning.trim().to_owned())).collect(),
            marking,
            ..Self::default()
        }
    }
}

/// The task of an encoder, as [`LabelTask`] names it.
const fn task_name(task: Task) -> Option<&'static str> {
    match task {
        Task::Mentions => Some("mentions"),
        Task::Classify => Some("classify"),
        Task::Bc5cdr => Some("bc5cdr"),
        Task::Ddi => Some("ddi"),
        Task::KdDti => Some("kd-dti"),
        Task::Describe | Task::Answer => None,
    }
}

/// Converts the published model in `from` into a new folder `to`. `progress` gets the share that is done and says whether to go on;
/// nothing is left where it says no, and `None` is given.
///
/// # Errors
/// What is wrong with which file, or with what was said of its labels; a half-written folder is removed.
pub fn convert(
    from: &Path,
    to: &Path,
    how: &Conversion,
    progress: impl FnMut(f64) -> ControlFlow<()> + Send + 'static,
) -> Result<Option<Manifest>> {
    if bert::model::is_encoder(from) {
        return encoder(from, to, how, progress);
    }
    if !how.labels.is_empty() || how.marking.is_some() {
        return Err(bad_input(
            format!("The model in {} has no labels to give a meaning.", from.display()),
            "Leave that out: it is for encoders such as BioBERT.",
        ));
    }
    let how = biogpt::model::Import {
        name: how.name.clone(),
        source: how.source.clone(),
        licence: how.licence.clone(),
        weights: how.weights,
        task: how.task.clone(),
    };
    unless_stopped(biogpt::model::import_telling(from, to, &how, progress))
}

fn encoder(
    from: &Path,
    to: &Path,
    how: &Conversion,
    progress: impl FnMut(f64) -> ControlFlow<()> + Send + 'static,
) -> Result<Option<Manifest>> {
    let config = bert::model::configuration(from)?;
    let of_tokens = config.head == bert::Head::TokenClassification;
    let said = how.task.is_some() || !how.labels.is_empty() || how.marking.is_some();
    if said && !config.head.classifies() {
        return Err(bad_input(
            format!("The model in {} has no head that gives labels.", from.display()),
            "Say nothing of tasks and labels, or take a model that was tuned for a task.",
        ));
    }
    // The name of the folder often says what a model was tuned for.
    let name = format!("{} {}", how.name, from.file_name().unwrap_or_default().to_string_lossy());
    let likely = Plan::likely(of_tokens, &config.labels, &name);
    let task = match &how.task {
        None => likely.task,
        Some(task) => LabelTask::named(task).ok_or_else(|| {
            bad_input(
                format!("An encoder cannot be used for {task}."),
                "Say mentions, classify, bc5cdr, ddi or kd-dti.",
            )
        })?,
    };
    let plan = Plan { task, labels: how.labels.clone(), marking: how.marking.clone() };
    let plan = plan_of(&config, Some(plan), &name).map_err(|cause| labels_of(from, &cause))?;
    let beside = match &plan {
        None => BTreeMap::new(),
        Some(plan) => {
            let text = serde_json::to_string_pretty(&plan.guidance()).map_err(|cause| {
                other(format!("What the labels mean cannot be written ({cause})."), "Give them plain names.")
            })?;
            [(guidance::FILE.to_owned(), text + "\n")].into()
        }
    };
    let how = bert::model::Import {
        name: how.name.clone(),
        source: how.source.clone(),
        licence: how.licence.clone(),
        weights: how.weights,
        beside,
    };
    let made = unless_stopped(bert::model::import_telling(from, to, &how, progress))?;
    // The same form, whatever heads another architecture could have.
    made.map(|_| Ok(Manifest::read(to)?)).transpose()
}

/// What the encoder of a folder of ours is used for; `None` for other models, and for one without labels.
///
/// # Errors
/// If its `tasks.json` cannot be read.
pub fn plan_of_folder(folder: &Path) -> Result<Option<Plan>> {
    let kept = guidance::Guidance::read(folder).map_err(|cause| remedied!(ErrorCode::BadInput, cause))?;
    Ok(Plan::of_guidance(&kept))
}

/// What is wrong with the labels of a folder's model.
fn labels_of(folder: &Path, cause: &LabelsError) -> HostError {
    let problem = format!("{}: {}", folder.join("config.json").display(), cause.problem());
    sentences(ErrorCode::BadInput, &problem, cause.remedy().as_deref())
}

/// `None` for what was stopped.
fn unless_stopped<T>(result: std::result::Result<T, ModelError>) -> Result<Option<T>> {
    match result {
        Ok(done) => Ok(Some(done)),
        Err(ModelError::Stopped) => Ok(None),
        Err(cause) => Err(cause.into()),
    }
}
