//! Which files a path means.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use serde_json::Value;

use crate::checkpoint::Form;
use crate::config::ConfigError;
use crate::error::CheckpointError;
use crate::stored::WeightFile;

/// The weight files of a checkpoint and the folder with its configuration and vocabulary.
#[derive(Debug)]
pub(crate) struct Found {
    pub form: Form,
    pub folder: PathBuf,
    pub weights: Vec<PathBuf>,
}

/// Finds the weights in a folder, or takes the weight file itself. safetensors come before pickles.
pub(crate) fn find(path: &Path) -> Result<Found, CheckpointError> {
    let metadata = path.metadata().map_err(CheckpointError::read(path))?;
    if !metadata.is_dir() {
        let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
        let form = if path.extension().is_some_and(|extension| extension == "pt") {
            Form::Fairseq
        } else {
            Form::HuggingFace
        };
        return Ok(Found { form, folder, weights: vec![path.to_path_buf()] });
    }
    let hugging_face = |weights| Found { form: Form::HuggingFace, folder: path.to_path_buf(), weights };
    for name in ["model.safetensors", "pytorch_model.bin"] {
        let (whole, index) = (path.join(name), path.join(format!("{name}.index.json")));
        if whole.exists() {
            return Ok(hugging_face(vec![whole]));
        }
        if index.exists() {
            return Ok(hugging_face(shards(path, &index)?));
        }
    }
    let mut checkpoints = Vec::new();
    for entry in path.read_dir().map_err(CheckpointError::read(path))? {
        let name = entry.map_err(CheckpointError::read(path))?.file_name().to_string_lossy().into_owned();
        if name.starts_with("checkpoint") && name.ends_with(".pt") {
            checkpoints.push(name);
        }
    }
    checkpoints.sort();
    match checkpoints.as_slice() {
        [] => Err(CheckpointError::NoWeights { path: path.to_path_buf() }),
        [name] => {
            Ok(Found { form: Form::Fairseq, folder: path.to_path_buf(), weights: vec![path.join(name)] })
        }
        _ => Err(CheckpointError::SeveralCheckpoints { path: path.to_path_buf(), files: checkpoints }),
    }
}

/// The files that an index names: `{"weight_map": {tensor: file}}`.
fn shards(folder: &Path, index: &Path) -> Result<Vec<PathBuf>, CheckpointError> {
    const MOST: u64 = 16 << 20;
    let invalid = |problem: String| CheckpointError::config(index)(ConfigError::Invalid(problem));
    let file = WeightFile::open(index)?;
    if file.length > MOST {
        return Err(invalid(format!("an index of {} bytes is impossible", file.length)));
    }
    let object: Value =
        serde_json::from_slice(&file.bytes(0, file.length)?).map_err(|error| invalid(error.to_string()))?;
    let Some(map) = object.get("weight_map").and_then(Value::as_object).filter(|map| !map.is_empty()) else {
        return Err(invalid("the index has no `weight_map`".to_owned()));
    };
    let mut names = BTreeSet::new();
    for (tensor, name) in map {
        // A file of this folder and nothing else: no path leads out of it.
        let name = name.as_str().filter(|name| {
            let mut parts = Path::new(name).components();
            matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None))
                && !name.contains(['/', '\\'])
        });
        match name {
            Some(name) => names.insert(name),
            None => {
                return Err(invalid(format!("tensor {tensor} is not in a file of this folder")));
            }
        };
    }
    Ok(names.into_iter().map(|name| folder.join(name)).collect())
}
