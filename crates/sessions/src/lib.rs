//! One SQLite file per library: documents, runs, findings, decisions, the undo journal.
