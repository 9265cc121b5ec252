//! The form of before PyTorch 1.6: five pickles (a magic number, the protocol, the machine, the description, the
//! order of the storages), then each storage as its number of elements and their bytes.

use std::collections::HashMap;

use crate::error::CheckpointError;
use crate::pickle::{self, StorageRecord, Tree, Value};
use crate::stored::{ElementType, WeightFile};

/// Integer 0x1950a86a20f9469cfc6c as pickled with protocol 2 (PyTorch's `serialization.py`).
const MAGIC: &[u8] = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
const PROTOCOL: i64 = 1001;

#[derive(Debug)]
pub(super) struct Storages(HashMap<String, Place>);

#[derive(Debug, Clone, Copy)]
struct Place {
    start: u64,
    elements: u64,
    element: ElementType,
}

pub(super) fn open(file: &WeightFile) -> Result<(Tree, Storages), CheckpointError> {
    let damaged =
        |place: u64, problem: String| CheckpointError::damaged(&file.path, format!("byte {place}"), problem);
    let magic = file.bytes(0, file.length.min(MAGIC.len() as u64))?;
    if magic != MAGIC {
        let problem = "this is a pickle, but not a file of torch.save".to_owned();
        return Err(damaged(0, problem));
    }
    let protocol_at = MAGIC.len() as u64;
    let protocol = pickle::read(file, protocol_at, file.length)?;
    if protocol.tree.root != Value::Integer(PROTOCOL) {
        return Err(damaged(protocol_at, format!("the protocol is not {PROTOCOL}")));
    }
    let machine = pickle::read(file, protocol.end, file.length)?;
    if machine.tree.get(machine.tree.root, "little_endian") != Some(Value::Flag(true)) {
        let remedy = "Save it again on a little-endian machine";
        return Err(CheckpointError::unsupported(&file.path, "its numbers are not little-endian", remedy));
    }
    let description = pickle::read(file, machine.end, file.length)?;
    let order = pickle::read(file, description.end, file.length)?;
    let storages = places(file, &description.tree, &order.tree, order.end)?;
    Ok((description.tree, storages))
}

fn places(file: &WeightFile, tree: &Tree, order: &Tree, start: u64) -> Result<Storages, CheckpointError> {
    let damaged = |position: u64, problem: String| {
        CheckpointError::damaged(&file.path, format!("byte {position}"), problem)
    };
    let mut elements = HashMap::new();
    for storage in tree.storages() {
        if *elements.entry(storage.key.as_str()).or_insert(storage.element) != storage.element {
            return Err(damaged(start, format!("storage {} has two number types", storage.key)));
        }
    }
    let mut places = HashMap::new();
    let mut position = start;
    for value in order.items(order.root) {
        let key = order.text(*value).unwrap_or_default();
        let Some(element) = elements.get(key).copied() else {
            return Err(damaged(position, format!("storage {key:?} belongs to no tensor")));
        };
        let mut word = [0; 8];
        word.copy_from_slice(&file.bytes(position, 8)?);
        let count = u64::from_le_bytes(word);
        let start = position + 8;
        let end = count.checked_mul(element.size() as u64).and_then(|length| start.checked_add(length));
        let Some(end) = end.filter(|end| *end <= file.length) else {
            let left = file.length - start;
            let problem = format!("storage {key} should have {count} elements, but {left} bytes are left");
            return Err(damaged(position, problem));
        };
        places.insert(key.to_owned(), Place { start, elements: count, element });
        position = end;
    }
    if position != file.length {
        return Err(damaged(position, format!("{} bytes follow the last storage", file.length - position)));
    }
    Ok(Storages(places))
}

impl Storages {
    /// First byte and length in bytes.
    pub fn place(&self, storage: &StorageRecord) -> Result<(u64, u64), String> {
        let Some(place) = self.0.get(&storage.key) else {
            return Err(format!("the file has no storage {}", storage.key));
        };
        if place.elements != storage.elements {
            return Err(format!(
                "storage {} has {} elements, but {} are declared",
                storage.key, place.elements, storage.elements
            ));
        }
        let (first, elements) = storage.view.unwrap_or((0, place.elements));
        if first.checked_add(elements).is_none_or(|end| end > place.elements) {
            return Err(format!(
                "elements {first} and {elements} more of storage {} lie outside of it",
                storage.key
            ));
        }
        let size = place.element.size() as u64;
        Ok((place.start + first * size, elements * size))
    }
}
