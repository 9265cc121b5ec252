//! Published checkpoints of BioGPT and of BERT encoders as named tensors: Hugging Face and fairseq folders, safetensors
//! and PyTorch pickles.
//!
//! [`Checkpoint::open`] reads only headers; tensors are read one by one, under the canonical names of [`names`],
//! so that converting a checkpoint needs the memory of about one tensor. Files come from strangers: a pickle is
//! parsed by a small machine that knows a short list of operations and never executes anything, every declared
//! size is held against the file before memory is asked for, and names and shapes must fit the configuration
//! exactly ([`LoadReport`] lists all that does not).
//!
//! No tensor library here: values leave this crate as bytes or as `f32`.

pub mod bert;
mod checkpoint;
mod config;
mod error;
mod folder;
mod hugging_face_writer;
pub mod names;
mod pickle;
mod report;
mod safetensors;
mod stored;
mod tensor;
mod torch;

pub use bert::BertConfig;
pub use checkpoint::{Checkpoint, Form};
pub use config::{Activation, Config, ConfigError, Dropout};
pub use error::CheckpointError;
pub use hugging_face_writer::HuggingFaceWriter;
pub use names::{TensorSpec, canonical_tensors};
pub use pickle::{PickleError, PickleProblem};
pub use report::{LoadReport, WrongDtype, WrongShape};
pub use tensor::{Dtype, TensorView};
