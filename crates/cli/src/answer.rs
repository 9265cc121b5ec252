//! `osler-cli answer`

use std::path::PathBuf;

use serde_json::json;
use workbench::wire::{AskEvent, AskRequest};

use crate::Failure;
use crate::session::{CliSession, ModelOption, ReadOption, listen, text};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The question.
    #[arg(long)]
    question: String,
    /// No answer is given that has less than this probability.
    #[arg(long, default_value_t = 0.5)]
    abstain_below: f64,
    /// Keep documents and answers in this library.
    #[arg(long)]
    library: Option<PathBuf>,
    #[command(flatten)]
    read: ReadOption,
    #[command(flatten)]
    model: ModelOption,
    /// One JSON object an answer.
    #[arg(long)]
    json: bool,
    /// Files in any format that Osler reads.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let session = CliSession::open(arguments.library.as_deref(), &arguments.model, |settings| {
        settings.abstain_below = arguments.abstain_below;
    })?;
    let brought = session.import(&arguments.files, &arguments.read)?;
    let request = AskRequest { question: arguments.question.clone(), documents: brought.documents.clone() };
    let mut failed = 0;
    listen(
        |sink| session.workbench.ask("answer", &request, sink),
        |event| match &event {
            AskEvent::Unanswered { title, error, .. } => {
                failed += 1;
                eprintln!("{title}: {}", text(error));
            }
            _ if arguments.json => println!("{}", json!(event)),
            AskEvent::Answer { title, verdict, probabilities: p, .. } => println!(
                "{}  (yes {:.0} %, no {:.0} %, maybe {:.0} %)  {title}",
                format!("{verdict:?}").to_lowercase(),
                p.yes * 100.0,
                p.no * 100.0,
                p.maybe * 100.0
            ),
            AskEvent::Influence { .. } => {}
        },
    )?;
    if failed > 0 {
        return Err(format!("{failed} documents could not be asked: see above for the reasons").into());
    }
    brought.conclude()
}
