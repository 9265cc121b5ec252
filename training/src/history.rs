//! What a model was made of, stage by stage: kept in a run's folder before its first update, and in the manifest of what
//! is exported from it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use biogpt::model::{Manifest, TrainingData, TrainingStage};

use crate::encoders::EncoderTask;
use crate::environment::Environment;
use crate::recipe::{Data, Recipe};
use crate::snapshot;

/// The file of a run's folder.
pub const FILE: &str = "history.json";

/// Why a history cannot be told.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
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
    /// The file is not what it should be.
    #[error("{path} is damaged: {source}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Place and reason.
        source: serde_json::Error,
    },
    /// The model that a run started from.
    #[error(transparent)]
    Model(#[from] biogpt::ModelError),
    /// The run that a run started from.
    #[error(transparent)]
    Snapshot(#[from] snapshot::SnapshotError),
}

/// The stages that a run with this recipe has behind and before it, the last one not begun.
///
/// # Errors
/// If the folder that it starts from cannot be read.
pub fn begun(recipe: &Recipe, machine: &str) -> Result<Vec<TrainingStage>, HistoryError> {
    let mut stages = match &recipe.model.from {
        Some(from) => of(from)?,
        None => Vec::new(),
    };
    stages.push(TrainingStage {
        recipe: recipe.name.clone(),
        machine: machine.to_owned(),
        data: data(recipe),
        ..TrainingStage::default()
    });
    Ok(stages)
}

/// Writes the stages of a run into its folder.
///
/// # Errors
/// If the folder cannot be written.
pub fn write(folder: &Path, stages: &[TrainingStage]) -> Result<(), HistoryError> {
    let path = folder.join(FILE);
    let text = serde_json::to_string_pretty(stages)
        .map_err(|source| HistoryError::Damaged { path: path.clone(), source })?;
    fs::write(&path, text + "\n").map_err(|source| HistoryError::Io { action: "write", path, source })
}

/// The stages of a run's folder up to its last snapshot, or of a model folder. Empty where nothing was recorded.
///
/// # Errors
/// If a file of the folder cannot be read.
pub fn of(folder: &Path) -> Result<Vec<TrainingStage>, HistoryError> {
    if folder.join("manifest.json").is_file() {
        return Ok(Manifest::read(folder)?.training);
    }
    if !folder.join(snapshot::FILE).is_file() {
        return Ok(Vec::new());
    }
    // Weights that were kept on the way lie below the run that they belong to.
    let run = match folder.parent().and_then(Path::parent) {
        Some(run) if !folder.join(FILE).is_file() && run.join(FILE).is_file() => run,
        _ => folder,
    };
    let mut stages = match read(&run.join(FILE))? {
        Some(stages) => stages,
        // A run of an older program: its recipe tells.
        None => match Recipe::read(&run.join("recipe.toml")) {
            Ok(recipe) => begun(&recipe, &machine(run))?,
            Err(_) => Vec::new(),
        },
    };
    if let Some(stage) = stages.last_mut() {
        let at = snapshot::position(folder)?;
        (stage.updates, stage.tokens, stage.hours) = (at.update, at.tokens, at.seconds / 3600.0);
    }
    Ok(stages)
}

/// The tasks that the model in a run's folder (or in one of its `kept`) was tuned for, or that a model folder lists. `None`
/// where nothing tells.
#[must_use]
pub fn tasks(folder: &Path) -> Option<Vec<String>> {
    if let Ok(manifest) = Manifest::read(folder) {
        return Some(manifest.tasks.into_keys().collect());
    }
    let run = [Some(folder), folder.parent().and_then(Path::parent)].into_iter().flatten();
    let recipe = run.map(|run| run.join("recipe.toml")).find(|path| path.is_file())?;
    match Recipe::read(&recipe).ok()?.data {
        Data::Pretrain { .. } | Data::Encoder { .. } => Some(Vec::new()),
        Data::Tune { times, .. } => {
            Some(times.into_iter().filter(|(_, share)| *share > 0.0).map(|(task, _)| task).collect())
        }
    }
}

fn read(path: &Path) -> Result<Option<Vec<TrainingStage>>, HistoryError> {
    if !path.is_file() {
        return Ok(None);
    }
    let text = fs::read_to_string(path).map_err(|source| HistoryError::Io {
        action: "read",
        path: path.to_owned(),
        source,
    })?;
    serde_json::from_str(&text)
        .map(Some)
        .map_err(|source| HistoryError::Damaged { path: path.to_owned(), source })
}

fn machine(run: &Path) -> String {
    let text = fs::read_to_string(run.join("environment.json")).unwrap_or_default();
    let environment: Option<Environment> = serde_json::from_str(&text).ok();
    environment.map_or_else(|| "not recorded".to_owned(), |environment| environment.machine())
}

/// The gold sets behind a task's examples, with their terms as their publishers state them.
const GOLD: [(&str, &str, &str); 5] = [
    ("bc5cdr", "BC5CDR, train", "public domain"),
    ("ddi", "DDI 2013, train", "CC BY-NC 4.0"),
    ("kd-dti", "KD-DTI, nine tenths of valid", "names of DrugBank: CC BY-NC 4.0"),
    ("pubmedqa", "PubMedQA, fold 0 train", "MIT"),
    ("hoc", "Hallmarks of Cancer, nine tenths of train", "GPL-3.0"),
];

fn data(recipe: &Recipe) -> Vec<TrainingData> {
    match &recipe.data {
        Data::Pretrain { folder, .. } => shards(folder, None),
        Data::Encoder { task, .. } => {
            let corpus = EncoderTask::named(task).map(EncoderTask::corpus);
            let data = |(name, licence): (&str, &str)| TrainingData {
                name: name.to_owned(),
                licence: licence.to_owned(),
                documents: None,
            };
            corpus.map(data).into_iter().collect()
        }
        Data::Tune { replay, times, corrections, .. } => {
            let asked = |name: &str| times.get(name).is_some_and(|share| *share > 0.0);
            let mut found: Vec<TrainingData> = GOLD
                .iter()
                .filter(|(task, ..)| asked(task) || asked(&format!("{task}-pairs")))
                .map(|(_, name, licence)| TrainingData {
                    name: (*name).to_owned(),
                    licence: (*licence).to_owned(),
                    documents: None,
                })
                .collect();
            if !corrections.is_empty() {
                found.push(TrainingData {
                    name: "corrections of the user's own curators".to_owned(),
                    licence: "the user's own".to_owned(),
                    documents: None,
                });
            }
            for definitions in [true, false] {
                let of_this = |name: &&str| matches!(*name, "definitions" | "common") == definitions;
                if crate::tuning::REPLAYED.iter().filter(|name| of_this(name)).any(|name| asked(name)) {
                    found.extend(replay.iter().flat_map(|folder| shards(folder, Some(definitions))));
                }
            }
            found
        }
    }
}

/// What the manifest of prepared data tells: by source and licence, of definitions, of prose, or of both.
fn shards(folder: &Path, definitions: Option<bool>) -> Vec<TrainingData> {
    let Ok(manifest) = corpus::Manifest::read(folder) else {
        let name = format!("prepared data {}", folder.file_name().unwrap_or_default().to_string_lossy());
        return vec![TrainingData { name, licence: "not recorded".to_owned(), documents: None }];
    };
    let mut counts: BTreeMap<(String, String), u64> = BTreeMap::new();
    for tally in &manifest.tallies {
        let is_definition = tally.kind == "definition";
        if tally.documents > 0 && definitions.is_none_or(|wanted| wanted == is_definition) {
            let name = format!("{} ({})", tally.source, tally.kind);
            *counts.entry((name, tally.licence.clone())).or_default() += tally.documents;
        }
    }
    let data = |((name, licence), documents)| TrainingData { name, licence, documents: Some(documents) };
    counts.into_iter().map(data).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tuned_run_tells_what_its_start_was_made_of() {
        let folder = tempfile::tempdir().unwrap();
        let text = r#"
            name = "tune"
            model = { from = "start" }
            data = { kind = "tune", tasks = "t", terms = "t", longest = 64, times = { bc5cdr = 1.0, hoc = 0.0, ddi-pairs = 1.0 } }
            batch = { tokens = 64, pass_tokens = 64 }
            optimizer = { learning_rate = 1e-3, warmup = 1, schedule = "cosine", updates = 2 }
        "#;
        let path = folder.path().join("recipe.toml");
        fs::write(&path, text).unwrap();
        let recipe = Recipe::read(&path).unwrap();
        let start = folder.path().join("start");
        fs::create_dir(&start).unwrap();
        assert_eq!(begun(&recipe, "here").unwrap().len(), 1, "a start without history has none");
        let first = TrainingStage { recipe: "pretrain".into(), updates: 7, ..TrainingStage::default() };
        let manifest = Manifest {
            format: 1,
            name: "m".into(),
            source: String::new(),
            licence: String::new(),
            parameters: 0,
            tasks: BTreeMap::new(),
            metrics: BTreeMap::new(),
            training: vec![first.clone()],
            heads: Vec::new(),
            files: BTreeMap::new(),
        };
        fs::write(start.join("manifest.json"), serde_json::to_string(&manifest).unwrap()).unwrap();
        let stages = begun(&recipe, "here").unwrap();
        assert_eq!(stages[0], first);
        let names: Vec<&str> = stages[1].data.iter().map(|data| data.name.as_str()).collect();
        assert_eq!(
            names,
            ["BC5CDR, train", "DDI 2013, train"],
            "what was not asked for was not learned from"
        );
        write(folder.path(), &stages).unwrap();
        assert_eq!(read(&folder.path().join(FILE)).unwrap(), Some(stages));
    }

    #[test]
    fn prepared_data_is_told_by_source_and_licence() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/smoke");
        let all = shards(folder.as_ref(), None);
        assert!(all.iter().any(|data| data.licence == "CC BY" && data.documents > Some(0)), "{all:?}");
        let definitions = shards(folder.as_ref(), Some(true));
        assert!(!definitions.is_empty() && definitions.len() < all.len());
        assert_eq!(shards("nowhere".as_ref(), None)[0].licence, "not recorded");
    }
}
