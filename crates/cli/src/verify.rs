//! `osler-cli verify`

use std::path::PathBuf;

use serde_json::json;
use workbench::recorded_runs;

use crate::Failure;
use crate::desk::{Desk, ModelOption, bar, failure};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// An export in BioC XML, BioC JSON or JSON Lines.
    export: PathBuf,
    #[command(flatten)]
    model: ModelOption,
    /// One JSON object a run.
    #[arg(long)]
    json: bool,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let desk = Desk::open(None, &arguments.model, |_| ())?;
    let runs = recorded_runs(&arguments.export).map_err(failure)?;
    let bar = bar(runs.len() as u64)?;
    let mut other = 0;
    for run in &runs {
        // The model that the export names, where it is here; otherwise the difference is told.
        if !arguments.model.is_given()
            && let Some(model) = desk.workbench.model_of(&run.record)
            && desk.workbench.engine_status().model_id.as_ref() != Some(&model)
        {
            desk.workbench.use_model(&model).map_err(failure)?;
        }
        bar.set_message(run.document_id.clone());
        let verified = desk.workbench.verify_recorded(run).map_err(failure)?;
        other += usize::from(!verified.identical);
        bar.inc(1);
        bar.suspend(|| {
            if arguments.json {
                let line = json!({ "document": run.document_id, "run": run.run, "task": run.record.task,
                                   "identical": verified.identical, "differences": verified.differences });
                println!("{line}");
            } else if verified.identical {
                println!("{} {}: identical", run.document_id, run.record.task);
            } else {
                println!("{} {}: {}", run.document_id, run.record.task, verified.differences.join("; "));
            }
        });
    }
    bar.finish_and_clear();
    if other > 0 { Err(format!("{other} of {} runs differ", runs.len()).into()) } else { Ok(()) }
}
