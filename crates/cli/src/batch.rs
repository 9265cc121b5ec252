//! `osler-cli batch`

use std::path::PathBuf;

use workbench::Changed;
use workbench::engine::Cancel;
use workbench::wire::{Batch, BatchRequest, BatchState, DocumentFilter, DocumentOrder, ExtractionMode, Task};

use crate::Failure;
use crate::session::{CliSession, DuplicateOption, ModelOption, ReadOption, bar, failure};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// bc5cdr, ddi, kd-dti, answer or classify.
    #[arg(long, value_parser = task, required_unless_present = "resume")]
    task: Option<Task>,
    /// The question, for answer.
    #[arg(long)]
    question: Option<String>,
    /// How relations are found: generate or exhaustive.
    #[arg(long, default_value = "exhaustive", value_parser = crate::extract::mode)]
    mode: ExtractionMode,
    /// The folder whose files are worked on; those of the library if absent.
    folder: Option<PathBuf>,
    /// The library; it is made if there is none.
    #[arg(long)]
    library: PathBuf,
    /// Go on with the last batch that is not finished.
    #[arg(long)]
    resume: bool,
    /// With --resume: also with another model or other dictionaries than the batch was begun with.
    #[arg(long, requires = "resume")]
    accept_changes: bool,
    /// With --resume: also the documents that failed, of the last batch that has some.
    #[arg(long, requires = "resume")]
    retry_failed: bool,
    /// Only documents of the library whose results are another model's than the one in use, or the same one's taught otherwise;
    /// decisions stay.
    #[arg(long, conflicts_with_all = ["resume", "folder"])]
    again: bool,
    #[command(flatten)]
    duplicates: DuplicateOption,
    #[command(flatten)]
    read: ReadOption,
    #[command(flatten)]
    model: ModelOption,
    /// One JSON object a document.
    #[arg(long)]
    json: bool,
}

pub fn task(text: &str) -> Result<Task, String> {
    match text {
        "answer" => Ok(Task::Answer),
        "classify" => Ok(Task::Classify),
        "mentions" => Ok(Task::Mentions),
        _ => crate::extract::task(text)
            .map(Into::into)
            .map_err(|error| error + ", answer, classify or mentions"),
    }
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let session = if arguments.resume {
        CliSession::existing(&arguments.library, &arguments.model)?
    } else {
        CliSession::open(Some(&arguments.library), &arguments.model, |_| ())?
    };
    let workbench = &session.workbench;
    let open = workbench.batches().map_err(failure)?;
    let failed = |batch: &Batch| arguments.retry_failed && batch.failed > 0;
    let open = open.iter().find(|batch| batch.state != BatchState::Finished || failed(batch));
    let mut brought = None;
    let id = match (arguments.resume, open, arguments.task) {
        (true, Some(batch), _) => {
            let id = workbench::library::batch_id(batch.id);
            if arguments.retry_failed {
                workbench.forget_failures(id).map_err(failure)?;
            }
            id
        }
        (true, None, _) => {
            return Err("no batch of this library is left unfinished: start one with --task".into());
        }
        (false, _, None) => return Err("say which --task".into()),
        (false, _, Some(task)) => {
            if let Some(folder) = &arguments.folder {
                brought = Some(session.import(
                    std::slice::from_ref(folder),
                    &arguments.read,
                    Some(arguments.duplicates),
                )?);
            }
            let documents = match &brought {
                Some(brought) => brought.documents.clone(),
                None if arguments.again => workbench.documents_of_other_models(task).map_err(failure)?,
                None => {
                    let every = DocumentFilter { undecided: false, without_task: None, origin: None };
                    workbench.document_ids(DocumentOrder::OldestFirst, &every).map_err(failure)?
                }
            };
            if arguments.again && documents.is_empty() {
                println!("nothing to do: no result is another model's");
                return Ok(());
            }
            let (question, mode) = (arguments.question.clone(), arguments.mode);
            workbench.found_batch(&BatchRequest { task, question, documents, mode }).map_err(failure)?
        }
    };
    let bar = bar(1)?;
    let mut told = 0;
    let changed = if arguments.accept_changes { Changed::Accept } else { Changed::Refuse };
    let done = workbench
        .go_on_with_batch(id, changed, &Cancel::default(), &mut |batch| {
            let over = batch.done + batch.failed + batch.skipped;
            bar.set_length(u64::from(batch.total));
            bar.set_position(u64::from(over));
            let left = batch.remaining.map(|left| format!("{:.0} to {:.0} s left", left.low, left.high));
            bar.set_message(left.unwrap_or_default());
            if arguments.json && over > told {
                told = over;
                bar.suspend(|| println!("{}", serde_json::json!(batch)));
            }
        })
        .map_err(failure)?;
    bar.finish_and_clear();
    if arguments.json {
        println!("{}", serde_json::json!(done));
    } else {
        println!(
            "{} of {} documents done, {} failed, {} skipped, {} findings",
            done.done, done.total, done.failed, done.skipped, done.findings
        );
    }
    let items = workbench.batch_items(done.id, 0, done.total).map_err(failure)?;
    for item in items.iter().filter_map(|item| Some((&item.title, item.problem.as_ref()?))) {
        eprintln!("{}: {}", item.0, crate::session::text(item.1));
    }
    if done.state != BatchState::Finished {
        return Err(
            "the batch was paused or given up before its end: `osler-cli batch --resume` goes on".into()
        );
    }
    if done.failed > 0 {
        return Err(format!("{} documents failed: see above for the reasons", done.failed).into());
    }
    brought.map_or(Ok(()), |brought| brought.conclude())
}
