//! Where and with what a run was made: `environment.json`, written before its first update.

use std::path::Path;

use serde::{Deserialize, Serialize};

/// What a figure depends on beside the recipe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// Of this program.
    pub version: String,
    /// The commit of the working folder, if it is in a repository and git is there.
    pub git: Option<String>,
    /// Kind of processor, as the system names it.
    pub cpu: Option<String>,
    /// Threads that can run at once.
    pub threads: usize,
    /// Operating system and architecture.
    pub system: String,
    /// What was asked to compute: `cpu`, `cuda:0,1`.
    #[serde(default)]
    pub device: String,
}

impl Environment {
    /// This one, with the device that was asked for.
    #[must_use]
    pub fn here(device: &str) -> Self {
        let git = std::process::Command::new("git").args(["rev-parse", "HEAD"]).output().ok();
        let git = git.filter(|output| output.status.success());
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            git: git.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()),
            cpu: std::fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| cpu(&text)),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            device: device.to_owned(),
        }
    }

    /// In a few words, for a model card.
    #[must_use]
    pub fn machine(&self) -> String {
        let cpu = self.cpu.as_deref().unwrap_or("a processor that does not say its name");
        let device = if self.device.is_empty() { "cpu" } else { &self.device };
        format!("{device} on {cpu}, {} threads", self.threads)
    }

    /// Writes `environment.json` into a run's folder.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub fn write(&self, folder: &Path) -> std::io::Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        std::fs::write(folder.join("environment.json"), text + "\n")
    }
}

fn cpu(cpuinfo: &str) -> Option<String> {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}
