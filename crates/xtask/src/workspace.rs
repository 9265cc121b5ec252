use std::env;
use std::path::{Path, PathBuf};

/// Where things are: the checkout, and the folder for what can be made again.
#[derive(Debug, Clone)]
pub struct Workspace {
    pub root: PathBuf,
    /// Of this project only; survives clean clones, so that CI does not build everything anew.
    pub cache: PathBuf,
    /// Where cargo builds: `CARGO_TARGET_DIR`, or a folder in the cache.
    pub target: PathBuf,
}

impl Workspace {
    pub fn of_this_checkout() -> Self {
        // At run time, as cargo says it: several checkouts that share a build folder share this program too.
        let here = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let here = Path::new(&here);
        let root = here.ancestors().nth(2).unwrap_or(here).to_path_buf();
        let cache = cache_folder().join("osler");
        let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| cache.join("target"), PathBuf::from);
        Self { root, cache, target }
    }

    /// For tests: a workspace in an empty folder.
    #[cfg(test)]
    pub fn empty(root: &Path) -> Self {
        Self { root: root.to_path_buf(), cache: root.join("cache"), target: root.join("target") }
    }

    pub fn ui(&self) -> PathBuf {
        self.root.join("ui")
    }

    pub fn has_ui(&self) -> bool {
        self.ui().join("package.json").exists()
    }

    /// The package name of the desktop app, once there is one.
    pub fn app(&self) -> Option<String> {
        let manifest = std::fs::read_to_string(self.root.join("src-tauri/Cargo.toml")).ok()?;
        let name = manifest.lines().find_map(|line| line.trim().strip_prefix("name"))?;
        Some(name.trim_start().strip_prefix('=')?.trim().trim_matches('"').to_owned())
    }
}

/// The user's cache folder, as the platform has it; `XDG_CACHE_HOME` wins everywhere.
fn cache_folder() -> PathBuf {
    let variable = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    variable("XDG_CACHE_HOME")
        .or_else(|| variable("LOCALAPPDATA"))
        .or_else(|| variable("HOME").map(|home| home.join(".cache")))
        .unwrap_or_else(env::temp_dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_app_is_found_by_its_manifest() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace::empty(folder.path());
        assert_eq!(workspace.app(), None);
        std::fs::create_dir(folder.path().join("src-tauri")).unwrap();
        let manifest = "[package]\nname = \"osler\"\nversion = \"0.1.0\"\n";
        std::fs::write(folder.path().join("src-tauri/Cargo.toml"), manifest).unwrap();
        assert_eq!(workspace.app().as_deref(), Some("osler"));
    }

    #[test]
    fn this_checkout_is_the_workspace() {
        let root = Workspace::of_this_checkout().root;
        assert!(root.join("crates/xtask").is_dir() && root.join("Cargo.lock").exists());
    }
}
