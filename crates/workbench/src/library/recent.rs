//! Libraries that were opened before: a JSON file in the configuration folder.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::{read_json, write_json};
use crate::error::Result;
use crate::wire::{Library, RecentLibrary};

/// How many are remembered.
const MOST: usize = 12;

/// Libraries that were opened before, the latest first.
#[derive(Debug)]
pub struct Recent {
    path: PathBuf,
    libraries: Mutex<Vec<RecentLibrary>>,
}

impl Recent {
    /// Those that the file `recent.json` of a folder names; none where it cannot be read.
    #[must_use]
    pub fn read(folder: &Path) -> Self {
        let path = folder.join("recent.json");
        let libraries = Mutex::new(read_json(&path));
        Self { path, libraries }
    }

    /// As they are now.
    #[must_use]
    pub fn list(&self) -> Vec<RecentLibrary> {
        let mut libraries = self.libraries.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for library in &mut libraries {
            library.missing = !Path::new(&library.path).is_file();
        }
        libraries
    }

    /// Puts an opened library in front.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn note(&self, opened: &Library, at: i64) -> Result<()> {
        let mut libraries = self.libraries.lock().unwrap_or_else(PoisonError::into_inner);
        libraries.retain(|library| library.path != opened.path);
        libraries.insert(
            0,
            RecentLibrary {
                path: opened.path.clone(),
                name: opened.name.clone(),
                documents: opened.documents,
                opened_at: at,
                missing: false,
            },
        );
        libraries.truncate(MOST);
        write_json(&self.path, &*libraries)
    }
}
