//! `osler-cli convert`

use std::path::PathBuf;

use workbench::wire::ExportContent;

use crate::Failure;
use crate::desk::{Desk, ModelOption};
use crate::export::write;

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
    /// What was written as one JSON object.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let desk = Desk::open(None, &ModelOption::default(), |_| ())?;
    let brought = desk.import(&arguments.files)?;
    write(&desk, &arguments.to, ExportContent::Imported, &arguments.out, arguments.json)?;
    brought.conclude()
}
