//! Writers of the three file forms, from descriptions that may be wrong.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::model::{Setting, Tensor, fairseq_settings, hugging_face_config, tensors};
use crate::pickle_writer::PickleWriter;

/// What a model folder is made of.
#[derive(Debug, Clone)]
pub struct Model {
    pub tensors: Vec<Tensor>,
    pub config: Map<String, Value>,
    pub settings: Vec<(&'static str, Setting)>,
}

impl Model {
    pub fn sound() -> Self {
        Self { tensors: tensors(), config: hugging_face_config(), settings: fairseq_settings() }
    }

    pub fn tensor(&mut self, name: &str) -> &mut Tensor {
        self.tensors.iter_mut().find(|tensor| tensor.name == name).unwrap()
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FileForm {
    Safetensors,
    Zipped,
    Legacy,
}

impl FileForm {
    pub const ALL: [Self; 3] = [Self::Safetensors, Self::Zipped, Self::Legacy];

    pub fn file_name(self) -> &'static str {
        match self {
            Self::Safetensors => "model.safetensors",
            Self::Zipped => "pytorch_model.bin",
            Self::Legacy => "checkpoint.pt",
        }
    }

    /// What the weight file calls a tensor.
    pub fn stored_name(self, name: &str) -> String {
        match self {
            Self::Legacy => format!("decoder.{name}"),
            _ if name == "output_projection.weight" => name.to_owned(),
            _ => format!("biogpt.{name}"),
        }
    }

    /// The weight file of a model: Hugging Face's two, and a fairseq checkpoint in PyTorch's old form.
    pub fn weights(self, model: &Model) -> Vec<u8> {
        let named: Vec<(String, &Tensor)> =
            model.tensors.iter().map(|tensor| (self.stored_name(&tensor.name), tensor)).collect();
        match self {
            Self::Safetensors => safetensors(&named),
            Self::Zipped => {
                let pickle = state_dict(PickleWriter::new(), &named, false);
                zipped(&pickle.raw(b"}b").stop(), &model.tensors)
            }
            Self::Legacy => {
                let pickle = PickleWriter::new().dict().text("args").object("argparse", "Namespace");
                let pickle = settings(pickle, &model.settings).attributes();
                let pickle = state_dict(pickle.text("model"), &named, true);
                legacy(&pickle.set_items().stop(), &model.tensors)
            }
        }
    }

    /// Writes a model folder and gives the weight file's path.
    pub fn write(self, folder: &Path, model: &Model) -> PathBuf {
        if self != Self::Legacy {
            fs::write(folder.join("config.json"), Value::Object(model.config.clone()).to_string()).unwrap();
        }
        let path = folder.join(self.file_name());
        fs::write(&path, self.weights(model)).unwrap();
        path
    }
}

pub fn settings(pickle: PickleWriter, settings: &[(&str, Setting)]) -> PickleWriter {
    settings.iter().fold(pickle, |pickle, (name, value)| value.write(pickle.text(name)))
}

pub fn safetensors(tensors: &[(String, &Tensor)]) -> Vec<u8> {
    let mut header = Map::new();
    let mut values = Vec::new();
    for (name, tensor) in tensors {
        let start = values.len() as u64;
        values.extend_from_slice(&tensor.bytes);
        let length = tensor
            .claimed
            .map_or(tensor.bytes.len() as u64, |claimed| claimed.wrapping_mul(tensor.size() as u64));
        let offsets = [start, start.wrapping_add(length)];
        let entry = json!({"dtype": tensor.dtype, "shape": tensor.shape, "data_offsets": offsets});
        header.insert(name.clone(), entry);
    }
    with_header(&Value::Object(header).to_string(), &values)
}

pub fn with_header(header: &str, values: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), values].concat()
}

/// An `OrderedDict` of tensors; storage `i` belongs to tensor `i`.
pub fn state_dict(pickle: PickleWriter, tensors: &[(String, &Tensor)], legacy: bool) -> PickleWriter {
    let entries = tensors.iter().enumerate();
    let pickle = entries.fold(pickle.ordered_dict(), |pickle, (number, (name, tensor))| {
        tensor_of_storage(pickle.text(name), tensor, number, legacy)
    });
    pickle.set_items()
}

pub fn tensor_of_storage(
    pickle: PickleWriter,
    tensor: &Tensor,
    storage: usize,
    legacy: bool,
) -> PickleWriter {
    let pickle = pickle.global("torch._utils", "_rebuild_tensor_v2").mark().mark().text("storage");
    let pickle = pickle.global("torch", tensor.storage_class()).text(&storage.to_string()).text("cpu");
    let pickle = pickle.integer(tensor.claimed_elements() as i64);
    let pickle = if legacy { pickle.none() } else { pickle };
    let pickle = pickle.tuple().raw(b"Q").integer(tensor.offset as i64);
    let pickle = pickle.integers(&tensor.shape).integers(&tensor.strides()).flag(false);
    pickle.global("collections", "OrderedDict").raw(b")R").tuple().raw(b"R")
}

/// PyTorch's zip form, members stored as they are.
pub fn zipped(pickle: &[u8], storages: &[Tensor]) -> Vec<u8> {
    let mut members = vec![("archive/data.pkl".to_owned(), pickle.to_vec())];
    members.push(("archive/byteorder".to_owned(), b"little".to_vec()));
    members.extend(
        storages
            .iter()
            .enumerate()
            .map(|(number, tensor)| (format!("archive/data/{number}"), tensor.bytes.clone())),
    );
    archive(&members, 0)
}

/// A zip archive; `method` 8 claims that its members are deflated.
pub fn archive(members: &[(String, Vec<u8>)], method: u16) -> Vec<u8> {
    let mut file = Vec::new();
    let mut directory = Vec::new();
    for (name, content) in members {
        let header = file.len() as u32;
        let mut common = Vec::new();
        common.extend([0_u16, method, 0, 0].iter().flat_map(|word| word.to_le_bytes()));
        let length = content.len() as u32;
        common.extend([0, length, length].iter().flat_map(|word| word.to_le_bytes()));
        common.extend([name.len() as u16, 0].iter().flat_map(|word| word.to_le_bytes()));
        file.extend_from_slice(b"PK\x03\x04\x14\x00");
        file.extend_from_slice(&common);
        file.extend_from_slice(name.as_bytes());
        file.extend_from_slice(content);
        directory.extend_from_slice(b"PK\x01\x02\x14\x00\x14\x00");
        directory.extend_from_slice(&common);
        directory.extend_from_slice(&[0; 10]);
        directory.extend_from_slice(&header.to_le_bytes());
        directory.extend_from_slice(name.as_bytes());
    }
    let start = file.len() as u32;
    file.extend_from_slice(&directory);
    file.extend_from_slice(b"PK\x05\x06\x00\x00\x00\x00");
    let count = members.len() as u16;
    file.extend([count, count].iter().flat_map(|word| word.to_le_bytes()));
    file.extend([directory.len() as u32, start].iter().flat_map(|word| word.to_le_bytes()));
    file.extend_from_slice(&[0, 0]);
    file
}

/// PyTorch's form of before 1.6.
pub fn legacy(pickle: &[u8], storages: &[Tensor]) -> Vec<u8> {
    let mut file = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.".to_vec();
    file.extend(PickleWriter::new().integer(1001).stop());
    file.extend(PickleWriter::new().dict().text("little_endian").flag(true).set_items().stop());
    file.extend_from_slice(pickle);
    let keys = PickleWriter::new().raw(b"]").mark();
    let keys = (0..storages.len()).fold(keys, |keys, number| keys.text(&number.to_string()));
    file.extend(keys.raw(b"e").stop());
    for tensor in storages {
        file.extend_from_slice(&((tensor.bytes.len() / tensor.size()) as u64).to_le_bytes());
        file.extend_from_slice(&tensor.bytes);
    }
    file
}
