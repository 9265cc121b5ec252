//! A curator's own texts: tab-separated tables, or one JSON object a line.

use std::io::BufRead;

use serde::Deserialize;
use thiserror::Error;

use crate::entry::{Entry, Nature, Source};

/// What holds for the lines that do not say it themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defaults {
    /// Name, release and licence of the source; the file's name does for the name.
    pub source: Source,
}

/// Why a file of texts, or a line of it, cannot be used.
#[derive(Debug, Error, remedies::Remedy)]
pub enum RowError {
    /// The file cannot be read further.
    #[error("{file}, line {line}: {source}. Save the file as text in UTF-8.")]
    Read {
        /// The file.
        file: String,
        /// The line.
        line: usize,
        /// What the system says.
        source: std::io::Error,
    },
    /// The columns are missing.
    #[error(
        "{file} has no columns `term` and `definition` in its first line. A glossary table is tab-separated with the columns term, definition and, if you like, id, type, synonyms (separated by |), source, release and licence."
    )]
    NoColumns {
        /// The file.
        file: String,
    },
    /// A line has too few columns.
    #[error(
        "{file}, line {line}: {found} columns where the first line has {expected}. Correct or remove that line; a definition stands in one line, without tabs."
    )]
    Columns {
        /// The file.
        file: String,
        /// The line.
        line: usize,
        /// Columns of the line.
        found: usize,
        /// Columns of the first line.
        expected: usize,
    },
    /// A line has no term or no definition.
    #[error("{file}, line {line}: the {missing} is empty. Fill it in or remove that line.")]
    Empty {
        /// The file.
        file: String,
        /// The line.
        line: usize,
        /// `term` or `definition`.
        missing: &'static str,
    },
    /// A line is no JSON object of this form.
    #[error(
        "{file}, line {line}: {problem}. A line is an object with `term`, `definition` and, if you like, `id`, `type`, `synonyms`, `source`, `release` and `licence`."
    )]
    Json {
        /// The file.
        file: String,
        /// The line.
        line: usize,
        /// What the parser says.
        problem: String,
    },
}

impl RowError {
    /// Whether nothing can be read after it.
    #[must_use]
    pub fn ends_the_file(&self) -> bool {
        match self {
            Self::NoColumns { .. } => true,
            Self::Read { source, .. } => source.kind() != std::io::ErrorKind::InvalidData,
            _ => false,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Line {
    term: String,
    definition: String,
    id: String,
    #[serde(rename = "type")]
    kind: String,
    synonyms: Vec<String>,
    source: String,
    release: String,
    licence: String,
}

impl Line {
    fn entry(self, defaults: &Defaults, file: &str, line: usize) -> Result<Entry, RowError> {
        let missing = [("term", &self.term), ("definition", &self.definition)];
        if let Some((missing, _)) = missing.into_iter().find(|(_, text)| text.trim().is_empty()) {
            return Err(RowError::Empty { file: file.to_owned(), line, missing });
        }
        let or = |own: String, other: &String| if own.trim().is_empty() { other.clone() } else { own };
        let of = &defaults.source;
        // The release of the file is not that of another source which a line names.
        let release =
            if self.source.trim().is_empty() { or(self.release, &of.release) } else { self.release };
        Ok(Entry {
            term: self.term,
            synonyms: self.synonyms,
            text: self.definition,
            nature: Nature::Definition,
            kind: self.kind,
            id: if self.id == "-" { String::new() } else { self.id },
            source: Source {
                name: or(self.source, &of.name),
                release,
                licence: or(self.licence, &of.licence),
            },
            document: None,
            rank: 0,
        })
    }
}

/// Reads a tab-separated table whose first line names its columns in any order. `file` is for messages. A bad line is an
/// `Err` and does not end the table.
pub fn table<R: BufRead>(
    reader: R,
    file: &str,
    defaults: &Defaults,
) -> impl Iterator<Item = Result<Entry, RowError>> {
    let mut columns: Option<Vec<String>> = None;
    lines(reader, file)
        .filter_map(move |line| {
            let (number, text) = match line {
                Ok(line) => line,
                Err(error) => return Some(Err(error)),
            };
            let cells: Vec<&str> = text.split('\t').map(str::trim).collect();
            let Some(columns) = &columns else {
                let header: Vec<String> = cells
                    .iter()
                    .map(|cell| cell.trim_matches(['\u{feff}', ' ', '"']).to_lowercase())
                    .collect();
                let named = |wanted: &str| header.iter().any(|cell| cell == wanted);
                let complete = named("term") && named("definition");
                columns = Some(header);
                return (!complete).then(|| Err(RowError::NoColumns { file: file.to_owned() }));
            };
            if cells.len() < columns.len() {
                let (found, expected) = (cells.len(), columns.len());
                return Some(Err(RowError::Columns { file: file.to_owned(), line: number, found, expected }));
            }
            let cell = |wanted: &str| {
                let at = columns.iter().position(|column| column == wanted);
                at.and_then(|at| cells.get(at)).copied().unwrap_or_default().to_owned()
            };
            let synonyms = cell("synonyms");
            let synonyms = synonyms.split('|').map(str::trim).filter(|name| !name.is_empty());
            let line = Line {
                term: cell("term"),
                definition: cell("definition"),
                id: cell("id"),
                kind: cell("type"),
                synonyms: synonyms.map(str::to_owned).collect(),
                source: cell("source"),
                release: cell("release"),
                licence: cell("licence"),
            };
            Some(line.entry(defaults, file, number))
        })
        // Without its columns no line of a table means anything.
        .scan(false, |over, row| {
            let last = std::mem::replace(over, row.as_ref().is_err_and(RowError::ends_the_file));
            (!last).then_some(row)
        })
}

/// Reads one JSON object a line. `file` is for messages. A bad line is an `Err` and does not end the file.
pub fn jsonl<R: BufRead>(
    reader: R,
    file: &str,
    defaults: &Defaults,
) -> impl Iterator<Item = Result<Entry, RowError>> {
    lines(reader, file).map(move |line| {
        let (number, text) = line?;
        let line: Line = serde_json::from_str(&text).map_err(|error| RowError::Json {
            file: file.to_owned(),
            line: number,
            problem: error.to_string(),
        })?;
        line.entry(defaults, file, number)
    })
}

/// Lines that are not blank, with their numbers, up to an error that ends the file.
fn lines<R: BufRead>(reader: R, file: &str) -> impl Iterator<Item = Result<(usize, String), RowError>> {
    (1..)
        .zip(reader.lines())
        .map(|(line, text)| match text {
            Ok(text) => Ok((line, text.trim_end_matches('\r').to_owned())),
            Err(source) => Err(RowError::Read { file: file.to_owned(), line, source }),
        })
        .scan(false, |over, line| {
            let last = std::mem::replace(over, line.as_ref().is_err_and(RowError::ends_the_file));
            (!last).then_some(line)
        })
        .filter(|line| line.as_ref().map_or(true, |(_, text)| !text.trim().is_empty()))
}
