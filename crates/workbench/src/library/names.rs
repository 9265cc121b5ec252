//! What is installed to look things up in: dictionaries, for the mentions of the tasks and the names of ids; lists of
//! retracted articles.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use documents::Concept;
use documents::retractions::Retractions;
use glossary::Glossary;
use sessions::UsedDictionary;
use sha2::{Digest, Sha256};
use terms::words::fold;
use terms::{Dictionary, Kind, Terms};

use crate::definitions::glossary_files;
use crate::error::{self, Result, bad_input};
use crate::wire;

/// The dictionaries of this installation, opened when they are first needed.
#[derive(Debug, Default)]
pub struct Names {
    files: Vec<PathBuf>,
    glossary_files: Vec<PathBuf>,
    glossaries: OnceLock<Vec<Glossary>>,
    retraction_files: Vec<PathBuf>,
    retractions: OnceLock<(Retractions, Option<wire::HostError>)>,
    opened: OnceLock<Opened>,
    known: Mutex<HashMap<(String, String), String>>,
}

/// Dictionaries, and why one of them could not be opened.
#[derive(Debug, Default)]
struct Opened {
    layers: Vec<Arc<Terms>>,
    used: Vec<UsedDictionary>,
    problem: Option<wire::HostError>,
}

impl Names {
    /// Dictionary files (`*.terms`), which must be there, and folders of them, which may be missing; the most trusted one
    /// first.
    #[must_use]
    pub fn new(places: &[PathBuf]) -> Self {
        let is_dictionary = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "terms");
        let mut files: Vec<PathBuf> = Vec::new();
        for place in places {
            let mut inside = match std::fs::read_dir(place) {
                Ok(entries) => entries.flatten().map(|entry| entry.path()).filter(is_dictionary).collect(),
                Err(_) if is_dictionary(place) => vec![place.clone()],
                Err(_) => Vec::new(),
            };
            inside.sort();
            inside.retain(|path| !files.contains(path));
            files.extend(inside);
        }
        let retraction_files = retraction_files(places);
        Self { files, glossary_files: glossary_files(places), retraction_files, ..Self::default() }
    }

    /// What the lists of retracted articles say that can be read: to show it beside documents.
    pub fn known_retractions(&self) -> &Retractions {
        &self.read_retractions().0
    }

    /// What all lists of retracted articles say.
    ///
    /// # Errors
    /// When one cannot be read: what it says would be missed, and nobody would know.
    pub fn retractions(&self) -> Result<&Retractions> {
        match self.read_retractions() {
            (_, Some(problem)) => Err(problem.clone()),
            (known, None) => Ok(known),
        }
    }

    fn read_retractions(&self) -> &(Retractions, Option<wire::HostError>) {
        self.retractions.get_or_init(|| {
            let (mut known, mut problem) = (Retractions::default(), None);
            for path in &self.retraction_files {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                let read = std::fs::read(path)
                    .map_err(|cause| {
                        error::file("Osler could not read the list of retracted articles", path, &cause)
                    })
                    .and_then(|bytes| {
                        known
                            .add(&name, &bytes)
                            .map_err(|cause| error::remedied!(wire::ErrorCode::BadInput, cause))
                    });
                if let Err(cause) = read {
                    tracing::warn!(message = cause.message, "a list of retracted articles cannot be read");
                    problem.get_or_insert(cause);
                }
            }
            (known, problem)
        })
    }

    /// The dictionaries that can be read, to show names for ids. Whoever looks for names in texts asks for
    /// [`Names::all`].
    pub fn layers(&self) -> &[Arc<Terms>] {
        &self.opened().layers
    }

    /// All dictionaries, with what tells them from others.
    ///
    /// # Errors
    /// When one is missing or damaged: without it names would not be found, and nobody would know.
    pub fn all(&self) -> Result<(&[Arc<Terms>], &[UsedDictionary])> {
        let opened = self.opened();
        match &opened.problem {
            Some(problem) => Err(problem.clone()),
            None => Ok((&opened.layers, &opened.used)),
        }
    }

    fn opened(&self) -> &Opened {
        self.opened.get_or_init(|| {
            let mut opened = Opened::default();
            for path in &self.files {
                match open(path) {
                    Ok((terms, used)) => {
                        opened.layers.push(Arc::new(terms));
                        opened.used.push(used);
                    }
                    Err(problem) => {
                        tracing::warn!(message = problem.message, "a dictionary cannot be read");
                        opened.problem.get_or_insert(problem);
                    }
                }
            }
            opened
        })
    }

    /// Concepts with their preferred names.
    #[must_use]
    pub fn of(&self, concepts: &[Concept]) -> Vec<wire::Concept> {
        concepts.iter().map(|concept| self.named(&concept.vocabulary, &concept.id)).collect()
    }

    /// Concepts that a name may stand for: those whose name it is, as dictionaries order them.
    #[must_use]
    pub fn concepts(&self, name: &str, limit: usize) -> Vec<wire::Concept> {
        let name = name.trim();
        let whole = Dictionary::new(self.layers().to_vec()).find(name);
        let mut found: Vec<wire::Concept> = Vec::new();
        for matched in whole.iter().filter(|matched| matched.range == (0..name.len())) {
            for concept in &matched.concepts {
                let named = self.named(&concept.vocabulary, &concept.id);
                if !found.contains(&named) && found.len() < limit {
                    found.push(named);
                }
            }
        }
        found
    }

    /// A concept with its name; an empty one where no dictionary has it.
    #[must_use]
    pub fn named(&self, vocabulary: &str, id: &str) -> wire::Concept {
        let key = (vocabulary.to_owned(), id.to_owned());
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let name = known.entry(key).or_insert_with(|| self.looked_up(vocabulary, id)).clone();
        wire::Concept { vocabulary: vocabulary.to_owned(), id: id.to_owned(), name }
    }

    /// Dictionaries keep no preferred name. A name under which a glossary explains the thing comes first (lidocaine, and not one
    /// of its brands); then the shortest one that is no mere symbol.
    fn looked_up(&self, vocabulary: &str, id: &str) -> String {
        let names = self.layers().iter().flat_map(|terms| {
            Kind::ALL.into_iter().flat_map(|kind| {
                terms.names_of(&terms::Concept { kind, vocabulary: vocabulary.to_owned(), id: id.to_owned() })
            })
        });
        names
            .min_by_key(|name| (name.len() < SYMBOL, !self.is_explained(name), name.len()))
            .unwrap_or_default()
    }

    /// Whether a glossary has a text on this very name. One that cannot be read only costs a better name.
    fn is_explained(&self, name: &str) -> bool {
        let open = || self.glossary_files.iter().filter_map(|path| Glossary::open(path).ok()).collect();
        let glossaries: &Vec<Glossary> = self.glossaries.get_or_init(open);
        glossaries.iter().any(|glossary| {
            let entries = glossary.named(name).unwrap_or_default();
            entries.iter().any(|entry| fold(&entry.term) == name)
        })
    }
}

/// Lists of retracted articles in folders, by their name: tables (`*.csv`, `*.tsv`) that have "retract" in it.
fn retraction_files(folders: &[PathBuf]) -> Vec<PathBuf> {
    let is_list = |path: &PathBuf| {
        let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
        name.contains("retract") && matches!(extension.as_str(), "csv" | "tsv")
    };
    let mut files: Vec<PathBuf> = folders
        .iter()
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flat_map(|entries| entries.flatten().map(|entry| entry.path()))
        .filter(is_list)
        .collect();
    files.sort();
    files
}

/// A dictionary with its sum.
fn open(path: &Path) -> Result<(Terms, UsedDictionary)> {
    let remedy = "Without it names would be missed in texts. Build it again (`osler-cli terms build`), or remove it if it is \
                  your own; the one that comes with Osler comes back when Osler is installed again.";
    let failed = |cause: std::io::Error| {
        let problem = error::file("Osler could not read the dictionary", path, &cause);
        wire::HostError { hint: remedy.to_owned(), ..problem }
    };
    let mut file = std::fs::File::open(path).map_err(failed)?;
    let mut hash = Sha256::new();
    std::io::copy(&mut file, &mut hash).map_err(failed)?;
    let sha256 = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let terms = Terms::open(path).map_err(|cause| {
        bad_input(format!("The dictionary {} cannot be used: {cause}", path.display()), remedy)
    })?;
    Ok((terms, UsedDictionary { name, sha256 }))
}

/// Names shorter than this are abbreviations more often than not.
const SYMBOL: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    /// Names that are not looked up are names that nobody misses: a dictionary that cannot be read is an error.
    #[test]
    fn a_missing_or_damaged_dictionary_is_told_and_a_missing_folder_of_own_ones_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let builtin = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/terms/builtin.terms"));
        let own = folder.path().join("dictionaries");
        let names = Names::new(&[builtin.clone(), own.clone()]);
        let (layers, used) = names.all().unwrap();
        assert_eq!((layers.len(), used[0].name.as_str(), used[0].sha256.len()), (1, "builtin.terms", 64));

        let missing = Names::new(&[folder.path().join("builtin.terms")]);
        let problem = missing.all().unwrap_err();
        assert!(
            problem.message.contains("builtin.terms") && problem.hint.contains("installed again"),
            "{problem:?}"
        );

        std::fs::create_dir(&own).unwrap();
        let bytes = std::fs::read(&builtin).unwrap();
        std::fs::write(own.join("mine.terms"), &bytes[..bytes.len() / 2]).unwrap();
        let problem = Names::new(&[builtin.clone(), own.clone()]).all().unwrap_err();
        assert!(problem.message.contains("mine.terms"), "{problem:?}");
        // The rest can still be shown by name.
        assert_eq!(Names::new(&[builtin, own]).layers().len(), 1);
    }

    /// With what comes with Osler: the substance's or disease's own name, and no brand or rare short one.
    #[test]
    fn a_concept_is_called_by_the_name_that_sources_explain_it_under() {
        let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
        let names =
            Names::new(&[models.join("terms/builtin.terms"), models.join("glossary/builtin.glossary")]);
        let check = |id: &str, name: &str| assert_eq!(names.named("MESH", id).name, name, "{id}");
        check("D008012", "lidocaine");
        check("D001241", "aspirin");
        check("D006973", "hypertension");
        check("D006333", "heart failure");
        check("D000638", "amiodarone");
        check("no such id", "");
    }
}
