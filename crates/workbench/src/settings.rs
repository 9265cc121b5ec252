//! What the user chose once: a JSON file in the configuration folder.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::error::Result;
use crate::library::{read_json, write_json};
use crate::wire::Settings;

/// The settings and their file.
#[derive(Debug)]
pub struct SettingsFile {
    path: PathBuf,
    current: Mutex<Settings>,
}

impl SettingsFile {
    /// Reads `settings.json` of a folder. One that is missing or cannot be read gives the usual settings; a file that cannot
    /// be read is kept beside the next one as `settings.json.unread`.
    #[must_use]
    pub fn read(folder: &Path) -> Self {
        let path = folder.join("settings.json");
        let current = Mutex::new(read_json(&path));
        Self { path, current }
    }

    /// As they are now.
    #[must_use]
    pub fn get(&self) -> Settings {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Saves them.
    ///
    /// # Errors
    /// When the file cannot be written; they hold for this run all the same.
    pub fn save(&self, settings: &Settings) -> Result<()> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone_from(settings);
        write_json(&self.path, settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Theme;

    #[test]
    fn they_come_back_and_a_broken_file_does_no_harm() {
        let folder = tempfile::tempdir().unwrap();
        let file = SettingsFile::read(&folder.path().join("config"));
        assert_eq!(file.get(), Settings::default());
        let changed =
            Settings { curator: "Ada".into(), theme: Theme::Dark, zoom: 1.25, ..Settings::default() };
        file.save(&changed).unwrap();
        assert_eq!(SettingsFile::read(&folder.path().join("config")).get(), changed);

        let path = folder.path().join("config/settings.json");
        std::fs::write(&path, "{\"curator\": \"Ben\", \"unknown\": 1}").unwrap();
        assert_eq!(SettingsFile::read(&folder.path().join("config")).get().curator, "Ben");
        std::fs::write(&path, "{\"curator\": ").unwrap();
        assert_eq!(SettingsFile::read(&folder.path().join("config")).get(), Settings::default());
        assert!(path.with_extension("json.unread").is_file());
    }
}
