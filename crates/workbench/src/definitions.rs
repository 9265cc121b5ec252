//! What sources say about a term, and glossaries of one's own.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use glossary::{Builder, Defaults, Definitions, Entry, Glossary, RowError, Source, define, jsonl, table};
use terms::Dictionary;

use crate::error::{self, Result, bad_input};
use crate::library::write_whole;
use crate::workbench::Workbench;

/// Lines that could not be used, named one by one up to so many.
const NAMED: usize = 20;

/// What became of some files of texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuiltGlossary {
    /// What the glossary holds.
    pub summary: glossary::Summary,
    /// Its size in bytes.
    pub bytes: u64,
    /// Lines that were left out, the first of them in words.
    pub problems: Vec<String>,
    /// How many lines were left out.
    pub left_out: u64,
}

/// Builds a glossary from tab-separated tables with the columns term and definition (and id, type, synonyms, source, release,
/// licence), or from files of one JSON object a line (`.jsonl`) with fields of these names. A bad line is left out and told.
///
/// # Errors
/// When a file cannot be read or has no such columns, when no text is left, when the file cannot be written.
pub fn build_glossary(files: &[PathBuf], target: &Path) -> Result<BuiltGlossary> {
    let mut about = Vec::new();
    let mut rows: Vec<std::result::Result<Entry, RowError>> = Vec::new();
    for path in files {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let failed = |cause: std::io::Error| error::file("Osler could not open", path, &cause);
        crate::import::check(path, &std::fs::metadata(path).map_err(failed)?)?;
        let reader = BufReader::new(File::open(path).map_err(failed)?);
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let defaults =
            Defaults { source: Source { name: stem, release: String::new(), licence: String::new() } };
        let is_jsonl =
            path.extension().is_some_and(|extension| extension == "jsonl" || extension == "ndjson");
        if is_jsonl {
            rows.extend(jsonl(reader, &name, &defaults));
        } else {
            rows.extend(table(reader, &name, &defaults));
        }
        about.push(name);
    }
    let mut builder = Builder::new(&format!("Built from {}.", about.join(", ")));
    let (mut problems, mut left_out) = (Vec::new(), 0);
    for row in rows {
        match row {
            Ok(entry) => builder.add(entry),
            Err(problem @ RowError::NoColumns { .. }) => {
                return Err(error::remedied!(crate::wire::ErrorCode::BadInput, problem));
            }
            Err(problem) => {
                left_out += 1;
                if problems.len() < NAMED {
                    problems.push(problem.to_string());
                }
            }
        }
    }
    let (bytes, summary) =
        builder.finish().map_err(|cause| bad_input(cause.to_string(), "Build one for each file."))?;
    if summary.entries == 0 {
        return Err(bad_input(
            format!("There is no text that can be used in {}.", about.join(", ")),
            "A table is tab-separated text with the columns term, definition and, if you like, id, type, synonyms, source, \
             release and licence.",
        ));
    }
    write_whole(target, &bytes)?;
    Ok(BuiltGlossary { summary, bytes: bytes.len() as u64, problems, left_out })
}

impl Workbench {
    /// What sources say about a term, word for word, found through every name that the dictionaries know for it. The glossaries
    /// (`*.glossary`) are those in the folders of the dictionaries, one's own first.
    ///
    /// # Errors
    /// When a dictionary or glossary is missing or damaged: what it says would be missed, and nobody would know.
    pub fn define(&self, term: &str) -> Result<Definitions> {
        let dictionary = Dictionary::new(self.names.all()?.0.to_vec());
        let glossaries: Vec<Arc<Glossary>> = glossary_files(&self.places.dictionaries)
            .iter()
            .map(|path| Glossary::open(path).map(Arc::new))
            .collect::<std::result::Result<_, _>>()?;
        Ok(define(term, &dictionary, &glossaries)?)
    }
}

/// Glossary files, which must be there, and those in folders, which may be missing: those of the last place first, so that
/// what comes with Osler is named first and shown last.
pub(crate) fn glossary_files(places: &[PathBuf]) -> Vec<PathBuf> {
    let is_glossary = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "glossary");
    let mut files: Vec<PathBuf> = Vec::new();
    for place in places.iter().rev() {
        let mut inside: Vec<PathBuf> = match std::fs::read_dir(place) {
            Ok(entries) => entries.flatten().map(|entry| entry.path()).filter(is_glossary).collect(),
            Err(_) if is_glossary(place) => vec![place.clone()],
            Err(_) => Vec::new(),
        };
        inside.sort();
        inside.retain(|path| !files.contains(path));
        files.extend(inside);
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app_paths::AppPaths;

    fn models(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models").join(name)
    }

    #[test]
    fn an_own_glossary_goes_before_the_one_that_comes_with_osler() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("own");
        std::fs::create_dir(&own).unwrap();
        let table = folder.path().join("ward.tsv");
        std::fs::write(&table, "term\tdefinition\tlicence\nXarelto\tOur word for it.\tours\nbad line\n")
            .unwrap();
        let built = build_glossary(&[table], &own.join("ward.glossary")).unwrap();
        assert_eq!((built.summary.entries, built.left_out), (1, 1));
        assert!(built.problems[0].contains("ward.tsv, line 3"), "{:?}", built.problems);

        let places = AppPaths {
            dictionaries: vec![
                models("terms/builtin.terms"),
                models("glossary/builtin.glossary"),
                own.clone(),
            ],
            ..AppPaths::below(folder.path())
        };
        let workbench = Workbench::open(places).unwrap();
        let found = workbench.define("rivaroxaban").unwrap();
        let sources: Vec<&str> =
            found.meanings[0].entries.iter().map(|entry| entry.source.name.as_str()).collect();
        assert_eq!(sources[..2], ["ward", "ChEBI, roles"]);
        assert!(!workbench.define("blorfenazine").unwrap().is_known());

        let gone = AppPaths {
            dictionaries: vec![models("terms/builtin.terms"), folder.path().join("gone.glossary")],
            ..AppPaths::below(folder.path())
        };
        let problem = Workbench::open(gone).unwrap().define("rivaroxaban").unwrap_err();
        assert!(problem.message.contains("gone.glossary"), "what it says would be missed: {problem:?}");

        std::fs::write(own.join("ward.glossary"), b"no").unwrap();
        let problem = workbench.define("rivaroxaban").unwrap_err();
        assert!(problem.message.contains("ward.glossary"), "{problem:?}");
    }

    #[test]
    fn a_table_without_its_columns_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let table = folder.path().join("names.tsv");
        for (text, expected) in
            [("name\tid\nA\tX:1\n", "`term`"), ("term\tdefinition\n\t\n", "no text that can be used")]
        {
            std::fs::write(&table, text).unwrap();
            let problem = build_glossary(std::slice::from_ref(&table), &folder.path().join("x")).unwrap_err();
            assert!(format!("{} {}", problem.message, problem.hint).contains(expected), "{problem:?}");
        }
    }
}
