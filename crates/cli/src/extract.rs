//! `osler-cli extract`

use std::path::PathBuf;

use serde_json::json;
use workbench::wire::{Annotation, Content, ExtractEvent, ExtractRequest, ExtractionMode, RelationTask};

use crate::Failure;
use crate::session::{CliSession, DuplicateOption, ModelOption, ReadOption, bar, listen};
use crate::stream::{self, OutOption, OutputForm, Work, output_form};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// What to extract: bc5cdr, ddi or kd-dti.
    #[arg(long, value_parser = task)]
    task: RelationTask,
    /// generate: the model writes what it finds. exhaustive: every pair of names is scored.
    #[arg(long, default_value = "exhaustive", value_parser = mode)]
    mode: ExtractionMode,
    /// In the exhaustive mode, pairs of at least this probability; the model's own threshold if absent.
    #[arg(long, value_parser = probability)]
    threshold: Option<f64>,
    /// Keep documents and results in this library.
    #[arg(long, conflicts_with = "out")]
    library: Option<PathBuf>,
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
    /// One JSON object a relation.
    #[arg(long, conflicts_with = "out")]
    json: bool,
    /// Files in any format that Osler reads.
    #[arg(required = true)]
    files: Vec<PathBuf>,
}

pub fn task(text: &str) -> Result<RelationTask, String> {
    match text {
        "bc5cdr" => Ok(RelationTask::Bc5cdr),
        "ddi" => Ok(RelationTask::Ddi),
        "kd-dti" => Ok(RelationTask::KdDti),
        _ => Err(format!("`{text}` is not bc5cdr, ddi or kd-dti")),
    }
}

/// A number from 0 to 1.
pub fn probability(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if (0.0..=1.0).contains(&number) => Ok(number),
        _ => Err(format!("`{text}` is no number from 0 to 1")),
    }
}

pub fn mode(text: &str) -> Result<ExtractionMode, String> {
    match text {
        "generate" => Ok(ExtractionMode::Generate),
        "exhaustive" => Ok(ExtractionMode::Exhaustive),
        _ => Err(format!("`{text}` is not generate or exhaustive")),
    }
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.out.out.is_some() {
        let (mode, threshold) = (arguments.mode, arguments.threshold);
        let work = Work { mode, threshold, ..Work::of(arguments.task.into()) };
        return stream::run(&arguments.out, arguments.to, &arguments.model, &work, None, &arguments.files);
    }
    let session = CliSession::open(arguments.library.as_deref(), &arguments.model, |_| ())?;
    let brought = session.import(
        &arguments.files,
        &arguments.read,
        arguments.library.is_some().then_some(arguments.duplicates),
    )?;
    let bar = bar(brought.documents.len() as u64)?;
    for &document in &brought.documents {
        let view = session.workbench.document(document).map_err(crate::session::failure)?;
        bar.set_message(view.source_id.clone());
        let request = ExtractRequest { document, task: arguments.task, mode: arguments.mode, model_id: None };
        let mut found = Vec::new();
        listen(
            |sink| session.workbench.extract_from("extract", &request, arguments.threshold, sink),
            |event| {
                if let ExtractEvent::Found { annotation } = event {
                    found.push(annotation);
                }
            },
        )?;
        bar.inc(1);
        bar.suspend(|| -> Result<(), Failure> {
            if !arguments.json {
                println!("{} {}", view.source_id, view.title);
            }
            for annotation in &found {
                if arguments.json {
                    let line = json!({ "document": view.source_id, "annotation": annotation });
                    println!("{line}");
                } else {
                    println!("  {}", line(annotation));
                }
            }
            if found.is_empty() && !arguments.json {
                println!("  none");
            }
            Ok(())
        })?;
    }
    bar.finish_and_clear();
    brought.conclude()
}

/// A relation in one line, for people.
pub fn line(annotation: &Annotation) -> String {
    let Content::Relation { r#type, participants } = &annotation.content else { return String::new() };
    let names: Vec<&str> = participants.iter().map(|one| one.name.as_str()).collect();
    let mut line = format!("{type}: {}", names.join(" - "));
    if let Some(prediction) = &annotation.prediction {
        if let Some(score) = prediction.score {
            line += &format!("  {:.0} %", score * 100.0);
        }
        let cues: Vec<&str> = prediction.warnings.iter().map(|warning| warning.text.as_str()).collect();
        if !cues.is_empty() {
            line += &format!("  (look: {})", cues.join(", "));
        }
    }
    line
}
