//! Search across everything: texts, names, notes, decisions, drafts.

use documents::Span;
use rusqlite::{Connection, Row, params};
use serde::Serialize;

use crate::error::Result;
use crate::full_text;
use crate::identifiers::{DecisionId, DocumentId, DraftId, NoteId};
use crate::library::Library;

/// Signs that FTS5 puts around a hit; they are taken out again before anyone sees them.
const OPEN: char = '\u{1}';
const CLOSE: char = '\u{2}';

/// One place where something was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hit<T> {
    /// What it was found in.
    pub id: T,
    /// The document it belongs to; none for drafts and notes on the library.
    pub document: Option<DocumentId>,
    /// The title of that document or draft.
    pub title: String,
    /// The words around the hit.
    pub snippet: String,
    /// Where the hits stand in the snippet.
    pub highlights: Vec<Span>,
}

/// What was found, by kind, the best first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Hits {
    /// In title, text, source id or bibliography.
    pub documents: Vec<Hit<DocumentId>>,
    /// In names and ids of findings and imported mentions; one hit for each document.
    pub names: Vec<Hit<DocumentId>>,
    /// In notes.
    pub notes: Vec<Hit<NoteId>>,
    /// In decisions: verdicts, reasons, comments, names of what they are about.
    pub decisions: Vec<Hit<DecisionId>>,
    /// In drafts.
    pub drafts: Vec<Hit<DraftId>>,
}

impl Library {
    /// Finds whatever contains all words of `typed` (a phrase in double quotes as a phrase, the last word also as the
    /// beginning of one), up to `limit` of each kind. Any input is a valid query; one without a word finds nothing.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn search(&self, typed: &str, limit: usize) -> Result<Hits> {
        let Some(query) = full_text::query(typed) else { return Ok(Hits::default()) };
        self.reading(|connection| {
            let in_sight = "NOT EXISTS (SELECT 1 FROM removals WHERE document_id = d.id)";
            let find = |index: &str, columns: &str, joins: &str, condition: &str| {
                format!(
                    "SELECT {columns}, snippet({index}, -1, char(1), char(2), '…', 24) FROM {index} {joins}
                     WHERE {index} MATCH ?1 AND {condition} ORDER BY rank LIMIT ?2"
                )
            };
            let documents =
                find("documents_words", "d.id, d.id, d.title", "JOIN documents d ON d.id = documents_words.rowid", in_sight);
            let named = |table: &str| {
                find(
                    &format!("{table}_words"),
                    "d.id, d.id, d.title",
                    &format!("JOIN {table} n ON n.id = {table}_words.rowid JOIN documents d ON d.id = n.document_id"),
                    in_sight,
                )
            };
            let of_maybe_document = format!("(d.id IS NULL OR {in_sight})");
            let notes = find(
                "notes_words",
                "n.id, n.document_id, coalesce(d.title, '')",
                "JOIN notes n ON n.id = notes_words.rowid LEFT JOIN documents d ON d.id = n.document_id",
                &of_maybe_document,
            );
            let decisions = find(
                "decisions_words",
                "n.id, n.document_id, d.title",
                "JOIN decisions n ON n.id = decisions_words.rowid JOIN documents d ON d.id = n.document_id",
                in_sight,
            );
            let drafts = find(
                "drafts_words",
                "n.id, NULL, n.title",
                "JOIN drafts n ON n.id = drafts_words.rowid",
                "TRUE",
            );
            // Many mentions of one document are one hit, so more rows are asked for than hits.
            let rows = limit.saturating_mul(10);
            let mut names = run(connection, &named("findings"), &query, rows)?;
            names.extend(run(connection, &named("imported_entities"), &query, rows)?);
            let mut seen = std::collections::BTreeSet::new();
            names.retain(|hit: &Hit<DocumentId>| seen.insert(hit.id));
            names.truncate(limit);
            Ok(Hits {
                documents: run(connection, &documents, &query, limit)?,
                names,
                notes: run(connection, &notes, &query, limit)?,
                decisions: run(connection, &decisions, &query, limit)?,
                drafts: run(connection, &drafts, &query, limit)?,
            })
        })
    }
}

impl Library {
    /// The documents in sight in whose texts any of these phrases stands, the oldest first. One with `*` at its end is the
    /// beginning of a word. Case and accents do not matter.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn documents_naming(&self, phrases: &[String]) -> Result<Vec<DocumentId>> {
        let quoted =
            phrases.iter().filter(|phrase| phrase.chars().any(char::is_alphanumeric)).map(|phrase| {
                let (words, prefix) =
                    phrase.strip_suffix('*').map_or((phrase.as_str(), ""), |words| (words, "*"));
                format!("\"{}\"{prefix}", words.replace(['"', '\0'], " "))
            });
        let query = quoted.collect::<Vec<_>>().join(" OR ");
        if query.is_empty() {
            return Ok(Vec::new());
        }
        self.reading(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT d.id FROM documents_words JOIN documents d ON d.id = documents_words.rowid
                 WHERE documents_words MATCH ?1 AND NOT EXISTS (SELECT 1 FROM removals WHERE document_id = d.id)
                 ORDER BY d.id",
            )?;
            let ids = statement.query_map(params![query], |row| row.get(0))?;
            Ok(ids.collect::<rusqlite::Result<_>>()?)
        })
    }
}

fn run<T: rusqlite::types::FromSql>(
    connection: &Connection,
    sql: &str,
    query: &str,
    limit: usize,
) -> Result<Vec<Hit<T>>> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(params![query, limit], hit)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn hit<T: rusqlite::types::FromSql>(row: &Row<'_>) -> rusqlite::Result<Hit<T>> {
    let marked: String = row.get(3)?;
    let (snippet, highlights) = unmark(&marked);
    Ok(Hit { id: row.get(0)?, document: row.get(1)?, title: row.get(2)?, snippet, highlights })
}

/// Takes the signs out and notes what stood between them.
fn unmark(marked: &str) -> (String, Vec<Span>) {
    let mut snippet = String::with_capacity(marked.len());
    let mut highlights = Vec::new();
    let mut opened = None;
    for character in marked.chars() {
        match character {
            OPEN => opened = Some(snippet.len()),
            CLOSE => highlights.extend(opened.take().map(|start| Span::new(start, snippet.len()))),
            // One line, whatever the text's line ends are.
            _ if character.is_control() => snippet.push(' '),
            _ => snippet.push(character),
        }
    }
    (snippet, highlights)
}
