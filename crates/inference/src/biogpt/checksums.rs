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

    /// The sum of a converted model's weights by its list of files: that of the file itself, or, where there are files of heads next to
    /// it, the sum of the sums of all of them in the order of their names. Nothing without weights.
    #[must_use]
    pub fn weights_of(files: &BTreeMap<String, FileRecord>) -> Option<String> {
        let own = files.get("model.bpk")?;
        let sums: Vec<&str> = files
            .iter()
            .filter(|(name, _)| name.ends_with(".bpk"))
            .map(|(_, file)| file.sha256.as_str())
            .collect();
        Some(if sums.len() == 1 { own.sha256.clone() } else { hex(Sha256::new_with_prefix(sums.join("\n"))) })
    }

    /// Those of weights and tokenizer are taken from the manifest, or from the files of a folder that has none. Guidance is
    /// small and may be fitted anew without the weights: it is always read.
    ///
    /// # Errors
    /// When the files cannot be read.
    pub fn of(folder: &Path, files: &BTreeMap<String, FileRecord>) -> Result<Self, ModelError> {
        let guidance = sum(folder, |name| name == guidance::FILE)?;
        if let (Some(weights), Some(tokenizer)) = (Self::weights_of(files), files.get("tokenizer.json")) {
            return Ok(Self { weights, tokenizer: tokenizer.sha256.clone(), guidance });
        }
        let weights = |name: &str| [".bin", ".pt", ".safetensors"].iter().any(|end| name.ends_with(end));
        let tokenizer = |name: &str| {
            if bert::model::is_encoder(folder) {
                return ["tokenizer.json", "vocab.txt", "vocab.json", "merges.txt", "tokenizer_config.json"]
                    .contains(&name);
            }
            ["vocab.json", "merges.txt", "dict.txt", "bpecodes"].contains(&name)
        };
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
    Ok(hex(hash))
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_are_part_of_the_weights() {
        let file = |sha256: &str| FileRecord { bytes: 1, sha256: sha256.to_owned() };
        let files = |names: &[(&str, &str)]| -> BTreeMap<String, FileRecord> {
            names.iter().map(|(name, sum)| ((*name).to_owned(), file(sum))).collect()
        };
        let sum = |names| Checksums::weights_of(&files(names));
        assert_eq!(sum(&[("model.bpk", "a"), ("tokenizer.json", "b")]), Some("a".to_owned()));
        let with = sum(&[("model.bpk", "a"), ("heads.bpk", "c")]);
        assert_ne!(with, Some("a".to_owned()));
        assert_ne!(with, sum(&[("model.bpk", "a"), ("heads.bpk", "d")]));
        assert_eq!(sum(&[("heads.bpk", "c")]), None);
    }
}
