//! Tensors by name, from wherever they lie, into a network.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use burn::module::Param;
use burn::tensor::{DType, Device, Tensor, TensorData};
use checkpoints::{Checkpoint, Config};
use operations::{Bits, Quantised};

use super::ModelError;
use crate::matrix::Matrix;
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

/// Whether a tensor of this name and shape is stored with fewer bits where the model is quantised: matrices that
/// activations are multiplied by. What is small and looked up, added or scaled by stays whole.
pub(super) fn is_quantised(name: &str, shape: &[usize]) -> bool {
    shape.len() == 2 && name != POSITIONS && Quantised::fits(shape[1])
}

/// The one matrix that is only looked up.
const POSITIONS: &str = "embed_positions";

/// The bits of a packed matrix of this shape, if it is one.
fn packed_bits(tensor: &burn_pack::Tensor, name: &str, shape: &[usize]) -> Option<Bits> {
    let candidate = tensor.dtype == DType::I32 && is_quantised(name, shape);
    let bits = [Bits::Eight, Bits::Four];
    let found = |b: &Bits| tensor.shape.to_vec() == b.packed_shape(shape[0], shape[1]);
    bits.into_iter().find(|b| candidate && found(b))
}

/// Where a network's tensors come from.
pub(super) trait Weights {
    /// The tensor of this name in [`tensors`], and its bits if it is packed.
    fn take(&mut self, name: &str) -> Result<(TensorData, Option<Bits>), ModelError>;
}

/// A published checkpoint.
pub(super) struct FromCheckpoint<'a>(pub &'a Checkpoint);

impl Weights for FromCheckpoint<'_> {
    fn take(&mut self, name: &str) -> Result<(TensorData, Option<Bits>), ModelError> {
        let mut values = Vec::new();
        for part in sources(name) {
            values.extend(self.0.load_f32(&part)?);
        }
        let all = tensors(self.0.config());
        let shape =
            all.into_iter().find(|(other, _)| other == name).map_or_else(Vec::new, |(_, shape)| shape);
        Ok((TensorData::new(values, shape), None))
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
    pub tensors: BTreeMap<String, (burn_pack::Tensor, Option<Bits>)>,
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
                Some(tensor) if packed_bits(&tensor, &name, &shape).is_some() => {
                    let bits = packed_bits(&tensor, &name, &shape);
                    known.insert(name, (tensor, bits));
                }
                Some(tensor) if tensor.shape.to_vec() != shape => {
                    problems
                        .push(format!("{name} has shape {:?} instead of {shape:?}", tensor.shape.to_vec()));
                }
                Some(tensor) if !matches!(tensor.dtype, DType::F32 | DType::F16 | DType::BF16) => {
                    problems.push(format!("{name} is of type {:?}", tensor.dtype));
                }
                Some(tensor) => {
                    known.insert(name, (tensor, None));
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
    fn take(&mut self, name: &str) -> Result<(TensorData, Option<Bits>), ModelError> {
        let missing = || ModelError::damaged(&self.path, format!("{name} is missing"));
        let (tensor, bits) = self.tensors.remove(name).ok_or_else(missing)?;
        let (_, dtype, shape, _, bytes) =
            tensor.into_parts().map_err(|e| ModelError::damaged(&self.path, e))?;
        let data = TensorData::from_bytes(bytes, shape, dtype);
        let kept = bits.is_some() || dtype == DType::F32;
        Ok((if kept { data } else { data.convert_dtype(DType::F32) }, bits))
    }
}

/// Builds the network on its device.
pub(super) fn network(
    config: &Config,
    from: &mut impl Weights,
    device: &Device,
) -> Result<Network, ModelError> {
    let shapes: BTreeMap<String, Vec<usize>> = tensors(config).into_iter().collect();
    let mut build = Build { from, shapes, device };
    let embed_tokens = build.matrix("embed_tokens")?;
    let embed_positions = Param::from_tensor(Tensor::from_data(build.from.take(POSITIONS)?.0, device));
    let head = if config.tied_head { None } else { Some(build.matrix("head")?) };
    let mut layers = Vec::with_capacity(config.layers);
    for i in 0..config.layers {
        let name = |part: &str| format!("layers.{i}.{part}");
        layers.push(Layer::assemble(
            config,
            build.norm(&name("attention_norm"))?,
            build.linear(&name("query_key_value"))?,
            build.linear(&name("output"))?,
            build.norm(&name("feed_forward_norm"))?,
            build.linear(&name("up"))?,
            build.linear(&name("down"))?,
        ));
    }
    let final_norm = build.norm("final_norm")?;
    Ok(Network::assemble(config, embed_tokens, embed_positions, layers, final_norm, head))
}

struct Build<'a, W> {
    from: &'a mut W,
    shapes: BTreeMap<String, Vec<usize>>,
    device: &'a Device,
}

impl<W: Weights> Build<'_, W> {
    fn matrix(&mut self, name: &str) -> Result<Matrix, ModelError> {
        let (data, bits) = self.from.take(name)?;
        let matrix = match (bits, self.shapes.get(name).map(Vec::as_slice)) {
            (Some(bits), Some(&[outputs, inputs])) => {
                Matrix::from_words(data, [outputs, inputs], bits, self.device)
            }
            (None, Some(&[outputs, inputs])) => Matrix::from_floats(data, [outputs, inputs], self.device),
            _ => None,
        };
        matrix.ok_or_else(|| ModelError::damaged(Path::new(name), "its weights have another shape"))
    }

    fn vector(&mut self, name: &str) -> Result<Param<Tensor<1>>, ModelError> {
        Ok(Param::from_tensor(Tensor::from_data(self.from.take(name)?.0, self.device)))
    }

    fn norm(&mut self, name: &str) -> Result<LayerNorm, ModelError> {
        let (gamma, beta) = (self.vector(&format!("{name}.weight"))?, self.vector(&format!("{name}.bias"))?);
        Ok(LayerNorm { gamma, beta })
    }

    fn linear(&mut self, name: &str) -> Result<Linear, ModelError> {
        let weight = self.matrix(&format!("{name}.weight"))?;
        Ok(Linear { weight, bias: self.vector(&format!("{name}.bias"))? })
    }
}
