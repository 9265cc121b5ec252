//! Listing and choosing models.

use std::path::{Path, PathBuf};

use super::{Found, view};
use crate::engine::EngineError;
use crate::error::{Result, bad_input};
use crate::model_host::request;
use crate::wire::{EngineStatus, Model, ModelOrigin, ModelPreview, Task};
use crate::workbench::Workbench;

impl Workbench {
    /// The models of this installation.
    ///
    /// # Errors
    /// When one of them cannot be read.
    pub fn models(&self) -> Result<Vec<Model>> {
        self.model_host.models.list().iter().map(|model| self.model(&model.id)).collect()
    }

    pub(super) fn model(&self, id: &str) -> Result<Model> {
        let models = &self.model_host.models;
        let found = models.get(id)?;
        let in_use = models.in_use().is_some_and(|model| model.id == id);
        let about = models.kept().models.get(id).cloned().unwrap_or_default();
        let folder = found.folder.clone().unwrap_or_default();
        let finds_names = !in_use && models.finds_names().is_some_and(|model| model.id == id);
        Ok(Model { in_use, finds_names, ..view::model(&found, &folder, &about)? })
    }

    /// Where a model of this installation lies.
    ///
    /// # Errors
    /// When there is no such model, or it has no files.
    pub fn model_folder(&self, id: &str) -> Result<PathBuf> {
        let found = self.model_host.models.get(id)?;
        found.folder.ok_or_else(|| bad_input("The scripted generator has no files.", "Choose a model."))
    }

    /// A new folder among the models of this installation, named after a model; nothing is there yet.
    ///
    /// # Errors
    /// When the name has neither letters nor digits, or the folder of models cannot be made.
    pub fn place_for_model(&self, name: &str) -> Result<PathBuf> {
        self.model_host.models.place_for(name)
    }

    /// Looks at a model that could be imported.
    ///
    /// # Errors
    /// When no folder was given.
    pub fn preview_model(&self, paths: &[PathBuf]) -> Result<ModelPreview> {
        self.model_host.models.preview(paths)
    }

    /// Works with another model from now on; `scripted` is the generator without one.
    ///
    /// # Errors
    /// When there is no such model.
    pub fn use_model(&self, id: &str) -> Result<EngineStatus> {
        let model = self.model_host.models.choose(id)?;
        self.model_host.choose(Some(model.source(request(&self.settings().device))));
        Ok(self.engine_status())
    }

    /// Has an installed model find the names for whatever model is in use, from now on; without one the model's own tagger and the
    /// dictionaries do.
    ///
    /// # Errors
    /// When there is no such model, or it does not find names.
    pub fn use_names(&self, id: Option<&str>) -> Result<()> {
        let models = &self.model_host.models;
        let found = id.map(|id| models.get(id)).transpose()?;
        if let Some(found) = &found
            && !self.model(&found.id)?.tasks.contains(&Task::Mentions)
        {
            return Err(EngineError::FindsNoNames { model: found.name.clone() }.into());
        }
        models.change(|kept| kept.names = id.map(str::to_owned))?;
        self.model_host.choose_names(found.map(|model| model.source(request(&self.settings().device))));
        Ok(())
    }

    /// The same with the model of any folder, without importing it.
    pub fn use_names_of_folder(&self, folder: &Path) {
        let model = of_folder(folder);
        self.model_host.choose_names(Some(model.source(request(&self.settings().device))));
    }

    /// The hash of the weights that are in use, also of a folder that is not imported, and of the scripted generator.
    ///
    /// # Errors
    /// When there is no model, or its files cannot be read.
    pub fn weights_in_use(&self) -> Result<String> {
        Ok(self.model_host.in_use()?.1.weights)
    }

    /// Works with the model of any folder (ours or a published one), without importing it.
    pub fn use_folder(&self, folder: &Path) -> EngineStatus {
        let model = of_folder(folder);
        self.model_host.choose(Some(model.source(request(&self.settings().device))));
        self.engine_status()
    }

    /// Takes an imported model away until the program ends, then for good.
    ///
    /// # Errors
    /// When there is no such model, or it came with Osler.
    pub fn remove_model(&self, id: &str) -> Result<()> {
        let was_in_use = self.model_host.models.in_use().is_some_and(|model| model.id == id);
        self.model_host.models.remove(id)?;
        if self.model_host.models.kept().names.as_deref() == Some(id) {
            // The choice is kept, as that of the model in use: it comes back with the model.
            self.model_host.choose_names(None);
        }
        if was_in_use {
            let next = self.model_host.models.in_use();
            self.model_host.choose(next.map(|model| model.source(request(&self.settings().device))));
        }
        Ok(())
    }

    /// Brings a removed model back.
    ///
    /// # Errors
    /// When it is gone.
    pub fn restore_model(&self, id: &str) -> Result<()> {
        self.model_host.models.restore(id)?;
        if self.model_host.models.kept().in_use.as_deref() == Some(id) {
            self.use_model(id)?;
        }
        if self.model_host.models.kept().names.as_deref() == Some(id) {
            self.use_names(Some(id))?;
        }
        Ok(())
    }
}

/// A model that is not imported, named after its folder.
fn of_folder(folder: &Path) -> Found {
    let name = folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    Found { id: name.clone(), name, folder: Some(folder.to_owned()), origin: ModelOrigin::Imported }
}
