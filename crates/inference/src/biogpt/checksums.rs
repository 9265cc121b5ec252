//! Which weights, which tokenizer, which guidance: the checksums that are stored with every result.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use biogpt::model::{FileRecord, Manifest, ModelError};
use sha2::{Digest, Sha256};
use tasks::guidance;

/// SHA-256 sums of what a model is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checksums {
    /// Its weights.
    pub weights: String,
    /// Its tokenizer.
    pub tokenizer: String,
    /// What its training taught besides the weights; the sum of no bytes where that is nothing.
    pub guidance: String,
}

impl Checksums {
    /// Those of a folder whose model is not loaded.
    ///
    /// # Errors
    /// When its files cannot be read.
    pub fn of_folder(folder: &Path) -> Result<Self, ModelError> {
        if folder.join("manifest.json").is_file() {
            return Self::of(folder, &Manifest::read(folder)?.files);
        }
        Self::of(folder, &BTreeMap::new())
    }

    /// Those of a loaded model.
    #[must_use]
    pub fn of_profile(profile: &crate::ModelProfile) -> Self {
        Self {
            weights: profile.sha256.clone(),
            tokenizer: profile.tokenizer_sha256.clone(),
            guidance: profile.guidance_sha256.clone(),
        }
    }

    /// Those of weights and tokenizer are taken from the manifest, or from the files of a folder that has none. Guidance is
    /// small and may be fitted anew without the weights: it is always read.
    ///
    /// # Errors
    /// When the files cannot be read.
    pub fn of(folder: &Path, files: &BTreeMap<String, FileRecord>) -> Result<Self, ModelError> {
        let known = |name: &str| files.get(name).map(|file| file.sha256.clone());
        let guidance = sum(folder, |name| name == guidance::FILE)?;
        if let (Some(weights), Some(tokenizer)) = (known("model.bpk"), known("tokenizer.json")) {
            return Ok(Self { weights, tokenizer, guidance });
        }
        let weights = |name: &str| [".bin", ".pt", ".safetensors"].iter().any(|end| name.ends_with(end));
        let tokenizer = |name: &str| ["vocab.json", "merges.txt", "dict.txt", "bpecodes"].contains(&name);
        Ok(Self { weights: sum(folder, weights)?, tokenizer: sum(folder, tokenizer)?, guidance })
    }
}

/// Of the files whose names are wanted, in the order of their names.
fn sum(folder: &Path, wanted: impl Fn(&str) -> bool) -> Result<String, ModelError> {
    let failed =
        |path: &Path, source: io::Error| ModelError::Io { action: "read", path: path.to_owned(), source };
    let entries = std::fs::read_dir(folder).map_err(|error| failed(folder, error))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.file_name().is_some_and(|name| wanted(&name.to_string_lossy())));
    paths.sort();
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    for path in paths {
        let mut file = File::open(&path).map_err(|error| failed(&path, error))?;
        loop {
            let read = file.read(&mut buffer).map_err(|error| failed(&path, error))?;
            if read == 0 {
                break;
            }
            hash.update(&buffer[..read]);
        }
    }
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
