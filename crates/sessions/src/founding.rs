//! How a library comes into being: whole, or not at all.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};
use tempfile::NamedTempFile;

use crate::error::{Error, Result};
use crate::identifiers::Timestamp;
use crate::library::{Library, PATIENCE, absolute, use_write_ahead_log};
use crate::migrations;
use crate::tables::library_details;

/// What a new library is told about itself.
#[derive(Debug, Clone, Copy)]
pub struct Founding<'a> {
    /// A unique id, made by the caller: two copies of one library carry the same.
    pub uuid: &'a str,
    /// The name the user sees.
    pub name: &'a str,
    /// The program that makes the file.
    pub app_version: &'a str,
    /// Who makes it.
    pub author: &'a str,
    /// When.
    pub at: Timestamp,
}

impl Library {
    /// Makes a new library at `path`, where nothing (or an empty file) may be. Of several that make one there at the same
    /// time one succeeds, and the others are told that it exists; a kill leaves nothing at `path`.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`], [`Error::ReadOnlyFolder`], [`Error::CannotOpen`], [`Error::DiskFull`],
    /// [`Error::NameTooLong`].
    pub fn create(path: &Path, founding: &Founding<'_>) -> Result<Self> {
        let path = absolute(path)?;
        match std::fs::symlink_metadata(&path) {
            // What an older Osler left when it was killed. Others may be at it: it is filled in place, by one of them.
            Ok(metadata) if metadata.is_file() && metadata.len() == 0 => found(&path, founding),
            Ok(_) => Err(Error::AlreadyExists { path: path.clone() }),
            Err(_) => found_beside(&path, founding),
        }
        .map_err(|error| error.at(&path))?;
        Self::open(&path, founding.app_version)
    }
}

/// Makes the file under another name and gives it its own when it is whole: nobody sees half a library.
fn found_beside(path: &Path, founding: &Founding<'_>) -> Result<()> {
    let unfinished = unfinished(path)?;
    found(unfinished.path(), founding)?;
    unfinished.persist_noclobber(path).map_err(|refusal| match refusal.error.kind() {
        std::io::ErrorKind::AlreadyExists => Error::AlreadyExists { path: path.to_path_buf() },
        _ => Error::from_io(path, &refusal.error),
    })?;
    sync_folder(path);
    Ok(())
}

/// An empty file beside `path` that goes away unless it is given a name. Its owner alone may read it, as such files are made:
/// libraries hold what clinicians write about patients. SQLite gives the working files beside a library the same rights.
pub(crate) fn unfinished(path: &Path) -> Result<NamedTempFile> {
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".osler-").suffix(".part");
    builder.tempfile_in(folder).map_err(|refusal| Error::from_io(path, &refusal))
}

/// Makes a new name in a folder last through a power cut.
pub(crate) fn sync_folder(path: &Path) {
    // Where a folder cannot be opened (Windows) the file system sees to it.
    if let Some(folder) = path.parent().and_then(|folder| std::fs::File::open(folder).ok()) {
        let _ = folder.sync_all();
    }
}

/// Writes the layout and the first row into an empty file, in one transaction.
fn found(path: &Path, founding: &Founding<'_>) -> Result<()> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(PATIENCE)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
    // Asked by the only one who may write: another process may have been faster.
    let tables: i64 = transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if tables > 0 {
        return Err(Error::AlreadyExists { path: path.to_path_buf() });
    }
    for step in migrations::all().iter().filter(|step| step.version <= migrations::LATEST) {
        transaction.execute_batch(step.sql)?;
    }
    library_details::found(&transaction, founding)?;
    transaction.pragma_update(None, "application_id", migrations::APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", migrations::LATEST)?;
    transaction.commit()?;
    // Those who open it at the same moment need not change its mode.
    use_write_ahead_log(&connection, PATIENCE)?;
    connection.close().map_err(|(_, error)| error.into())
}
