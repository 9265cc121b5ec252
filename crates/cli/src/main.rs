//! osler-cli: every use case of Osler without a window.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "results go to standard output, messages to standard error"
)]

mod bench;
mod device;
mod devices_command;
mod inspect;
mod models;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What any command may end with: shown to the user as it is.
type Failure = Box<dyn std::error::Error>;

/// Biomedical text with a BioGPT model on this machine, without a window.
#[derive(Parser)]
#[command(name = "osler-cli", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List what this machine can compute on.
    Devices(devices_command::Arguments),
    /// Import, check and show models.
    #[command(subcommand)]
    Models(models::Command),
    /// Look inside: tokens, logits, generation; for those who convert a checkpoint and want to know that it is right.
    #[command(subcommand)]
    Inspect(inspect::Command),
    /// Measure speed and memory of a model on a device.
    Bench(bench::Arguments),
}

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_env("OSLER_LOG"))
        .with_writer(std::io::stderr)
        .init();
    let result = match Arguments::parse().command {
        Command::Devices(arguments) => devices_command::run(&arguments),
        Command::Models(command) => models::run(&command),
        Command::Inspect(command) => inspect::run(&command),
        Command::Bench(arguments) => bench::run(&arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
