use std::process::{Command, ExitCode};

use crate::report::Report;
use crate::workspace::Workspace;
use crate::{app, commands, system, ui};

/// Prepares what `check` prepares, builds the user interface and starts the app.
pub fn run(workspace: &Workspace, arguments: &[String]) -> ExitCode {
    let Some(name) = workspace.app() else {
        eprintln!(
            "There is no desktop app in this tree yet. Its use cases without a window:\n\
             cargo run --package cli --bin osler-cli -- --help"
        );
        return ExitCode::FAILURE;
    };
    let mut report = Report::default();
    report.step("system", || system::packages(workspace));
    report.step("ui-packages", || ui::packages(workspace));
    report.step("ui-build", || ui::script(workspace, "build"));
    if !report.failed() {
        report.step("build", || app::build(workspace));
    }
    if !report.failed() {
        report.step("app", || commands::run(Command::new(app::program(workspace, &name)).args(arguments)));
    }
    if report.failed() {
        eprintln!("\n{}", report.table());
    }
    report.exit_code()
}
