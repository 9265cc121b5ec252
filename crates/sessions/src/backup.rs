//! Whole copies of a library: before each upgrade and repair, and when the user asks for one.

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use crate::error::{Error, Result};
use crate::founding::{sync_folder, unfinished};

/// Where the copy from before an upgrade away from `version` lies: `notes.osler` -> `notes.before-v2.osler`.
pub(crate) fn path_before_upgrade(library: &Path, next_version: u32) -> PathBuf {
    path_before(library, &format!("v{next_version}"))
}

/// `notes.osler` -> `notes.before-WHAT.osler`.
pub(crate) fn path_before(library: &Path, what: &str) -> PathBuf {
    let mut name = library.file_stem().unwrap_or_default().to_os_string();
    name.push(format!(".before-{what}."));
    name.push(library.extension().unwrap_or("osler".as_ref()));
    library.with_file_name(name)
}

/// The newest copy that an upgrade left beside the library.
pub(crate) fn newest(library: &Path) -> Option<PathBuf> {
    (1..=crate::migrations::LATEST)
        .rev()
        .map(|version| path_before_upgrade(library, version))
        .find(|path| path.is_file())
}

/// What to do with a file that has the copy's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Existing {
    Keep,
    Replace,
}

/// Copies what is committed in `from` (the library at `library`) into a file at `to`, which appears whole or not at all and
/// may be read by whom the library may be read by.
pub(crate) fn copy(from: &Connection, library: &Path, to: &Path, existing: Existing) -> Result<()> {
    let copy = unfinished(to)?;
    fill(from, copy.path()).map_err(|error| error.at(to))?;
    if let Ok(metadata) = std::fs::metadata(library) {
        // Where the system does not let rights be given on, those of a new file hold.
        let _ = std::fs::set_permissions(copy.path(), metadata.permissions());
    }
    match existing {
        Existing::Keep => copy.persist_noclobber(to),
        Existing::Replace => copy.persist(to),
    }
    .map_err(|refusal| match refusal.error.kind() {
        std::io::ErrorKind::AlreadyExists => Error::AlreadyExists { path: to.to_path_buf() },
        _ => Error::from_io(to, &refusal.error),
    })?;
    sync_folder(to);
    Ok(())
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
    target.close().map_err(|(_, error)| error.into())
}
