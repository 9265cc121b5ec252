//! The library as a file: made, opened, copied, renamed.

use std::path::Path;

use sessions::{Founding, Library, Timestamp, Track};
use sha2::{Digest, Sha256};

use super::Shelf;
use crate::error::{self, Result, bad_input};
use crate::places::Places;
use crate::wire;

/// What a library's file ends with.
pub const EXTENSION: &str = "osler";

/// Makes a new library. Its name is that of the file.
///
/// # Errors
/// When there is a file already, or the folder cannot be written.
pub fn create(path: &Path, author: &str, places: &Places) -> Result<Library> {
    let path = path.with_extension(EXTENSION);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .map_err(|cause| error::file("Osler could not make the folder", folder, &cause))?;
    }
    let name = path.file_stem().map_or_else(|| "Library".into(), |stem| stem.to_string_lossy());
    let at = places.clock.now();
    let uuid = unique(&path, at);
    let author = if author.trim().is_empty() { "unnamed" } else { author.trim() };
    let founding =
        Founding { uuid: &uuid, name: &name, app_version: &places.version, author, at: Timestamp(at) };
    Ok(Library::create(&path, &founding)?)
}

/// Opens a library.
///
/// # Errors
/// One for each way in which a file cannot be opened.
pub fn open(path: &Path, places: &Places) -> Result<Library> {
    Ok(Library::open(path, &places.version)?)
}

impl Shelf {
    /// Copies the library to another file, whole and consistent, while it is in use.
    ///
    /// # Errors
    /// When there is a file already, or it cannot be written.
    pub fn copy_to(&self, path: &Path) -> Result<()> {
        self.with(|library| library.copy_to(path))
    }

    /// Gives the library another name and description.
    ///
    /// # Errors
    /// Those of the library; an empty name.
    pub fn rename(&self, name: &str, description: &str) -> Result<wire::Change> {
        if name.trim().is_empty() {
            return Err(bad_input("The library needs a name.", "Write one."));
        }
        Ok(self.act(Track::Curation, |library, by| library.describe(by, name.trim(), description))?.1)
    }
}

/// An id that no other library has: from place, time and process.
fn unique(path: &Path, at: i64) -> String {
    let digest = Sha256::digest(format!("{}\n{at}\n{}", path.display(), std::process::id()));
    let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-4{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
}
