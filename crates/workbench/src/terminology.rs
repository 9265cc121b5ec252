//! Dictionaries of one's own: built from tables of names, looked through for the names of a text.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use terms::{Builder, Dictionary, Grade, Row, Summary};

use crate::error::{self, Result, bad_input};
use crate::library::write_whole;
use crate::wire;
use crate::workbench::Workbench;

/// Lines that could not be used, named one by one up to so many.
const NAMED: usize = 20;

/// What became of some tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Built {
    /// What the dictionary holds.
    pub summary: Summary,
    /// Its size in bytes.
    pub bytes: u64,
    /// Lines that were left out, the first of them in words.
    pub problems: Vec<String>,
    /// How many lines were left out.
    pub left_out: u64,
}

/// A name of a dictionary in a text.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundTerm {
    /// Where it stands, in UTF-8 bytes.
    pub span: documents::Span,
    /// The words.
    pub text: String,
    /// `Chemical`, `Disease`, `Gene` or `Other`.
    pub kind: &'static str,
    /// Whether it stands there letter by letter, or in another number, spelling, spacing or dash.
    pub exact: bool,
    /// What it may stand for, best first.
    pub concepts: Vec<wire::Concept>,
}

/// Builds a dictionary from tab-separated tables with the columns name, id, type and source. A bad line is left out and
/// told.
///
/// # Errors
/// When a table cannot be read or has no column of names, when no name is left, when the file cannot be written.
pub fn build_terms(tables: &[PathBuf], target: &Path) -> Result<Built> {
    let names: Vec<String> = tables.iter().map(|table| file_name(table)).collect();
    let mut builder = Builder::new(&format!("Built from {}.", names.join(", ")));
    let (mut problems, mut left_out) = (Vec::new(), 0);
    for (table, name) in tables.iter().zip(&names) {
        let failed = |cause: std::io::Error| error::file("Osler could not open", table, &cause);
        crate::import::check(table, &std::fs::metadata(table).map_err(failed)?)?;
        let file = File::open(table).map_err(failed)?;
        for row in Row::table(BufReader::new(file), name) {
            match row {
                Ok(row) => builder.add(&row),
                Err(error @ terms::RowError::NoNames { .. }) => return Err(error.into()),
                Err(problem) => {
                    left_out += 1;
                    if problems.len() < NAMED {
                        problems.push(problem.to_string());
                    }
                }
            }
        }
    }
    let too_many =
        || bad_input("There are more names than a dictionary can hold.", "Build one for each table.");
    let (bytes, summary) = builder.finish().ok_or_else(too_many)?;
    if summary.names == 0 {
        return Err(bad_input(
            format!("There is no name that can be used in {}.", names.join(", ")),
            "A table is tab-separated text with the columns name, id, type and, if you like, source.",
        ));
    }
    write_whole(target, &bytes)?;
    Ok(Built { summary, bytes: bytes.len() as u64, problems, left_out })
}

impl Workbench {
    /// The names of the dictionaries in a text, longest first at each place.
    ///
    /// # Errors
    /// When a dictionary is missing or damaged.
    pub fn find_terms(&self, text: &str) -> Result<Vec<FoundTerm>> {
        let dictionary = Dictionary::new(self.names.all()?.0.to_vec());
        let found = dictionary.find(text).into_iter().map(|matched| FoundTerm {
            span: documents::Span::new(matched.range.start, matched.range.end),
            text: text.get(matched.range.clone()).unwrap_or_default().to_owned(),
            kind: matched.kind.name(),
            exact: matched.grade == Grade::Exact,
            concepts: matched
                .concepts
                .iter()
                .map(|concept| self.names.named(&concept.vocabulary, &concept.id))
                .collect(),
        });
        Ok(found.collect())
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app_paths::AppPaths;

    #[test]
    fn a_table_becomes_a_dictionary_that_finds_names() {
        let folder = tempfile::tempdir().unwrap();
        let table = folder.path().join("mine.tsv");
        std::fs::write(
            &table,
            "name\tid\ttype\nclonidine\tMESH:D003000\tChemical\nlow blood pressure\tMESH:D007022\tDisease\nbad line\n",
        )
        .unwrap();
        let target = folder.path().join("data/dictionaries/mine.terms");
        let built = build_terms(std::slice::from_ref(&table), &target).unwrap();
        assert_eq!((built.summary.names, built.left_out), (2, 1));
        assert!(built.problems[0].contains("mine.tsv, line 4"), "{:?}", built.problems);

        let places = AppPaths { dictionaries: vec![target], ..AppPaths::below(folder.path()) };
        let workbench = Workbench::open(places).unwrap();
        let found = workbench.find_terms("𝛼: Clonidine and low blood pressure").unwrap();
        let seen: Vec<_> = found.iter().map(|one| (one.text.as_str(), one.kind)).collect();
        assert_eq!(seen, [("Clonidine", "Chemical"), ("low blood pressure", "Disease")]);
        assert_eq!(found[0].concepts[0].name, "clonidine");
        assert_eq!(workbench.find_concepts("clonidine", 5)[0].id, "D003000");
        assert!(workbench.find_concepts("clonid", 5).is_empty());

        std::fs::write(&table, "word\tid\nclonidine\tD1\n").unwrap();
        let error = build_terms(std::slice::from_ref(&table), &folder.path().join("x.terms")).unwrap_err();
        assert!(error.message.contains("no column `name`"), "{error:?}");
        assert!(error.hint.contains("columns name"), "{error:?}");
    }
}
