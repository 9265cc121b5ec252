use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::vec::IntoIter;

use half::{bf16, f16};
use serde_json::{Map, Value, json};

use crate::bert::BertConfig;
use crate::config::{Config, hugging_face};
use crate::error::CheckpointError;
use crate::names::{self, TensorSpec};
use crate::tensor::Dtype;

/// Writes a model in Hugging Face form: `model.safetensors`, tensor by tensor, and `config.json`.
///
/// Sizes and order follow from the configuration, so the header is written first and no tensor is kept. Until
/// [`HuggingFaceWriter::finish`] the weights have another name: a folder never looks complete before it is.
#[derive(Debug)]
pub struct HuggingFaceWriter {
    folder: PathBuf,
    partial: PathBuf,
    /// The text of `config.json`.
    config: String,
    dtype: Dtype,
    output: BufWriter<File>,
    waiting: IntoIter<(TensorSpec, String)>,
}

impl HuggingFaceWriter {
    /// Starts to write into `folder`, which is made if it is not there. Values are rounded to `dtype`.
    ///
    /// # Errors
    /// [`CheckpointError::Config`] for an invalid configuration, [`CheckpointError::Write`].
    pub fn create(folder: &Path, config: &Config, dtype: Dtype) -> Result<Self, CheckpointError> {
        config.validate().map_err(CheckpointError::config(folder))?;
        Self::start(folder, hugging_face::json(config, dtype), names::hugging_face_names(config), dtype)
    }

    /// The same for an encoder; its tensors are those of [`crate::names::bert::canonical_tensors`].
    ///
    /// # Errors
    /// As [`Self::create`].
    pub fn create_bert(folder: &Path, config: &BertConfig, dtype: Dtype) -> Result<Self, CheckpointError> {
        config.validate().map_err(CheckpointError::config(folder))?;
        let tensors = names::bert::hugging_face_names(config);
        Self::start(folder, config.to_hugging_face(dtype), tensors, dtype)
    }

    fn start(
        folder: &Path,
        config: String,
        tensors: Vec<(TensorSpec, String)>,
        dtype: Dtype,
    ) -> Result<Self, CheckpointError> {
        fs::create_dir_all(folder).map_err(CheckpointError::write(folder))?;
        let partial = folder.join("model.safetensors.partial");
        let header = header(&tensors, dtype);
        let file = File::create(&partial).map_err(CheckpointError::write(&partial))?;
        let mut output = BufWriter::new(file);
        let length = (header.len() as u64).to_le_bytes();
        let written = output.write_all(&length).and_then(|()| output.write_all(header.as_bytes()));
        written.map_err(CheckpointError::write(&partial))?;
        let (folder, waiting) = (folder.to_path_buf(), tensors.into_iter());
        Ok(Self { folder, partial, config, dtype, output, waiting })
    }

    /// Writes the next tensor of [`crate::canonical_tensors`], row-major.
    ///
    /// # Errors
    /// [`CheckpointError::OutOfOrder`] for another tensor or number of values, [`CheckpointError::NotFinite`] for
    /// values that are no finite numbers in the file's type, [`CheckpointError::Write`].
    pub fn write(&mut self, name: &str, values: &[f32]) -> Result<(), CheckpointError> {
        let next = self.waiting.next();
        let expected =
            next.as_ref().map(|(spec, _)| (spec.name.as_str(), spec.shape.iter().product::<usize>()));
        if expected != Some((name, values.len())) {
            let (came, path) = ((name, values.len()), self.partial.clone());
            let problem = format!("tensor and number of values should be {expected:?} but are {came:?}");
            return Err(CheckpointError::OutOfOrder { path, problem });
        }
        const PIECE: usize = 1 << 16;
        let mut bytes = Vec::new();
        for (number, piece) in values.chunks(PIECE).enumerate() {
            bytes.clear();
            match self.dtype {
                Dtype::F32 => bytes.extend(piece.iter().flat_map(|value| value.to_le_bytes())),
                Dtype::F16 => {
                    bytes.extend(piece.iter().flat_map(|value| f16::from_f32(*value).to_le_bytes()))
                }
                Dtype::Bf16 => {
                    bytes.extend(piece.iter().flat_map(|value| bf16::from_f32(*value).to_le_bytes()))
                }
            }
            if let Some((position, value)) = crate::tensor::first_not_finite(self.dtype, &bytes) {
                let index = vec![number * PIECE + position];
                return Err(CheckpointError::NotFinite {
                    path: self.partial.clone(),
                    tensor: name.to_owned(),
                    value,
                    index,
                });
            }
            self.output.write_all(&bytes).map_err(CheckpointError::write(&self.partial))?;
        }
        Ok(())
    }

    /// Completes the folder: the configuration, then the weights under their own name.
    ///
    /// # Errors
    /// [`CheckpointError::OutOfOrder`] if tensors are missing, [`CheckpointError::Write`].
    pub fn finish(mut self) -> Result<(), CheckpointError> {
        if let Some((spec, _)) = self.waiting.next() {
            let problem = format!("tensor {} was not written", spec.name);
            return Err(CheckpointError::OutOfOrder { path: self.partial, problem });
        }
        let flushed = self.output.flush().and_then(|()| self.output.get_ref().sync_all());
        flushed.map_err(CheckpointError::write(&self.partial))?;
        let config = self.folder.join("config.json");
        fs::write(&config, &self.config).map_err(CheckpointError::write(&config))?;
        let weights = self.folder.join("model.safetensors");
        fs::rename(&self.partial, &weights).map_err(CheckpointError::write(&weights))
    }
}

/// The JSON header of a safetensors file, filled up with spaces so that the values start at a multiple of 8.
fn header(tensors: &[(TensorSpec, String)], dtype: Dtype) -> String {
    // The reference implementation loads only files that say that they follow PyTorch's layout.
    let mut object = Map::from_iter([("__metadata__".to_owned(), json!({ "format": "pt" }))]);
    let mut start = 0;
    for (spec, name) in tensors {
        let end = start + spec.shape.iter().product::<usize>() * dtype.size();
        let entry = json!({ "dtype": dtype.name(), "shape": spec.shape, "data_offsets": [start, end] });
        object.insert(name.clone(), entry);
        start = end;
    }
    let mut header = Value::Object(object).to_string();
    header.extend(std::iter::repeat_n(' ', header.len().next_multiple_of(8) - header.len()));
    header
}
