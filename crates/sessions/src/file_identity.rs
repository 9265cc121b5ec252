//! Which file a library was opened from. A file that was moved, removed or replaced while it is open stays readable on most
//! systems: what would be written into it then is out of everyone's sight.

use std::fs::Metadata;
use std::path::Path;

use crate::error::{Error, Result};

/// What tells a file from another one under the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileIdentity {
    #[cfg(unix)]
    device_and_number: (u64, u64),
}

impl FileIdentity {
    #[cfg(unix)]
    pub(crate) fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self { device_and_number: (metadata.dev(), metadata.ino()) }
    }

    /// Other systems do not let an open file be moved or replaced.
    #[cfg(not(unix))]
    pub(crate) const fn of(_metadata: &Metadata) -> Self {
        Self {}
    }

    /// Whether `path` still leads to this file.
    pub(crate) fn check(self, path: &Path) -> Result<()> {
        if std::fs::metadata(path).is_ok_and(|metadata| Self::of(&metadata) == self) {
            Ok(())
        } else {
            Err(Error::Replaced { path: path.to_path_buf() })
        }
    }
}
