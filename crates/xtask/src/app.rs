//! The desktop app: its build, its generated bindings, the tests of its window, its packages.

use std::env::consts::EXE_SUFFIX;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use crate::check::cargo;
use crate::report::{Outcome, Report};
use crate::workspace::Workspace;
use crate::{commands, system, ui};

/// A cargo command over one test of the app, which builds the app as well.
///
/// It selects the whole workspace, as the step `tests` does: features of shared dependencies are then the same, and the tensor
/// library is not built a second time (25 minutes of processor time).
fn over_app(workspace: &Workspace, more: &[&str]) -> Outcome {
    let mut command = cargo(workspace);
    command.args(["test", "--locked", "--workspace", "--test", "bindings"]).args(more);
    commands::run(&mut command)
}

/// Builds the app. The user interface has to be built before.
pub fn build(workspace: &Workspace) -> Outcome {
    over_app(workspace, &["--no-run"])
}

/// Where [`build`] leaves the app.
pub fn program(workspace: &Workspace, name: &str) -> PathBuf {
    workspace.target.join("debug").join(format!("{name}{EXE_SUFFIX}"))
}

/// Whether `ui/src/host/bindings.ts` says what the commands and types of the app say.
pub fn check_bindings(workspace: &Workspace) -> Outcome {
    absence(workspace).unwrap_or_else(|| over_app(workspace, &[]))
}

/// Writes `ui/src/host/bindings.ts` anew.
pub fn write_bindings(workspace: &Workspace) -> ExitCode {
    let mut report = Report::default();
    report.step("bindings", || {
        absence(workspace).unwrap_or_else(|| {
            let mut command = cargo(workspace);
            command.args(["test", "--locked", "--workspace", "--test", "bindings"]);
            commands::run(command.env("OSLER_WRITE_BINDINGS", "1"))
        })
    });
    println!("\n{}", report.table());
    report.exit_code()
}

/// Drives the real window on a screen of its own, as a person would.
pub fn window(workspace: &Workspace) -> Outcome {
    if let Some(why) = absence(workspace) {
        return why;
    }
    if !cfg!(target_os = "linux") {
        return Outcome::Skipped("the window is driven on Linux only".to_owned());
    }
    for (program, package) in [("Xvfb", "xvfb"), ("WebKitWebDriver", "webkit2gtk-driver")] {
        // Not by starting it: `Xvfb -version` is no option of every Xvfb.
        if !commands::succeeds(Command::new("sh").args(["-c", "command -v \"$0\"", program])) {
            return Outcome::Skipped(format!("{program} is not installed: `sudo apt-get install {package}`"));
        }
    }
    if !workspace.ui().join("dist/assets").is_dir() {
        return Outcome::Failed("the user interface is not built: `cargo xtask check ui-build`".to_owned());
    }
    let built = |what: &[&str]| commands::run(cargo(workspace).args(["build", "--locked"]).args(what));
    let steps =
        [build(workspace), built(&["--workspace", "--bin", "osler-cli"]), built(&["--package", "xdnd-drop"])];
    if let Some(failed) = steps.into_iter().find(|step| *step != Outcome::Passed) {
        return failed;
    }
    let mut command = ui::npm(workspace);
    command
        .args(["run", "--silent", "test:window"])
        .env("OSLER_BINARY", program(workspace, "osler"))
        .env("OSLER_CLI", program(workspace, "osler-cli"))
        .env("OSLER_TINY_MODEL", program(workspace, "examples/tiny_model"))
        .env("OSLER_KNOWN_ENCODER", program(workspace, "examples/known_encoder"))
        .env("OSLER_XDND_DROP", program(workspace, "xdnd-drop"));
    commands::run(&mut command)
}

/// Packages for this system, from an optimized build.
pub fn package(workspace: &Workspace) -> ExitCode {
    let mut report = Report::default();
    report.step("system", || system::packages(workspace));
    report.step("ui-packages", || ui::packages(workspace));
    report.step("ui-build", || ui::script(workspace, "build"));
    if !report.failed() {
        report.step("package", || {
            let tauri = workspace.ui().join("node_modules/.bin").join(if cfg!(windows) {
                "tauri.cmd"
            } else {
                "tauri"
            });
            let mut command = Command::new(tauri);
            // It looks for `src-tauri` below the folder that it is started in.
            command.current_dir(&workspace.root).env("CARGO_TARGET_DIR", &workspace.target).args([
                "build",
                "--ci",
                "--features",
                "tuning-cache",
            ]);
            commands::run(&mut command)
        });
    }
    println!("\n{}", report.table());
    if !report.failed() {
        println!("packages: {}", workspace.target.join("release/bundle").display());
    }
    report.exit_code()
}

/// Why the app cannot be built here, if it cannot.
fn absence(workspace: &Workspace) -> Option<Outcome> {
    if workspace.app().is_none() {
        return Some(Outcome::Skipped("there is no desktop app in this tree yet".to_owned()));
    }
    let missing = !system::can_build_window();
    missing.then(|| Outcome::Skipped("WebKitGTK 4.1 is not installed".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_without_an_app_has_nothing_to_test_or_bind() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace::empty(folder.path());
        let expected = Outcome::Skipped("there is no desktop app in this tree yet".to_owned());
        assert_eq!(check_bindings(&workspace), expected);
        assert_eq!(window(&workspace), expected);
    }
}
