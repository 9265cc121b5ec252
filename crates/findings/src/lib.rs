//! Findings as rows of a table: what a model says about documents, one statement a row, in a schema that stays as it is ([`SCHEMA`],
//! README.md), for engines that read Parquet (DuckDB, pandas, Polars, R).
//!
//! Places count code points of the text, as Python, R and SQL count; in Osler they are bytes.

mod row;
mod table;

pub use row::{Evidence, Finding, Name, Origin, Place};
pub use table::{FindingsWriter, schema};

/// The version of the schema, kept in each file under `osler.schema`. A column may be added within a version; none changes its meaning.
pub const SCHEMA: &str = "1";
