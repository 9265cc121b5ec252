//! The engine of a workbench, and what it works with.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use inference::{Checksums, Finders, LanguageModel, NamesModel, Scripted};

use crate::app_paths::AppPaths;
use crate::engine::{Ask, Computing, Engine, EngineError, Loader, Source};
use crate::error::{Result, error};
use crate::library::Names;
use crate::models::Installed;
use crate::wire::{DeviceChoice, ErrorCode, Settings};

/// The model that is in use today, for results that were made by the same one in another form.
#[derive(Debug, Clone, Default)]
pub(crate) struct Today(Arc<Mutex<Option<(String, Checksums)>>>);

impl Today {
    /// Whether a run was made by the model of this id when it had other weights or was taught otherwise.
    pub(crate) fn differs(&self, model_id: &str, record: &sessions::RunRecord) -> bool {
        let today = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((_, checksums)) = today.as_ref().filter(|(id, _)| id == model_id) else { return false };
        let taught_otherwise =
            !record.guidance_sha256.is_empty() && record.guidance_sha256 != checksums.guidance;
        record.model_sha256 != checksums.weights || taught_otherwise
    }

    /// Published folders keep no sums, and reading all of them would take long: of these nothing is said.
    fn set(&self, source: Option<&Source>) {
        let checksums = source.and_then(|source| {
            let folder = source.folder.as_deref();
            let checksums = match folder {
                Some(folder) if folder.join("manifest.json").is_file() => {
                    Checksums::of_folder(folder).ok()?
                }
                Some(_) => return None,
                None => Checksums::of_profile(Scripted::default().profile()),
            };
            Some((source.id.clone(), checksums))
        });
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = checksums;
    }
}

/// Engine, models, and the names that are looked up in texts.
pub(crate) struct ModelHost {
    pub(crate) engine: Engine,
    pub(crate) models: Installed,
    finders: OnceLock<Arc<Finders>>,
    /// What the engine was given last.
    chosen: Mutex<Option<Source>>,
    /// What finds names for whatever model is chosen.
    names: Mutex<Option<Source>>,
    today: Today,
}

impl ModelHost {
    /// An engine with the model that was used last, which is loaded when it is needed.
    pub(crate) fn start(places: &AppPaths, settings: &Settings, today: &Today, ask: Ask) -> Self {
        devices::keep_tuning(&places.tuning());
        let engine = Engine::start_asking(loader(), idle(settings), ask);
        let models = Installed::read(places);
        let device = request(&settings.device);
        let chosen = models.in_use().map(|model| model.source(device));
        let names = models.finds_names().map(|model| model.source(device));
        let (finders, today) = (OnceLock::new(), today.clone());
        let host =
            Self { engine, models, finders, chosen: Mutex::default(), names: Mutex::new(names), today };
        host.choose(chosen);
        host
    }

    /// Works with this model from now on.
    pub(crate) fn choose(&self, source: Option<Source>) {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let source = source.map(|source| {
            let names = names.filter(|names| names.folder != source.folder).map(Box::new);
            Source { names, ..source }
        });
        self.chosen.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&source);
        self.today.set(source.as_ref());
        self.engine.choose(source);
    }

    /// Has this model find names from now on, for whatever model is in use; without one the model's own tagger and the
    /// dictionaries do.
    pub(crate) fn choose_names(&self, source: Option<Source>) {
        *self.names.lock().unwrap_or_else(PoisonError::into_inner) = source;
        let chosen = self.chosen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.choose(chosen);
    }

    /// The model that finds names for the one in use, with the sums of its files as they are now.
    ///
    /// # Errors
    /// When its files cannot be read.
    pub(crate) fn names_in_use(&self) -> Result<Option<NamesModel>> {
        let chosen = self.chosen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(names) = chosen.and_then(|source| source.names) else { return Ok(None) };
        let Some(folder) = &names.folder else { return Ok(None) };
        Ok(Some(NamesModel::new(&names.id, &names.name, Checksums::of_folder(folder)?)))
    }

    /// The model that is in use, and the sums of its files as they are now. It need not be loaded.
    ///
    /// # Errors
    /// When there is none, or its files cannot be read.
    pub(crate) fn in_use(&self) -> Result<(Source, Checksums)> {
        let chosen = self.chosen.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let source = chosen.ok_or_else(|| {
            error(ErrorCode::NoModel, "There is no model to work with.", "Choose or import one.")
        })?;
        let checksums = match &source.folder {
            Some(folder) => Checksums::of_folder(folder)?,
            None => Checksums::of_profile(Scripted::default().profile()),
        };
        Ok((source, checksums))
    }

    /// The names of these dictionaries, opened when they are first needed.
    ///
    /// # Errors
    /// When one of them is missing or damaged.
    pub(crate) fn finders(&self, names: &Names) -> Result<&Arc<Finders>> {
        let (layers, _) = names.all()?;
        Ok(self.finders.get_or_init(|| Arc::new(Finders::new(layers.to_vec()))))
    }

    /// Takes over what of the settings is about the engine.
    pub(crate) fn apply_settings(&self, before: &Settings, after: &Settings) {
        self.engine.set_idle(idle(after));
        if before.device != after.device {
            let chosen = self.chosen.lock().unwrap_or_else(PoisonError::into_inner).clone();
            self.choose(chosen.map(|source| Source { device: request(&after.device), ..source }));
        }
    }
}

/// How a device of the settings is asked for. One that nobody knows is left to [`devices::choose`].
pub(crate) fn request(choice: &DeviceChoice) -> devices::Request {
    match choice {
        DeviceChoice::Auto => devices::Request::Auto,
        DeviceChoice::Device { id } => id.parse().unwrap_or_default(),
    }
}

fn idle(settings: &Settings) -> Option<Duration> {
    (settings.unload_after > 0).then(|| Duration::from_secs(u64::from(settings.unload_after) * 60))
}

/// Loads the model of a folder, or the scripted model without one.
pub(crate) fn loader() -> Loader {
    Box::new(
        |source: &Source,
         goes_to: &dyn Fn(Computing)|
         -> std::result::Result<Box<dyn LanguageModel>, EngineError> {
            Ok(match &source.folder {
                Some(folder) => inference::load(&source.id, folder, source.device, &|chosen| {
                    goes_to(Computing {
                        device: chosen.adapter.name.clone(),
                        graphics: chosen.adapter.kind != devices::Kind::Processor,
                        reason: chosen.reason.clone(),
                    });
                })?,
                None => {
                    let model = Scripted::default();
                    let reason = "it is written by hand".to_owned();
                    goes_to(Computing { device: model.profile().device.clone(), graphics: false, reason });
                    Box::new(model)
                }
            })
        },
    )
}
