//! `osler-cli verify`

use std::path::{Path, PathBuf};

use serde_json::json;
use workbench::{ComparedFile, RecordedExport, recorded_runs};

use crate::Failure;
use crate::session::{CliSession, ModelOption, bar, failure};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// An export of results; of brat, its folder. The record of formats that have no place for it lies beside it.
    export: PathBuf,
    #[command(flatten)]
    model: ModelOption,
    /// One JSON object a run.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let session = CliSession::open(None, &arguments.model, |_| ())?;
    let RecordedExport { runs, file, missing } = recorded_runs(&arguments.export).map_err(failure)?;
    let bar = bar(runs.len() as u64)?;
    let mut other = 0;
    let differs = file.as_ref().is_some_and(|file| !file.differences.is_empty());
    if let Some(file) = &file {
        tell(&arguments.export, file, arguments.json);
    }
    for run in &runs {
        // The model that the export names, where it is here; otherwise the difference is told.
        if !arguments.model.is_given()
            && let Some(model) = session.workbench.model_of(&run.record)
            && session.workbench.engine_status().model_id.as_ref() != Some(&model)
        {
            session.workbench.use_model(&model).map_err(failure)?;
        }
        if !arguments.model.names_are_given() {
            let names = session.workbench.names_model_of(&run.record);
            session.workbench.use_names(names.as_deref()).map_err(failure)?;
        }
        bar.set_message(run.document_id.clone());
        let verified = session.workbench.verify_recorded(run).map_err(failure)?;
        let failed = run.state == "failed";
        other += usize::from(failed || !verified.differences.is_empty());
        bar.inc(1);
        bar.suspend(|| {
            if arguments.json {
                let line = json!({ "document": run.document_id, "run": run.run, "task": run.record.task,
                                   "identical": verified.identical, "differences": verified.differences,
                                   "close": verified.close, "notCompared": verified.not_compared });
                println!("{line}");
                return;
            }
            let mut words = verified.differences.clone();
            words.extend(verified.not_compared.clone());
            if words.is_empty() && verified.close {
                words.push("the same within 0.0001".to_owned());
            } else if words.is_empty() {
                words.push("identical".to_owned());
            }
            println!("{} {}: {}", run.document_id, run.record.task, words.join("; "));
        });
    }
    bar.finish_and_clear();
    if let Some((there, written)) = missing {
        return Err(format!(
            "the export was cut: {there} of the {written} documents that were written are there, and {other} of {} runs \
             differ",
            runs.len()
        )
        .into());
    }
    match (other, differs) {
        (0, false) => Ok(()),
        (0, true) => Err("the export differs from its record".into()),
        (_, true) => {
            Err(format!("the export differs from its record, and {other} of {} runs differ", runs.len())
                .into())
        }
        _ => Err(format!("{other} of {} runs differ or failed", runs.len()).into()),
    }
}

/// How the file stands to its record: what it says otherwise, and what its format has no place for.
fn tell(export: &Path, file: &ComparedFile, json: bool) {
    let ComparedFile { format, differences, not_compared } = file;
    if json {
        let line = json!({ "file": export, "format": format, "identical": differences.is_empty(),
                           "differences": differences, "notCompared": not_compared });
        println!("{line}");
        return;
    }
    let name = export.display();
    if differences.is_empty() {
        println!("{name} ({format}) says what its record says: identical");
    }
    differences.iter().for_each(|one| println!("{name}: {one}"));
    if !not_compared.is_empty() {
        println!(
            "{name}: {format} cannot hold, so not compared there but in its record: {}",
            not_compared.join("; ")
        );
    }
}
