use std::collections::HashMap;
use std::io::{self, BufRead, BufReader};

use super::globals::{self, Global};
use super::opcodes as op;
use super::tree::{Node, StorageRecord, TensorRecord, Tree, Value};
use super::{PickleError, PickleProblem};
use crate::error::CheckpointError;
use crate::stored::{Section, WeightFile};

/// BioGPT-Large's pickle has 150 KB, with optimizer state under 1 MB.
const MOST_BYTES: u64 = 64 << 20;
/// Everything that a pickle makes, together.
const MOST_MEMORY: usize = 128 << 20;
/// Python's pickler writes lists and dicts in batches of 1000.
const MOST_STACK: usize = 1 << 16;
const MOST_NAME: u64 = 256;
const MOST_DIMENSIONS: usize = 8;

/// A pickle that was read, and where it ended in the file.
#[derive(Debug)]
pub(crate) struct Pickle {
    pub tree: Tree,
    pub end: u64,
}

/// Reads the pickle that lies in `file` from `start`, at most to `end`.
pub(crate) fn read(file: &WeightFile, start: u64, end: u64) -> Result<Pickle, CheckpointError> {
    let end = end.min(start.saturating_add(MOST_BYTES));
    let mut machine = Machine {
        reader: BufReader::new(file.section(start, end)),
        position: start,
        end,
        opcode_at: start,
        nodes: Vec::new(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
        memory: 0,
    };
    let root = machine.run().map_err(|failure| match failure {
        Failure::Read(cause) => CheckpointError::Read {
            path: file.path.clone(),
            cause,
        },
        Failure::Problem(problem) => {
            let cause = PickleError {
                offset: machine.opcode_at,
                problem,
            };
            CheckpointError::Pickle {
                path: file.path.clone(),
                cause,
            }
        }
    })?;
    Ok(Pickle {
        tree: Tree {
            nodes: machine.nodes,
            root,
        },
        end: machine.position,
    })
}

struct Machine<'a> {
    reader: BufReader<Section<'a>>,
    /// Bytes from the start of the file.
    position: u64,
    end: u64,
    opcode_at: u64,
    nodes: Vec<Node>,
    stack: Vec<Value>,
    /// Heights of the stack at each open MARK.
    marks: Vec<usize>,
    memo: HashMap<u32, Value>,
    memory: usize,
}

enum Failure {
    Read(io::Error),
    Problem(PickleProblem),
}

impl From<PickleProblem> for Failure {
    fn from(problem: PickleProblem) -> Self {
        Self::Problem(problem)
    }
}

type Outcome<T> = Result<T, Failure>;

fn malformed<T>(problem: impl Into<String>) -> Outcome<T> {
    Err(PickleProblem::Malformed(problem.into()).into())
}

fn misuse<T>(problem: impl Into<String>) -> Outcome<T> {
    Err(PickleProblem::Misuse(problem.into()).into())
}

impl Machine<'_> {
    fn run(&mut self) -> Outcome<Value> {
        if self.byte()? != op::PROTO {
            return malformed("it is not a pickle of protocol 2 to 5");
        }
        let protocol = self.byte()?;
        if !(2..=5).contains(&protocol) {
            return malformed(format!("pickle protocol {protocol} does not exist or is too old"));
        }
        loop {
            self.opcode_at = self.position;
            let opcode = self.byte()?;
            if opcode == op::STOP {
                let root = self.pop()?;
                if !self.stack.is_empty() || !self.marks.is_empty() {
                    return malformed("values are left over at its end");
                }
                return Ok(root);
            }
            self.step(opcode)?;
        }
    }

    fn step(&mut self, opcode: u8) -> Outcome<()> {
        match opcode {
            op::NONE => self.push(Value::None),
            op::NEWTRUE => self.push(Value::Flag(true)),
            op::NEWFALSE => self.push(Value::Flag(false)),
            op::BININT => {
                let value = i32::from_le_bytes(self.array()?);
                self.push(Value::Integer(value.into()))
            }
            op::BININT1 => {
                let value = self.byte()?;
                self.push(Value::Integer(value.into()))
            }
            op::BININT2 => {
                let value = u16::from_le_bytes(self.array()?);
                self.push(Value::Integer(value.into()))
            }
            op::LONG1 => self.long(),
            op::BINFLOAT => {
                let value = f64::from_be_bytes(self.array()?);
                self.push(Value::Real(value))
            }
            op::SHORT_BINUNICODE | op::BINUNICODE | op::BINUNICODE8 => {
                let length = match opcode {
                    op::SHORT_BINUNICODE => self.byte()?.into(),
                    op::BINUNICODE => u32::from_le_bytes(self.array()?).into(),
                    _ => u64::from_le_bytes(self.array()?),
                };
                let text = self.text(length)?;
                self.push_node(Node::Text(text))
            }
            op::SHORT_BINBYTES | op::BINBYTES | op::BINBYTES8 => {
                let length = match opcode {
                    op::SHORT_BINBYTES => self.byte()?.into(),
                    op::BINBYTES => u32::from_le_bytes(self.array()?).into(),
                    _ => u64::from_le_bytes(self.array()?),
                };
                let bytes = self.bytes(length)?;
                self.push_node(Node::Bytes(bytes))
            }
            op::MARK => {
                if self.marks.len() >= MOST_STACK {
                    return Err(PickleProblem::TooLarge("nests its values too deeply".to_owned()).into());
                }
                self.marks.push(self.stack.len());
                Ok(())
            }
            op::EMPTY_TUPLE => self.push_node(Node::Tuple(Vec::new())),
            op::TUPLE1 => self.tuple(1),
            op::TUPLE2 => self.tuple(2),
            op::TUPLE3 => self.tuple(3),
            op::TUPLE => {
                let items = self.pop_to_mark()?;
                self.push_node(Node::Tuple(items))
            }
            op::EMPTY_LIST => self.push_node(Node::List(Vec::new())),
            op::APPEND => {
                let item = self.pop()?;
                self.append(vec![item])
            }
            op::APPENDS => {
                let items = self.pop_to_mark()?;
                self.append(items)
            }
            op::EMPTY_DICT => self.push_node(Node::Dict(Vec::new())),
            op::SETITEM => {
                let item = self.pop()?;
                let key = self.pop()?;
                self.set_items(vec![key, item])
            }
            op::SETITEMS => {
                let items = self.pop_to_mark()?;
                self.set_items(items)
            }
            op::BINPUT => {
                let place = self.byte()?.into();
                self.remember(place)
            }
            op::LONG_BINPUT => {
                let place = u32::from_le_bytes(self.array()?);
                self.remember(place)
            }
            op::MEMOIZE => {
                let place = u32::try_from(self.memo.len()).unwrap_or(u32::MAX);
                self.remember(place)
            }
            op::BINGET => {
                let place = self.byte()?.into();
                self.recall(place)
            }
            op::LONG_BINGET => {
                let place = u32::from_le_bytes(self.array()?);
                self.recall(place)
            }
            op::FRAME => {
                let length = u64::from_le_bytes(self.array()?);
                self.make_sure_of(length)
            }
            op::GLOBAL => {
                let module = self.line()?;
                let name = self.line()?;
                self.global(&module, &name)
            }
            op::STACK_GLOBAL => {
                let name = self.pop()?;
                let module = self.pop()?;
                let text = |value| match self.node(value) {
                    Some(Node::Text(text)) => Ok(text.clone()),
                    _ => misuse("names a class by something that is no text"),
                };
                let (module, name) = (text(module)?, text(name)?);
                self.global(&module, &name)
            }
            op::BINPERSID => self.storage(),
            op::REDUCE => self.reduce(),
            op::NEWOBJ => self.new_object(),
            op::BUILD => self.build(),
            _ => Err(PickleProblem::Opcode(op::name(opcode)).into()),
        }
    }

    fn long(&mut self) -> Outcome<()> {
        let length = self.byte()?.into();
        let bytes = self.bytes(length)?;
        if bytes.len() > 8 {
            return self.push_node(Node::LargeInteger(bytes));
        }
        let sign = if bytes.last().is_some_and(|byte| byte & 0x80 != 0) {
            0xFF
        } else {
            0
        };
        let mut word = [sign; 8];
        word[..bytes.len()].copy_from_slice(&bytes);
        self.push(Value::Integer(i64::from_le_bytes(word)))
    }

    fn tuple(&mut self, length: usize) -> Outcome<()> {
        let floor = self.floor();
        let Some(start) = self
            .stack
            .len()
            .checked_sub(length)
            .filter(|start| *start >= floor)
        else {
            return malformed("it takes values that it never made");
        };
        let items = self.stack.split_off(start);
        self.push_node(Node::Tuple(items))
    }

    fn append(&mut self, items: Vec<Value>) -> Outcome<()> {
        self.charge(items.len() * size_of::<Value>())?;
        match self.top_node()? {
            Node::List(list) => {
                list.extend(items);
                Ok(())
            }
            _ => misuse("appends to something that is no list"),
        }
    }

    fn set_items(&mut self, items: Vec<Value>) -> Outcome<()> {
        let (pairs, []) = items.as_chunks() else {
            return malformed("a key has no value");
        };
        self.charge(items.len() * size_of::<Value>())?;
        match self.top_node()? {
            Node::Dict(entries) => {
                entries.extend(pairs.iter().map(|[key, value]| (*key, *value)));
                Ok(())
            }
            _ => misuse("sets items of something that is no dict"),
        }
    }

    fn remember(&mut self, place: u32) -> Outcome<()> {
        let Some(value) = self
            .stack
            .last()
            .copied()
            .filter(|_| self.stack.len() > self.floor())
        else {
            return malformed("it remembers a value that it never made");
        };
        self.charge(4 * size_of::<Value>())?;
        self.memo.insert(place, value);
        Ok(())
    }

    fn recall(&mut self, place: u32) -> Outcome<()> {
        match self.memo.get(&place) {
            Some(value) => self.push(*value),
            None => malformed(format!("it recalls value {place}, which it never remembered")),
        }
    }

    fn global(&mut self, module: &str, name: &str) -> Outcome<()> {
        match globals::lookup(module, name) {
            Some(global) => self.push_node(Node::Global(global)),
            None => Err(PickleProblem::Global(format!("{module}.{name}")).into()),
        }
    }

    /// `('storage', torch.FloatStorage, key, device, elements)`; files of before PyTorch 1.6 end it with a view.
    fn storage(&mut self) -> Outcome<()> {
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
            ) if tag == "storage" && key.len() as u64 <= MOST_NAME && elements >= 0 => StorageRecord {
                element: *element,
                key: key.clone(),
                elements: elements as u64,
                view,
            },
            _ => return misuse("refers to something else than a storage of numbers"),
        };
        self.push_node(Node::Storage(record))
    }

    /// A call. What the function would return is made here if it is one of the few; nothing is called.
    fn reduce(&mut self) -> Outcome<()> {
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
            (Global::Numpy, _) => self.push_node(Node::Object {
                class: Global::Numpy,
                state: Value::None,
            }),
            (other, arguments) => misuse(format!("calls {other:?} with {} arguments", arguments.len())),
        }
    }

    fn tensor(&mut self, storage: Value, offset: Value, shape: Value, strides: Value) -> Outcome<()> {
        let sizes = |value| match self.node(value) {
            Some(Node::Tuple(sizes)) if sizes.len() <= MOST_DIMENSIONS => sizes
                .iter()
                .map(|size| self.size(*size))
                .collect::<Option<Vec<usize>>>(),
            _ => None,
        };
        let record = match (
            self.node(storage),
            self.size(offset),
            sizes(shape),
            sizes(strides),
        ) {
            (Some(Node::Storage(storage)), Some(offset), Some(shape), Some(strides)) => TensorRecord {
                storage: storage.clone(),
                offset,
                shape,
                strides,
            },
            _ => return misuse("describes a tensor in an unknown way"),
        };
        self.push_node(Node::Tensor(record))
    }

    fn size(&self, value: Value) -> Option<usize> {
        match value {
            Value::Integer(size) => usize::try_from(size).ok(),
            _ => None,
        }
    }

    fn new_object(&mut self) -> Outcome<()> {
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
                self.push_node(Node::Object {
                    class,
                    state: Value::None,
                })
            }
            _ => misuse("makes an object of something that is no plain class"),
        }
    }

    fn build(&mut self) -> Outcome<()> {
        let state = self.pop()?;
        let is_dict = matches!(self.node(state), Some(Node::Dict(_)));
        match self.top_node()? {
            // A state dict carries its modules' versions as attributes; nobody needs them.
            Node::Dict(_) if is_dict => Ok(()),
            Node::Object {
                class: Global::Numpy, ..
            } => Ok(()),
            Node::Object {
                state: slot @ Value::None,
                ..
            } if is_dict => {
                *slot = state;
                Ok(())
            }
            _ => misuse("sets attributes of something that has none"),
        }
    }

    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn push(&mut self, value: Value) -> Outcome<()> {
        if self.stack.len() >= MOST_STACK {
            return Err(PickleProblem::TooLarge("nests its values too deeply".to_owned()).into());
        }
        self.stack.push(value);
        Ok(())
    }

    fn push_node(&mut self, node: Node) -> Outcome<()> {
        let payload = match &node {
            Node::Text(text) => text.len(),
            Node::Bytes(bytes) | Node::LargeInteger(bytes) => bytes.len(),
            Node::Tuple(items) | Node::List(items) => size_of_val(items.as_slice()),
            Node::Dict(entries) => size_of_val(entries.as_slice()),
            Node::Storage(storage) => storage.key.len(),
            Node::Tensor(tensor) => tensor.storage.key.len() + 16 * tensor.shape.len(),
            Node::Global(_) | Node::Object { .. } => 0,
        };
        self.charge(size_of::<Node>() + payload)?;
        let place = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        self.nodes.push(node);
        self.push(Value::Node(place))
    }

    fn pop(&mut self) -> Outcome<Value> {
        if self.stack.len() > self.floor()
            && let Some(value) = self.stack.pop()
        {
            return Ok(value);
        }
        malformed("it takes a value that it never made")
    }

    fn pop_to_mark(&mut self) -> Outcome<Vec<Value>> {
        match self.marks.pop() {
            Some(height) => Ok(self.stack.split_off(height)),
            None => malformed("it closes a group that it never opened"),
        }
    }

    fn node(&self, value: Value) -> Option<&Node> {
        match value {
            Value::Node(place) => self.nodes.get(place as usize),
            _ => None,
        }
    }

    fn top_node(&mut self) -> Outcome<&mut Node> {
        let top = self
            .stack
            .last()
            .copied()
            .filter(|_| self.stack.len() > self.floor());
        match top {
            Some(Value::Node(place)) if (place as usize) < self.nodes.len() => {
                Ok(&mut self.nodes[place as usize])
            }
            _ => malformed("it changes a value that it never made"),
        }
    }

    fn charge(&mut self, bytes: usize) -> Outcome<()> {
        self.memory = self.memory.saturating_add(bytes);
        if self.memory > MOST_MEMORY {
            return Err(
                PickleProblem::TooLarge(format!("needs over {MOST_MEMORY} bytes for its structure")).into(),
            );
        }
        Ok(())
    }

    fn make_sure_of(&self, length: u64) -> Outcome<()> {
        let left = self.end - self.position;
        if length > left {
            return malformed(format!("{length} bytes should follow, but {left} do"));
        }
        Ok(())
    }

    fn byte(&mut self) -> Outcome<u8> {
        self.array().map(|[byte]: [u8; 1]| byte)
    }

    fn array<const N: usize>(&mut self) -> Outcome<[u8; N]> {
        let mut array = [0; N];
        self.fill(&mut array)?;
        Ok(array)
    }

    fn bytes(&mut self, length: u64) -> Outcome<Vec<u8>> {
        self.make_sure_of(length)?;
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        self.charge(length)?;
        let mut bytes = vec![0; length];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn text(&mut self, length: u64) -> Outcome<String> {
        let bytes = self.bytes(length)?;
        String::from_utf8(bytes).or_else(|_| malformed("a text is not UTF-8"))
    }

    fn line(&mut self) -> Outcome<String> {
        let mut bytes = Vec::new();
        io::Read::take(&mut self.reader, MOST_NAME)
            .read_until(b'\n', &mut bytes)
            .map_err(Failure::Read)?;
        self.position += bytes.len() as u64;
        if bytes.pop() != Some(b'\n') {
            return malformed("a name does not end");
        }
        String::from_utf8(bytes).or_else(|_| malformed("a name is not UTF-8"))
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Outcome<()> {
        self.make_sure_of(bytes.len() as u64)?;
        io::Read::read_exact(&mut self.reader, bytes).map_err(Failure::Read)?;
        self.position += bytes.len() as u64;
        Ok(())
    }
}
