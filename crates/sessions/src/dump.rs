//! The whole content of a library as lines of text: two libraries with the same content give the same lines.

use rusqlite::Connection;

use crate::error::Result;
use crate::journal::{Journaled, Table};
use crate::library::Library;
use crate::tables::batches::BatchRow;
use crate::tables::decisions::Decision;
use crate::tables::documents::StoredDocument;
use crate::tables::drafts::Draft;
use crate::tables::library_details::LibraryDetails;
use crate::tables::notes::Note;
use crate::tables::removals::Removal;
use crate::tables::runs::RunRow;

impl Library {
    /// Everything that undo and redo move, a line for each row: `table<TAB>row as JSON`, in the order of their keys. For
    /// comparing libraries and for diagnosis; contains the documents' text.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn dump(&self) -> Result<String> {
        self.reading(|connection| {
            let mut lines = String::new();
            for &table in Table::ALL {
                match table {
                    Table::Library => append::<LibraryDetails>(connection, "id", &mut lines)?,
                    Table::Documents => append::<StoredDocument>(connection, "id", &mut lines)?,
                    Table::Removals => append::<Removal>(connection, "document_id", &mut lines)?,
                    Table::Batches => append::<BatchRow>(connection, "id", &mut lines)?,
                    Table::Runs => append::<RunRow>(connection, "id", &mut lines)?,
                    Table::Decisions => append::<Decision>(connection, "id", &mut lines)?,
                    Table::Notes => append::<Note>(connection, "id", &mut lines)?,
                    Table::Drafts => append::<Draft>(connection, "id", &mut lines)?,
                }
            }
            Ok(lines)
        })
    }
}

fn append<T: Journaled>(connection: &Connection, key: &str, lines: &mut String) -> Result<()> {
    let table = T::TABLE.word();
    let mut statement = connection.prepare_cached(&format!("SELECT {key} FROM {table} ORDER BY {key}"))?;
    let keys: Vec<i64> = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    for key in keys {
        if let Some(row) = T::read(connection, key)? {
            lines.push_str(&format!("{table}\t{}\n", serde_json::to_string(&row)?));
        }
    }
    Ok(())
}
