//! Table `library`: the one row that says what this library is.

use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::founding::Founding;
use crate::identifiers::{By, EventId, Timestamp};
use crate::journal::{Action, Journaled, Table};
use crate::library::Library;
use crate::migrations::Migration;

pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    sql: "
    CREATE TABLE library (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        uuid TEXT NOT NULL,
        name TEXT NOT NULL,
        description TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        author TEXT NOT NULL,
        app_version TEXT NOT NULL,  -- the program that wrote the present layout
        event_id INTEGER NOT NULL   -- 0 for the founding, which nothing takes back
    ) STRICT;
    ",
}];

/// What a library is called and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LibraryDetails {
    /// Unique; copies carry the same.
    pub uuid: String,
    /// The name the user sees.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub author: String,
    /// The program that wrote the present layout of the file.
    pub app_version: String,
    /// The event that gave it this name.
    pub event: EventId,
}

impl Library {
    /// What this library is.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn details(&self) -> Result<LibraryDetails> {
        self.reading(read)
    }

    /// Gives the library another name and description.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn describe(&mut self, by: By<'_>, name: &str, description: &str) -> Result<()> {
        self.act(by, Action::DescribeLibrary, None, |recording| {
            let old = read(recording.connection)?;
            if old.name == name && old.description == description {
                return Ok(());
            }
            let new = LibraryDetails {
                name: name.to_owned(),
                description: description.to_owned(),
                event: recording.event,
                ..old.clone()
            };
            recording.replace(&old, &new)
        })
    }
}

pub(crate) fn read(connection: &Connection) -> Result<LibraryDetails> {
    let mut statement = connection.prepare_cached(
        "SELECT uuid, name, description, created_at, author, app_version, event_id FROM library WHERE id = 1",
    )?;
    Ok(statement.query_row([], |row| {
        Ok(LibraryDetails {
            uuid: row.get(0)?,
            name: row.get(1)?,
            description: row.get(2)?,
            created_at: row.get(3)?,
            author: row.get(4)?,
            app_version: row.get(5)?,
            event: row.get(6)?,
        })
    })?)
}

pub(crate) fn found(connection: &Connection, founding: &Founding<'_>) -> Result<()> {
    LibraryDetails {
        uuid: founding.uuid.to_owned(),
        name: founding.name.to_owned(),
        description: String::new(),
        created_at: founding.at,
        author: founding.author.to_owned(),
        app_version: founding.app_version.to_owned(),
        event: EventId(0),
    }
    .write(connection)
}

/// An upgrade is no action of an author: nothing takes it back.
pub(crate) fn set_app_version(connection: &Connection, app_version: &str) -> Result<()> {
    connection.execute("UPDATE library SET app_version = ?1", [app_version])?;
    Ok(())
}

impl Journaled for LibraryDetails {
    const TABLE: Table = Table::Library;

    fn key(&self) -> i64 {
        1
    }

    fn event(&self) -> EventId {
        self.event
    }

    fn read(connection: &Connection, _key: i64) -> Result<Option<Self>> {
        read(connection).map(Some)
    }

    fn write(&self, connection: &Connection) -> Result<()> {
        connection
            .prepare_cached(
                "INSERT INTO library (id, uuid, name, description, created_at, author, app_version, event_id)
                 VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 ON CONFLICT (id) DO UPDATE SET name = ?2, description = ?3, event_id = ?7",
            )?
            .execute(params![
                self.uuid,
                self.name,
                self.description,
                self.created_at,
                self.author,
                self.app_version,
                self.event
            ])?;
        Ok(())
    }

    fn delete(_connection: &Connection, _key: i64) -> Result<()> {
        Ok(())
    }
}
