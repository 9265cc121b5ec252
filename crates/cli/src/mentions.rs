//! `osler-cli mentions`

use std::io::Write;
use std::path::PathBuf;

use documents::formats::{self, Format, WriteOptions, Written};

use workbench::wire::Task;

use crate::Failure;
use crate::session::{CliSession, ModelOption, ReadOption, bar, failure};
use crate::stream::{self, OutOption, OutputForm, Work, output_form};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// What is written: jsonl, pubtator, bioc-xml, bioc-json or pubannotation; with --out parquet (a row a name), jsonl or pubtator.
    #[arg(long, value_parser = written)]
    to: Option<To>,
    #[command(flatten)]
    out: OutOption,
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

/// What is written, by its name.
#[derive(Debug, Clone)]
struct To(String);

impl To {
    fn format(&self) -> Option<Format> {
        Format::from_key(&self.0).filter(|format| FORMATS.contains(format))
    }
}

fn written(key: &str) -> Result<To, String> {
    let to = To(key.to_owned());
    if to.format().is_some() || output_form(key).is_ok() {
        return Ok(to);
    }
    let known: Vec<&str> = FORMATS.iter().map(|format| format.key()).collect();
    Err(format!("`{key}` is not one of {}, parquet", known.join(", ")))
}

/// Writes the documents of files with the names in them: kind, places, ids, and how sure the model's tagger is.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let to = arguments.to.as_ref();
    if arguments.out.out.is_some() {
        let form = to.map_or(Ok(OutputForm::Parquet), |to| output_form(&to.0))?;
        let Arguments { out, model, files, .. } = arguments;
        return stream::run(out, form, model, &Work::of(Task::Mentions), None, files);
    }
    let format = match to {
        None => Format::Jsonl,
        Some(to) => to.format().ok_or("tables are written into a folder: name it with --out")?,
    };
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
    let Written { files, losses } = formats::write(&documents, format, &WriteOptions::default())?;
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
