//! Lists compute devices with their limits, picks one and says why.
//!
//! A software adapter (Mesa's lavapipe) is never chosen by itself: it is slower than the processor's own path. Whether a
//! model fits is settled from numbers before anything is loaded, since a graphics driver's own complaint comes late and
//! may take the whole device with it.

mod adapters;
mod choose;
mod open;

pub use adapters::{Adapter, Kind, Limits, list, list_for, processor};
pub use choose::{Chosen, Need, Request, choose};
pub use open::{cuda, keep_tuning, open};

/// Why no device could be had.
#[derive(Debug, Clone, PartialEq, thiserror::Error, remedies::Remedy)]
pub enum DeviceError {
    /// The name is not one of a device.
    #[error("there is no device called `{0}`: say auto, cpu, gpu, gpu:0 (gpu:1 ...) or software")]
    Unknown(String),
    /// CUDA is a matter of how the program was built.
    #[error(
        "this program was built without CUDA: build it with `--features cuda`, on a machine that has the network"
    )]
    WithoutCuda,
    /// The machine has no such adapter.
    #[error(
        "this machine has no {wanted}. It has: {found}. Choose one of these, or install the graphics driver"
    )]
    Absent {
        /// What was asked for.
        wanted: String,
        /// What there is.
        found: String,
    },
    /// The model's largest tensor is over what one binding may hold.
    #[error(
        "the model does not fit {adapter}: one of its tensors needs {needed} MB, and the adapter allows {allowed} MB in one \
         piece. Use the processor, or weights of fewer bits"
    )]
    TensorTooLarge {
        /// Its name.
        adapter: String,
        /// What the tensor takes.
        needed: u64,
        /// What it may take.
        allowed: u64,
    },
    /// The weights are over the adapter's memory.
    #[error(
        "the model does not fit {adapter}: it needs {needed} MB, and the adapter has {available} MB. Use the processor, or \
         weights of fewer bits"
    )]
    MemoryTooSmall {
        /// Its name.
        adapter: String,
        /// What is needed.
        needed: u64,
        /// What there is.
        available: u64,
    },
    /// The driver refuses to open it.
    #[error("the graphics driver cannot open {adapter}: {reason}. Update the driver, or use the processor")]
    Refused {
        /// Its name.
        adapter: String,
        /// What the driver says.
        reason: String,
    },
}
