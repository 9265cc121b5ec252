//! A model card: what a model was made of, what it was measured at, and what it is not for, from its manifest.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use biogpt::Config;
use biogpt::model::{Manifest, TrainingStage};
use checkpoints::BertConfig;
use tasks::guidance::{Guidance, GuidanceError};
use tasks::labels::Plan;

/// Where the generated part begins and ends in a `README.md` that people write, too.
const BEGIN: &str = "<!-- card: written by `training card`; changes between these two lines are lost -->";
const END: &str = "<!-- card: end -->";

/// Why there is no card.
#[derive(Debug, thiserror::Error)]
pub enum CardError {
    /// The model folder.
    #[error(transparent)]
    Model(#[from] biogpt::ModelError),
    /// Its shape.
    #[error(transparent)]
    Config(#[from] checkpoints::CheckpointError),
    /// What an encoder's labels mean.
    #[error(transparent)]
    Guidance(#[from] GuidanceError),
    /// The system refuses.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

/// Writes the card of a model folder into its `README.md`: into the part between the two marks where they stand, at its end
/// where not. What people wrote stays.
///
/// # Errors
/// If the folder is no model folder, or cannot be written.
pub fn write(folder: &Path) -> Result<PathBuf, CardError> {
    let manifest = Manifest::read(folder)?;
    let config = folder.join("config.json");
    let shape = if bert::model::is_encoder(folder) {
        let plan = Plan::of_guidance(&Guidance::read(folder)?);
        Shape::of_encoder(&BertConfig::read(&config)?, plan.as_ref())
    } else {
        Shape::of(&Config::read(&config)?, &manifest)
    };
    let card = card(&manifest, &shape);
    let path = folder.join("README.md");
    let before = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => format!("# {}\n", manifest.name),
        Err(source) => return Err(CardError::Io { action: "read", path, source }),
    };
    let text = placed(&before, &card);
    fs::write(&path, text).map_err(|source| CardError::Io { action: "write", path: path.clone(), source })?;
    Ok(path)
}

fn placed(before: &str, card: &str) -> String {
    match (before.split_once(BEGIN), before.split_once(END)) {
        (Some((above, _)), Some((_, below))) => format!("{above}{BEGIN}\n\n{card}\n{END}{below}"),
        _ => format!("{}\n\n{BEGIN}\n\n{card}\n{END}\n", before.trim_end()),
    }
}

/// What a model is, and does.
struct Shape {
    layers: usize,
    hidden_size: usize,
    heads: usize,
    vocabulary: String,
    max_positions: usize,
    tasks: String,
}

impl Shape {
    fn of(config: &Config, manifest: &Manifest) -> Self {
        let Config { layers, hidden_size, heads, vocab_size, learned_prompt, max_positions, .. } = *config;
        let tasks: Vec<&str> = manifest.tasks.keys().map(String::as_str).collect();
        let tasks = if tasks.is_empty() { "none: it continues text".to_owned() } else { tasks.join(", ") };
        let vocabulary = format!("{vocab_size}, of which {learned_prompt} learned tokens");
        Self { layers, hidden_size, heads, vocabulary, max_positions, tasks }
    }

    fn of_encoder(config: &BertConfig, plan: Option<&Plan>) -> Self {
        let BertConfig { layers, hidden_size, heads, vocab_size, .. } = *config;
        let tasks = plan.map_or_else(
            || "none: its labels were not mapped".to_owned(),
            |plan| {
                let labels: Vec<&str> = plan.labels.keys().map(String::as_str).collect();
                format!("{} ({})", plan.task.name(), labels.join(", "))
            },
        );
        let (vocabulary, max_positions) = (vocab_size.to_string(), config.max_positions());
        Self { layers, hidden_size, heads, vocabulary, max_positions, tasks }
    }
}

/// The card in Markdown.
fn card(manifest: &Manifest, shape: &Shape) -> String {
    let mut text = String::new();
    let bytes: u64 = manifest.files.values().map(|file| file.bytes).sum();
    let Shape { layers, hidden_size, heads, vocabulary, max_positions, tasks } = shape;
    let _ = writeln!(
        text,
        "| | |\n|---|---|\n| origin | {} |\n| licence | {} |\n| weights | {} in {layers} layers, width {hidden_size}, {heads} heads |\n\
         | vocabulary | {vocabulary} |\n| longest text | {max_positions} tokens |\n| size | {:.1} MB |\n| tasks | {tasks} |",
        manifest.source,
        manifest.licence,
        manifest.parameters,
        bytes as f64 / 1e6
    );
    training(&mut text, &manifest.training);
    figures(&mut text, &manifest.metrics);
    text.push_str("\n### Limits\n\n");
    for limit in limits(manifest) {
        let _ = writeln!(text, "- {limit}");
    }
    text.push_str("\n### Files\n\n| file | bytes | sha256 |\n|---|---|---|\n");
    for (name, file) in &manifest.files {
        let _ = writeln!(text, "| `{name}` | {} | `{}` |", file.bytes, file.sha256);
    }
    text
}

fn training(text: &mut String, stages: &[TrainingStage]) {
    text.push_str("\n### Training\n\n");
    if stages.is_empty() {
        text.push_str("Not recorded.\n");
        return;
    }
    text.push_str("| recipe | updates | tokens | hours | on |\n|---|---|---|---|---|\n");
    for stage in stages {
        let TrainingStage { recipe, updates, tokens, hours, machine, .. } = stage;
        let _ = writeln!(text, "| {recipe} | {updates} | {tokens} | {hours:.1} | {machine} |");
    }
    text.push_str("\n| data | licence | documents |\n|---|---|---|\n");
    let mut all: BTreeMap<(&str, &str), Option<u64>> = BTreeMap::new();
    for data in stages.iter().flat_map(|stage| &stage.data) {
        all.insert((&data.licence, &data.name), data.documents);
    }
    for ((licence, name), documents) in all {
        let documents = documents.map_or_else(String::new, |count| count.to_string());
        let _ = writeln!(text, "| {name} | {licence} | {documents} |");
    }
}

fn figures(text: &mut String, metrics: &BTreeMap<String, f64>) {
    text.push_str("\n### Figures\n\n");
    if metrics.is_empty() {
        text.push_str("Not measured.\n");
        return;
    }
    text.push_str(
        "Those with `dev_` are of development parts, thresholds and margins were fitted there.\n\n",
    );
    text.push_str("| figure | value |\n|---|---|\n");
    for (name, value) in metrics {
        let digits = if value.fract() == 0.0 { 0 } else { 3 };
        let _ = writeln!(text, "| {name} | {value:.digits$} |");
    }
}

/// Parts of licences that forbid to give a work on for any purpose, or ask for the same terms.
const RESTRICTIVE: [&str; 7] = ["NC", "ND", "SA", "GPL", "not stated", "not recorded", "research"];

/// What the model must not be taken for, as far as its manifest tells.
fn limits(manifest: &Manifest) -> Vec<String> {
    let mut limits = vec![
        "For research. Its answers are no medical advice, and each needs a look at the text it is about.".to_owned(),
        "English abstracts and sentences of the biomedical literature, as in its data; not notes of patients.".to_owned(),
    ];
    let restrictive = |licence: &str| {
        let words: Vec<&str> = licence.split(|c: char| !c.is_alphanumeric()).collect();
        RESTRICTIVE.iter().any(|part| words.contains(part) || part.contains(' ') && licence.contains(part))
    };
    let data = manifest.training.iter().flat_map(|stage| &stage.data);
    let mut named: Vec<String> = data
        .filter(|data| restrictive(&data.licence))
        .map(|data| format!("{} ({})", data.name, data.licence))
        .collect();
    named.sort();
    named.dedup();
    if !named.is_empty() {
        limits.push(format!("Trained on data whose terms restrict its use: {}.", named.join("; ")));
    }
    let tasks: Vec<&str> = manifest.tasks.keys().map(|task| task.trim_end_matches("-pairs")).collect();
    let mut unmeasured: Vec<&str> = tasks
        .into_iter()
        .filter(|task| {
            !manifest.metrics.keys().any(|name| {
                name.strip_prefix(task).is_some_and(|rest| {
                    rest.starts_with('.')
                        && !rest.contains("dev_")
                        && (rest.contains("f1") || rest.contains("accuracy"))
                })
            })
        })
        .collect();
    unmeasured.dedup();
    if !unmeasured.is_empty() {
        limits.push(format!("Not measured on a test set: {}.", unmeasured.join(", ")));
    }
    for (name, slope) in manifest.metrics.iter().filter(|(name, _)| name.ends_with(".platt_slope")) {
        if *slope < 0.2 {
            let task = name.trim_end_matches(".platt_slope");
            limits.push(format!("{task}: its scores hardly tell right from wrong (Platt slope {slope:.2})."));
        }
    }
    limits
}

#[cfg(test)]
mod tests {
    use biogpt::model::{FileRecord, TaskPrompt, TrainingData};

    use super::*;

    fn manifest() -> Manifest {
        let data = |name: &str, licence: &str, documents| TrainingData {
            name: name.to_owned(),
            licence: licence.to_owned(),
            documents,
        };
        Manifest {
            format: 1,
            name: "Small".into(),
            source: "a test".into(),
            licence: "MIT".into(),
            parameters: 1234,
            tasks: ["ddi", "hoc"].map(|task| (task.to_owned(), TaskPrompt::default())).into(),
            metrics: [("ddi.f1".to_owned(), 12.345_6), ("hoc.dev_micro_f1".to_owned(), 60.0)].into(),
            training: vec![TrainingStage {
                recipe: "smoke".into(),
                updates: 20,
                tokens: 10_240,
                hours: 0.26,
                machine: "cpu".into(),
                data: vec![
                    data("PubMedQA, train", "MIT", Some(450)),
                    data("DDI 2013, train", "CC BY-NC 4.0", None),
                    data("articles", "CC BY", Some(3)),
                ],
            }],
            heads: Vec::new(),
            files: [("model.bpk".to_owned(), FileRecord { bytes: 2_000_000, sha256: "ab12".into() })].into(),
        }
    }

    #[test]
    fn a_card_tells_data_licences_hours_figures_limits_and_hashes() {
        let manifest = manifest();
        let card = card(&manifest, &Shape::of(&Config::tiny(), &manifest));
        for part in [
            "| smoke | 20 | 10240 | 0.3 | cpu |",
            "| DDI 2013, train | CC BY-NC 4.0 |  |",
            "| PubMedQA, train | MIT | 450 |",
            "| ddi.f1 | 12.346 |",
            "restrict its use: DDI 2013, train (CC BY-NC 4.0).",
            "Not measured on a test set: hoc.",
            "| `model.bpk` | 2000000 | `ab12` |",
        ] {
            assert!(card.contains(part), "{part} is not in:\n{card}");
        }
    }

    #[test]
    fn what_people_wrote_stays_and_the_generated_part_is_replaced() {
        let first = placed("# Small\n\nBy hand.\n", "old");
        let second = placed(&(first + "\nBelow.\n"), "new");
        assert!(second.starts_with("# Small\n\nBy hand.\n") && second.ends_with("Below.\n"), "{second}");
        assert!(second.contains("new") && !second.contains("old"));
        assert_eq!(second.matches(BEGIN).count(), 1);
    }
}
