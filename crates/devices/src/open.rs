//! Opens an adapter as a device of the tensor library.

use burn::tensor::{Device, DeviceKind};

use crate::{Adapter, DeviceError, Kind};

/// Opens `adapter`. The driver's refusal comes back as an error.
///
/// # Errors
/// If the driver refuses.
pub fn open(adapter: &Adapter) -> Result<Device, DeviceError> {
    let kind = match adapter.kind {
        Kind::Processor => return Ok(Device::flex()),
        Kind::Discrete => DeviceKind::DiscreteGpu(adapter.index),
        Kind::Integrated => DeviceKind::IntegratedGpu(adapter.index),
        Kind::Virtual => DeviceKind::VirtualGpu(adapter.index),
        Kind::Software => DeviceKind::Cpu,
    };
    tracing::info!(adapter = adapter.name, "opening");
    Device::wgpu_options()
        .device_kind(kind)
        .init()
        .map_err(|error| DeviceError::Refused { adapter: adapter.name.clone(), reason: error.to_string() })
}

/// The NVIDIA card of this number, through CUDA.
///
/// # Errors
/// If this program was built without the feature `cuda`.
#[cfg(feature = "cuda")]
pub fn cuda(number: usize) -> Result<Device, DeviceError> {
    Ok(Device::cuda(number))
}

/// The NVIDIA card of this number, through CUDA.
///
/// # Errors
/// If this program was built without the feature `cuda`.
#[cfg(not(feature = "cuda"))]
pub const fn cuda(_: usize) -> Result<Device, DeviceError> {
    Err(DeviceError::WithoutCuda)
}
