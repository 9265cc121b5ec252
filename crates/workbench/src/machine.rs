//! The engine of a workbench, and what it works with.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::engine::{Ask, Computing, Engine, EngineError, Loader, Source};
use crate::generator::{BioGpt, Generator, Scripted};
use crate::library::Names;
use crate::models::Installed;
use crate::places::Places;
use crate::runs::Finders;
use crate::wire::{DeviceChoice, Settings};

/// Engine, models, and the names that are looked up in texts.
pub(crate) struct Machine {
    pub(crate) engine: Engine,
    pub(crate) models: Installed,
    finders: OnceLock<Arc<Finders>>,
}

impl Machine {
    /// An engine with the model that was used last, which is loaded when it is needed.
    pub(crate) fn start(places: &Places, settings: &Settings, ask: Ask) -> Self {
        devices::keep_tuning(&places.tuning());
        let engine = Engine::start_asking(loader(), idle(settings), ask);
        let models = Installed::read(places);
        engine.choose(models.in_use().map(|model| model.source(request(&settings.device))));
        Self { engine, models, finders: OnceLock::new() }
    }

    /// The names of these dictionaries, opened when they are first needed.
    pub(crate) fn finders(&self, names: &Names) -> &Arc<Finders> {
        self.finders.get_or_init(|| Arc::new(Finders::new(names.layers().to_vec())))
    }

    /// Takes over what of the settings is about the engine.
    pub(crate) fn heed(&self, before: &Settings, after: &Settings) {
        self.engine.set_idle(idle(after));
        if before.device != after.device {
            self.engine.choose(self.models.in_use().map(|model| model.source(request(&after.device))));
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

/// Loads BioGPT from a folder, or the scripted generator without one.
pub(crate) fn loader() -> Loader {
    Box::new(|source: &Source, goes_to: &dyn Fn(Computing)| -> Result<Box<dyn Generator>, EngineError> {
        Ok(match &source.folder {
            Some(folder) => Box::new(BioGpt::load(source, folder, goes_to)?),
            None => {
                let generator = Scripted::default();
                let reason = "it is written by hand".to_owned();
                goes_to(Computing { device: generator.profile().device.clone(), graphics: false, reason });
                Box::new(generator)
            }
        })
    })
}
