//! Tables of names: tab-separated text with a line of column names.

use std::io::BufRead;

use thiserror::Error;

use crate::concepts::Kind;

/// One name of one concept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The name as its source writes it.
    pub name: String,
    /// `VOCABULARY:id`; empty or `-` where there is none.
    pub id: String,
    /// What it names.
    pub kind: Kind,
    /// Where it comes from; empty where the table does not say.
    pub source: String,
}

/// Why a table of names, or a line of it, cannot be used.
#[derive(Debug, Error, remedies::Remedy)]
pub enum RowError {
    /// The file cannot be read further.
    #[error("{file}, line {line}: {source}. Save the table as tab-separated text in UTF-8.")]
    Read {
        /// The table.
        file: String,
        /// The line.
        line: usize,
        /// What the system says.
        source: std::io::Error,
    },
    /// There is no column of names.
    #[error(
        "{file} has no column `name` in its first line. A dictionary table is tab-separated with the columns name, id, type and, if you like, source."
    )]
    NoNames {
        /// The table.
        file: String,
    },
    /// A line has too few columns.
    #[error(
        "{file}, line {line}: {found} columns where the first line has {expected}. Correct or remove that line."
    )]
    Columns {
        /// The table.
        file: String,
        /// The line.
        line: usize,
        /// Columns of the line.
        found: usize,
        /// Columns of the first line.
        expected: usize,
    },
}

impl Row {
    /// Reads a tab-separated table whose first line names the columns `name`, `id`, `type` and `source` in any order; all
    /// but `name` may be missing. `file` is for messages. A bad line is an `Err` and does not end the table.
    pub fn table<R: BufRead>(reader: R, file: &str) -> impl Iterator<Item = Result<Self, RowError>> {
        let file = file.to_owned();
        let mut columns: Option<Columns> = None;
        let mut over = false;
        (1..)
            .zip(reader.lines())
            .map_while(move |(line, text)| {
                if over {
                    return None;
                }
                let text = match text {
                    Ok(text) => text,
                    Err(source) => {
                        over = source.kind() != std::io::ErrorKind::InvalidData;
                        return Some(Some(Err(RowError::Read { file: file.clone(), line, source })));
                    }
                };
                let cells: Vec<&str> = text.trim_end_matches('\r').split('\t').collect();
                let Some(columns) = &columns else {
                    match Columns::of(&cells) {
                        Some(found) => columns = Some(found),
                        None => {
                            over = true;
                            return Some(Some(Err(RowError::NoNames { file: file.clone() })));
                        }
                    }
                    return Some(None);
                };
                if text.trim().is_empty() {
                    return Some(None);
                }
                if cells.len() < columns.count {
                    let (found, expected) = (cells.len(), columns.count);
                    return Some(Some(Err(RowError::Columns { file: file.clone(), line, found, expected })));
                }
                Some(Some(Ok(columns.row(&cells))))
            })
            .flatten()
    }
}

struct Columns {
    name: usize,
    id: Option<usize>,
    kind: Option<usize>,
    source: Option<usize>,
    count: usize,
}

impl Columns {
    fn of(header: &[&str]) -> Option<Self> {
        let place = |wanted: &str| {
            header
                .iter()
                .position(|cell| cell.trim_matches(['\u{feff}', ' ', '"']).eq_ignore_ascii_case(wanted))
        };
        Some(Self {
            name: place("name")?,
            id: place("id"),
            kind: place("type"),
            source: place("source"),
            count: header.len(),
        })
    }

    fn row(&self, cells: &[&str]) -> Row {
        let cell =
            |place: Option<usize>| place.and_then(|place| cells.get(place)).map_or("", |cell| cell.trim());
        let id = cell(self.id);
        Row {
            name: cell(Some(self.name)).to_owned(),
            id: if id == "-" { String::new() } else { id.to_owned() },
            kind: Kind::of_type(cell(self.kind)),
            source: cell(self.source).to_owned(),
        }
    }
}
