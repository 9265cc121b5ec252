//! Opens an adapter as a device of the tensor library.

use std::path::Path;

use burn::tensor::{Device, DeviceKind};
use cubecl::config::{CubeClRuntimeConfig, RuntimeConfig};

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

/// Lets `folder` keep which kernels are fastest on a graphics device, so that only the first start has to try them out.
/// To be called before a device is opened. Builds without the feature `tuning-cache` keep it in memory.
pub fn keep_tuning(folder: &Path) {
    // Its configuration names a folder too, and would do so later than this if it were not read now.
    CubeClRuntimeConfig::get();
    cubecl::environment::set_root(folder);
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
