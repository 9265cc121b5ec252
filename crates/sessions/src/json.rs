//! Columns that hold JSON.

use rusqlite::Row;
use serde::de::DeserializeOwned;

use crate::error::Result;

/// Reads the JSON in a column.
pub(crate) fn column<T: DeserializeOwned>(row: &Row<'_>, index: usize) -> Result<T> {
    let text = row.get_ref(index)?.as_str().map_err(rusqlite::Error::from)?;
    Ok(serde_json::from_str(text)?)
}
