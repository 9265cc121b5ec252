//! The library as a file: made, opened, copied, renamed, looked after.

use std::path::{Path, PathBuf};

use sessions::{Founding, Library, Timestamp, Track};
use sha2::{Digest, Sha256};

use super::OpenLibrary;
use crate::app_paths::AppPaths;
use crate::error::{self, Result, bad_input};
use crate::wire;

/// What a library's file ends with.
pub const EXTENSION: &str = "osler";

/// The file that a name for a new library stands for: the name itself if it ends as libraries do, else with that ending
/// behind it. A dot in a name (`Study 2.1`, `Dr. Smith`) begins no ending.
#[must_use]
pub fn named(path: &Path) -> PathBuf {
    if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(EXTENSION)) {
        return path.to_owned();
    }
    let mut name = path.as_os_str().to_os_string();
    name.push(".");
    name.push(EXTENSION);
    PathBuf::from(name)
}

/// The file that somebody means who names a library that may be there already: what has this very name, or else what a new
/// library of that name is called.
#[must_use]
pub fn meant(path: &Path) -> PathBuf {
    if path.exists() { path.to_owned() } else { named(path) }
}

/// Makes a new library. Its name is that of the file.
///
/// # Errors
/// When there is a file already, or the folder cannot be written.
pub fn create(path: &Path, author: &str, places: &AppPaths) -> Result<Library> {
    let path = named(path);
    make_folder(&path)?;
    Ok(found(&path, author, places)?)
}

/// Opens the library that is meant by a path, or makes it where nothing (or an empty file) is. Others may do the same at the
/// same moment: one makes it, all open it.
///
/// # Errors
/// As [`create`] and [`open`].
pub fn open_or_create(path: &Path, author: &str, places: &AppPaths) -> Result<Library> {
    let path = meant(path);
    if std::fs::metadata(&path).is_ok_and(|metadata| metadata.len() > 0 || !metadata.is_file()) {
        return open(&path, places);
    }
    make_folder(&path)?;
    match found(&path, author, places) {
        Err(sessions::Error::AlreadyExists { .. }) => open(&path, places),
        created => Ok(created?),
    }
}

/// Opens a library, after closing what a program that was killed left under way.
///
/// # Errors
/// One for each way in which a file cannot be opened.
pub fn open(path: &Path, places: &AppPaths) -> Result<Library> {
    Ok(Library::open_and_settle(path, &places.version, Timestamp(places.clock.now()))?)
}

fn make_folder(path: &Path) -> Result<()> {
    let Some(folder) = path.parent() else { return Ok(()) };
    std::fs::create_dir_all(folder)
        .map_err(|cause| error::file("Osler could not make the folder", folder, &cause))
}

fn found(path: &Path, author: &str, places: &AppPaths) -> sessions::Result<Library> {
    let name = path.file_stem().map_or_else(|| "Library".into(), |stem| stem.to_string_lossy());
    let at = places.clock.now();
    let uuid = unique(path, at);
    let author = if author.trim().is_empty() { "unnamed" } else { author.trim() };
    let founding =
        Founding { uuid: &uuid, name: &name, app_version: &places.version, author, at: Timestamp(at) };
    Library::create(path, &founding)
}

impl OpenLibrary {
    /// Copies the library to another file, whole and consistent, while it is in use. A name without the ending of libraries
    /// gets it.
    ///
    /// # Errors
    /// When there is a file already, or it cannot be written.
    pub fn copy_to(&self, path: &Path) -> Result<()> {
        // On a connection of its own: who works meanwhile need not wait.
        Ok(self.reader()?.copy_to(&named(path))?)
    }

    /// Reads the whole library and lists what is wrong with it; empty for a sound one.
    ///
    /// # Errors
    /// When it cannot be read at all.
    pub fn check(&self) -> Result<Vec<String>> {
        Ok(self.reader()?.check()?)
    }

    /// Copies the library, then makes anew what can be made from the rest of it.
    ///
    /// # Errors
    /// When the copy or the library cannot be written; then nothing has changed.
    pub fn repair(&self) -> Result<sessions::Repaired> {
        self.with(Library::repair)
    }

    /// Gives back the room that nothing needs any more. Nothing is lost, and everything can still be undone.
    ///
    /// # Errors
    /// When another program writes, or there is no room for the new file.
    pub fn compact(&self) -> Result<sessions::Compacted> {
        self.with(Library::compact)
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
