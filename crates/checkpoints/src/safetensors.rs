//! Files of the safetensors form: a length, a JSON header, then the values one after the other.

use safetensors::Dtype as Stored;
use safetensors::tensor::{Metadata, TensorInfo};
use serde_json::{Map, Value};

use crate::error::CheckpointError;
use crate::stored::{ElementType, StoredTensor, WeightFile};
use crate::tensor::Dtype;

/// BioGPT-Large's header has 90 KB.
const MOST_HEADER: u64 = 16 << 20;

/// The tensors of a file with their names; `number` is its place among the weight files.
pub(crate) fn open(file: &WeightFile, number: usize) -> Result<Vec<(String, StoredTensor)>, CheckpointError> {
    let damaged =
        |place: &str, problem: String| CheckpointError::damaged(&file.path, place.to_owned(), problem);
    let mut word = [0; 8];
    word.copy_from_slice(&file.bytes(0, 8)?);
    let header_length = u64::from_le_bytes(word);
    if header_length > MOST_HEADER {
        return Err(damaged("byte 0", format!("a header of {header_length} bytes is impossible")));
    }
    let header = file.bytes(8, header_length)?;
    let header: Map<String, Value> =
        serde_json::from_slice(&header).map_err(|error| damaged("the header", error.to_string()))?;
    let data_start = 8 + header_length;
    let data_length = file.length - data_start;
    let mut tensors = Vec::new();
    let mut entries = Vec::new();
    for (name, entry) in header.into_iter().filter(|(name, _)| name != "__metadata__") {
        let place = format!("tensor {name}");
        let info: TensorInfo =
            serde_json::from_value(entry).map_err(|error| damaged(&place, error.to_string()))?;
        let Some(element) = element(info.dtype) else {
            let what = format!("{place} holds numbers of type {:?}", info.dtype);
            let remedy = "Save the weights as F32, F16 or BF16";
            return Err(CheckpointError::unsupported(&file.path, what, remedy));
        };
        let (start, end) = (info.data_offsets.0 as u64, info.data_offsets.1 as u64);
        let elements = info.shape.iter().try_fold(1_u64, |product, size| product.checked_mul(*size as u64));
        let needed = elements.and_then(|elements| elements.checked_mul(element.size() as u64));
        if end > data_length || needed.is_none() || end.checked_sub(start) != needed {
            let problem = format!(
                "{} {:?} cannot lie at bytes {start} to {end} of {data_length}",
                element.name(),
                info.shape
            );
            return Err(damaged(&place, problem));
        }
        let stored =
            StoredTensor::contiguous(number, element, info.shape.clone(), data_start + start, end - start);
        tensors.push((name.clone(), stored.map_err(|problem| damaged(&place, problem))?));
        entries.push((name, info));
    }
    // The library makes sure that no bytes are used twice or by nobody.
    entries.sort_by_key(|(_, info)| info.data_offsets);
    let metadata = Metadata::new(None, entries).map_err(|error| damaged("the header", error.to_string()))?;
    let described = metadata.data_len() as u64;
    if described != data_length {
        let problem =
            format!("the header describes {described} bytes of values, but {data_length} follow it");
        return Err(damaged(&format!("byte {data_start}"), problem));
    }
    Ok(tensors)
}

/// None for numbers of less than a byte or of kinds that no BioGPT ever had.
fn element(dtype: Stored) -> Option<ElementType> {
    let (name, size) = match dtype {
        Stored::F32 => return Some(ElementType::Weight(Dtype::F32)),
        Stored::F16 => return Some(ElementType::Weight(Dtype::F16)),
        Stored::BF16 => return Some(ElementType::Weight(Dtype::Bf16)),
        Stored::F64 => ("F64", 8),
        Stored::I64 => ("I64", 8),
        Stored::U64 => ("U64", 8),
        Stored::I32 => ("I32", 4),
        Stored::U32 => ("U32", 4),
        Stored::I16 => ("I16", 2),
        Stored::U16 => ("U16", 2),
        Stored::I8 => ("I8", 1),
        Stored::U8 => ("U8", 1),
        Stored::BOOL => ("BOOL", 1),
        _ => return None,
    };
    Some(ElementType::Other { name, size })
}
