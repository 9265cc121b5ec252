//! `osler-cli convert`

use std::path::{Path, PathBuf};

use workbench::wire::ExportContent;

use crate::Failure;
use crate::export::write;
use crate::session::{CliSession, ModelOption, ReadOption};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Files and folders in any format that Osler reads.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// A format's id (bioc-xml, pubtator, brat ...); a wrong one tells all of them.
    #[arg(long)]
    to: String,
    /// The file to write.
    #[arg(long)]
    out: PathBuf,
    #[command(flatten)]
    read: ReadOption,
    /// What was written as one JSON object.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let session = CliSession::open(None, &ModelOption::default(), |_| ())?;
    let brought = session.import(&arguments.files, &arguments.read, None)?;
    let mut sources = Vec::new();
    arguments.files.iter().for_each(|given| files_below(given, 0, &mut sources));
    write(&session, &arguments.to, ExportContent::Imported, &arguments.out, &sources, arguments.json)?;
    brought.conclude()
}

/// The files that are given, or lie in a given folder.
fn files_below(given: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    if !given.is_dir() {
        files.push(given.to_owned());
    } else if depth <= 16 {
        // What cannot be looked into was not read either.
        let entries = std::fs::read_dir(given).into_iter().flatten().flatten();
        entries.for_each(|entry| files_below(&entry.path(), depth + 1, files));
    }
}
