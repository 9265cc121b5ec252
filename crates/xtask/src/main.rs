//! The workspace's own commands: `cargo xtask check` proves that everything holds, `cargo xtask run` starts the app,
//! `cargo xtask package` makes its packages.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program talks to its user")]

mod app;
mod check;
mod commands;
mod report;
mod run;
mod structure;
mod system;
mod tools;
mod ui;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use workspace::Workspace;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The workspace's own commands")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Format, structure, spelling, licences, user interface, lints, tests: cheapest first, all of them, with a table at the end
    Check {
        /// Only these steps (the table names them); without any, all
        #[arg(value_parser = check::STEP_NAMES)]
        steps: Vec<String>,
    },
    /// Write the TypeScript side of the app's commands and types, `ui/src/host/bindings.ts`
    Bindings,
    /// Build the packages of this system: .deb and .rpm on Linux
    Package,
    /// Build and start the app
    Run {
        /// Passed on to the app
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

fn main() -> ExitCode {
    let workspace = Workspace::of_this_checkout();
    match Arguments::parse().command {
        Command::Check { steps } => check::check(&workspace, &steps),
        Command::Bindings => app::write_bindings(&workspace),
        Command::Package => app::package(&workspace),
        Command::Run { arguments } => run::run(&workspace, &arguments),
    }
}
