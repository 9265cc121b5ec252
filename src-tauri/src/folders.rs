use std::env;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tauri::Manager;
use workbench::{AppPaths, SystemClock};

/// Redirects every folder that the app writes to into one: for tests, and for a copy of Osler on a stick.
pub const HOME_VARIABLE: &str = "OSLER_HOME";

/// Where the app keeps its things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folders {
    /// Libraries, imported models.
    data: PathBuf,
    /// Settings.
    config: PathBuf,
    /// What can be made again.
    cache: PathBuf,
    /// Logs, a file a day.
    pub logs: PathBuf,
    /// What the engine of the window keeps, and the window's place.
    pub window: PathBuf,
    /// What comes with the app: models, dictionaries.
    models: PathBuf,
}

impl Folders {
    /// As the platform has them, or below the folder that [`HOME_VARIABLE`] names.
    pub fn find(app: &tauri::AppHandle) -> tauri::Result<Self> {
        let paths = app.path();
        let models = models(&paths.resource_dir()?);
        if let Some(home) = env::var_os(HOME_VARIABLE).filter(|value| !value.is_empty()) {
            return Ok(Self::below(Path::new(&home), models));
        }
        Ok(Self {
            data: paths.app_data_dir()?,
            config: paths.app_config_dir()?,
            cache: paths.app_cache_dir()?,
            logs: paths.app_log_dir()?,
            window: paths.app_local_data_dir()?.join("window"),
            models,
        })
    }

    fn below(home: &Path, models: PathBuf) -> Self {
        let folder = |name| home.join(name);
        Self {
            data: folder("data"),
            config: folder("config"),
            cache: folder("cache"),
            logs: folder("logs"),
            window: folder("window"),
            models,
        }
    }

    /// What the workbench is told.
    pub fn places(&self, version: String) -> AppPaths {
        let there = |path: PathBuf| path.exists().then_some(path);
        AppPaths {
            data: self.data.clone(),
            config: self.config.clone(),
            cache: self.cache.clone(),
            logs: self.logs.clone(),
            models: there(self.models.join("starter")).into_iter().collect(),
            // Also where they are missing: names and texts would be missed without them, and that is told when one looks for them.
            dictionaries: vec![
                self.models.join("terms/builtin.terms"),
                self.models.join("glossary/builtin.glossary"),
                self.data.join("dictionaries"),
            ],
            version,
            clock: Arc::new(SystemClock),
        }
    }
}

/// An installed app has its resources beside it; one that was just built may still have them in the checkout.
fn models(resources: &Path) -> PathBuf {
    let beside = resources.join("models");
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models");
    if beside.is_dir() || !checkout.is_dir() { beside } else { checkout }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_variable_redirects_everything_that_is_written() {
        let folders = Folders::below(Path::new("home"), PathBuf::from("models"));
        let places = folders.places("1.2.3".to_owned());
        for folder in [&places.data, &places.config, &places.cache, &places.logs, &folders.window] {
            assert!(folder.starts_with("home"), "{}", folder.display());
        }
    }

    #[test]
    fn the_dictionary_of_the_checkout_is_found_until_the_app_is_installed() {
        let folder = tempfile::tempdir().unwrap();
        let find = || Folders::below(folder.path(), models(folder.path())).places(String::new()).dictionaries;
        assert!(matches!(&find()[..], [terms, glossary, _] if terms.is_file() && glossary.is_file()));
        std::fs::create_dir(folder.path().join("models")).unwrap();
        assert!(matches!(&find()[..], [terms, ..] if !terms.exists()));
    }
}
