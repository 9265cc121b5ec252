//! `osler-cli classify`

use std::path::PathBuf;

use serde_json::json;
use workbench::wire::{ClassifyEvent, ClassifyRequest, Task};

use crate::Failure;
use crate::session::{CliSession, ModelOption, ReadOption, listen};
use crate::stream::{self, OutOption, OutputForm, Work, output_form};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Keep documents and labels in this library.
    #[arg(long, conflicts_with = "out")]
    library: Option<PathBuf>,
    #[command(flatten)]
    read: ReadOption,
    /// With --out: parquet (a row a finding), or jsonl or pubtator (documents with what was found in them).
    #[arg(long, requires = "out", default_value = "parquet", value_parser = output_form)]
    to: OutputForm,
    #[command(flatten)]
    out: OutOption,
    #[command(flatten)]
    model: ModelOption,
    /// One JSON object a sentence, and one a document.
    #[arg(long, conflicts_with = "out")]
    json: bool,
    /// Files in any format that Osler reads.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.out.out.is_some() {
        let Arguments { out, to, model, files, .. } = arguments;
        return stream::run(out, *to, model, &Work::of(Task::Classify), None, files);
    }
    let session = CliSession::open(arguments.library.as_deref(), &arguments.model, |_| ())?;
    let brought = session.import(&arguments.files, &arguments.read, None)?;
    let request = ClassifyRequest { documents: brought.documents.clone() };
    listen(
        |sink| session.workbench.classify("classify", &request, sink),
        |event| match &event {
            _ if arguments.json => println!("{}", json!(event)),
            ClassifyEvent::Sentence { .. } => {}
            ClassifyEvent::Labels { title, labels, .. } => {
                println!("{title}");
                for label in labels.iter().filter(|label| label.probability >= 0.1) {
                    println!("  {:>3.0} %  {}", label.probability * 100.0, label.label);
                }
            }
        },
    )?;
    brought.conclude()
}
