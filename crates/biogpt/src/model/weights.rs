//! Tensors by name, from wherever they lie, into a network.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::module::Param;
use burn::tensor::{DType, Device, Tensor, TensorData};
use checkpoints::{Checkpoint, Config};

use super::ModelError;
use crate::network::{Layer, LayerNorm, Linear, Network};

/// The tensors of our own format and their shapes, in the order in which they are written: as
/// [`checkpoints::canonical_tensors`], except that queries, keys and values are one.
pub(super) fn tensors(config: &Config) -> Vec<(String, Vec<usize>)> {
    let mut all = Vec::new();
    for spec in checkpoints::canonical_tensors(config) {
        if spec.name.contains(".key.") || spec.name.contains(".value.") {
            continue;
        }
        let mut shape = spec.shape;
        if spec.name.contains(".query.") {
            shape[0] *= 3;
        }
        all.push((spec.name.replace(".query.", ".query_key_value."), shape));
    }
    all
}

/// Where a network's tensors come from.
pub(super) trait Weights {
    /// The tensor of this name in [`tensors`]; its shape is checked by the caller.
    fn take(&mut self, name: &str) -> Result<TensorData, ModelError>;
}

/// A published checkpoint.
pub(super) struct FromCheckpoint<'a>(pub &'a Checkpoint);

impl Weights for FromCheckpoint<'_> {
    fn take(&mut self, name: &str) -> Result<TensorData, ModelError> {
        let mut values = Vec::new();
        for part in sources(name) {
            values.extend(self.0.load_f32(&part)?);
        }
        let all = tensors(self.0.config());
        let shape =
            all.into_iter().find(|(other, _)| other == name).map_or_else(Vec::new, |(_, shape)| shape);
        Ok(TensorData::new(values, shape))
    }
}

/// The published tensors that one of ours is made of.
pub(super) fn sources(name: &str) -> Vec<String> {
    if name.contains(".query_key_value.") {
        ["query", "key", "value"].map(|part| name.replace("query_key_value", part)).to_vec()
    } else {
        vec![name.to_owned()]
    }
}

/// A file of ours: every tensor a window into it.
pub(super) struct FromPack {
    pub path: PathBuf,
    pub tensors: BTreeMap<String, burn_pack::Tensor>,
}

impl FromPack {
    /// Checks names, shapes and types before any weight is read.
    pub(super) fn open(path: &Path, bytes: burn_pack::Bytes, config: &Config) -> Result<Self, ModelError> {
        let reader = burn_pack::Reader::from_bytes(bytes).map_err(|e| ModelError::damaged(path, e))?;
        let found = reader.into_tensors().map_err(|e| ModelError::damaged(path, e))?;
        let mut tensors: BTreeMap<_, _> = found.into_iter().map(|t| (t.name.clone(), t)).collect();
        let mut problems = Vec::new();
        let mut known = BTreeMap::new();
        for (name, shape) in self::tensors(config) {
            match tensors.remove(&name) {
                None => problems.push(format!("{name} is missing")),
                Some(tensor) if tensor.shape.to_vec() != shape => {
                    problems
                        .push(format!("{name} has shape {:?} instead of {shape:?}", tensor.shape.to_vec()));
                }
                Some(tensor) if !matches!(tensor.dtype, DType::F32 | DType::F16 | DType::BF16) => {
                    problems.push(format!("{name} is of type {:?}", tensor.dtype));
                }
                Some(tensor) => {
                    known.insert(name, tensor);
                }
            }
        }
        problems.extend(tensors.keys().map(|name| format!("{name} is not part of the model")));
        if problems.is_empty() {
            return Ok(Self { path: path.to_owned(), tensors: known });
        }
        Err(ModelError::Mismatch { path: path.to_owned(), report: problems.join("; ") })
    }
}

impl Weights for FromPack {
    fn take(&mut self, name: &str) -> Result<TensorData, ModelError> {
        let missing = || ModelError::damaged(&self.path, format!("{name} is missing"));
        let tensor = self.tensors.remove(name).ok_or_else(missing)?;
        let (_, dtype, shape, _, bytes) =
            tensor.into_parts().map_err(|e| ModelError::damaged(&self.path, e))?;
        let data = TensorData::from_bytes(bytes, shape, dtype);
        Ok(if dtype == DType::F32 { data } else { data.convert_dtype(DType::F32) })
    }
}

/// Builds the network on its device.
pub(super) fn network(
    config: &Config,
    from: &mut impl Weights,
    device: &Device,
) -> Result<Network, ModelError> {
    let embed_tokens = matrix(from, "embed_tokens", device)?;
    let embed_positions = matrix(from, "embed_positions", device)?;
    let head = if config.tied_head { None } else { Some(matrix(from, "head", device)?) };
    let mut layers = Vec::with_capacity(config.layers);
    for i in 0..config.layers {
        let name = |part: &str| format!("layers.{i}.{part}");
        layers.push(Layer::assemble(
            config,
            norm(from, &name("attention_norm"), device)?,
            linear(from, &name("query_key_value"), device)?,
            linear(from, &name("output"), device)?,
            norm(from, &name("feed_forward_norm"), device)?,
            linear(from, &name("up"), device)?,
            linear(from, &name("down"), device)?,
        ));
    }
    let final_norm = norm(from, "final_norm", device)?;
    Ok(Network::assemble(config, embed_tokens, embed_positions, layers, final_norm, head))
}

fn matrix(from: &mut impl Weights, name: &str, device: &Device) -> Result<Param<Tensor<2>>, ModelError> {
    Ok(Param::from_tensor(Tensor::from_data(from.take(name)?, device)))
}

fn vector(from: &mut impl Weights, name: &str, device: &Device) -> Result<Param<Tensor<1>>, ModelError> {
    Ok(Param::from_tensor(Tensor::from_data(from.take(name)?, device)))
}

fn norm(from: &mut impl Weights, name: &str, device: &Device) -> Result<LayerNorm, ModelError> {
    let (gamma, beta) =
        (vector(from, &format!("{name}.weight"), device)?, vector(from, &format!("{name}.bias"), device)?);
    Ok(LayerNorm { gamma, beta })
}

fn linear(from: &mut impl Weights, name: &str, device: &Device) -> Result<Linear, ModelError> {
    let weight = matrix(from, &format!("{name}.weight"), device)?;
    Ok(Linear { weight, bias: vector(from, &format!("{name}.bias"), device)? })
}
