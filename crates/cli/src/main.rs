//! osler-cli: every use case of Osler without a window.
#![expect(clippy::print_stdout, reason = "results go to standard output, messages to standard error")]

#[macro_use]
mod out;

mod answer;
mod batch;
mod bench;
mod classify;
mod convert;
mod define;
mod describe;
mod device;
mod devices_command;
mod export;
mod extract;
mod inspect;
mod library;
mod mentions;
mod models;
mod review;
mod search;
mod session;
mod stream;
mod temporary;
mod terms;
mod verify;

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
    /// Say what sources say about a term, word for word.
    Define(define::Arguments),
    /// Describe a term.
    Describe(describe::Arguments),
    /// Extract relations from files.
    Extract(extract::Arguments),
    /// Find the names in files: chemicals, diseases, genes and more, with kinds, places, ids and scores.
    Mentions(mentions::Arguments),
    /// Answer a question from each document of files.
    Answer(answer::Arguments),
    /// Tell which hallmarks of cancer the documents of files speak of.
    Classify(classify::Arguments),
    /// Bring files into another format.
    Convert(convert::Arguments),
    /// Run a task over all documents of a folder, into a library; after a kill it goes on with --resume.
    Batch(batch::Arguments),
    /// Accept and reject what models found in a library, undo, redo, and see what was done.
    #[command(subcommand)]
    Review(review::Command),
    /// Write what is in a library in a format of the field.
    Export(export::Arguments),
    /// Look after a library: check, repair, compact.
    #[command(subcommand)]
    Library(library::Command),
    /// Look for words in a library: texts, names, notes, decisions.
    Search(search::Arguments),
    /// Build dictionaries of names, and look names up.
    #[command(subcommand)]
    Terms(terms::Command),
    /// Build glossaries of one's own, which `define` reads.
    #[command(subcommand)]
    Glossary(define::Command),
    /// Run the records of an export again: is everything as it was?
    Verify(verify::Arguments),
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

/// Leaves a layer of Mesa's Vulkan drivers out where no screen can be reached: it asks the screen which card draws it, and
/// the library that it asks with complains on standard error. Osler lists all cards and chooses by what they are.
#[expect(unsafe_code, reason = "the driver reads it from the environment, which has no safe form")]
fn without_a_screen() {
    if cfg!(target_os = "linux") && std::env::var_os("XDG_RUNTIME_DIR").is_none() {
        // SAFETY: `main` calls this first; there is no other thread that could read the environment.
        unsafe { std::env::set_var("NODEVICE_SELECT", "1") };
    }
}

/// Keeps the panics of the PDF parser, which are caught and told as what is wrong with the file, from being printed, too.
fn keep_caught_panics_quiet() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().name() != Some(workbench::PDF_THREAD) {
            usual(panic);
        }
    }));
}

fn main() -> ExitCode {
    without_a_screen();
    keep_caught_panics_quiet();
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_env("OSLER_LOG"))
        .with_writer(std::io::stderr)
        .init();
    // Ctrl-C, a hang-up or the system's end: texts that lie in temporary folders go first. A library needs no care, it stands
    // a kill at any moment. Who lets signals be ignored (nohup) has them ignored.
    let _ = ctrlc::try_set_handler(|| temporary::remove_all_and_exit(130));
    let result = match Arguments::parse().command {
        Command::Define(arguments) => match define::run(&arguments) {
            Ok(code) => return code,
            Err(error) => Err(error),
        },
        Command::Describe(arguments) => describe::run(&arguments),
        Command::Mentions(arguments) => mentions::run(&arguments),
        Command::Extract(arguments) => extract::run(&arguments),
        Command::Answer(arguments) => answer::run(&arguments),
        Command::Classify(arguments) => classify::run(&arguments),
        Command::Convert(arguments) => convert::run(&arguments),
        Command::Batch(arguments) => batch::run(&arguments),
        Command::Review(command) => review::run(&command),
        Command::Export(arguments) => export::run(&arguments),
        Command::Library(command) => library::run(&command),
        Command::Search(arguments) => search::run(&arguments),
        Command::Terms(command) => terms::run(&command),
        Command::Glossary(command) => define::build(&command),
        Command::Verify(arguments) => verify::run(&arguments),
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
