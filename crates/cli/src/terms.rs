//! `osler-cli terms`

use std::path::PathBuf;

use serde_json::json;
use workbench::build_terms;

use crate::Failure;
use crate::session::{CliSession, ModelOption, failure};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Build a dictionary from tab-separated tables with the columns name, id, type and source.
    Build {
        /// The tables.
        #[arg(required = true)]
        tables: Vec<PathBuf>,
        /// The dictionary to write.
        #[arg(long)]
        out: PathBuf,
        /// What was built as one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Find the names of the dictionaries in a text.
    Find {
        /// The text.
        text: String,
        /// One JSON object a name.
        #[arg(long)]
        json: bool,
    },
}

pub fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Build { tables, out, json: as_json } => {
            let built = build_terms(tables, out).map_err(failure)?;
            built.problems.iter().for_each(|problem| eprintln!("{problem}"));
            if *as_json {
                let line = json!({ "out": out, "names": built.summary.names, "bytes": built.bytes,
                                   "leftOut": built.left_out, "problems": built.problems });
                println!("{line}");
                return Ok(());
            }
            println!(
                "{} names, {} bytes, {} lines left out: {}",
                built.summary.names,
                built.bytes,
                built.left_out,
                out.display()
            );
        }
        Command::Find { text, json: as_json } => {
            let session = CliSession::open(None, &ModelOption::default(), |_| ())?;
            for found in session.workbench.find_terms(text).map_err(failure)? {
                let ids: Vec<String> =
                    found.concepts.iter().map(|one| format!("{}:{}", one.vocabulary, one.id)).collect();
                if *as_json {
                    let line = json!({ "start": found.span.start, "end": found.span.end, "text": found.text,
                                       "type": found.kind, "exact": found.exact, "concepts": found.concepts });
                    println!("{line}");
                } else {
                    println!("{} ({}) {}", found.text, found.kind, ids.join(" "));
                }
            }
        }
    }
    Ok(())
}
