//! Our own model folder:
//!
//! | file | what |
//! |---|---|
//! | `manifest.json` | [`Manifest`]: where the model came from, what it can do, sha256 of every file |
//! | `config.json` | the shape |
//! | `tokenizer.json` | the vocabulary |
//! | `model.bpk` | the weights, in Burn's pack format, mapped into memory when loaded |
//! | `heads*.bpk` | heads over the hidden states, if the model has any: [`HeadsRecord`] |

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::ops::ControlFlow;
use std::path::{Component, Path};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::ModelError;

/// What a folder says about itself; one without it is no model.
pub const MANIFEST: &str = "manifest.json";
/// For people; no part of the model.
const README: &str = "README.md";
/// The shape of the model.
pub const CONFIG: &str = "config.json";
/// The packed tensors.
pub const WEIGHTS: &str = "model.bpk";
/// The newest layout: 2 has files of heads, 1 has none.
pub const FORMAT: u32 = 2;

/// A file of heads over the hidden states, as an architecture describes it.
pub trait HeadsRecord {
    /// Its name.
    fn file(&self) -> &str;
}

/// What an architecture without files of heads has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoHeads {}

impl HeadsRecord for NoHeads {
    fn file(&self) -> &str {
        match *self {}
    }
}

/// What a model folder says about itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest<H = NoHeads> {
    /// Version of the folder's layout.
    pub format: u32,
    /// Shown to people.
    pub name: String,
    /// Where the weights came from.
    pub source: String,
    /// Under which terms they may be used.
    pub licence: String,
    /// Numbers in the network, without those of its heads.
    pub parameters: usize,
    /// By task (`bc5cdr`, `ddi`, ...): the prompt it was tuned with. Empty for a model that was not tuned.
    #[serde(default)]
    pub tasks: BTreeMap<String, TaskPrompt>,
    /// Measured figures by name.
    #[serde(default)]
    pub metrics: BTreeMap<String, f64>,
    /// How the weights were trained, stage by stage, the first one first. Empty where nobody recorded it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub training: Vec<TrainingStage>,
    /// Heads over the hidden states of whole texts, by file. Empty for published models.
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub heads: Vec<H>,
    /// By file name, for all other files of the folder.
    pub files: BTreeMap<String, FileRecord>,
}

/// One training run, as a model card describes it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingStage {
    /// The recipe's name.
    pub recipe: String,
    /// Updates of the weights.
    pub updates: u64,
    /// Tokens trained on, repeats included.
    pub tokens: u64,
    /// Hours of training.
    pub hours: f64,
    /// On what.
    pub machine: String,
    /// From what.
    pub data: Vec<TrainingData>,
}

/// Documents of one origin and licence that a model was trained on.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingData {
    /// What they are and where they are from.
    pub name: String,
    /// Their terms.
    pub licence: String,
    /// How many, where it was counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub documents: Option<u64>,
}

/// How a task is asked of a tuned model.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskPrompt {
    /// Ids of the learned tokens between source and target.
    pub prompt: Vec<u32>,
}

/// A file as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileRecord {
    /// Length.
    pub bytes: u64,
    /// In hexadecimal.
    pub sha256: String,
}

impl<H: HeadsRecord + Serialize + DeserializeOwned> Manifest<H> {
    /// Reads the manifest of a folder.
    ///
    /// # Errors
    /// If there is none, it is damaged, or written by a newer Osler.
    pub fn read(folder: &Path) -> Result<Self, ModelError> {
        let path = folder.join(MANIFEST);
        let text = fs::read_to_string(&path).map_err(ModelError::io("read", &path))?;
        let json: serde_json::Value =
            serde_json::from_str(&text).map_err(|e| ModelError::damaged(&path, e))?;
        match json.get("format").and_then(serde_json::Value::as_u64) {
            Some(found) if found > u64::from(FORMAT) => {
                Err(ModelError::Newer { path, found: found as u32, known: FORMAT })
            }
            _ => {
                let manifest: Self =
                    serde_json::from_value(json).map_err(|e| ModelError::damaged(&path, e))?;
                let heads = manifest.heads.iter().map(HeadsRecord::file);
                let mut names = manifest.files.keys().map(String::as_str).chain(heads);
                match names.find(|name| !is_plain(name)) {
                    Some(name) => Err(ModelError::StrangeName { name: name.to_owned(), path }),
                    None => Ok(manifest),
                }
            }
        }
    }

    /// Writes the manifest of a folder, last of its files: a folder without one is not a model.
    fn write(&self, folder: &Path) -> Result<(), ModelError> {
        let (path, fresh) = (folder.join(MANIFEST), folder.join("manifest.json.new"));
        let text = serde_json::to_string_pretty(self).map_err(|e| ModelError::damaged(&path, e))?;
        fs::write(&fresh, text + "\n").map_err(ModelError::io("write", &fresh))?;
        fs::rename(&fresh, &path).map_err(ModelError::io("replace", &path))
    }

    /// Records all files of a folder as they are now, and writes itself, last.
    ///
    /// # Errors
    /// If a file cannot be read or the manifest cannot be written.
    pub fn seal(&mut self, folder: &Path) -> Result<(), ModelError> {
        self.files = BTreeMap::new();
        for entry in fs::read_dir(folder).map_err(ModelError::io("list", folder))? {
            let path = entry.map_err(ModelError::io("list", folder))?.path();
            let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            if name != MANIFEST && name != README {
                self.files.insert(name, record(&path)?);
            }
        }
        self.write(folder)
    }

    /// Compares the lengths of all files. That their content is right is said by [`Self::verify`], which reads everything.
    ///
    /// # Errors
    /// Names the first file that is missing or has another length.
    pub fn check_lengths(&self, folder: &Path) -> Result<(), ModelError> {
        self.files.iter().try_for_each(|(name, expected)| check_length(&folder.join(name), expected))
    }

    /// Reads every file once and compares it with its sha256.
    ///
    /// # Errors
    /// Names the first file that is missing or differs.
    pub fn verify(&self, folder: &Path) -> Result<(), ModelError> {
        self.verify_telling(folder, &mut |_, _| ControlFlow::Continue(()))
    }

    /// The same; `tell` is called with the bytes read so far and in all, and decides whether to continue.
    ///
    /// # Errors
    /// As [`Manifest::verify`]; [`ModelError::Stopped`].
    pub fn verify_telling(
        &self,
        folder: &Path,
        tell: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
    ) -> Result<(), ModelError> {
        let total = self.files.values().map(|file| file.bytes).sum();
        let mut before = 0;
        for (name, expected) in &self.files {
            let path = folder.join(name);
            check_length(&path, expected)?;
            let found = record_telling(&path, &mut |bytes| tell(before + bytes, total))?;
            before += found.bytes;
            if found.sha256 != expected.sha256 {
                return Err(ModelError::damaged(
                    &path,
                    format!("its sha256 is {} instead of {}", found.sha256, expected.sha256),
                ));
            }
        }
        Ok(())
    }
}

/// Whether a name is that of a file in the folder, and no way out of it.
fn is_plain(name: &str) -> bool {
    let mut components = Path::new(name).components();
    let first = components.next();
    matches!(first, Some(Component::Normal(only)) if only == name)
        && components.next().is_none()
        && !name.contains(['/', '\\', ':', '\0'])
}

/// Refuses what is no file (a device has no end), and one of another length.
fn check_length(path: &Path, expected: &FileRecord) -> Result<(), ModelError> {
    let found = fs::metadata(path).map_err(ModelError::io("open", path))?;
    if !found.is_file() {
        return Err(ModelError::damaged(path, "it is no file"));
    }
    if found.len() != expected.bytes {
        let reason = format!("it has {} bytes instead of {}", found.len(), expected.bytes);
        return Err(ModelError::damaged(path, reason));
    }
    Ok(())
}

/// Length and sha256 of a file.
fn record(path: &Path) -> Result<FileRecord, ModelError> {
    record_telling(path, &mut |_| ControlFlow::Continue(()))
}

fn record_telling(
    path: &Path,
    tell: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<FileRecord, ModelError> {
    let mut file = File::open(path).map_err(ModelError::io("open", path))?;
    let (mut hash, mut buffer, mut bytes) = (Sha256::new(), vec![0; 1 << 20], 0);
    loop {
        let read = file.read(&mut buffer).map_err(ModelError::io("read", path))?;
        if read == 0 {
            let sha256 = hash.finalize().iter().map(|b| format!("{b:02x}")).collect();
            return Ok(FileRecord { bytes, sha256 });
        }
        hash.update(&buffer[..read]);
        bytes += read as u64;
        if tell(bytes).is_break() {
            return Err(ModelError::Stopped);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(folder: &Path, name: &str, bytes: u64) {
        let json = serde_json::json!({
            "format": FORMAT, "name": "x", "source": "x", "licence": "x", "parameters": 1,
            "files": { name: { "bytes": bytes, "sha256": "00" } },
        });
        fs::write(folder.join(MANIFEST), json.to_string()).unwrap();
    }

    #[test]
    fn a_manifest_names_plain_files_of_its_folder_only() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["/dev/zero", "../secret", "a/b", "..", ".", "", "C:\\x", "a\\b"] {
            manifest(folder.path(), name, 0);
            let error = Manifest::<NoHeads>::read(folder.path()).unwrap_err();
            assert!(matches!(&error, ModelError::StrangeName { .. }), "{name}: {error}");
            assert!(error.to_string().contains("manifest.json"), "{error}");
        }
        manifest(folder.path(), "model.bpk", 3);
        let read = Manifest::<NoHeads>::read(folder.path()).unwrap();
        fs::create_dir(folder.path().join("model.bpk")).unwrap();
        assert!(read.verify(folder.path()).unwrap_err().to_string().contains("no file"));
        fs::remove_dir(folder.path().join("model.bpk")).unwrap();
        fs::write(folder.path().join("model.bpk"), "long").unwrap();
        assert!(read.verify(folder.path()).unwrap_err().to_string().contains("4 bytes instead of 3"));
        fs::write(folder.path().join("model.bpk"), "abc").unwrap();
        let stopped = read.verify_telling(folder.path(), &mut |_, _| ControlFlow::Break(()));
        assert!(matches!(stopped, Err(ModelError::Stopped)));
    }
}
