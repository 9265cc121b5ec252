//! A library as a file that lasts: checked, repaired, made smaller, and settled after a program that ended without warning.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use crate::backup;
use crate::error::{Error, Result};
use crate::full_text;
use crate::identifiers::Timestamp;
use crate::library::{Library, Outcome};
use crate::migrations;
use crate::tables::{batch_items, drafts, runs, tallies};

/// What [`Library::repair`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repaired {
    /// The whole file as it was before.
    pub copy: PathBuf,
    /// What was wrong before.
    pub before: Vec<String>,
    /// What is still wrong; empty for a library that is sound again.
    pub after: Vec<String>,
}

/// What [`Library::compact`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compacted {
    /// Bytes on disk before, with the log beside the file.
    pub bytes_before: u64,
    /// Bytes on disk now.
    pub bytes_after: u64,
}

impl Library {
    /// [`Library::open`], after closing what a program that was killed had left under way: its runs count as stopped at `at`,
    /// and the documents of batches that it held are free again. Nothing is closed while another program has the library
    /// open, because that one may be at it.
    ///
    /// # Errors
    /// As [`Library::open`].
    pub fn open_and_settle(path: &Path, app_version: &str, at: Timestamp) -> Result<Self> {
        let library = Self::open(path, app_version)?;
        let has_loose_ends = library.reading(|connection| {
            Ok(runs::any_under_way(connection)? || batch_items::any_taken(connection)?)
        })?;
        if !has_loose_ends {
            return Ok(library);
        }
        let path = library.path().to_path_buf();
        // One's own connection counts, too.
        drop(library);
        settle(&path, at).map_err(|error| error.at(&path))?;
        Self::open(&path, app_version)
    }

    /// Reads the whole file and lists what is wrong with it; empty for a sound library. Takes time on a large one.
    ///
    /// # Errors
    /// When the file cannot be read at all, or another program does not let go of it.
    pub fn check(&self) -> Result<Vec<String>> {
        let mut lines = self.reading(|connection| {
            let mut statement = connection.prepare("PRAGMA integrity_check")?;
            let mut lines: Vec<String> =
                statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
            lines.retain(|line| line != "ok");
            let mut statement =
                connection.prepare("SELECT \"table\", rowid FROM pragma_foreign_key_check")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let (table, id): (String, Option<i64>) = (row.get(0)?, row.get(1)?);
                lines.push(format!("row {} of {table} points at nothing", id.unwrap_or_default()));
            }
            Ok(lines)
        })?;
        for index in full_text::INDEXES {
            lines.extend(self.check_index(index)?);
        }
        lines.extend(self.reading(tallies::differences)?);
        Ok(lines)
    }

    /// Compares an index with the words it was made from. Nothing is written, but SQLite asks for the right to write: it is
    /// taken at the beginning, because a snapshot that others have written after can no longer get it.
    fn check_index(&self, index: &str) -> Result<Option<String>> {
        let at = |error: rusqlite::Error| Error::from(error).at(self.path());
        let transaction =
            Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate).map_err(at)?;
        let sql = format!("INSERT INTO {index} ({index}, rank) VALUES ('integrity-check', 1)");
        let Err(difference) = transaction.execute(&sql, []) else { return Ok(None) };
        let line = format!("{index}: {difference}");
        match at(difference) {
            Error::Damaged { .. } | Error::Database { .. } => Ok(Some(line)),
            error => Err(error),
        }
    }

    /// Copies the whole file, then makes again what can be made from the rest of it: indexes, the words for the search, the
    /// counts. What is written in documents, runs and decisions is not touched.
    ///
    /// # Errors
    /// When the copy cannot be written, or the file cannot; then nothing has changed.
    pub fn repair(&mut self) -> Result<Repaired> {
        let before = self.check()?;
        let path = self.path().to_path_buf();
        let names = (1..).map(|n| if n == 1 { "repair".to_owned() } else { format!("repair-{n}") });
        let copy = names.map(|name| backup::path_before(&path, &name)).find(|copy| !copy.exists());
        let copy = copy.unwrap_or_else(|| backup::path_before(&path, "repair"));
        backup::copy(&self.connection, &path, &copy, backup::Existing::Keep)?;
        self.writing(|transaction| {
            transaction.execute_batch("REINDEX")?;
            for index in full_text::INDEXES {
                transaction.execute(&format!("INSERT INTO {index} ({index}) VALUES ('rebuild')"), [])?;
            }
            tallies::count_again(transaction)?;
            Ok(((), Outcome::Commit))
        })?;
        Ok(Repaired { copy, before, after: self.check()? })
    }

    /// Writes the file anew without what deleted and changed rows left in it, and keeps of the drafts' history only what
    /// differs from step to step. Nothing is lost: everything that could be undone still can be.
    ///
    /// # Errors
    /// [`Error::Locked`] while another program writes; [`Error::DiskFull`]: it needs as much room as the library once more.
    pub fn compact(&mut self) -> Result<Compacted> {
        let bytes_before = self.bytes_on_disk();
        self.writing(|transaction| {
            drafts::shrink_history(transaction)?;
            for index in full_text::INDEXES {
                transaction.execute(&format!("INSERT INTO {index} ({index}) VALUES ('optimize')"), [])?;
            }
            Ok(((), Outcome::Commit))
        })?;
        let vacuum = |connection: &Connection| -> Result<()> {
            // The new file takes shape on disk: in memory it would need as much of that.
            connection.pragma_update(None, "temp_store", "FILE")?;
            let vacuumed = connection.execute_batch("VACUUM");
            connection.pragma_update(None, "temp_store", "MEMORY")?;
            vacuumed?;
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
            Ok(())
        };
        vacuum(&self.connection).map_err(|error| error.at(self.path()))?;
        Ok(Compacted { bytes_before, bytes_after: self.bytes_on_disk() })
    }

    fn bytes_on_disk(&self) -> u64 {
        let mut log = self.path().as_os_str().to_os_string();
        log.push("-wal");
        let length = |path: &Path| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        length(self.path()) + length(Path::new(&log))
    }
}

/// Closes runs and frees items, if nobody else has the library open. Each connection holds a lock on the file for as long as
/// it lives: whoever gets the file for itself alone is alone.
fn settle(path: &Path, at: Timestamp) -> Result<()> {
    let mut connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.busy_timeout(Duration::ZERO)?;
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    let alone = connection.transaction_with_behavior(TransactionBehavior::Immediate);
    let transaction = match alone.map_err(|error| Error::from(error).at(path)) {
        Ok(transaction) => transaction,
        Err(Error::Locked { .. }) => return Ok(()),
        Err(error) => return Err(error),
    };
    if migrations::version(&transaction)? == migrations::LATEST {
        runs::close_abandoned(&transaction, at)?;
        batch_items::release_all(&transaction)?;
    }
    transaction.commit()?;
    connection.close().map_err(|(_, error)| error.into())
}
