//! What was fitted for a model besides its weights: `tasks.json` in its folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::calibration::Calibration;
use crate::lexicon::Lexicon;
use crate::linear::Linear;
use crate::marking::Marking;
use crate::mentions::Trust;

/// By task (`bc5cdr`, `pubmedqa`, ...), what was fitted for it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Guidance(pub BTreeMap<String, TaskGuidance>);

/// Among a task's features, those that a pair of names is related at all.
pub const RELATED: &str = "related";

/// What was fitted for a task.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TaskGuidance {
    /// Names that count, and names that do not.
    pub lexicon: Lexicon,
    /// From a relation's score to a probability.
    pub calibration: Option<Calibration>,
    /// Pairs of names in the exhaustive mode, and labels, count from this probability on.
    pub threshold: Option<f64>,
    /// What is added to the log-probability of an answer, or of the beginning of a name by its kind, before they are compared.
    pub biases: BTreeMap<String, f64>,
    /// Linear models over the text itself, by label, answer or kind of relation, and [`RELATED`] for a relation of any kind.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub signs: BTreeMap<String, Linear>,
    /// The weight of the model's own logarithms besides the features; without features they count in full.
    pub model_weight: f64,
    /// Of a tagger of names, by kind: how far it and the dictionaries are believed alone.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub trust: BTreeMap<String, Trust>,
    /// Of a published classifier, what its labels mean: see [`crate::labels::Plan`].
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// How pairs of names are shown to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub marking: Option<Marking>,
}

impl TaskGuidance {
    /// A logarithm of the model's with its weight; one without weight counts nothing, also if it is infinite.
    pub(crate) fn weighed(&self, logarithm: f64) -> f64 {
        if self.model_weight == 0.0 { 0.0 } else { self.model_weight * logarithm }
    }
}

/// Why it cannot be used.
#[derive(Debug, thiserror::Error, remedies::Remedy)]
pub enum GuidanceError {
    /// The file cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file cannot be written.
    #[error("cannot write {path}: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It is not what it should be.
    #[error("{path} is damaged: {reason}. Copy the model folder again from where it is whole")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

/// The file's name.
pub const FILE: &str = "tasks.json";

impl Guidance {
    /// Reads it from a model's folder. A folder without the file has nothing to teach.
    ///
    /// # Errors
    /// If the file cannot be read or is damaged.
    pub fn read(folder: &Path) -> Result<Self, GuidanceError> {
        let path = folder.join(FILE);
        match std::fs::read_to_string(&path) {
            Ok(text) => serde_json::from_str(&text)
                .map_err(|error| GuidanceError::Damaged { path, reason: error.to_string() }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(GuidanceError::Read { path, source }),
        }
    }

    /// Writes it into a model's folder.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), GuidanceError> {
        let path = folder.join(FILE);
        let text = serde_json::to_string(self)
            .map_err(|error| GuidanceError::Damaged { path: path.clone(), reason: error.to_string() })?;
        std::fs::write(&path, text + "\n").map_err(|source| GuidanceError::Write { path, source })
    }

    /// What was fitted for a task, if anything was.
    #[must_use]
    pub fn of(&self, task: &str) -> Option<&TaskGuidance> {
        self.0.get(task)
    }

    /// What was fitted for a task, or what holds where nothing was.
    #[must_use]
    pub fn or_none(&self, task: &str) -> &TaskGuidance {
        static NONE: TaskGuidance = TaskGuidance {
            lexicon: Lexicon { names: Vec::new(), rejected: Vec::new() },
            calibration: None,
            threshold: None,
            biases: BTreeMap::new(),
            signs: BTreeMap::new(),
            model_weight: 0.0,
            trust: BTreeMap::new(),
            labels: BTreeMap::new(),
            marking: None,
        };
        self.of(task).unwrap_or(&NONE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_read_from_the_folder_or_absent_or_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Guidance::read(folder.path()).unwrap(), Guidance::default());
        let json =
            r#"{"bc5cdr":{"calibration":{"method":"platt","slope":2.0,"intercept":0.5},"threshold":0.4}}"#;
        std::fs::write(folder.path().join(FILE), json).unwrap();
        let guidance = Guidance::read(folder.path()).unwrap();
        let task = guidance.of("bc5cdr").unwrap();
        assert_eq!(task.threshold, Some(0.4));
        assert!(task.calibration.as_ref().unwrap().probability(1.0) > 0.9);
        guidance.write(folder.path()).unwrap();
        assert_eq!(Guidance::read(folder.path()).unwrap(), guidance);
        std::fs::write(folder.path().join(FILE), "{").unwrap();
        assert!(Guidance::read(folder.path()).unwrap_err().to_string().contains("tasks.json is damaged"));
    }
}
