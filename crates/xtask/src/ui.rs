//! The user interface: npm packages, and the scripts that `ui/package.json` names.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use serde_json::Value;

use crate::commands;
use crate::report::Outcome;
use crate::workspace::Workspace;

/// The packages of `package-lock.json`, unless exactly they are installed already.
pub fn packages(workspace: &Workspace) -> Outcome {
    if let Some(why) = missing(workspace) {
        return Outcome::Skipped(why);
    }
    let ui = workspace.ui();
    if is_newer(
        &ui.join("node_modules/.package-lock.json"),
        &[ui.join("package-lock.json"), ui.join("package.json")],
    ) {
        return Outcome::Passed;
    }
    commands::run(npm(workspace).args(["ci", "--no-audit", "--no-fund"]))
}

/// A script of `ui/package.json`.
pub fn script(workspace: &Workspace, name: &str) -> Outcome {
    if let Some(why) = missing(workspace) {
        return Outcome::Skipped(why);
    }
    if !workspace.ui().join("node_modules").is_dir() {
        return Outcome::Failed("its packages are not installed: `cargo xtask check ui-packages`".to_owned());
    }
    let package = fs::read(workspace.ui().join("package.json")).unwrap_or_default();
    let package: Value = serde_json::from_slice(&package).unwrap_or_default();
    if package["scripts"][name].is_null() {
        return Outcome::Skipped(format!("ui/package.json has no script `{name}`"));
    }
    commands::run(npm(workspace).args(["run", "--silent", name]))
}

fn missing(workspace: &Workspace) -> Option<String> {
    if !workspace.has_ui() {
        return Some("there is no user interface in this tree yet".to_owned());
    }
    let installed = commands::succeeds(npm(workspace).arg("--version"));
    (!installed).then(|| "npm is not installed: get Node.js 20 or later".to_owned())
}

/// npm in the folder of the user interface.
pub fn npm(workspace: &Workspace) -> Command {
    let mut npm = Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" });
    npm.current_dir(workspace.ui());
    npm
}

/// Whether a file is as new as all of `sources`.
fn is_newer(file: &Path, sources: &[impl AsRef<Path>]) -> bool {
    let changed = |path: &Path| path.metadata().and_then(|metadata| metadata.modified()).ok();
    let newest = sources.iter().map(|source| changed(source.as_ref())).max().flatten();
    changed(file) >= Some(newest.unwrap_or(SystemTime::UNIX_EPOCH))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn installed_packages_are_old_when_the_lock_file_is_newer() {
        let folder = tempfile::tempdir().unwrap();
        let [installed, lock] = ["installed", "lock"].map(|name| folder.path().join(name));
        fs::write(&lock, "").unwrap();
        assert!(!is_newer(&installed, &[&lock]));
        fs::write(&installed, "").unwrap();
        let age = |path: &Path, seconds| {
            let time = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
            fs::File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
        };
        age(&lock, 1000);
        age(&installed, 2000);
        assert!(is_newer(&installed, &[&lock]));
        age(&lock, 3000);
        assert!(!is_newer(&installed, &[&lock]));
    }

    #[test]
    fn a_tree_without_a_user_interface_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace::empty(folder.path());
        let expected = Outcome::Skipped("there is no user interface in this tree yet".to_owned());
        assert_eq!(packages(&workspace), expected);
        assert_eq!(script(&workspace, "lint"), expected);
    }
}
