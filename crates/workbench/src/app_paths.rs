//! Where things are, and the time: given by the client, never guessed.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// The folders that a client gives. They are made when something is written there.
#[derive(Debug, Clone)]
pub struct AppPaths {
    /// Libraries and imported models.
    pub data: PathBuf,
    /// Settings, recent libraries.
    pub config: PathBuf,
    /// What can be made again.
    pub cache: PathBuf,
    /// Logs.
    pub logs: PathBuf,
    /// Models that came with Osler, one folder each; the first one is the starter.
    pub models: Vec<PathBuf>,
    /// Dictionaries that came with Osler, the most trusted one first, and folders of dictionaries and glossaries.
    pub dictionaries: Vec<PathBuf>,
    /// Version of the program.
    pub version: String,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

impl AppPaths {
    /// Every folder below `root`, the system's clock, this version: for tests and for a program with one folder.
    #[must_use]
    pub fn below(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        Self {
            data: root.join("data"),
            config: root.join("config"),
            cache: root.join("cache"),
            logs: root.join("logs"),
            models: Vec::new(),
            dictionaries: Vec::new(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            clock: Arc::new(SystemClock),
        }
    }

    /// Where a graphics device's fastest kernels are kept.
    #[must_use]
    pub fn tuning(&self) -> PathBuf {
        self.cache.join("devices")
    }
}

/// Tells the time.
pub trait Clock: std::fmt::Debug + Send + Sync {
    /// Milliseconds since 1970.
    fn now(&self) -> i64;
}

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }
}
