//! Libraries that were opened before: a JSON file in the configuration folder.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::error::{self, Result};
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
        let libraries = std::fs::read(&path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Self { path, libraries: Mutex::new(libraries.unwrap_or_default()) }
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
        let bytes = serde_json::to_vec_pretty(&*libraries).unwrap_or_default();
        write_whole(&self.path, &bytes)
    }
}

/// Writes a file so that it is either the old or the new one, whatever happens meanwhile.
///
/// # Errors
/// When the folder cannot be made or the file cannot be written.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let failed = |cause: std::io::Error| error::file("Osler could not write", path, &cause);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut beside = path.as_os_str().to_os_string();
    beside.push(".part");
    let beside = PathBuf::from(beside);
    let written = std::fs::File::create(&beside).and_then(|mut file| {
        std::io::Write::write_all(&mut file, bytes)?;
        file.sync_all()
    });
    written.and_then(|()| std::fs::rename(&beside, path)).map_err(|cause| {
        // What is left of the attempt is of no use; the error says what went wrong.
        let _ = std::fs::remove_file(&beside);
        failed(cause)
    })
}
