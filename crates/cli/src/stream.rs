//! The option `--out`: a task over files of any size, on all cores, with an output for each file.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use documents::formats::Format;
use findings::{Finding, FindingsWriter, Origin};
use indicatif::{ProgressBar, ProgressStyle};
use workbench::engine::Cancel;
use workbench::wire::{ExtractionMode, Task};
use workbench::{Form, Lines, PieceOrigin, Processed, Progress, StreamError, StreamRequest, Summary};

use crate::Failure;
use crate::session::{CliSession, ModelOption, failure};

/// Where the outputs go.
#[derive(Debug, clap::Args)]
pub struct OutOption {
    /// Work on the files as a stream, on all cores, and write an output for each of them into this folder: findings/NAME, what
    /// could not be used in issues/NAME, and what it was made with in runs/NAME. Outputs that are there are left as they are.
    #[arg(long, conflicts_with_all = ["column"])]
    pub out: Option<PathBuf>,
    /// With --out: so many documents at once. As many as there are cores if absent; one where another device than the processor
    /// is asked for.
    #[arg(long, requires = "out", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
}

/// What is done with the documents.
pub struct Work<'w> {
    pub task: Task,
    pub question: Option<&'w str>,
    pub mode: ExtractionMode,
    pub threshold: Option<f64>,
}

impl Work<'_> {
    /// A task that needs no more than its name.
    pub const fn of(task: Task) -> Self {
        Self { task, question: None, mode: ExtractionMode::Exhaustive, threshold: None }
    }
}

/// A form of outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputForm {
    /// One row a finding.
    Parquet,
    /// Documents with their findings.
    Documents(Lines),
}

/// The form of that name, for a command line.
pub fn output_form(key: &str) -> Result<OutputForm, String> {
    match Format::from_key(key).and_then(Lines::of) {
        Some(lines) => Ok(OutputForm::Documents(lines)),
        None if key == "parquet" => Ok(OutputForm::Parquet),
        None => Err(format!("`{key}` is not parquet, jsonl or pubtator")),
    }
}

/// Works on files as [`OutOption::out`] says.
pub fn run(
    out: &OutOption,
    form: OutputForm,
    model: &ModelOption,
    work: &Work,
    abstain_below: Option<f64>,
    files: &[PathBuf],
) -> Result<(), Failure> {
    let session = CliSession::open(None, model, |settings| {
        settings.abstain_below = abstain_below.unwrap_or(settings.abstain_below);
    })?;
    let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let workers = out.jobs.map_or_else(|| if model.is_elsewhere() { 1 } else { cores() }, usize::from);
    if workers > 1 && model.is_elsewhere() {
        return Err(
            "several documents at once are worked on by the processor: leave --jobs or --device out".into()
        );
    }
    let request = StreamRequest {
        task: work.task,
        question: work.question.map(str::to_owned),
        mode: work.mode,
        threshold: work.threshold,
        paths: files,
        out: out.out.as_deref().ok_or("no folder was named (--out)")?,
        workers,
    };
    let bar = ProgressBar::new_spinner();
    bar.set_style(ProgressStyle::with_template("{elapsed} {pos} documents, {per_sec} {wide_msg}")?);
    let tell = &mut |progress: &Progress| {
        bar.set_position(progress.documents);
        bar.set_message(progress.file.clone());
    };
    let cancel = Cancel::default();
    let summary = match form {
        OutputForm::Parquet => session.workbench.stream_files(&request, &Parquet, &cancel, tell),
        OutputForm::Documents(lines) => session.workbench.stream_files(&request, &lines, &cancel, tell),
    };
    bar.finish_and_clear();
    conclude(&summary.map_err(failure)?)
}

/// Says what came of it. A file that cannot be read to its end is a failure; a record of a file is not, since it has its place.
fn conclude(summary: &Summary) -> Result<(), Failure> {
    let Summary { written, skipped, unreadable, documents, findings, issues } = summary;
    eprintln!("{findings} findings in {documents} documents of {} files", written.len());
    if !skipped.is_empty() {
        eprintln!("{} outputs were there already", skipped.len());
    }
    if *issues > 0 {
        eprintln!("{issues} records, or parts of them, could not be used: issues/ says which and why");
    }
    for cause in unreadable {
        eprintln!("{cause}");
    }
    match unreadable.len() {
        0 => Ok(()),
        1 => Err("one file could not be read to its end, and has no output: see above for the reason".into()),
        many => {
            Err(format!("{many} files could not be read to their end, and have no output: see above").into())
        }
    }
}

/// Tables of findings.
struct Parquet;

impl Form for Parquet {
    type Part = Vec<Finding>;
    type Writer = FindingsWriter<File>;

    fn extension(&self) -> &'static str {
        "parquet"
    }

    fn encode(&self, from: PieceOrigin<'_>, done: Vec<Processed>) -> Result<Vec<Finding>, StreamError> {
        let PieceOrigin { file, task, provenance } = from;
        let rows = |one: &Processed| {
            let origin = Origin { file, record: one.record, task, provenance };
            Finding::rows(&one.document, &one.predictions, origin)
        };
        Ok(done.iter().flat_map(rows).collect())
    }

    fn begin(&self, file: File, about: &[(&str, &str)]) -> io::Result<Self::Writer> {
        FindingsWriter::new(file, about).map_err(io::Error::other)
    }

    fn add(&self, writer: &mut Self::Writer, part: Vec<Finding>) -> io::Result<()> {
        writer.add(part).map_err(io::Error::other)
    }

    fn finish(&self, writer: Self::Writer) -> io::Result<File> {
        writer.finish().map_err(io::Error::other)
    }
}
