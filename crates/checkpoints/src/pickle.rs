//! A reader of the pickles that PyTorch and fairseq write. Nothing is ever executed.
//!
//! Python's pickle is a program for a stack machine that may call any function. Here the program is read as data:
//! [`machine`] knows the opcodes that a checkpoint needs, [`globals`] the few classes and functions that it may
//! name, and what those would have made becomes a plain [`Node`]. Everything else is refused by name and place.
//! Depth and memory are bounded by constants, and trees are walked without recursion.

mod calls;
mod globals;
mod input;
mod machine;
mod opcodes;
mod tree;

pub(crate) use machine::read;
pub(crate) use tree::{StorageRecord, TensorRecord, Tree, Value};

/// Why a pickle was refused, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, remedies::Remedy)]
#[error("refused at byte {offset}: {problem}")]
#[remedy(problem)]
pub struct PickleError {
    /// Bytes from the start of the file to the opcode.
    pub offset: u64,
    /// What is wrong there.
    pub problem: PickleProblem,
}

/// What a pickle asks for that a checkpoint does not need.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, remedies::Remedy)]
pub enum PickleProblem {
    /// It names a class or function outside the list.
    #[error(
        "the file asks Python for `{0}`, which no checkpoint needs. It may be malicious: nothing was run. Use a \
         file from a source you trust, best in safetensors form"
    )]
    Global(String),
    /// It uses an opcode outside the list.
    #[error(
        "the file uses the pickle operation {0}, which PyTorch does not write. It may be malicious: nothing was \
         run. Use a file from a source you trust, best in safetensors form"
    )]
    Opcode(String),
    /// It calls something in a way that PyTorch does not.
    #[error(
        "the file {0}, as PyTorch never does. It may be malicious: nothing was run. Use a file from a source you trust, \
         best in safetensors form"
    )]
    Misuse(String),
    /// The bytes are no complete pickle.
    #[error("the file is damaged: {0}. Download or copy it again")]
    Malformed(String),
    /// It needs more depth or memory than any checkpoint.
    #[error(
        "the file {0}, more than any checkpoint needs. It may be malicious. Use a file from a source you trust, best in \
         safetensors form"
    )]
    TooLarge(String),
}
