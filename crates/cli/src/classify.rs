//! `osler-cli classify`

use std::path::PathBuf;

use serde_json::json;
use workbench::wire::{ClassifyEvent, ClassifyRequest};

use crate::Failure;
use crate::session::{CliSession, ModelOption, ReadOption, listen};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Keep documents and labels in this library.
    #[arg(long)]
    library: Option<PathBuf>,
    #[command(flatten)]
    read: ReadOption,
    #[command(flatten)]
    model: ModelOption,
    /// One JSON object a sentence, and one a document.
    #[arg(long)]
    json: bool,
    /// Files in any format that Osler reads.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
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
