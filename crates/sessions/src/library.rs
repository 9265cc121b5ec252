//! One library: one SQLite file, open in this process and perhaps in others.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use crate::backup;
use crate::error::{Error, Result};
use crate::file_identity::FileIdentity;
use crate::migrations;
use crate::tables::library_details;

/// How long an action waits for another process to finish its own.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);
/// How long until what SQLite refuses at once is tried again.
const RETRY: Duration = Duration::from_millis(5);

/// An open library.
///
/// Reading methods see one consistent state. Each mutating method is one transaction: when it returns, its effect is on
/// disk; when it fails, nothing has happened. Several libraries, also in several processes, may be open on the same file.
#[derive(Debug)]
pub struct Library {
    pub(crate) connection: Connection,
    path: PathBuf,
    file: FileIdentity,
    /// `PRAGMA data_version` when last asked: moves only when another connection commits.
    seen: i64,
}

impl Library {
    /// Opens the library at `path`, upgrading an older layout after making a copy of the file beside it.
    ///
    /// # Errors
    /// One named error for each way in which a file cannot be opened: see [`Error`].
    pub fn open(path: &Path, app_version: &str) -> Result<Self> {
        Self::open_waiting(path, app_version, PATIENCE)
    }

    /// [`Library::open`] with another limit of how long to wait for other processes, now and at each later action.
    ///
    /// # Errors
    /// As [`Library::open`].
    pub fn open_waiting(path: &Path, app_version: &str, patience: Duration) -> Result<Self> {
        let path = absolute(path)?;
        let metadata = std::fs::metadata(&path).map_err(|refusal| match refusal.kind() {
            std::io::ErrorKind::NotFound => Error::NoSuchFile { path: path.clone() },
            _ => Error::CannotOpen { path: path.clone(), reason: refusal.to_string() },
        })?;
        if metadata.is_dir() {
            return Err(Error::NotALibrary { path, reason: "it is a folder" });
        }
        if metadata.len() == 0 {
            return Err(Error::NotALibrary { path, reason: "it is empty" });
        }
        prepare(&path, app_version, patience)
            .map(|connection| Self {
                connection,
                path: path.clone(),
                file: FileIdentity::of(&metadata),
                seen: 0,
            })
            .and_then(|mut library| {
                library.changed_elsewhere()?;
                Ok(library)
            })
            .map_err(|error| error.at(&path))
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether another window or process has committed something since this was last asked (or since opening).
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn changed_elsewhere(&mut self) -> Result<bool> {
        let now: i64 = self.reading(|connection| {
            Ok(connection.pragma_query_value(None, "data_version", |row| row.get(0))?)
        })?;
        Ok(std::mem::replace(&mut self.seen, now) != now)
    }

    /// Writes a whole copy of the library to `to`, also while it is in use.
    ///
    /// # Errors
    /// [`Error::AlreadyExists`], or what hinders the writing.
    pub fn copy_to(&self, to: &Path) -> Result<()> {
        let to = absolute(to)?;
        if to.exists() {
            return Err(Error::AlreadyExists { path: to });
        }
        backup::copy(&self.connection, &self.path, &to, backup::Existing::Keep)
    }

    /// Another connection to the same file, for reading that takes long: who works on this one need not wait for it.
    ///
    /// # Errors
    /// As [`Library::open`].
    pub fn beside(&self) -> Result<Self> {
        let app_version = self.details()?.app_version;
        Self::open(&self.path, &app_version)
    }

    /// Runs `work` on one consistent state: all that it reads is as it was when it began, whatever others write meanwhile.
    ///
    /// # Errors
    /// What `work` ends with; when the file cannot be read.
    pub fn at_one_time<R, E: From<Error>>(
        &self,
        work: impl FnOnce(&Self) -> std::result::Result<R, E>,
    ) -> std::result::Result<R, E> {
        let snapshot =
            self.connection.unchecked_transaction().map_err(|error| Error::from(error).at(&self.path))?;
        let result = work(self);
        // Nothing was written.
        drop(snapshot);
        result
    }

    /// Runs `work` on one consistent state.
    pub(crate) fn reading<R>(&self, work: impl FnOnce(&Connection) -> Result<R>) -> Result<R> {
        if !self.connection.is_autocommit() {
            // Within [`Library::at_one_time`].
            return work(&self.connection).map_err(|error| error.at(&self.path));
        }
        // Dropped without commit: nothing was written.
        let snapshot =
            self.connection.unchecked_transaction().map_err(|error| Error::from(error).at(&self.path))?;
        work(&snapshot).map_err(|error| error.at(&self.path))
    }

    /// Runs `work` as the only writer; commits what it did if it says so, else nothing has happened.
    pub(crate) fn writing<R>(
        &mut self,
        work: impl FnOnce(&Transaction<'_>) -> Result<(R, Outcome)>,
    ) -> Result<R> {
        let path = &self.path;
        // What is written into a file that its name no longer leads to would be lost.
        self.file.check(path)?;
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|error| Error::from(error).at(path))?;
        let (result, outcome) = work(&transaction).map_err(|error| error.at(path))?;
        if outcome == Outcome::Commit {
            transaction.commit().map_err(|error| Error::from(error).at(path))?;
        }
        Ok(result)
    }
}

/// What a writer wants done with its transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Commit,
    /// Nothing was changed, so nothing is to be remembered.
    Drop,
}

/// The longest name of a library's file in bytes: the working files beside it have longer names, and file systems end at 255.
const LONGEST_NAME: usize = 230;

/// The path from the root on; refuses a name that leaves no room for those of the working files.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf> {
    let whole = std::path::absolute(path)
        .map_err(|refusal| Error::CannotOpen { path: path.to_path_buf(), reason: refusal.to_string() })?;
    match whole.file_name().map(|name| name.len()) {
        Some(length) if length > LONGEST_NAME => {
            Err(Error::NameTooLong { path: whole, length, most: LONGEST_NAME })
        }
        _ => Ok(whole),
    }
}

fn prepare(path: &Path, app_version: &str, patience: Duration) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(patience)?;
    connection.set_prepared_statement_cache_capacity(128);
    // A library may come from a stranger: its schema may not do what a query of ours did not ask for.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    if connection.is_readonly(rusqlite::DatabaseName::Main)? {
        return Err(Error::ReadOnlyFile { path: path.to_path_buf() });
    }
    migrations::check_is_readable(&connection, path, migrations::LATEST)?;
    check_is_whole(&connection, path)?;
    use_write_ahead_log(&connection, patience)?;
    // An action that was answered survives a power cut as well as a kill.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", -32_000)?;
    // After a large import the log file gives its space back.
    connection.pragma_update(None, "journal_size_limit", 16 << 20)?;
    let old = migrations::version(&connection)?;
    migrations::upgrade(&mut connection, path, &migrations::all(), migrations::LATEST)?;
    if old < migrations::LATEST {
        library_details::set_app_version(&connection, app_version)?;
    }
    // The first real read: a damaged first table is told here and not at the first click.
    library_details::read(&connection)?;
    Ok(connection)
}

/// Changes the journal's mode. Where another connection writes at the moment SQLite refuses that at once, without its busy handler,
/// so that it is tried again here.
pub(crate) fn use_write_ahead_log(connection: &Connection, patience: Duration) -> rusqlite::Result<()> {
    let started = Instant::now();
    loop {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(refusal)
                if refusal.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && started.elapsed() < patience =>
            {
                std::thread::sleep(RETRY);
            }
            done => return done,
        }
    }
}

/// A file that was cut off (a broken download, a full stick) has fewer bytes than its first page promises.
fn check_is_whole(connection: &Connection, path: &Path) -> Result<()> {
    let mut log = path.as_os_str().to_os_string();
    log.push("-wal");
    if std::fs::metadata(&log).is_ok_and(|metadata| metadata.len() > 0) {
        // The newest pages are in the log.
        return Ok(());
    }
    let pages: u64 = connection.pragma_query_value(None, "page_count", |row| row.get(0))?;
    let page_size: u64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
    let length = std::fs::metadata(path)
        .map_err(|refusal| Error::CannotOpen { path: path.to_path_buf(), reason: refusal.to_string() })?
        .len();
    if length < pages * page_size {
        return Err(Error::damaged(path, format!("{length} bytes are left of {}", pages * page_size)));
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{By, Founding, NewNote, Timestamp};

    pub(crate) const FOUNDING: Founding<'_> = Founding {
        uuid: "00000000-0000-4000-8000-000000000001",
        name: "Ward round",
        app_version: "0.1.0",
        author: "ada",
        at: Timestamp(1_000),
    };

    pub(crate) fn by(at: i64) -> By<'static> {
        By::new("ada", Timestamp(at))
    }

    #[test]
    fn a_full_disk_loses_only_the_action_in_flight() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("full.osler");
        let mut library = Library::create(&path, &FOUNDING).unwrap();
        let pages: i64 = library.connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
        // What SQLite reports when the disk gives no more pages.
        library.connection.pragma_update_and_check(None, "max_page_count", pages + 20, |_| Ok(())).unwrap();
        let text = "A note that takes some room. ".repeat(100);
        let mut written = 0;
        let error = loop {
            match library.write_note(by(written), &NewNote { text: &text, ..NewNote::default() }) {
                Ok(_) => written += 1,
                Err(error) => break error,
            }
        };
        assert!(matches!(&error, Error::DiskFull { path: full } if *full == path), "{error}");
        assert!(error.to_string().contains("is full"), "{error}");
        assert!(written > 3, "{written}");
        assert_eq!(library.notes(None).unwrap().len() as i64, written);
        assert_eq!(library.check().unwrap(), Vec::<String>::new());
        // Space is free again: the library goes on where it was.
        library.connection.pragma_update_and_check(None, "max_page_count", pages + 200, |_| Ok(())).unwrap();
        library.write_note(by(written), &NewNote { text: &text, ..NewNote::default() }).unwrap();
        assert_eq!(library.notes(None).unwrap().len() as i64, written + 1);
    }

    #[test]
    fn the_check_sees_what_sqlite_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("odd.osler");
        let mut library = Library::create(&path, &FOUNDING).unwrap();
        library.write_note(by(1), &NewNote { text: "a word", ..NewNote::default() }).unwrap();
        library.connection.execute_batch("UPDATE tallies SET n = 7 WHERE name = 'findings'").unwrap();
        library
            .connection
            .execute_batch("DROP TRIGGER notes_words_update; UPDATE notes SET text = 'another'")
            .unwrap();
        let lines = library.check().unwrap();
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].starts_with("notes_words"), "{lines:?}");
        assert_eq!(lines[1], "7 findings were counted, there are 0");
    }
}
