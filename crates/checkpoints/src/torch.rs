//! Files of `torch.save`: a pickle that describes, and storages that hold the values.
//!
//! Since PyTorch 1.6 both lie in a zip archive; before, they followed each other in one file.

use crate::error::CheckpointError;
use crate::pickle::{TensorRecord, Tree, Value};
use crate::stored::{StoredTensor, WeightFile};

mod archive;
mod legacy;
mod zipped;

/// What one file describes, and where its values lie.
#[derive(Debug)]
pub(crate) struct TorchFile {
    pub tree: Tree,
    storages: Storages,
}

#[derive(Debug)]
enum Storages {
    Zipped(zipped::Storages),
    Legacy(legacy::Storages),
}

/// Reads the description of a file of either form.
pub(crate) fn open(file: &WeightFile) -> Result<TorchFile, CheckpointError> {
    let start = file.bytes(0, file.length.min(512))?;
    if start.starts_with(b"PK\x03\x04") {
        let (tree, storages) = zipped::open(file)?;
        return Ok(TorchFile { tree, storages: Storages::Zipped(storages) });
    }
    if start.starts_with(&[0x80]) {
        let (tree, storages) = legacy::open(file)?;
        return Ok(TorchFile { tree, storages: Storages::Legacy(storages) });
    }
    if start.get(257..262) == Some(b"ustar") {
        let remedy = "Unpack it first; a model folder holds the unpacked files";
        return Err(CheckpointError::unsupported(&file.path, "this is a tar archive", remedy));
    }
    Err(CheckpointError::damaged(&file.path, "byte 0", "this is not a file of torch.save"))
}

impl TorchFile {
    /// The tensors of the dict `value` with their names; `number` is the file's place among the weight files.
    pub fn tensors(
        &self,
        file: &WeightFile,
        number: usize,
        value: Value,
    ) -> Result<Vec<(String, StoredTensor)>, CheckpointError> {
        let entries = self.tree.entries(value).iter();
        let tensors =
            entries.filter_map(|(key, value)| Some((self.tree.key_name(*key), self.tree.tensor(*value)?)));
        tensors.map(|(name, record)| Ok((name.clone(), self.stored(file, number, &name, record)?))).collect()
    }

    fn stored(
        &self,
        file: &WeightFile,
        number: usize,
        name: &str,
        record: &TensorRecord,
    ) -> Result<StoredTensor, CheckpointError> {
        let damaged =
            |problem: String| CheckpointError::damaged(&file.path, format!("tensor {name}"), problem);
        let storage = &record.storage;
        let (start, length) = match &self.storages {
            Storages::Zipped(storages) => storages.place(file, storage),
            Storages::Legacy(storages) => storages.place(storage),
        }
        .map_err(damaged)?;
        let offset = (record.offset as u64).checked_mul(storage.element.size() as u64);
        let Some(offset) = offset.filter(|offset| *offset <= length) else {
            let problem = format!("it starts at element {} of a storage of {length} bytes", record.offset);
            return Err(damaged(problem));
        };
        let (shape, strides) = (record.shape.clone(), record.strides.clone());
        StoredTensor::strided(number, storage.element, shape, strides, start + offset, length - offset)
            .map_err(damaged)
    }
}
