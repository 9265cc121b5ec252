use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tasks::Finder;
use terms::Terms;

use crate::ModelProfile;

/// The names that are looked up in texts: the dictionaries, and for each task what a model's training taught about them.
#[derive(Debug, Default)]
pub struct Finders {
    finder: Finder,
    learned: Mutex<BTreeMap<(String, String), Arc<Finder>>>,
}

impl Finders {
    /// Looks names up in these dictionaries, the most trusted one first.
    #[must_use]
    pub fn new(dictionaries: Vec<Arc<Terms>>) -> Self {
        Self { finder: Finder::new(dictionaries), learned: Mutex::default() }
    }

    /// The dictionaries alone.
    #[must_use]
    pub const fn dictionaries(&self) -> &Finder {
        &self.finder
    }

    /// With what this model learned about a task's names; it is put together once.
    #[must_use]
    pub fn of(&self, profile: &ModelProfile, task: &str) -> Arc<Finder> {
        let mut learned = self.learned.lock().unwrap_or_else(PoisonError::into_inner);
        // The same weights may be taught anew.
        let key = (profile.guidance_sha256.clone(), task.to_owned());
        let finder = learned.entry(key).or_insert_with(|| {
            Arc::new(match profile.guidance.of(task) {
                Some(guidance) => self.finder.clone().with_lexicon(&guidance.lexicon),
                None => self.finder.clone(),
            })
        });
        finder.clone()
    }
}
