//! What can compute here.

use serde::{Deserialize, Serialize};

use super::Number;

/// A device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct Device {
    /// `cpu`, or the adapter's own id.
    pub id: String,
    /// For people.
    pub name: String,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: DeviceKind,
    /// `Vulkan`, `Metal` ...
    pub backend: String,
    /// Its driver.
    pub driver: String,
    /// Bytes, where the system says.
    #[specta(type = Option<Number>)]
    pub memory: Option<u64>,
    /// Whether it computes in half precision.
    pub half_precision: bool,
    /// What it can hold at once.
    pub limits: Vec<Limit>,
    /// Why the model in use cannot run on it, if it cannot.
    pub unfit: Option<String>,
    /// Whether it is the device in use.
    pub in_use: bool,
}

/// What a device is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub enum DeviceKind {
    /// The processor.
    Cpu,
    /// A card of its own.
    DiscreteGpu,
    /// A part of the processor.
    IntegratedGpu,
    /// A program that imitates one.
    SoftwareGpu,
}

/// What a device can hold at once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct Limit {
    /// Of what.
    pub name: String,
    /// With its unit.
    pub value: String,
}

/// Which device is to be used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[derive(Eq)]
pub enum DeviceChoice {
    /// The best that fits.
    Auto,
    /// This one.
    Device {
        /// Its id.
        id: String,
    },
}
