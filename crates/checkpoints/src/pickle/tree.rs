use super::globals::Global;
use super::input::MOST_NAME;
use crate::stored::ElementType;

/// What a pickle describes. Nodes are kept in one list and refer to each other by place, so that shared and even
/// circular structures cost nothing extra and dropping needs no recursion.
#[derive(Debug)]
pub(crate) struct Tree {
    pub nodes: Vec<Node>,
    pub root: Value,
}

/// A small value, or the place of a [`Node`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Value {
    None,
    Flag(bool),
    Integer(i64),
    Real(f64),
    Node(u32),
}

#[derive(Debug)]
pub(crate) enum Node {
    Text(String),
    Bytes(Vec<u8>),
    /// An integer of more than 8 bytes, little-endian two's complement.
    LargeInteger(Vec<u8>),
    Tuple(Vec<Value>),
    List(Vec<Value>),
    /// A dict or an `OrderedDict`, in file order.
    Dict(Vec<(Value, Value)>),
    Global(Global),
    Storage(Box<StorageRecord>),
    Tensor(Box<TensorRecord>),
    /// An object of a known class; `state` is what was to become its attributes.
    Object {
        class: Global,
        state: Value,
    },
}

/// A persistent id: the values of one or more tensors, which lie elsewhere in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StorageRecord {
    pub element: ElementType,
    pub key: String,
    pub elements: u64,
    /// Of old files: only `(first element, elements)` of the storage named by `key`.
    pub view: Option<(u64, u64)>,
}

/// What `torch._utils._rebuild_tensor_v2` was to be called with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TensorRecord {
    pub storage: StorageRecord,
    pub offset: usize,
    pub shape: Vec<usize>,
    pub strides: Vec<usize>,
}

impl Tree {
    pub fn node(&self, value: Value) -> Option<&Node> {
        match value {
            Value::Node(place) => self.nodes.get(place as usize),
            _ => None,
        }
    }

    pub fn text(&self, value: Value) -> Option<&str> {
        match self.node(value)? {
            Node::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn tensor(&self, value: Value) -> Option<&TensorRecord> {
        match self.node(value)? {
            Node::Tensor(tensor) => Some(tensor),
            _ => None,
        }
    }

    /// The items of a list.
    pub fn items(&self, value: Value) -> &[Value] {
        match self.node(value) {
            Some(Node::List(items)) => items,
            _ => &[],
        }
    }

    pub fn storages(&self) -> impl Iterator<Item = &StorageRecord> {
        self.nodes.iter().filter_map(|node| match node {
            Node::Storage(storage) => Some(storage.as_ref()),
            _ => None,
        })
    }

    /// Keys and values of a dict, a namespace or an omegaconf mapping; of anything else, none.
    pub fn entries(&self, value: Value) -> &[(Value, Value)] {
        match self.node(value) {
            Some(Node::Dict(entries)) => entries,
            Some(Node::Object { class: Global::Namespace, state }) => self.plain_entries(*state),
            Some(Node::Object { class: Global::OmegaContainer, state }) => {
                let content =
                    self.plain_entries(*state).iter().find(|(key, _)| self.text(*key) == Some("_content"));
                content.map_or(&[], |(_, content)| self.plain_entries(*content))
            }
            _ => &[],
        }
    }

    /// The value of `key` in a dict, a namespace or an omegaconf mapping.
    pub fn get(&self, value: Value, key: &str) -> Option<Value> {
        // A key set twice holds what was set last, as in Python.
        let (_, found) = *self.entries(value).iter().rev().find(|(name, _)| self.text(*name) == Some(key))?;
        match self.node(found) {
            Some(Node::Object { class: Global::OmegaNode, state }) => {
                let inner = self
                    .plain_entries(*state)
                    .iter()
                    .rev()
                    .find(|(name, _)| self.text(*name) == Some("_val"));
                inner.map(|(_, inner)| *inner)
            }
            _ => Some(found),
        }
    }

    /// What a value is, for messages.
    pub fn kind(&self, value: Value) -> &'static str {
        match value {
            Value::None => "nothing",
            Value::Flag(_) => "true or false",
            Value::Integer(_) | Value::Real(_) => "a number",
            Value::Node(_) => match self.node(value) {
                Some(Node::Text(_)) => "text",
                Some(Node::Bytes(_)) => "bytes",
                Some(Node::LargeInteger(_)) => "a number",
                Some(Node::Tuple(_)) => "a tuple",
                Some(Node::List(_)) => "a list",
                Some(Node::Dict(_)) => "a dict",
                Some(Node::Global(_)) => "a class or function",
                Some(Node::Storage(_)) => "a storage",
                Some(Node::Tensor(_)) => "a tensor",
                Some(Node::Object { .. }) | None => "an object",
            },
        }
    }

    /// Every tensor below the values of `starts` with its path, each node visited once. `limit` bounds the paths' depth.
    pub fn tensors_below(&self, starts: impl Iterator<Item = (Value, String)>, limit: usize) -> Vec<String> {
        let mut found = Vec::new();
        let mut visited = vec![false; self.nodes.len()];
        let mut waiting: Vec<(Value, String, usize)> = starts.map(|(value, name)| (value, name, 0)).collect();
        waiting.reverse();
        while let Some((value, path, depth)) = waiting.pop() {
            if self.tensor(value).is_some() {
                found.push(path);
                continue;
            }
            if depth == limit {
                continue;
            }
            let children = waiting.len();
            // Only nodes that nobody waits for yet get a path: what names a node often costs nothing.
            let mut add = |item: Value, name: &dyn Fn() -> String| {
                let Value::Node(place) = item else { return };
                if let Some(seen @ false) = visited.get_mut(place as usize) {
                    *seen = true;
                    waiting.push((item, format!("{path}.{}", name()), depth + 1));
                }
            };
            match self.node(value) {
                Some(Node::List(items) | Node::Tuple(items)) => {
                    items.iter().enumerate().for_each(|(index, item)| add(*item, &|| index.to_string()));
                }
                _ => self.entries(value).iter().for_each(|(key, item)| add(*item, &|| self.key_name(*key))),
            }
            waiting[children..].reverse();
        }
        found
    }

    /// A key as the name of a tensor. One long text may be the key of a hundred thousand entries, so that it is cut at
    /// [`MOST_NAME`] bytes: no name of ours is as long.
    pub fn key_name(&self, key: Value) -> String {
        match key {
            Value::Integer(key) => key.to_string(),
            _ => {
                let text = self.text(key).unwrap_or(self.kind(key));
                let end = text.floor_char_boundary(MOST_NAME as usize);
                if end < text.len() { format!("{}…", &text[..end]) } else { text.to_owned() }
            }
        }
    }

    fn plain_entries(&self, value: Value) -> &[(Value, Value)] {
        match self.node(value) {
            Some(Node::Dict(entries)) => entries,
            _ => &[],
        }
    }
}
