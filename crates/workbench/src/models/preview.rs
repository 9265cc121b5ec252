//! What an import of a model would bring.

use std::path::{Path, PathBuf};

use super::Installed;
use tasks::RelationTask;
use tasks::labels::{LEFT_OUT, LabelTask, Plan};
use tasks::marking::Marking;
use tasks::tagging::KINDS;

use super::view::{Shape, task_of};
use crate::error::{Result, bad_input};
use crate::wire::{
    HostError, ModelFile, ModelFileState, ModelForm, ModelLabel, ModelPreview, ModelUse, PairMarking,
};

/// Files of a form, what they are for, and whether it cannot be without them.
type Roles = &'static [(&'static str, &'static str, bool)];

const HUGGING_FACE: Roles = &[
    ("config.json", "the shape", true),
    ("pytorch_model.bin", "the weights", false),
    ("model.safetensors", "the weights", false),
    ("vocab.json", "the vocabulary", true),
    ("merges.txt", "the merges", true),
];
const ENCODER: Roles = &[
    ("config.json", "the shape and the labels", true),
    ("pytorch_model.bin", "the weights", false),
    ("model.safetensors", "the weights", false),
    ("tokenizer.json", "the vocabulary", false),
    ("vocab.txt", "the vocabulary", false),
    ("vocab.json", "the vocabulary", false),
    ("merges.txt", "the merges", false),
    ("tokenizer_config.json", "how texts are cut", false),
];
const FAIRSEQ: Roles = &[
    ("checkpoint.pt", "the weights", true),
    ("dict.txt", "the vocabulary", true),
    ("bpecodes", "the merges", true),
];
const OSLER: Roles = &[
    ("manifest.json", "where it came from, with sums", true),
    ("config.json", "the shape", true),
    ("tokenizer.json", "the vocabulary", true),
    ("model.bpk", "the weights", true),
    ("tasks.json", "what was fitted for its tasks", false),
];

impl Installed {
    /// Looks at a folder (or at some files of one).
    ///
    /// # Errors
    /// When no folder was given.
    pub(super) fn preview(&self, paths: &[PathBuf]) -> Result<ModelPreview> {
        let first =
            paths.first().ok_or_else(|| bad_input("No folder was chosen.", "Choose a model's folder."))?;
        let folder = if first.is_dir() {
            first.clone()
        } else {
            first.parent().map(Path::to_path_buf).unwrap_or_default()
        };
        let form = form(&folder);
        let roles = match form {
            ModelForm::Osler => OSLER,
            ModelForm::Fairseq => FAIRSEQ,
            ModelForm::HuggingFace if bert::model::is_encoder(&folder) => ENCODER,
            ModelForm::HuggingFace | ModelForm::Unknown => HUGGING_FACE,
        };
        let files: Vec<ModelFile> = roles.iter().map(|role| file(&folder, role, form)).collect();
        let bytes = files.iter().filter_map(|file| file.bytes).sum();
        let (shape, problem) = match Shape::of(&folder) {
            Ok(shape) => (Some(shape), None),
            Err(cause) => (None, Some(HostError::from(cause))),
        };
        let parameters = shape.as_ref().map(|shape| shape.parameters() as u64);
        let usable = problem.is_none() && !files.iter().any(|file| file.state == ModelFileState::Missing);
        let id = usable.then(|| folder.display().to_string());
        if let Some(id) = &id {
            let mut previews = self.previews.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            previews.insert(id.clone(), folder.clone());
        }
        let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(ModelPreview {
            id,
            folder: folder.display().to_string(),
            form,
            architecture: shape.as_ref().map(Shape::words),
            parameters,
            files,
            bytes,
            // Ours are copied as they are; others take 8.5 bits a weight, and what is small with 32.
            needed_bytes: match form {
                ModelForm::Osler => bytes,
                _ => parameters.map_or(0, |parameters| parameters + parameters / 8),
            },
            free_bytes: super::importing::free_space(&self.own),
            problems: problem.into_iter().collect(),
            uses: match (&shape, form) {
                (Some(Shape::Encoder(config)), ModelForm::HuggingFace) => uses(config, &name),
                _ => Vec::new(),
            },
            name,
        })
    }
}

/// What a published classifier could be used for, the likeliest first, with what its labels are likely to mean.
fn uses(config: &bert::BertConfig, name: &str) -> Vec<ModelUse> {
    if !config.head.classifies() {
        return Vec::new();
    }
    let of_tokens = config.head == bert::Head::TokenClassification;
    let likely = Plan::likely(of_tokens, &config.labels, name).task;
    let pairs = RelationTask::ALL.into_iter().map(LabelTask::Pairs);
    let mut tasks = vec![likely];
    if !of_tokens {
        tasks.extend(std::iter::once(LabelTask::Classify).chain(pairs).filter(|task| *task != likely));
    }
    tasks.into_iter().map(|task| used(config, task, name)).collect()
}

fn used(config: &bert::BertConfig, task: LabelTask, name: &str) -> ModelUse {
    let marking = match task {
        LabelTask::Pairs(task) => Some(Marking::usual(task)),
        LabelTask::Mentions | LabelTask::Classify => None,
    };
    let plan = Plan { task, labels: std::collections::BTreeMap::new(), marking };
    let none = std::iter::once(LEFT_OUT);
    let meanings: Vec<&str> = match task {
        LabelTask::Mentions => KINDS.into_iter().chain(none).collect(),
        LabelTask::Pairs(task) => task.kinds().iter().copied().chain(none).collect(),
        LabelTask::Classify => Vec::new(),
    };
    let rows = plan.rows(&config.labels, name).into_iter();
    ModelUse {
        task: task_of(task),
        labels: rows.map(|(label, meaning)| ModelLabel { label, meaning }).collect(),
        meanings: meanings.into_iter().map(str::to_owned).collect(),
        marking: plan.marking.map(|marking| PairMarking {
            head: marking.head,
            tail: marking.tail,
            second: marking.second,
            passages: marking.passages,
        }),
    }
}

pub(super) fn form(folder: &Path) -> ModelForm {
    let has = |name: &str| folder.join(name).is_file();
    if has("manifest.json") {
        ModelForm::Osler
    } else if has("config.json") {
        ModelForm::HuggingFace
    } else if has("dict.txt") {
        ModelForm::Fairseq
    } else {
        ModelForm::Unknown
    }
}

fn file(folder: &Path, (name, role, needed): &(&str, &str, bool), form: ModelForm) -> ModelFile {
    let path = folder.join(name);
    // fairseq's checkpoints have many names.
    let path = if !path.exists() && form == ModelForm::Fairseq && name.ends_with(".pt") {
        let mut entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        entries.find(|path| path.extension().is_some_and(|end| end == "pt")).unwrap_or(path)
    } else {
        path
    };
    let bytes = std::fs::metadata(&path).ok().map(|metadata| metadata.len());
    let state = match bytes {
        Some(0) => ModelFileState::Damaged,
        Some(_) => ModelFileState::Found,
        None if *needed => ModelFileState::Missing,
        None => ModelFileState::Optional,
    };
    let remark = if state == ModelFileState::Damaged { "it is empty: copy it again" } else { "" };
    let name =
        path.file_name().map_or_else(|| (*name).to_owned(), |name| name.to_string_lossy().into_owned());
    ModelFile { name, role: (*role).to_owned(), state, bytes, remark: remark.to_owned() }
}
