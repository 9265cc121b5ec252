//! A model as it is shown.

use std::path::Path;

use bert::{BertConfig, Family};
use biogpt::Config;
use biogpt::model::{Manifest, ModelError};
use inference::Checksums;
use tasks::RelationTask;
use tasks::guidance::Guidance;
use tasks::labels::{LabelTask, Plan};

use super::{About, Found};
use crate::error::Result;
use crate::wire::{Metric, Model, Task};

/// The shape of a model of either architecture.
pub(super) enum Shape {
    BioGpt(Config),
    Encoder(BertConfig),
}

impl Shape {
    /// That of the model in a folder, published or ours.
    pub(super) fn of(folder: &Path) -> std::result::Result<Self, ModelError> {
        if bert::model::is_encoder(folder) {
            return Ok(Self::Encoder(bert::model::configuration(folder)?));
        }
        Ok(Self::BioGpt(biogpt::model::configuration(folder)?))
    }

    pub(super) fn parameters(&self) -> usize {
        match self {
            Self::BioGpt(config) => config.parameters(),
            Self::Encoder(config) => config.parameters(),
        }
    }

    fn positions(&self) -> usize {
        match self {
            Self::BioGpt(config) => config.max_positions,
            Self::Encoder(config) => config.max_positions(),
        }
    }

    /// In words.
    pub(super) fn words(&self) -> String {
        let (family, [layers, width, heads]) = match self {
            Self::BioGpt(config) => ("", [config.layers, config.hidden_size, config.heads]),
            Self::Encoder(config) => {
                let family =
                    if config.family == Family::Bert { "BERT encoder, " } else { "RoBERTa encoder, " };
                (family, [config.layers, config.hidden_size, config.heads])
            }
        };
        format!("{family}{layers} layers, width {width}, {heads} heads")
    }
}

pub(super) fn model(found: &Found, folder: &Path, about: &About) -> Result<Model> {
    let manifest = Manifest::read(folder)?;
    let shape = Shape::of(folder)?;
    let file = |name: &str| manifest.files.get(name);
    let sum = |name: &str| file(name).map(|file| file.sha256.clone()).unwrap_or_default();
    let weights = file("model.bpk").map_or(0, |file| file.bytes);
    // Heads may be under other terms than the weights that they read.
    let heads = manifest.heads.iter().filter(|file| file.licence != manifest.licence);
    let licences: Vec<String> = std::iter::once(manifest.licence.clone())
        .chain(heads.map(|file| format!("{}: {}", file.file, file.licence)))
        .collect();
    let licence = licences.join("; ");
    let research = licence.to_lowercase();
    let mut metrics: Vec<Metric> =
        manifest.metrics.iter().filter_map(|(name, value)| metric(name, *value)).collect();
    metrics.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Model {
        id: found.id.clone(),
        name: manifest.name.clone(),
        origin: found.origin,
        parameters: manifest.parameters as u64,
        bytes: manifest.files.values().map(|file| file.bytes).sum(),
        sha256: Checksums::weights_of(&manifest.files).unwrap_or_default(),
        tokenizer_sha256: sum("tokenizer.json"),
        research_only: ["research only", "non-commercial", "noncommercial", "-nc"]
            .iter()
            .any(|word| research.contains(word)),
        licence,
        tasks: match shape {
            Shape::BioGpt(_) => tasks(&manifest),
            // One whose table cannot be read says so where it is used.
            Shape::Encoder(_) => Guidance::read(folder)
                .ok()
                .and_then(|kept| Plan::of_guidance(&kept))
                .map(|plan| task_of(plan.task))
                .into_iter()
                .collect(),
        },
        architecture: shape.words(),
        context_tokens: shape.positions() as u32,
        precision: precision(weights, manifest.parameters).to_owned(),
        imported_at: about.imported_at,
        verified_at: about.verified_at,
        self_test: about.self_test.clone(),
        metrics,
        // A model without a card is shown without one.
        card: std::fs::read_to_string(folder.join("README.md")).unwrap_or_default(),
        in_use: false,
        finds_names: false,
    })
}

/// What an encoder is used for.
pub(super) const fn task_of(task: LabelTask) -> Task {
    match task {
        LabelTask::Mentions => Task::Mentions,
        LabelTask::Classify => Task::Classify,
        LabelTask::Pairs(RelationTask::Bc5cdr) => Task::Bc5cdr,
        LabelTask::Pairs(RelationTask::Ddi) => Task::Ddi,
        LabelTask::Pairs(RelationTask::KdDti) => Task::KdDti,
    }
}

/// Every model that writes describes; the rest is what it was tuned for, or has heads for.
fn tasks(manifest: &Manifest) -> Vec<Task> {
    let known = |name: &str| match name {
        "bc5cdr" => Some(Task::Bc5cdr),
        "ddi" => Some(Task::Ddi),
        "kd-dti" => Some(Task::KdDti),
        "pubmedqa" => Some(Task::Answer),
        "hoc" => Some(Task::Classify),
        _ => None,
    };
    let shapes = || manifest.heads.iter().map(|file| &file.shape);
    let pairs = shapes().flat_map(|shape| &shape.pairs).map(|head| &head.name);
    let names = shapes().filter_map(|shape| shape.mentions.as_ref()).map(|_| Task::Mentions);
    let classes = shapes().flat_map(|shape| &shape.classes).map(|head| &head.name);
    let mut tasks = vec![Task::Describe];
    for name in manifest.tasks.keys().chain(pairs).chain(classes) {
        tasks.extend(known(name).filter(|task| !tasks.contains(task)));
    }
    tasks.extend(names.take(1));
    tasks
}

fn precision(bytes: u64, parameters: usize) -> &'static str {
    match bytes as f64 / parameters.max(1) as f64 {
        size if size > 3.0 => "f32",
        size if size > 1.5 => "16 bits",
        size if size > 0.8 => "int8",
        _ => "fewer bits",
    }
}

/// A figure of the manifest, `bc5cdr.f1`; what Luo et al. (2022, table 2 to 6) publish for BioGPT stands beside it.
fn metric(name: &str, value: f64) -> Option<Metric> {
    // Older manifests have `bc5cdr F1` and `bc5cdr_f1`.
    let (task, figure) = name.split_once(['.', ' ', '_', '/'])?;
    let (task, published) = match task {
        "bc5cdr" => (Task::Bc5cdr, Some(44.98)),
        "kd-dti" => (Task::KdDti, Some(38.42)),
        "ddi" => (Task::Ddi, Some(40.76)),
        "pubmedqa" => (Task::Answer, Some(78.2)),
        "hoc" => (Task::Classify, Some(85.12)),
        _ => return None,
    };
    let is_main = ["f1", "accuracy", "micro-f1", "micro_f1"].contains(&figure.to_lowercase().as_str());
    let published = published.filter(|_| is_main);
    let data = if figure.starts_with("dev_") { "development" } else { "test" };
    Some(Metric { task, name: figure.to_owned(), value, published, data: data.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_a_manifest_are_told_by_task_in_its_own_units() {
        let told = |name: &str| metric(name, 42.25).map(|one| (one.task, one.name, one.published, one.data));
        let figure = |task, name: &str, published, data: &str| {
            Some((task, name.to_owned(), published, data.to_owned()))
        };
        assert_eq!(told("bc5cdr.f1"), figure(Task::Bc5cdr, "f1", Some(44.98), "test"));
        assert_eq!(told("hoc.micro_f1"), figure(Task::Classify, "micro_f1", Some(85.12), "test"));
        let dev = figure(Task::KdDti, "dev_pair_f1_of_both", None, "development");
        assert_eq!(told("kd-dti.dev_pair_f1_of_both"), dev);
        assert_eq!(told("bc5cdr F1"), figure(Task::Bc5cdr, "F1", Some(44.98), "test"));
        assert_eq!(told("perplexity.prose"), None);
    }
}
