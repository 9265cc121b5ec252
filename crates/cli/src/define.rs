//! `osler-cli define` and `osler-cli glossary`

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;
use workbench::{Definitions, build_glossary};

use crate::Failure;
use crate::session::{CliSession, ModelOption, failure};

/// What the program ends with where no source says anything about the term.
const NOT_KNOWN: u8 = 3;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 where a source says what the term is, 3 where none does (names that are spelled \
                        almost like it and have a text are offered), 1 when something failed."
)]
pub struct Arguments {
    /// The term, by any of its names.
    term: String,
    /// Everything as one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Build a glossary from tab-separated tables with the columns term and definition (and id, type, synonyms, source,
    /// release, licence), or from JSON lines (`.jsonl`) with fields of these names.
    Build {
        /// The tables.
        #[arg(required = true)]
        tables: Vec<PathBuf>,
        /// The glossary to write.
        #[arg(long)]
        out: PathBuf,
        /// What was built as one JSON object.
        #[arg(long)]
        json: bool,
    },
}

pub fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let session = CliSession::open(None, &ModelOption::default(), |_| ())?;
    let definitions = session.workbench.define(&arguments.term).map_err(failure)?;
    if arguments.json {
        println!("{}", serde_json::to_string(&definitions)?);
    } else {
        print!("{}", shown(&definitions));
    }
    if definitions.is_known() {
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("no source says what \"{}\" is", arguments.term);
    if !definitions.near.is_empty() {
        eprintln!("spelled almost like it: {}", definitions.near.join(", "));
    }
    Ok(ExitCode::from(NOT_KNOWN))
}

pub fn build(command: &Command) -> Result<(), Failure> {
    let Command::Build { tables, out, json: as_json } = command;
    let built = build_glossary(tables, out).map_err(failure)?;
    built.problems.iter().for_each(|problem| eprintln!("{problem}"));
    if *as_json {
        let line = json!({ "out": out, "texts": built.summary.entries, "bytes": built.bytes,
                           "leftOut": built.left_out, "problems": built.problems });
        println!("{line}");
    } else {
        let (texts, bytes, left_out) = (built.summary.entries, built.bytes, built.left_out);
        println!("{texts} texts, {bytes} bytes, {left_out} lines left out: {}", out.display());
    }
    Ok(())
}

/// Each meaning with its texts, each text with where it is from.
fn shown(definitions: &Definitions) -> String {
    let mut lines = Vec::new();
    for meaning in &definitions.meanings {
        lines.push(format!("{} ({}) {}", meaning.name, meaning.kind, meaning.ids.join(" ")));
        for entry in &meaning.entries {
            lines.push(format!("  {}", entry.text));
            lines.push(format!("    [{}]", entry.citation()));
        }
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}
