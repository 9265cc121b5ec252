//! Whole copies of a library: before each upgrade, and when the user asks for one.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use crate::error::{Error, Result};

/// Where the copy from before an upgrade away from `version` lies: `notes.osler` -> `notes.before-v2.osler`.
pub(crate) fn path_before_upgrade(library: &Path, next_version: u32) -> PathBuf {
    let stem = library.file_stem().unwrap_or_default().to_string_lossy();
    let extension =
        library.extension().map_or_else(|| String::from("osler"), |e| e.to_string_lossy().into_owned());
    library.with_file_name(format!("{stem}.before-v{next_version}.{extension}"))
}

/// The newest copy that an upgrade left beside the library.
pub(crate) fn newest(library: &Path) -> Option<PathBuf> {
    (1..=crate::migrations::LATEST)
        .rev()
        .map(|version| path_before_upgrade(library, version))
        .find(|path| path.is_file())
}

/// Copies what is committed in `from` into a file at `to`, which appears whole or not at all and replaces an older one.
pub(crate) fn copy(from: &Connection, to: &Path) -> Result<()> {
    let mut unfinished = to.as_os_str().to_os_string();
    unfinished.push(".part");
    let unfinished = PathBuf::from(unfinished);
    let cannot_write =
        |source: std::io::Error| Error::CannotOpen { path: to.to_path_buf(), reason: source.to_string() };
    if unfinished.exists() {
        std::fs::remove_file(&unfinished).map_err(cannot_write)?;
    }
    let copied = fill(from, &unfinished).map_err(|error| error.at(to));
    if let Err(error) = copied {
        // What matters is the first error; a leftover is removed before the next attempt.
        let _ = std::fs::remove_file(&unfinished);
        return Err(error);
    }
    std::fs::rename(&unfinished, to).map_err(cannot_write)
}

fn fill(from: &Connection, to: &Path) -> Result<()> {
    let mut target = Connection::open(to)?;
    // In one go: readers and writers of the library do not wait for it, its log keeps what they need.
    let outcome = Backup::new(from, &mut target)?.step(-1)?;
    if outcome != StepResult::Done {
        return Err(Error::Locked { path: to.to_path_buf() });
    }
    // A copy is one file: its log is folded in before anyone carries it away.
    target.pragma_update(None, "journal_mode", "DELETE")?;
    Ok(())
}
