//! `osler-cli mentions`

use std::io::Write;
use std::path::PathBuf;

use documents::formats::{self, Format, WriteOptions, Written};

use crate::Failure;
use crate::session::{CliSession, ModelOption, ReadOption, bar, failure};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// What is written: jsonl, pubtator, bioc-xml, bioc-json or pubannotation.
    #[arg(long, default_value = "jsonl", value_parser = format)]
    to: Format,
    #[command(flatten)]
    model: ModelOption,
    #[command(flatten)]
    read: ReadOption,
    /// Files in any format that Osler reads.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

/// Formats of one file that hold names with kinds and ids.
const FORMATS: [Format; 5] =
    [Format::Jsonl, Format::PubTator, Format::BiocXml, Format::BiocJson, Format::PubAnnotation];

fn format(key: &str) -> Result<Format, String> {
    Format::from_key(key).filter(|format| FORMATS.contains(format)).ok_or_else(|| {
        let known: Vec<&str> = FORMATS.iter().map(|format| format.key()).collect();
        format!("`{key}` is not one of {}", known.join(", "))
    })
}

/// Writes the documents of files with the names in them: kind, places, ids, and how sure the model's tagger is.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let session = CliSession::open(None, &arguments.model, |_| ())?;
    let brought = session.import(&arguments.files, &arguments.read, None)?;
    let bar = bar(brought.documents.len() as u64)?;
    let mut documents = Vec::with_capacity(brought.documents.len());
    for id in &brought.documents {
        match session.workbench.with_mentions(*id) {
            Ok(document) => documents.push(document),
            Err(cause) => bar.suspend(|| eprintln!("{}", failure(cause))),
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    let missing = brought.documents.len() - documents.len();
    if missing == brought.documents.len() {
        return Err("in none of the documents names could be looked for: see above for the reasons".into());
    }
    let Written { files, losses } = formats::write(&documents, arguments.to, &WriteOptions::default())?;
    for loss in losses {
        eprintln!("left out: {loss}");
    }
    for (_, bytes) in files {
        std::io::stdout().lock().write_all(&bytes)?;
    }
    if missing > 0 {
        return Err(
            format!("{missing} documents are missing from the result: see above for the reasons").into()
        );
    }
    brought.conclude()
}
