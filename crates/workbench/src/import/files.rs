//! Files behind paths and folders.

use std::path::{Path, PathBuf};

use documents::formats::SIDECAR_SUFFIX;

use crate::error::{self, Result, bad_input};

/// Most files of one import.
pub const FILES: usize = 20_000;
/// Folders inside folders inside folders.
const DEPTH: usize = 16;

/// A file to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Where it is.
    pub path: PathBuf,
    /// How it is shown: its name, or its place in the given folder.
    pub name: String,
}

/// The files of `paths`, folders looked through in the order of names. Hidden files, links to folders and
/// records of exports are left alone.
///
/// # Errors
/// When a path is not there, or there are too many files.
pub fn find(paths: &[PathBuf]) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    for path in paths {
        let metadata =
            std::fs::metadata(path).map_err(|cause| error::file("Osler could not open", path, &cause))?;
        let name =
            path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into());
        if metadata.is_dir() {
            look_through(path, &name, DEPTH, &mut found)?;
        } else {
            check(path, &metadata)?;
            found.push(Found { path: path.to_owned(), name });
        }
        if found.len() > FILES {
            return Err(too_many(path));
        }
    }
    Ok(found)
}

/// Refuses what is neither file nor folder.
///
/// # Errors
/// Names it and the remedy.
pub fn check(path: &Path, metadata: &std::fs::Metadata) -> Result<()> {
    if metadata.is_file() {
        return Ok(());
    }
    let what = if metadata.is_dir() { "a folder" } else { "a pipe or a device" };
    Err(bad_input(
        format!("{} is {what}, and no file.", path.display()),
        "Save what it holds into a file, and choose that one.",
    ))
}

fn look_through(folder: &Path, name: &str, depth: usize, found: &mut Vec<Found>) -> Result<()> {
    let failed = |cause: std::io::Error| error::file("Osler could not look into", folder, &cause);
    let mut entries: Vec<std::fs::DirEntry> = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        entries.push(entry.map_err(failed)?);
        if entries.len() + found.len() > FILES {
            return Err(too_many(folder));
        }
    }
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let own = entry.file_name().to_string_lossy().into_owned();
        let kind = entry.file_type().map_err(failed)?;
        // The record of an export says the same as the file that it lies beside.
        if own.starts_with('.') || own.ends_with(SIDECAR_SUFFIX) {
            continue;
        }
        let name = format!("{name}/{own}");
        if kind.is_dir() {
            if depth > 0 {
                look_through(&entry.path(), &name, depth - 1, found)?;
            }
        } else if kind.is_file() || entry.path().is_file() {
            found.push(Found { path: entry.path(), name });
        }
    }
    Ok(())
}

fn too_many(folder: &Path) -> crate::wire::HostError {
    bad_input(
        format!("There are more than {FILES} files with those of {}.", folder.display()),
        "Import one part of the folder after the other.",
    )
}
