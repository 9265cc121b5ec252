//! What the user chose once.

use serde::{Deserialize, Serialize};

use super::{DeviceChoice, ExtractionMode, Number, RelationTask};

/// What the user chose once. A missing field of a saved file takes its usual value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
#[serde(default)]
pub struct Settings {
    /// Signs decisions and notes.
    pub curator: String,
    /// Colors.
    pub theme: Theme,
    /// Space between things.
    pub density: Density,
    /// 1 is 100 %.
    #[specta(type = Number)]
    pub zoom: f64,
    /// Movement.
    pub motion: Motion,
    /// What computes.
    pub device: DeviceChoice,
    /// Minutes without work after which the model leaves memory; 0 for never.
    pub unload_after: u32,
    /// Whether continuations are offered while one writes.
    pub ghost_text: bool,
    /// Milliseconds without a key before one is offered.
    pub ghost_delay: u32,
    /// Relations to look for.
    pub task: RelationTask,
    /// How they are found.
    pub mode: ExtractionMode,
    /// Findings with a lower score are folded away. It changes nothing of what is found and stored.
    #[specta(type = Number)]
    pub threshold: f64,
    /// The least probability that a verdict needs; below it no answer is given.
    #[specta(type = Number)]
    pub abstain_below: f64,
    /// Own keys by command, in place of the usual ones.
    pub keys: Vec<KeyBinding>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            curator: String::new(),
            theme: Theme::System,
            density: Density::Regular,
            zoom: 1.0,
            motion: Motion::System,
            device: DeviceChoice::Auto,
            unload_after: 10,
            ghost_text: false,
            ghost_delay: 600,
            task: RelationTask::Bc5cdr,
            mode: ExtractionMode::Exhaustive,
            threshold: 0.0,
            abstain_below: 0.5,
            keys: Vec::new(),
        }
    }
}

/// Colors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub enum Theme {
    /// As the system.
    System,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
    /// High contrast.
    Contrast,
}

/// Space between things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub enum Density {
    /// Little.
    Compact,
    /// Usual.
    Regular,
    /// Much.
    Roomy,
}

/// Movement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub enum Motion {
    /// As the system.
    System,
    /// As little as possible.
    Reduced,
    /// All of it.
    Full,
}

/// Own keys of a command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub struct KeyBinding {
    /// The command's id.
    pub command: String,
    /// The keys.
    pub keys: Vec<String>,
}

/// A folder that can be shown in the system's file browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, specta::Type)]
#[serde(rename_all = "camelCase")]
pub enum Folder {
    /// Libraries and models.
    Data,
    /// Models.
    Models,
    /// Logs.
    Logs,
    /// That of the open library.
    Library,
}
