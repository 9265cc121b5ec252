//! The versions of the file's layout. Steps only add (tables, columns, indexes); each is preceded by a whole copy of the
//! file, and runs in one transaction with the change of the version number.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use crate::backup;
use crate::error::{Error, Result};
use crate::{journal, tables};

/// `OSLR`: tells a library from other SQLite files (`PRAGMA application_id`).
pub(crate) const APPLICATION_ID: i32 = 0x4F53_4C52;

/// The layout that this program writes (`PRAGMA user_version`).
pub(crate) const LATEST: u32 = 4;

/// What one table needs when the layout reaches `version`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Migration {
    pub(crate) version: u32,
    pub(crate) sql: &'static str,
}

/// Every table's steps; within one version they run in this order.
pub(crate) fn all() -> Vec<Migration> {
    [
        journal::events::MIGRATIONS,
        journal::changes::MIGRATIONS,
        tables::library_details::MIGRATIONS,
        tables::documents::MIGRATIONS,
        tables::imported_entities::MIGRATIONS,
        tables::imported_relations::MIGRATIONS,
        tables::removals::MIGRATIONS,
        tables::batches::MIGRATIONS,
        tables::batch_items::MIGRATIONS,
        tables::runs::MIGRATIONS,
        tables::findings::MIGRATIONS,
        tables::decisions::MIGRATIONS,
        tables::notes::MIGRATIONS,
        tables::drafts::MIGRATIONS,
        tables::places::MIGRATIONS,
        tables::tallies::MIGRATIONS,
    ]
    .concat()
}

/// The layout's version of an open library.
pub(crate) fn version(connection: &Connection) -> Result<u32> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

/// Brings the file at `path` from its version to `latest`, one version at a time.
pub(crate) fn upgrade(
    connection: &mut Connection,
    path: &Path,
    steps: &[Migration],
    latest: u32,
) -> Result<()> {
    // A file that is just being made holds nothing to keep.
    let is_new = version(connection)? == 0;
    while version(connection)? < latest {
        // Only one process upgrades; the other one waits here and then finds the work done.
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let current = version(&transaction)?;
        if current >= latest {
            continue;
        }
        let next = current + 1;
        if !is_new {
            let committed = Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)?;
            let copy = backup::path_before_upgrade(path, next);
            backup::copy(&committed, path, &copy, backup::Existing::Replace)?;
        }
        for step in steps.iter().filter(|step| step.version == next) {
            transaction.execute_batch(step.sql)?;
        }
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", next)?;
        transaction.commit()?;
    }
    Ok(())
}

/// Refuses a file that is not a library, or one from the future.
pub(crate) fn check_is_readable(connection: &Connection, path: &Path, latest: u32) -> Result<()> {
    let application_id: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    if application_id != APPLICATION_ID {
        return Err(Error::NotALibrary {
            path: path.to_path_buf(),
            reason: "it is a database of another program",
        });
    }
    let found = version(connection)?;
    if found > latest {
        // A later layout may have moved even this.
        let app_version = connection.query_row("SELECT app_version FROM library", [], |row| row.get(0)).ok();
        return Err(Error::TooNew { path: path.to_path_buf(), found, supported: latest, app_version });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::tests::{FOUNDING, by};
    use crate::{Library, NewNote};

    fn added_column() -> Vec<Migration> {
        let mut steps = all();
        steps.push(Migration {
            version: LATEST + 1,
            sql: "ALTER TABLE notes ADD COLUMN colour TEXT NOT NULL DEFAULT 'yellow'",
        });
        steps
    }

    #[test]
    fn an_upgrade_keeps_everything_and_leaves_a_copy_from_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ward.osler");
        let mut library = Library::create(&path, &FOUNDING).unwrap();
        library.write_note(by(1), &NewNote { text: "before the upgrade", ..NewNote::default() }).unwrap();
        let before = library.dump().unwrap();
        drop(library);

        let mut connection = Connection::open(&path).unwrap();
        upgrade(&mut connection, &path, &added_column(), LATEST + 1).unwrap();
        let colour: String = connection.query_row("SELECT colour FROM notes", [], |row| row.get(0)).unwrap();
        assert_eq!(colour, "yellow");
        assert_eq!(version(&connection).unwrap(), LATEST + 1);
        drop(connection);

        let copy = folder.path().join(format!("ward.before-v{}.osler", LATEST + 1));
        assert_eq!(Library::open(&copy, "0.1.0").unwrap().dump().unwrap(), before);
        // This program does not know the new layout: it says so by version, and by the program that wrote it.
        let error = Library::open(&path, "0.1.0").unwrap_err();
        let Error::TooNew { found, supported, ref app_version, .. } = error else { panic!("{error}") };
        assert_eq!((found, supported, app_version.as_deref()), (LATEST + 1, LATEST, Some("0.1.0")));
        assert!(error.to_string().contains("ward.osler was written by a newer Osler (0.1.0)"), "{error}");
    }

    #[test]
    fn a_failing_upgrade_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ward.osler");
        let mut library = Library::create(&path, &FOUNDING).unwrap();
        library.write_note(by(1), &NewNote { text: "kept", ..NewNote::default() }).unwrap();
        let before = library.dump().unwrap();
        drop(library);

        let mut steps = added_column();
        steps.push(Migration { version: LATEST + 1, sql: "CREATE TABLE notes (id INTEGER)" });
        let mut connection = Connection::open(&path).unwrap();
        assert!(upgrade(&mut connection, &path, &steps, LATEST + 1).is_err());
        drop(connection);
        assert_eq!(Library::open(&path, "0.1.0").unwrap().dump().unwrap(), before);
    }
}
