use std::collections::HashMap;

use super::input::{Failure, Input, Outcome, malformed, misuse};
use super::tree::{Node, Tree, Value};
use super::{PickleError, PickleProblem, globals, opcodes as op};
use crate::error::CheckpointError;
use crate::stored::WeightFile;

/// BioGPT-Large's pickle has 150 KB, with optimizer state under 1 MB.
const MOST_BYTES: u64 = 64 << 20;
/// Everything that a pickle makes, together.
const MOST_MEMORY: usize = 32 << 20;
/// Python's pickler writes lists and dicts in batches of 1000.
const MOST_STACK: usize = 1 << 16;

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
        input: Input::new(file, start, end),
        opcode_at: start,
        nodes: Vec::new(),
        stack: Vec::new(),
        marks: Vec::new(),
        memo: HashMap::new(),
        memory: 0,
    };
    let root = machine.run().map_err(|failure| match failure {
        Failure::Read(cause) => CheckpointError::Read { path: file.path.clone(), cause },
        Failure::Problem(problem) => {
            let cause = PickleError { offset: machine.opcode_at, problem };
            CheckpointError::Pickle { path: file.path.clone(), cause }
        }
    })?;
    Ok(Pickle { tree: Tree { nodes: machine.nodes, root }, end: machine.input.position })
}

pub(super) struct Machine<'a> {
    input: Input<'a>,
    opcode_at: u64,
    nodes: Vec<Node>,
    stack: Vec<Value>,
    /// Heights of the stack at each open MARK.
    marks: Vec<usize>,
    memo: HashMap<u32, Value>,
    memory: usize,
}

impl Machine<'_> {
    fn run(&mut self) -> Outcome<Value> {
        if self.input.byte()? != op::PROTO {
            return malformed("it is not a pickle of protocol 2 to 5");
        }
        let protocol = self.input.byte()?;
        if !(2..=5).contains(&protocol) {
            return malformed(format!("pickle protocol {protocol} does not exist or is too old"));
        }
        loop {
            self.opcode_at = self.input.position;
            let opcode = self.input.byte()?;
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
                let value = i32::from_le_bytes(self.input.array()?);
                self.push(Value::Integer(value.into()))
            }
            op::BININT1 => {
                let value = self.input.byte()?;
                self.push(Value::Integer(value.into()))
            }
            op::BININT2 => {
                let value = u16::from_le_bytes(self.input.array()?);
                self.push(Value::Integer(value.into()))
            }
            op::LONG1 => self.long(),
            op::BINFLOAT => {
                let value = f64::from_be_bytes(self.input.array()?);
                self.push(Value::Real(value))
            }
            op::SHORT_BINUNICODE | op::BINUNICODE | op::BINUNICODE8 => {
                let length = match opcode {
                    op::SHORT_BINUNICODE => self.input.byte()?.into(),
                    op::BINUNICODE => u32::from_le_bytes(self.input.array()?).into(),
                    _ => u64::from_le_bytes(self.input.array()?),
                };
                let text = self.input.text(length)?;
                self.push_node(Node::Text(text))
            }
            op::SHORT_BINBYTES | op::BINBYTES | op::BINBYTES8 => {
                let length = match opcode {
                    op::SHORT_BINBYTES => self.input.byte()?.into(),
                    op::BINBYTES => u32::from_le_bytes(self.input.array()?).into(),
                    _ => u64::from_le_bytes(self.input.array()?),
                };
                let bytes = self.input.bytes(length)?;
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
                let place = self.input.byte()?.into();
                self.remember(place)
            }
            op::LONG_BINPUT => {
                let place = u32::from_le_bytes(self.input.array()?);
                self.remember(place)
            }
            op::MEMOIZE => {
                let place = u32::try_from(self.memo.len()).unwrap_or(u32::MAX);
                self.remember(place)
            }
            op::BINGET => {
                let place = self.input.byte()?.into();
                self.recall(place)
            }
            op::LONG_BINGET => {
                let place = u32::from_le_bytes(self.input.array()?);
                self.recall(place)
            }
            op::FRAME => {
                let length = u64::from_le_bytes(self.input.array()?);
                self.input.make_sure_of(length)
            }
            op::GLOBAL => {
                let module = self.input.line()?;
                let name = self.input.line()?;
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
        let length = self.input.byte()?.into();
        let bytes = self.input.bytes(length)?;
        if bytes.len() > 8 {
            return self.push_node(Node::LargeInteger(bytes));
        }
        let sign = if bytes.last().is_some_and(|byte| byte & 0x80 != 0) { 0xFF } else { 0 };
        let mut word = [sign; 8];
        word[..bytes.len()].copy_from_slice(&bytes);
        self.push(Value::Integer(i64::from_le_bytes(word)))
    }

    fn tuple(&mut self, length: usize) -> Outcome<()> {
        let floor = self.floor();
        let Some(start) = self.stack.len().checked_sub(length).filter(|start| *start >= floor) else {
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
        let Some(value) = self.stack.last().copied().filter(|_| self.stack.len() > self.floor()) else {
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

    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    pub(super) fn push(&mut self, value: Value) -> Outcome<()> {
        if self.stack.len() >= MOST_STACK {
            return Err(PickleProblem::TooLarge("nests its values too deeply".to_owned()).into());
        }
        self.stack.push(value);
        Ok(())
    }

    pub(super) fn push_node(&mut self, node: Node) -> Outcome<()> {
        let payload = match &node {
            Node::Text(text) => text.len(),
            Node::Bytes(bytes) | Node::LargeInteger(bytes) => bytes.len(),
            Node::Tuple(items) | Node::List(items) => size_of_val(items.as_slice()),
            Node::Dict(entries) => size_of_val(entries.as_slice()),
            Node::Storage(storage) => size_of_val(storage.as_ref()) + storage.key.len(),
            Node::Tensor(tensor) => {
                size_of_val(tensor.as_ref()) + tensor.storage.key.len() + 16 * tensor.shape.len()
            }
            Node::Global(_) | Node::Object { .. } => 0,
        };
        self.charge(size_of::<Node>() + payload)?;
        let place = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        self.nodes.push(node);
        self.push(Value::Node(place))
    }

    pub(super) fn pop(&mut self) -> Outcome<Value> {
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

    pub(super) fn node(&self, value: Value) -> Option<&Node> {
        match value {
            Value::Node(place) => self.nodes.get(place as usize),
            _ => None,
        }
    }

    pub(super) fn top_node(&mut self) -> Outcome<&mut Node> {
        let top = self.stack.last().copied().filter(|_| self.stack.len() > self.floor());
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
                PickleProblem::TooLarge(format!("needs over {MOST_MEMORY} bytes for its structure")).into()
            );
        }
        Ok(())
    }
}
