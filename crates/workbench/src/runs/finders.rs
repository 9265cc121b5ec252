use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tasks::Finder;
use terms::Terms;

use sessions::UsedDictionary;

use crate::generator::Profile;

/// The names that are looked up in texts: the dictionaries, and for each task what a model's training taught about them.
#[derive(Debug, Default)]
pub struct Finders {
    finder: Finder,
    dictionaries: Vec<UsedDictionary>,
    learned: Mutex<BTreeMap<(String, String), Arc<Finder>>>,
}

impl Finders {
    /// Looks names up in these dictionaries, the most trusted one first.
    #[must_use]
    pub fn new(dictionaries: Vec<Arc<Terms>>, used: &[UsedDictionary]) -> Self {
        Self { finder: Finder::new(dictionaries), dictionaries: used.to_vec(), learned: Mutex::default() }
    }

    /// What tells these dictionaries from others, for the record of a run.
    #[must_use]
    pub fn dictionaries(&self) -> &[UsedDictionary] {
        &self.dictionaries
    }

    /// The dictionaries alone.
    #[must_use]
    pub const fn finder(&self) -> &Finder {
        &self.finder
    }

    /// With what this model learned about a task's names; it is put together once.
    #[must_use]
    pub fn of(&self, profile: &Profile, task: &str) -> Arc<Finder> {
        let mut learned = self.learned.lock().unwrap_or_else(PoisonError::into_inner);
        // The same weights may be taught anew.
        let key = (profile.guidance_sha256.clone(), task.to_owned());
        let finder = learned.entry(key).or_insert_with(|| {
            let finder = self.finder.clone();
            Arc::new(match profile.guidance.of(task) {
                Some(guidance) => finder.with_lexicon(&guidance.lexicon),
                None => finder,
            })
        });
        finder.clone()
    }
}
