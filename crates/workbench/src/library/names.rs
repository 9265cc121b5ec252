//! The dictionaries: mentions for the tasks, and names for the ids that are shown.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use documents::Concept;
use terms::{Dictionary, Kind, Terms};

use crate::wire;

/// The dictionaries of this installation, opened when they are first needed.
#[derive(Debug, Default)]
pub struct Names {
    files: Vec<PathBuf>,
    layers: OnceLock<Vec<Arc<Terms>>>,
    known: Mutex<HashMap<(String, String), String>>,
}

impl Names {
    /// Dictionary files and folders of them (`*.terms`), the most trusted one first.
    #[must_use]
    pub fn new(places: &[PathBuf]) -> Self {
        let mut files = Vec::new();
        for place in places {
            match std::fs::read_dir(place) {
                Ok(entries) => {
                    let mut inside: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
                    inside.retain(|path| path.extension().is_some_and(|extension| extension == "terms"));
                    inside.sort();
                    files.extend(inside);
                }
                Err(_) => files.push(place.clone()),
            }
        }
        Self { files, ..Self::default() }
    }

    /// The dictionaries that can be read. One that cannot is told in the log: names are found without it.
    pub fn layers(&self) -> &[Arc<Terms>] {
        self.layers.get_or_init(|| {
            let opened = self.files.iter().filter_map(|path| match Terms::open(path) {
                Ok(terms) => Some(Arc::new(terms)),
                Err(cause) => {
                    tracing::warn!(%cause, "a dictionary is left out");
                    None
                }
            });
            opened.collect()
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

    /// Dictionaries keep no preferred name: the shortest one that is no mere symbol reads best.
    fn looked_up(&self, vocabulary: &str, id: &str) -> String {
        let names = self.layers().iter().flat_map(|terms| {
            Kind::ALL.into_iter().flat_map(|kind| {
                terms.names_of(&terms::Concept { kind, vocabulary: vocabulary.to_owned(), id: id.to_owned() })
            })
        });
        names.min_by_key(|name| (name.len() < SYMBOL, name.len())).unwrap_or_default()
    }
}

/// Names shorter than this are abbreviations more often than not.
const SYMBOL: usize = 6;
