//! A training run on disk: weights, moments, and where the data stood. Written beside the last one and moved into
//! place, so that a kill at any moment leaves a whole snapshot.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};

use crate::update::Moments;

/// The file of a run's folder that a snapshot is.
pub const FILE: &str = "state.safetensors";

/// Where a run stands.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// Updates made.
    pub update: u64,
    /// Tokens of windows, or examples, read.
    pub consumed: u64,
    /// Tokens trained on.
    pub tokens: u64,
    /// Seconds of training so far.
    pub seconds: f64,
    /// SHA-256 of the recipe.
    pub recipe: String,
    /// SHA-256 of the data's fingerprint.
    #[serde(default)]
    pub data: String,
}

/// Why a snapshot cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
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
    /// The file is not a snapshot of this network.
    #[error("{path} does not fit: {reason}. Start anew in another folder, or use the recipe that wrote it")]
    Mismatch {
        /// The file.
        path: PathBuf,
        /// What differs.
        reason: String,
    },
}

fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> SnapshotError {
    let path = path.to_owned();
    move |source| SnapshotError::Io { action, path, source }
}

/// Weights and moments as named float32 tensors.
struct Collect<'a> {
    moments: &'a Moments,
    path: Vec<String>,
    found: Vec<(String, Vec<usize>, Vec<u8>)>,
}

impl Collect<'_> {
    fn add<const D: usize>(&mut self, name: String, tensor: Tensor<D>) {
        let shape = tensor.dims().to_vec();
        let bytes = tensor.into_data().convert::<f32>().bytes().to_vec();
        self.found.push((name, shape, bytes));
    }
}

impl ModuleVisitor for Collect<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let name = self.path.join(".");
        self.add(format!("weight.{name}"), param.val().inner());
        for (kind, moments) in [("first", &self.moments.first), ("second", &self.moments.second)] {
            if let Some(tensor) = moments.get::<D>(param.id) {
                self.add(format!("{kind}.{name}"), tensor);
            }
        }
    }
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }
    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }
}

/// Writes a snapshot into `folder` (which is made if need be).
///
/// # Errors
/// If the disk is full or the folder cannot be written.
pub fn write(
    folder: &Path,
    network: &impl Module,
    moments: &Moments,
    position: &Position,
) -> Result<(), SnapshotError> {
    fs::create_dir_all(folder).map_err(io("make the folder", folder))?;
    let mut collect = Collect { moments, path: Vec::new(), found: Vec::new() };
    network.visit(&mut collect);
    let position = serde_json::to_string(position).unwrap_or_default();
    let views = collect.found.iter().filter_map(|(name, shape, bytes)| {
        TensorView::new(Dtype::F32, shape.clone(), bytes).ok().map(|view| (name.clone(), view))
    });
    let metadata = [("position".to_owned(), position)].into();
    let (path, fresh) = (folder.join(FILE), folder.join("state.safetensors.new"));
    let bytes = safetensors::serialize(views, Some(metadata))
        .map_err(|e| SnapshotError::Mismatch { path: fresh.clone(), reason: e.to_string() })?;
    let mut file = File::create(&fresh).map_err(io("write", &fresh))?;
    file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(io("write", &fresh))?;
    fs::rename(&fresh, &path).map_err(io("replace", &path))
}

/// The folders of the weights that a run kept on its way, the oldest first.
///
/// # Errors
/// If the folder of all of them is there and cannot be listed.
pub fn kept(run: &Path) -> Result<Vec<PathBuf>, SnapshotError> {
    let all = run.join("kept");
    if !all.is_dir() {
        return Ok(Vec::new());
    }
    let listed = fs::read_dir(&all).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let mut folders: Vec<PathBuf> =
        listed.map_err(io("list", &all))?.into_iter().map(|entry| entry.path()).collect();
    folders.sort();
    Ok(folders)
}

/// Where the run in `folder` stands, without its weights.
///
/// # Errors
/// If the file cannot be read or is not a snapshot.
pub fn position(folder: &Path) -> Result<Position, SnapshotError> {
    let path = folder.join(FILE);
    let mut file = File::open(&path).map_err(io("open", &path))?;
    let mut length = [0; 8];
    file.read_exact(&mut length).map_err(io("read", &path))?;
    let mut header = Vec::new();
    file.take(u64::from_le_bytes(length)).read_to_end(&mut header).map_err(io("read", &path))?;
    let header: serde_json::Value = serde_json::from_slice(&header).unwrap_or_default();
    let position = header["__metadata__"]["position"].as_str();
    position.and_then(|text| serde_json::from_str(text).ok()).ok_or_else(|| SnapshotError::Mismatch {
        path,
        reason: "it does not tell where the run stood".to_owned(),
    })
}

struct Restore<'a> {
    tensors: &'a SafeTensors<'a>,
    moments: &'a mut Moments,
    device: &'a Device,
    path: Vec<String>,
    problem: Option<String>,
}

impl Restore<'_> {
    fn tensor<const D: usize>(
        &mut self,
        kind: &str,
        expected: [usize; D],
        device: &Device,
    ) -> Option<Tensor<D>> {
        let name = format!("{kind}.{}", self.path.join("."));
        let view = self.tensors.tensor(&name).ok()?;
        if view.shape() != expected || view.dtype() != Dtype::F32 {
            self.problem
                .get_or_insert(format!("{name} has shape {:?} instead of {expected:?}", view.shape()));
            return None;
        }
        let values: Vec<f32> =
            view.data().as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
        Some(Tensor::from_data(TensorData::new(values, expected), device))
    }
}

impl ModuleMapper for Restore<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (id, shape) = (param.id, param.dims());
        let plain = self.device.clone().without_autodiff();
        let into = |slot: &mut GradientsParams, tensor: Option<Tensor<D>>| {
            if let Some(tensor) = tensor {
                slot.register(id, tensor);
            }
        };
        let (first, second) = (self.tensor("first", shape, &plain), self.tensor("second", shape, &plain));
        into(&mut self.moments.first, first);
        into(&mut self.moments.second, second);
        match self.tensor("weight", shape, &self.device.clone()) {
            Some(weights) => param.map(|_| weights.require_grad()),
            None => {
                let name = self.path.join(".");
                self.problem.get_or_insert(format!("there is no weight.{name}"));
                param
            }
        }
    }
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }
    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }
}

/// Reads the snapshot in `folder`, if there is one, into a network of the same shape.
///
/// # Errors
/// If the file cannot be read or belongs to a network of another shape.
pub fn read<N: Module>(
    folder: &Path,
    network: N,
    device: &Device,
) -> Result<(N, Option<(Moments, Position)>), SnapshotError> {
    let path = folder.join(FILE);
    if !path.exists() {
        return Ok((network, None));
    }
    let bytes = fs::read(&path).map_err(io("read", &path))?;
    let mismatch = |reason: String| SnapshotError::Mismatch { path: path.clone(), reason };
    let tensors = SafeTensors::deserialize(&bytes).map_err(|e| mismatch(e.to_string()))?;
    let (_, header) = SafeTensors::read_metadata(&bytes).map_err(|e| mismatch(e.to_string()))?;
    let position = header
        .metadata()
        .as_ref()
        .and_then(|m| m.get("position"))
        .and_then(|text| serde_json::from_str(text).ok())
        .ok_or_else(|| mismatch("it does not tell where the run stood".to_owned()))?;
    let mut moments = Moments::default();
    let mut restore =
        Restore { tensors: &tensors, moments: &mut moments, device, path: Vec::new(), problem: None };
    let network = network.map(&mut restore);
    match restore.problem {
        Some(problem) => Err(mismatch(problem)),
        None => Ok((network, Some((moments, position)))),
    }
}
