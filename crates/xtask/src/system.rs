//! What the operating system has to bring.

use std::path::Path;
use std::process::Command;

use crate::commands;
use crate::report::Outcome;
use crate::workspace::Workspace;

/// Debian's names of what every build and test needs.
const ALWAYS: [(&str, &str); 5] = [
    ("build-essential", "SQLite is compiled with it"),
    ("pkg-config", "finds system libraries"),
    ("mesa-vulkan-drivers", "the software GPU of the wgpu tests"),
    ("qemu-user", "runs the tests of the kernels for Arm"),
    ("python3-venv", "runs the workflow for all of PubMed"),
];

/// Debian's names of what the desktop app and the tests of its window need.
const WINDOW: [(&str, &str); 5] = [
    ("libwebkit2gtk-4.1-dev", "the app's window"),
    ("xvfb", "a screen for the window's tests"),
    ("webkit2gtk-driver", "drives the window in its tests"),
    ("strace", "tells these tests every socket that the app asks for"),
    ("xdotool", "types into the system's dialogs in these tests"),
];

/// Installs what is missing where that is allowed, and says what is missing elsewhere.
pub fn packages(workspace: &Workspace) -> Outcome {
    if !cfg!(target_os = "linux") {
        return Outcome::Passed;
    }
    let needed = needed(workspace);
    if !Path::new("/etc/debian_version").exists() {
        return Outcome::Skipped(format!("not Debian or Ubuntu: install the equals of {}", listed(&needed)));
    }
    let missing: Vec<_> = needed.into_iter().filter(|(package, _)| !is_installed(package)).collect();
    if missing.is_empty() {
        return Outcome::Passed;
    }
    let names: Vec<&str> = missing.iter().map(|(package, _)| *package).collect();
    let by_hand = format!("`sudo apt-get install {}`", names.join(" "));
    let Some(prefix) = administrator() else {
        return Outcome::Skipped(format!("missing: {}: {by_hand}", listed(&missing)));
    };
    let apt = |arguments: &[&str]| {
        let words: Vec<&str> =
            prefix.iter().copied().chain(["apt-get"]).chain(arguments.iter().copied()).collect();
        let mut command = Command::new(words[0]);
        commands::run(command.args(&words[1..]).env("DEBIAN_FRONTEND", "noninteractive"))
    };
    let install = ["install", "--yes", "--no-install-recommends"];
    let arguments: Vec<&str> = install.into_iter().chain(names).collect();
    // Lists of a fresh machine are empty or old: renew them, and let the installation show whether that was needed.
    let updated = apt(&["update"]);
    match apt(&arguments) {
        Outcome::Passed => Outcome::Passed,
        _ => Outcome::Skipped(format!("apt-get could not install (lists: {updated:?}): {by_hand}")),
    }
}

/// Whether the libraries are there that the desktop app is built against.
pub fn can_build_window() -> bool {
    !cfg!(target_os = "linux")
        || commands::succeeds(Command::new("pkg-config").args(["--exists", "webkit2gtk-4.1"]))
}

fn needed(workspace: &Workspace) -> Vec<(&'static str, &'static str)> {
    let window = if workspace.app().is_some() { WINDOW.as_slice() } else { &[] };
    ALWAYS.iter().chain(window).copied().collect()
}

fn is_installed(package: &str) -> bool {
    let status =
        commands::output(Command::new("dpkg-query").args(["--show", "--showformat=${Status}", package]));
    status == "install ok installed"
}

/// The words before `apt-get` that make it work, if any do without asking for a password.
fn administrator() -> Option<&'static [&'static str]> {
    if commands::output(Command::new("id").arg("-u")).trim() == "0" {
        Some(&[])
    } else if commands::succeeds(Command::new("sudo").args(["--non-interactive", "true"])) {
        Some(&["sudo", "--non-interactive"])
    } else {
        None
    }
}

fn listed(packages: &[(&str, &str)]) -> String {
    let words: Vec<String> = packages.iter().map(|(package, why)| format!("{package} ({why})")).collect();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_only_needed_once_there_is_an_app() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace::empty(folder.path());
        let names = |workspace: &Workspace| listed(&needed(workspace));
        assert!(names(&workspace).contains("mesa-vulkan-drivers (the software GPU of the wgpu tests)"));
        assert!(!names(&workspace).contains("webkit"));
        std::fs::create_dir(folder.path().join("src-tauri")).unwrap();
        std::fs::write(folder.path().join("src-tauri/Cargo.toml"), "name = \"osler\"").unwrap();
        assert!(names(&workspace).contains("libwebkit2gtk-4.1-dev (the app's window)"));
    }
}
