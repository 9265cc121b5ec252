use std::process::{Command, ExitCode};

use crate::house::House;
use crate::report::Report;
use crate::{app, commands, system, ui};

/// Prepares what `check` prepares, builds the user interface and starts the app.
pub fn run(house: &House, arguments: &[String]) -> ExitCode {
    let Some(name) = house.app() else {
        eprintln!(
            "There is no desktop app in this tree yet. Its use cases without a window:\n\
             cargo run --package cli --bin osler-cli -- --help"
        );
        return ExitCode::FAILURE;
    };
    let mut report = Report::default();
    report.step("system", || system::packages(house));
    report.step("ui-packages", || ui::packages(house));
    report.step("ui-build", || ui::script(house, "build"));
    if !report.failed() {
        report.step("build", || app::build(house));
    }
    if !report.failed() {
        report.step("app", || commands::run(Command::new(app::program(house, &name)).args(arguments)));
    }
    if report.failed() {
        eprintln!("\n{}", report.table());
    }
    report.exit_code()
}
