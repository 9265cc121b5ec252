//! The file of weights of a folder of ours, in Burn's pack format.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use burn::tensor::{AllocationProperty, Bytes, DType, TensorData};
use operations::Bits;

use crate::{Mapping, ModelError, TensorPlan, Weights};

/// The file as if it were in memory.
///
/// # Errors
/// If it cannot be opened or mapped.
pub fn map(path: &Path) -> Result<(Bytes, Mapping), ModelError> {
    let file = File::open(path).map_err(ModelError::io("open", path))?;
    // SAFETY: weights are never written in place: an import makes a new folder, and removing one leaves the mapping
    // whole. Should another program cut the file, the system ends this one; no value can become unsound.
    #[expect(unsafe_code, reason = "mapping a file has no safe form")]
    let mapped = unsafe { memmap2::Mmap::map(&file) }.map_err(ModelError::io("map", path))?;
    let bytes = bytes::Bytes::from_owner(mapped);
    let mapping = Mapping::new(file, bytes.clone());
    Ok((Bytes::from_shared(bytes, AllocationProperty::File), mapping))
}

/// The bits of a packed matrix of this shape, if it is one.
fn packed_bits(tensor: &burn_pack::Tensor, plan: &TensorPlan) -> Option<Bits> {
    let candidate = tensor.dtype == DType::I32 && plan.is_quantized();
    let bits = [Bits::Eight, Bits::Four];
    let found = |b: &Bits| tensor.shape.to_vec() == b.packed_shape(plan.shape[0], plan.shape[1]);
    bits.into_iter().find(|b| candidate && found(b))
}

/// A file of ours: every tensor a window into it.
#[derive(Debug)]
pub struct Pack {
    path: PathBuf,
    tensors: BTreeMap<String, (burn_pack::Tensor, Option<Bits>)>,
}

impl Pack {
    /// Checks names, shapes and types before any weight is read.
    ///
    /// # Errors
    /// If the file is damaged, or [`ModelError::Mismatch`] with all that does not fit.
    pub fn open(path: &Path, bytes: Bytes, plans: &[TensorPlan]) -> Result<Self, ModelError> {
        let reader = burn_pack::Reader::from_bytes(bytes).map_err(|e| ModelError::damaged(path, e))?;
        let found = reader.into_tensors().map_err(|e| ModelError::damaged(path, e))?;
        let mut tensors: BTreeMap<_, _> = found.into_iter().map(|t| (t.name.clone(), t)).collect();
        let mut problems = Vec::new();
        let mut known = BTreeMap::new();
        for plan in plans {
            let (name, shape) = (plan.name.clone(), &plan.shape);
            match tensors.remove(&name) {
                None => problems.push(format!("{name} is missing")),
                Some(tensor) if packed_bits(&tensor, plan).is_some() => {
                    let bits = packed_bits(&tensor, plan);
                    known.insert(name, (tensor, bits));
                }
                Some(tensor) if tensor.shape.to_vec() != *shape => {
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

impl Weights for Pack {
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
