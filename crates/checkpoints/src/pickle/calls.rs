//! What the few functions and classes that a checkpoint names would have made.

use super::globals::Global;
use super::input::{MOST_NAME, Outcome, misuse};
use super::machine::Machine;
use super::tree::{Node, StorageRecord, TensorRecord, Value};

const MOST_DIMENSIONS: usize = 8;

impl Machine<'_> {
    /// `('storage', torch.FloatStorage, key, device, elements)`; files of before PyTorch 1.6 end it with a view.
    pub(super) fn storage(&mut self) -> Outcome<()> {
        let id = self.pop()?;
        let Some(Node::Tuple(parts)) = self.node(id) else {
            return misuse("refers to something by an id that is no tuple");
        };
        let (parts, view) = match *parts.as_slice() {
            [tag, class, key, _, elements] => ([tag, class, key, elements], Value::None),
            [tag, class, key, _, elements, view] => ([tag, class, key, elements], view),
            _ => return misuse("refers to a storage by an id of another length"),
        };
        let [tag, class, key, elements] = parts;
        let view = match (view, self.node(view)) {
            (Value::None, _) => None,
            (_, Some(Node::Tuple(view))) => match *view.as_slice() {
                [_, Value::Integer(offset), Value::Integer(length)] if offset >= 0 && length >= 0 => {
                    Some((offset as u64, length as u64))
                }
                _ => return misuse("describes a part of a storage in an unknown way"),
            },
            _ => return misuse("describes a part of a storage in an unknown way"),
        };
        let record = match (self.node(tag), self.node(class), self.node(key), elements) {
            (
                Some(Node::Text(tag)),
                Some(Node::Global(Global::Storage(element))),
                Some(Node::Text(key)),
                Value::Integer(elements),
            ) if tag == "storage" && key.len() as u64 <= MOST_NAME && elements >= 0 => {
                StorageRecord { element: *element, key: key.clone(), elements: elements as u64, view }
            }
            _ => return misuse("refers to something else than a storage of numbers"),
        };
        self.push_node(Node::Storage(Box::new(record)))
    }

    /// A call. What the function would return is made here if it is one of the few; nothing is called.
    pub(super) fn reduce(&mut self) -> Outcome<()> {
        let arguments = self.pop()?;
        let function = self.pop()?;
        let Some(Node::Tuple(arguments)) = self.node(arguments) else {
            return misuse("calls with arguments that are no tuple");
        };
        let Some(Node::Global(function)) = self.node(function) else {
            return misuse("calls something that is no function");
        };
        match (*function, arguments.as_slice()) {
            (Global::OrderedDict, []) => self.push_node(Node::Dict(Vec::new())),
            (Global::RebuildTensor, &[storage, offset, shape, strides, ..]) => {
                self.tensor(storage, offset, shape, strides)
            }
            (Global::RebuildParameter, &[data, ..]) if matches!(self.node(data), Some(Node::Tensor(_))) => {
                self.push(data)
            }
            (Global::Size, &[size]) if matches!(self.node(size), Some(Node::Tuple(_))) => self.push(size),
            (Global::Encode, &[text, _]) => {
                let Some(Node::Text(text)) = self.node(text) else {
                    return misuse("encodes something that is no text");
                };
                let bytes = text.chars().map(|character| u8::try_from(u32::from(character)));
                match bytes.collect::<Result<Vec<u8>, _>>() {
                    Ok(bytes) => self.push_node(Node::Bytes(bytes)),
                    Err(_) => misuse("encodes text that is not Latin-1"),
                }
            }
            (Global::Numpy, _) => self.push_node(Node::Object { class: Global::Numpy, state: Value::None }),
            (other, arguments) => misuse(format!("calls {other:?} with {} arguments", arguments.len())),
        }
    }

    fn tensor(&mut self, storage: Value, offset: Value, shape: Value, strides: Value) -> Outcome<()> {
        let sizes = |value| match self.node(value) {
            Some(Node::Tuple(sizes)) if sizes.len() <= MOST_DIMENSIONS => {
                sizes.iter().map(|size| self.size(*size)).collect::<Option<Vec<usize>>>()
            }
            _ => None,
        };
        let record = match (self.node(storage), self.size(offset), sizes(shape), sizes(strides)) {
            (Some(Node::Storage(storage)), Some(offset), Some(shape), Some(strides)) => {
                TensorRecord { storage: (**storage).clone(), offset, shape, strides }
            }
            _ => return misuse("describes a tensor in an unknown way"),
        };
        self.push_node(Node::Tensor(Box::new(record)))
    }

    fn size(&self, value: Value) -> Option<usize> {
        match value {
            Value::Integer(size) => usize::try_from(size).ok(),
            _ => None,
        }
    }

    pub(super) fn new_object(&mut self) -> Outcome<()> {
        let arguments = self.pop()?;
        let class = self.pop()?;
        match (self.node(class), self.node(arguments)) {
            (
                Some(Node::Global(
                    class @ (Global::Namespace
                    | Global::OmegaContainer
                    | Global::OmegaNode
                    | Global::OmegaMetadata),
                )),
                Some(Node::Tuple(arguments)),
            ) if arguments.is_empty() => {
                let class = *class;
                self.push_node(Node::Object { class, state: Value::None })
            }
            _ => misuse("makes an object of something that is no plain class"),
        }
    }

    pub(super) fn build(&mut self) -> Outcome<()> {
        let state = self.pop()?;
        let is_dict = matches!(self.node(state), Some(Node::Dict(_)));
        match self.top_node()? {
            // A state dict carries its modules' versions as attributes; nobody needs them.
            Node::Dict(_) if is_dict => Ok(()),
            Node::Object { class: Global::Numpy, .. } => Ok(()),
            Node::Object { state: slot @ Value::None, .. } if is_dict => {
                *slot = state;
                Ok(())
            }
            _ => misuse("sets attributes of something that has none"),
        }
    }
}
