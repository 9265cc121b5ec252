//! Heads in files of their own next to the weights, so that what was learned under other terms can be left out.

use std::collections::BTreeMap;
use std::path::Path;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{DType, Device, Tensor, TensorData};
use half::f16;
use serde::{Deserialize, Serialize};

use crate::heads::{Heads, HeadsShape};
use parameters::{HeadsRecord, ModelError};

/// A file of heads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeadsFile {
    /// Its name.
    pub file: String,
    /// Under which terms these heads may be used.
    pub licence: String,
    /// What is in it, with the names of the labels.
    pub shape: HeadsShape,
}

impl HeadsRecord for HeadsFile {
    fn file(&self) -> &str {
        &self.file
    }
}

/// Names and shapes of the tensors of a file of heads over states of width `d`.
pub(super) fn tensors(shape: &HeadsShape, d: usize) -> Vec<(String, Vec<usize>)> {
    let mut visit = Visit::default();
    Heads::zeros(shape, d, &Device::flex()).visit(&mut visit);
    visit.found
}

#[derive(Default)]
struct Visit {
    path: Vec<String>,
    found: Vec<(String, Vec<usize>)>,
}

impl ModuleVisitor for Visit {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.found.push((self.path.join("."), param.dims().to_vec()));
    }
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }
    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }
}

/// Writes tensors with 16 bits a number; `read` gives each by its name.
pub(super) fn write(
    path: &Path,
    tensors: Vec<(String, Vec<usize>)>,
    read: impl Fn(&str) -> Result<Vec<f32>, ModelError>,
) -> Result<(), ModelError> {
    let pack = |(name, shape): (String, Vec<usize>)| {
        let values: Vec<u16> = read(&name)?.into_iter().map(|v| f16::from_f32(v).to_bits().to_le()).collect();
        let (bytes, length) = (burn_pack::Bytes::from_elems(values), 2 * shape.iter().product::<usize>());
        Ok(burn_pack::Tensor::deferred(name, DType::F16, shape, None, length, move || Ok(bytes.clone())))
    };
    let tensors = tensors.into_iter().map(pack).collect::<Result<Vec<_>, ModelError>>()?;
    burn_pack::Writer::new(tensors).write_to_file(path).map_err(|error| ModelError::Io {
        action: "write",
        path: path.to_owned(),
        source: std::io::Error::other(error.to_string()),
    })
}

/// Reads a file of heads; its tensors must be exactly those of the shape.
pub(super) fn read(path: &Path, shape: &HeadsShape, d: usize, device: &Device) -> Result<Heads, ModelError> {
    let bytes = std::fs::read(path).map_err(ModelError::io("read", path))?;
    // No size that a manifest declares is believed before it is held against the file: each number takes two bytes or more.
    let numbers = shape
        .parameters(d)
        .ok_or_else(|| ModelError::damaged(path, "the manifest describes heads of widths that cannot be"))?;
    if numbers > bytes.len() / 2 {
        let reason = format!("the manifest describes heads of {numbers} numbers, more than it can hold");
        return Err(ModelError::damaged(path, reason));
    }
    let reader = burn_pack::Reader::from_bytes(burn_pack::Bytes::from_bytes_vec(bytes))
        .map_err(|e| ModelError::damaged(path, e))?;
    let mut tensors = BTreeMap::new();
    for tensor in reader.into_tensors().map_err(|e| ModelError::damaged(path, e))? {
        let (name, dtype, shape, _, bytes) = tensor.into_parts().map_err(|e| ModelError::damaged(path, e))?;
        if !matches!(dtype, DType::F32 | DType::F16) {
            return Err(ModelError::damaged(path, format!("{name} is of type {dtype:?}")));
        }
        tensors.insert(name, TensorData::from_bytes(bytes, shape, dtype).convert_dtype(DType::F32));
    }
    let mut restore = Restore { tensors, device: device.clone(), path: Vec::new(), problems: Vec::new() };
    let heads = Heads::zeros(shape, d, device).map(&mut restore);
    restore.problems.extend(restore.tensors.keys().map(|name| format!("{name} is not part of the heads")));
    match restore.problems.is_empty() {
        true => Ok(heads),
        false => Err(ModelError::Mismatch { path: path.to_owned(), report: restore.problems.join("; ") }),
    }
}

struct Restore {
    tensors: BTreeMap<String, TensorData>,
    device: Device,
    path: Vec<String>,
    problems: Vec<String>,
}

impl ModuleMapper for Restore {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let name = self.path.join(".");
        match self.tensors.remove(&name) {
            Some(data) if data.shape()[..] == param.dims()[..] => {
                let device = self.device.clone();
                param.map(|_| Tensor::from_data(data, &device))
            }
            Some(data) => {
                self.problems.push(format!(
                    "{name} has shape {:?} instead of {:?}",
                    data.shape(),
                    param.dims()
                ));
                param
            }
            None => {
                self.problems.push(format!("{name} is missing"));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::heads::{ClassifierShape, PairsShape, TaggerShape};

    fn shape() -> HeadsShape {
        let labels = ["none", "x"].map(str::to_owned).to_vec();
        HeadsShape {
            mentions: Some(TaggerShape { kinds: labels.clone(), hints: 2, inner: 8 }),
            pairs: vec![PairsShape {
                name: "p".to_owned(),
                labels: labels.clone(),
                inner: 8,
                heads: 2,
                block: 4,
            }],
            classes: vec![ClassifierShape { name: "c".to_owned(), labels, exclusive: true, inner: 8 }],
        }
    }

    #[test]
    fn what_a_manifest_says_of_heads_is_held_against_their_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("heads.bpk");
        let all = tensors(&shape(), 16);
        let numbers: usize = all.iter().map(|(_, shape)| shape.iter().product::<usize>()).sum();
        assert_eq!(shape().parameters(16), Some(numbers));
        let sizes: BTreeMap<_, usize> = all.iter().map(|(n, s)| (n.clone(), s.iter().product())).collect();
        write(&path, all, |name| Ok(vec![0.5; sizes[name]])).unwrap();
        let device = Device::flex();
        assert_eq!(read(&path, &shape(), 16, &device).unwrap().pairs.len(), 1);
        let refused = |change: fn(&mut HeadsShape)| {
            let mut other = shape();
            change(&mut other);
            read(&path, &other, 16, &device).unwrap_err().to_string()
        };
        for change in [
            (|shape| shape.pairs[0].block = 0) as fn(&mut HeadsShape),
            |shape| shape.pairs[0].heads = 3,
            |shape| shape.pairs[0].inner = 0,
            |shape| shape.pairs[0].labels.clear(),
            |shape| shape.classes[0].inner = usize::MAX,
            |shape| shape.mentions = Some(TaggerShape { kinds: Vec::new(), hints: 0, inner: 8 }),
        ] {
            let message = refused(change);
            assert!(message.contains("heads.bpk") && message.contains("widths"), "{message}");
        }
        // Sixteen gigabytes, if it were believed.
        let message = refused(|shape| (shape.pairs[0].inner, shape.pairs[0].block) = (1 << 16, 1 << 16));
        assert!(message.contains("more than it can hold"), "{message}");
        let message = refused(|shape| shape.classes.clear());
        assert!(message.contains("classes.0.out.weight is not part of the heads"), "{message}");
        let message = refused(|shape| shape.pairs[0].labels.truncate(1));
        assert!(message.contains("pairs.0.out.weight has shape"), "{message}");
    }
}
