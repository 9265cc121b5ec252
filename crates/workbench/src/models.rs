//! The models of this installation: those that came with Osler and those that the user imported.

mod commands;
mod conversion;
mod importing;
mod preview;
mod view;

pub use conversion::{Conversion, convert, plan_of_folder};

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use biogpt::model::Manifest;
use serde::{Deserialize, Serialize};

use inference::SCRIPTED;

use crate::app_paths::AppPaths;
use crate::engine::Source;
use crate::error::{self, Result, bad_input, not_found};
use crate::library::{read_json, write_json};
use crate::wire::{ModelOrigin, SelfTest};

/// A model of this installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) id: String,
    pub(crate) name: String,
    /// Nowhere for the scripted generator.
    pub(crate) folder: Option<PathBuf>,
    pub(crate) origin: ModelOrigin,
}

impl Found {
    pub(crate) fn source(&self, device: devices::Request) -> Source {
        let (id, name) = (self.id.clone(), self.name.clone());
        Source { id, name, folder: self.folder.clone(), device, names: None }
    }
}

/// What is kept about models, in a file of the configuration folder.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    in_use: Option<String>,
    /// The model that finds names for the one in use.
    names: Option<String>,
    models: BTreeMap<String, About>,
}

/// What happened to a model here.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct About {
    imported_at: Option<i64>,
    verified_at: Option<i64>,
    self_test: Option<SelfTest>,
}

/// The models, and which of them is in use.
#[derive(Debug)]
pub(crate) struct Installed {
    built_in: Vec<PathBuf>,
    own: PathBuf,
    file: PathBuf,
    kept: Mutex<Kept>,
    /// Held for as long as this program runs: others leave the removed models alone meanwhile.
    _running: Option<std::fs::File>,
    /// Folders that were looked at and may be imported, by the id of the preview.
    previews: Mutex<HashMap<String, PathBuf>>,
}

/// Where removed models wait until the program ends.
const REMOVED: &str = ".removed";
/// The file that each program over a folder of models holds.
const RUNNING: &str = ".running";
/// How the folder of an import begins that is under way: its name is no model's.
const UNFINISHED: &str = ".importing-";

impl Installed {
    pub(crate) fn read(places: &AppPaths) -> Self {
        let file = places.config.join("models.json");
        let kept = Mutex::new(read_json(&file));
        let own = places.data.join("models");
        let running = empty_the_bin(&own);
        Self {
            built_in: places.models.clone(),
            own,
            file,
            kept,
            _running: running,
            previews: Mutex::default(),
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All of them, those that came with Osler first.
    pub(crate) fn list(&self) -> Vec<Found> {
        let built_in = self.built_in.iter().filter_map(|folder| found(folder, ModelOrigin::BuiltIn));
        let mut own: Vec<PathBuf> =
            std::fs::read_dir(&self.own).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        own.sort();
        let own = own.iter().filter_map(|folder| found(folder, ModelOrigin::Imported));
        let mut all: Vec<Found> = Vec::new();
        for one in built_in.chain(own) {
            if !all.iter().any(|known| known.id == one.id) {
                all.push(one);
            }
        }
        all
    }

    /// The model of this id; the scripted generator is always there.
    pub(crate) fn get(&self, id: &str) -> Result<Found> {
        if id == SCRIPTED {
            let name = "Scripted (no model)".to_owned();
            return Ok(Found { id: id.to_owned(), name, folder: None, origin: ModelOrigin::BuiltIn });
        }
        self.list().into_iter().find(|model| model.id == id).ok_or_else(|| {
            not_found(format!("There is no model {id} here."), "Choose one of the list, or import it.")
        })
    }

    /// The model that was chosen last; else the first one.
    pub(crate) fn in_use(&self) -> Option<Found> {
        let chosen = self.kept().in_use.clone();
        chosen.and_then(|id| self.get(&id).ok()).or_else(|| self.list().into_iter().next())
    }

    /// The model that was chosen to find names for the one in use.
    pub(crate) fn finds_names(&self) -> Option<Found> {
        let chosen = self.kept().names.clone();
        chosen.and_then(|id| self.get(&id).ok())
    }

    fn choose(&self, id: &str) -> Result<Found> {
        let model = self.get(id)?;
        self.change(|kept| kept.in_use = Some(id.to_owned()))?;
        Ok(model)
    }

    fn change(&self, change: impl FnOnce(&mut Kept)) -> Result<()> {
        let mut kept = self.kept();
        change(&mut kept);
        write_json(&self.file, &*kept)
    }

    fn note(&self, id: &str, change: impl FnOnce(&mut About)) -> Result<()> {
        self.change(|kept| change(kept.models.entry(id.to_owned()).or_default()))
    }

    /// A folder for a new model, named after it.
    fn place_for(&self, name: &str) -> Result<PathBuf> {
        let plain: String = name
            .trim()
            .chars()
            .map(|c| if c.is_alphanumeric() || matches!(c, '.' | '_') { c.to_ascii_lowercase() } else { '-' })
            .collect();
        let plain = plain.trim_matches(['-', '.']).to_owned();
        if plain.is_empty() {
            return Err(bad_input("The model needs a name.", "Write one with letters or digits."));
        }
        let taken: Vec<String> = self.list().into_iter().map(|model| model.id).collect();
        let free = |id: &String| !taken.contains(id) && !self.own.join(id).exists() && id != SCRIPTED;
        let id = std::iter::once(plain.clone())
            .chain((2..).map(|number| format!("{plain}-{number}")))
            .find(free)
            .unwrap_or(plain);
        std::fs::create_dir_all(&self.own)
            .map_err(|cause| error::file("Osler could not make the folder", &self.own, &cause))?;
        Ok(self.own.join(id))
    }

    /// A folder for an import under way.
    fn unfinished(&self) -> Result<tempfile::TempDir> {
        let made = std::fs::create_dir_all(&self.own)
            .and_then(|()| tempfile::Builder::new().prefix(UNFINISHED).tempdir_in(&self.own));
        made.map_err(|cause| error::file("Osler could not make a folder in", &self.own, &cause))
    }

    /// Gives a finished import a place among the models, under a name like the wanted one that no other import has taken.
    fn settle(&self, unfinished: &Path, name: &str) -> Result<PathBuf> {
        loop {
            let place = self.place_for(name)?;
            match std::fs::rename(unfinished, &place) {
                Ok(()) => return Ok(place),
                // Another program was faster.
                Err(_) if place.exists() => {}
                Err(cause) => return Err(error::file("Osler could not make", &place, &cause)),
            }
        }
    }

    /// Takes an imported model away; [`Installed::restore`] brings it back until the program ends.
    fn remove(&self, id: &str) -> Result<()> {
        let model = self.get(id)?;
        let folder = model.folder.filter(|_| model.origin == ModelOrigin::Imported).ok_or_else(|| {
            bad_input(format!("{} came with Osler and stays.", model.name), "Choose another model to use.")
        })?;
        let waiting = self.own.join(REMOVED);
        let place = waiting.join(&model.id);
        if place.exists() {
            // One of the same name that was removed before: only the last one can come back.
            std::fs::remove_dir_all(&place)
                .map_err(|cause| error::file("Osler could not remove", &place, &cause))?;
        }
        let moved = std::fs::create_dir_all(&waiting).and_then(|()| std::fs::rename(&folder, &place));
        moved.map_err(|cause| error::file("Osler could not remove", &folder, &cause))
    }

    fn restore(&self, id: &str) -> Result<()> {
        let (from, to) = (self.own.join(REMOVED).join(id), self.own.join(id));
        if !plain_name(id) || !from.is_dir() {
            return Err(not_found("This model is gone for good.", "Import it again."));
        }
        std::fs::rename(&from, &to).map_err(|cause| error::file("Osler could not restore", &to, &cause))
    }
}

/// Deletes what was removed before the last end of the program, and what imports left that were ended: unless another program
/// over the same folder runs, which may still bring it back or be at it. Gives the sign that this one runs.
fn empty_the_bin(own: &Path) -> Option<std::fs::File> {
    if !own.is_dir() {
        return None;
    }
    let sign =
        std::fs::OpenOptions::new().create(true).truncate(false).write(true).open(own.join(RUNNING)).ok()?;
    if sign.try_lock().is_ok() {
        // Neither need be there.
        let _ = std::fs::remove_dir_all(own.join(REMOVED));
        for entry in std::fs::read_dir(own).into_iter().flatten().flatten() {
            if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
                let _ = std::fs::remove_dir_all(entry.path());
            }
        }
        sign.unlock().ok()?;
    }
    sign.try_lock_shared().ok()?;
    Some(sign)
}

/// Whether an id is a name inside a folder, and not a way out of it.
fn plain_name(id: &str) -> bool {
    !id.is_empty() && Path::new(id).components().count() == 1 && !id.starts_with('.')
}

/// A folder of ours with a manifest that can be read.
fn found(folder: &Path, origin: ModelOrigin) -> Option<Found> {
    let id = folder.file_name()?.to_string_lossy().into_owned();
    if !plain_name(&id) || !folder.join("manifest.json").is_file() {
        return None;
    }
    match Manifest::read(folder) {
        Ok(manifest) => Some(Found { id, name: manifest.name, folder: Some(folder.to_owned()), origin }),
        Err(cause) => {
            tracing::warn!(%cause, "a model is left out");
            None
        }
    }
}

#[cfg(test)]
mod tests;
