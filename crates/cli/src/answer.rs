//! `osler-cli answer`

use std::path::PathBuf;

use serde_json::json;
use workbench::wire::{
    AskEvent, AskRequest, AskScope, EvidenceSentence, Sought, Task, Verdict, WeighRequest,
};

use crate::Failure;
use crate::session::{CliSession, DuplicateOption, ModelOption, ReadOption, listen, text};
use crate::stream::{self, OutOption, OutputForm, Work, output_form};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The question.
    #[arg(long)]
    question: String,
    /// What the model alone would say is given only from this probability on.
    #[arg(long, default_value_t = 0.5)]
    abstain_below: f64,
    /// Keep documents and answers in this library. Without files the whole library is asked: only documents that say something
    /// about the question answer.
    #[arg(long, conflicts_with = "out")]
    library: Option<PathBuf>,
    /// Also what the model's answer loses without each sentence.
    #[arg(long, conflicts_with = "out")]
    leave_one_out: bool,
    #[command(flatten)]
    duplicates: DuplicateOption,
    #[command(flatten)]
    read: ReadOption,
    /// With --out: parquet (a row a finding), or jsonl or pubtator (documents with what was found in them).
    #[arg(long, requires = "out", default_value = "parquet", value_parser = output_form)]
    to: OutputForm,
    #[command(flatten)]
    out: OutOption,
    #[command(flatten)]
    model: ModelOption,
    /// One JSON object an answer.
    #[arg(long, conflicts_with = "out")]
    json: bool,
    /// Files in any format that Osler reads.
    #[arg(required_unless_present = "library")]
    files: Vec<PathBuf>,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.out.out.is_some() {
        let work = Work { question: Some(&arguments.question), ..Work::of(Task::Answer) };
        let Arguments { out, to, model, files, .. } = arguments;
        return stream::run(out, *to, model, &work, Some(arguments.abstain_below), files);
    }
    let session = CliSession::open(arguments.library.as_deref(), &arguments.model, |settings| {
        settings.abstain_below = arguments.abstain_below;
    })?;
    let (scope, brought) = if arguments.files.is_empty() {
        (AskScope::Library, None)
    } else {
        let brought = session.import(
            &arguments.files,
            &arguments.read,
            arguments.library.is_some().then_some(arguments.duplicates),
        )?;
        (AskScope::Documents { documents: brought.documents.clone() }, Some(brought))
    };
    let request = AskRequest { question: arguments.question.clone(), scope };
    let (mut failed, mut asked) = (0, Vec::new());
    listen(
        |sink| session.workbench.ask("answer", &request, sink),
        |event| {
            match &event {
                AskEvent::Unanswered { title, error, .. } => {
                    failed += 1;
                    eprintln!("{title}: {}", text(error));
                    return;
                }
                AskEvent::Answer { document, .. } => asked.push(*document),
                AskEvent::Searched { .. } | AskEvent::Influence { .. } => {}
            }
            if arguments.json { println!("{}", json!(event)) } else { tell(&event) }
        },
    )?;
    for document in asked.into_iter().filter(|_| arguments.leave_one_out) {
        let request = WeighRequest { question: arguments.question.clone(), document };
        listen(
            |sink| session.workbench.weigh("weigh", &request, sink),
            |event| match event {
                event if arguments.json => println!("{}", json!(event)),
                event => tell(&event),
            },
        )?;
    }
    if failed > 0 {
        return Err(format!("{failed} documents could not be asked: see above for the reasons").into());
    }
    brought.map_or(Ok(()), |brought| brought.conclude())
}

fn tell(event: &AskEvent) {
    match event {
        AskEvent::Answer { title, retracted, verdict, evidence, sought, model, probabilities: p, .. } => {
            let mark = if *retracted { "  (on a list of retracted articles)" } else { "" };
            println!("{}  {title}{mark}", word(*verdict));
            for EvidenceSentence { text, stance, reason, .. } in evidence {
                println!("    {}: {text}  [{reason}]", format!("{stance:?}").to_lowercase());
            }
            if evidence.is_empty() {
                tell_sought(sought, "sentence");
            }
            println!(
                "    the model alone: {} (yes {:.0} %, no {:.0} %, maybe {:.0} %)",
                word(*model),
                p.yes * 100.0,
                p.no * 100.0,
                p.maybe * 100.0
            );
        }
        AskEvent::Searched { sought, naming, speaking } => {
            println!(
                "documents that name what was asked about: {naming}; that say something about it: {speaking}"
            );
            tell_sought(sought, "document");
        }
        AskEvent::Influence { sentences, .. } => {
            for one in sentences {
                println!("    {:+.3} for the model at {}-{}", one.effect, one.span.start, one.span.end);
            }
        }
        AskEvent::Unanswered { .. } => {}
    }
}

fn tell_sought(sought: &[Sought], unit: &str) {
    for Sought { words, names, found } in sought {
        let also = if names.is_empty() { String::new() } else { format!(" (also {})", names.join(", ")) };
        let units = if *found == 1 { "" } else { "s" };
        println!("    looked for {words}{also}: in {found} {unit}{units}");
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Yes => "yes",
        Verdict::No => "no",
        Verdict::Maybe => "maybe",
        Verdict::NotStated => "does not say",
        Verdict::Abstain => "no clear answer",
    }
}
