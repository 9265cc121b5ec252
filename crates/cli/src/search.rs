//! `osler-cli search`

use std::path::PathBuf;

use crate::Failure;
use crate::session::{CliSession, ModelOption, failure};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The words.
    words: String,
    /// The library.
    #[arg(long)]
    library: PathBuf,
    /// Hits at most.
    #[arg(long, default_value_t = 50)]
    limit: u32,
    /// One JSON object a hit.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let session = CliSession::existing(&arguments.library, &ModelOption::default())?;
    for hit in session.workbench.search(&arguments.words, arguments.limit).map_err(failure)? {
        if arguments.json {
            println!("{}", serde_json::to_string(&hit)?);
        } else {
            println!("{:?} {}: {}", hit.kind, hit.title, hit.snippet.replace('\n', " "));
        }
    }
    Ok(())
}
