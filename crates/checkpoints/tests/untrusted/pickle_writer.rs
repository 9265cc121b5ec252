//! Writes pickles opcode by opcode, sound or not.

/// A pickle of protocol 2 in the making.
pub struct PickleWriter {
    pub bytes: Vec<u8>,
}

impl PickleWriter {
    pub fn new() -> Self {
        Self { bytes: vec![0x80, 2] }
    }

    pub fn raw(mut self, bytes: &[u8]) -> Self {
        self.bytes.extend_from_slice(bytes);
        self
    }

    pub fn stop(self) -> Vec<u8> {
        self.raw(b".").bytes
    }

    pub fn none(self) -> Self {
        self.raw(b"N")
    }

    pub fn flag(self, value: bool) -> Self {
        self.raw(if value { b"\x88" } else { b"\x89" })
    }

    pub fn integer(self, value: i64) -> Self {
        match i32::try_from(value) {
            Ok(value) => self.raw(b"J").raw(&value.to_le_bytes()),
            Err(_) => self.raw(b"\x8a\x08").raw(&value.to_le_bytes()),
        }
    }

    pub fn real(self, value: f64) -> Self {
        self.raw(b"G").raw(&value.to_be_bytes())
    }

    pub fn text(self, text: &str) -> Self {
        self.raw(b"X").raw(&(text.len() as u32).to_le_bytes()).raw(text.as_bytes())
    }

    pub fn global(self, module: &str, name: &str) -> Self {
        self.raw(format!("c{module}\n{name}\n").as_bytes())
    }

    pub fn mark(self) -> Self {
        self.raw(b"(")
    }

    pub fn tuple(self) -> Self {
        self.raw(b"t")
    }

    pub fn integers(self, values: &[usize]) -> Self {
        values.iter().fold(self.mark(), |pickle, value| pickle.integer(*value as i64)).tuple()
    }

    pub fn dict(self) -> Self {
        self.raw(b"}").mark()
    }

    pub fn ordered_dict(self) -> Self {
        self.global("collections", "OrderedDict").raw(b")R").mark()
    }

    pub fn set_items(self) -> Self {
        self.raw(b"u")
    }

    /// An object of a plain class; a dict of its attributes and [`Self::attributes`] follow.
    pub fn object(self, module: &str, name: &str) -> Self {
        self.global(module, name).raw(b")\x81").dict()
    }

    pub fn attributes(self) -> Self {
        self.set_items().raw(b"b")
    }
}
