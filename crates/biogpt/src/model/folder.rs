//! Our own model folder:
//!
//! | file | what |
//! |---|---|
//! | `manifest.json` | [`Manifest`]: where the model came from, what it can do, sha256 of every file |
//! | `config.json` | the shape |
//! | `tokenizer.json` | the vocabulary |
//! | `model.bpk` | the weights, in Burn's pack format, mapped into memory when loaded |
//! | `heads*.bpk` | heads over the hidden states, if the model has any: [`HeadsFile`] |

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::ops::ControlFlow;
use std::path::{Component, Path, PathBuf};

use burn::tensor::{AllocationProperty, Bytes, Device};

use checkpoints::Config;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{HeadsFile, Mapping, Model, ModelError, heads, tokenizer_of, weights};

pub(super) const MANIFEST: &str = "manifest.json";
/// For people; no part of the model.
const README: &str = "README.md";
pub(super) const CONFIG: &str = "config.json";
pub(super) const WEIGHTS: &str = "model.bpk";
/// The newest layout: 2 has files of heads, 1 has none.
pub(super) const FORMAT: u32 = 2;

/// What a model folder says about itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of the folder's layout.
    pub format: u32,
    /// Shown to people.
    pub name: String,
    /// Where the weights came from.
    pub source: String,
    /// Under which terms they may be used.
    pub licence: String,
    /// Numbers in the model.
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
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heads: Vec<HeadsFile>,
    /// By file name, for all other files of the folder.
    pub files: BTreeMap<String, FileRecord>,
}

/// One training run: what a model card tells of it.
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

impl Manifest {
    /// What can be said of a published checkpoint that was not imported.
    pub(super) fn published(folder: &Path, config: &Config) -> Self {
        let name =
            folder.file_name().map_or_else(|| "model".to_owned(), |n| n.to_string_lossy().into_owned());
        let first = config.vocab_size - config.learned_prompt;
        let prompt = (first as u32..config.vocab_size as u32).collect();
        let tasks = if config.learned_prompt == 0 {
            BTreeMap::new()
        } else {
            [("tuned".to_owned(), TaskPrompt { prompt })].into()
        };
        Self {
            format: 1,
            name,
            source: "a published checkpoint".to_owned(),
            licence: "as its publisher says".to_owned(),
            parameters: config.parameters(),
            tasks,
            metrics: BTreeMap::new(),
            training: Vec::new(),
            heads: Vec::new(),
            files: BTreeMap::new(),
        }
    }

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
                let names = manifest.files.keys().chain(manifest.heads.iter().map(|heads| &heads.file));
                match names.into_iter().find(|name| !is_plain(name)) {
                    Some(name) => Err(ModelError::StrangeName { path, name: name.clone() }),
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

    /// Reads every file once and compares it with its sha256.
    ///
    /// # Errors
    /// Names the first file that is missing or differs.
    pub fn verify(&self, folder: &Path) -> Result<(), ModelError> {
        self.verify_telling(folder, &mut |_, _| ControlFlow::Continue(()))
    }

    /// The same; `tell` hears how many bytes of how many are read, and says whether to go on.
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

/// Loads a folder of ours. Lengths are checked here; sums only by [`Manifest::verify`], since that reads everything.
pub(super) fn load(folder: &Path, device: &Device) -> Result<Model, ModelError> {
    let manifest = Manifest::read(folder)?;
    for (name, expected) in &manifest.files {
        check_length(&folder.join(name), expected)?;
    }
    let path = folder.join(CONFIG);
    let config = Config::read(&path)?;
    let tokenizer = tokenizer_of(folder, &config)?;
    let path = folder.join(WEIGHTS);
    let (bytes, mapping) = map(&path)?;
    let mut from = weights::FromPack::open(&path, bytes, &config)?;
    let mut network = weights::network(&config, &mut from, device)?;
    let read = |own: &HeadsFile| heads::read(&folder.join(&own.file), &own.shape, config.hidden_size, device);
    network.heads = manifest.heads.iter().map(read).collect::<Result<_, _>>()?;
    // Whatever is not computed with as it lies in the file has been copied.
    let mapping = if network.is_exact() { mapping } else { Mapping::default() };
    Ok(Model { config, tokenizer, network, manifest, device: device.clone(), mapping })
}

/// The file as if it were in memory.
fn map(path: &PathBuf) -> Result<(Bytes, Mapping), ModelError> {
    let file = File::open(path).map_err(ModelError::io("open", path))?;
    // SAFETY: weights are never written in place: an import makes a new folder, and removing one leaves the mapping
    // whole. Should another program cut the file, the system ends this one; no value can become unsound.
    #[allow(unsafe_code, reason = "mapping a file has no safe form")]
    let mapped = unsafe { memmap2::Mmap::map(&file) }.map_err(ModelError::io("map", path))?;
    let bytes = bytes::Bytes::from_owner(mapped);
    let mapping = Mapping::new(file, bytes.clone());
    Ok((Bytes::from_shared(bytes, AllocationProperty::File), mapping))
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
            let error = Manifest::read(folder.path()).unwrap_err();
            assert!(matches!(&error, ModelError::StrangeName { .. }), "{name}: {error}");
            assert!(error.to_string().contains("manifest.json"), "{error}");
        }
        manifest(folder.path(), "model.bpk", 3);
        let read = Manifest::read(folder.path()).unwrap();
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
