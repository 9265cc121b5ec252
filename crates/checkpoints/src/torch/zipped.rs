//! The zip form: `NAME/data.pkl` describes, `NAME/data/KEY` hold the values (PyTorch 1.6 and later).

use super::archive::Archive;
use crate::error::CheckpointError;
use crate::pickle::{self, StorageRecord, Tree};
use crate::stored::WeightFile;

#[derive(Debug)]
pub(super) struct Storages {
    archive: Archive,
    /// `NAME/`: what `torch.save` took from the file's name.
    prefix: String,
}

pub(super) fn open(file: &WeightFile) -> Result<(Tree, Storages), CheckpointError> {
    let archive = Archive::open(file)?;
    let prefixes = archive.names().filter_map(|name| name.strip_suffix("data.pkl"));
    let Ok([prefix]) = <[String; 1]>::try_from(prefixes.map(str::to_owned).collect::<Vec<_>>()) else {
        let what = "this zip archive is not a file of torch.save: it holds no `data.pkl`, or several";
        let remedy = "Unpack it first if it is a packed model folder";
        return Err(CheckpointError::unsupported(&file.path, what, remedy));
    };
    if archive.contains(&format!("{prefix}constants.pkl")) {
        let remedy = "Save the state dict with torch.save instead";
        return Err(CheckpointError::unsupported(&file.path, "this is a TorchScript program", remedy));
    }
    let byte_order = format!("{prefix}byteorder");
    if archive.contains(&byte_order) {
        let (start, length) = archive.place(file, &byte_order)?;
        if file.bytes(start, length.min(16))? != b"little" {
            let remedy = "Save it again on a little-endian machine";
            return Err(CheckpointError::unsupported(
                &file.path,
                "its numbers are not little-endian",
                remedy,
            ));
        }
    }
    let (start, length) = archive.place(file, &format!("{prefix}data.pkl"))?;
    let pickle = pickle::read(file, start, start + length)?;
    Ok((pickle.tree, Storages { archive, prefix }))
}

impl Storages {
    /// First byte and length in bytes.
    pub fn place(&self, file: &WeightFile, storage: &StorageRecord) -> Result<(u64, u64), String> {
        let member = format!("{}data/{}", self.prefix, storage.key);
        if !self.archive.contains(&member) {
            return Err(format!("the archive has no member `{member}`"));
        }
        let (start, length) = self.archive.place(file, &member).map_err(|error| error.to_string())?;
        if storage.view.is_some() {
            return Err("it is a view of a storage, which this form does not have".to_owned());
        }
        if storage.elements.checked_mul(storage.element.size() as u64) != Some(length) {
            return Err(format!(
                "the archive member `{member}` has {length} bytes, but {} elements of {} are declared",
                storage.elements,
                storage.element.name()
            ));
        }
        Ok((start, length))
    }
}
