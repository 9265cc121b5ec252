//! `osler-cli export`

use std::path::{Path, PathBuf};

use workbench::wire::{ExportContent, ExportEvent, ExportRequest, ExportScope};

use crate::Failure;
use crate::desk::{Desk, ModelOption, failure, listen};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The library.
    #[arg(long)]
    library: PathBuf,
    /// A format's id; a wrong one tells all of them.
    #[arg(long)]
    to: String,
    /// curated, predicted, everything or imported.
    #[arg(long, default_value = "everything", value_parser = content)]
    content: ExportContent,
    /// The file to write.
    #[arg(long)]
    out: PathBuf,
    /// What was written as one JSON object.
    #[arg(long)]
    json: bool,
}

fn content(text: &str) -> Result<ExportContent, String> {
    match text {
        "curated" => Ok(ExportContent::Curated),
        "predicted" => Ok(ExportContent::Predicted),
        "everything" => Ok(ExportContent::Everything),
        "imported" => Ok(ExportContent::Imported),
        _ => Err(format!("`{text}` is not curated, predicted, everything or imported")),
    }
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let desk = Desk::existing(&arguments.library, &ModelOption::default())?;
    write(&desk, &arguments.to, arguments.content, &arguments.out, arguments.json)
}

/// Writes the whole library; tells on standard error what the format cannot hold.
pub fn write(
    desk: &Desk,
    format: &str,
    content: ExportContent,
    out: &Path,
    json: bool,
) -> Result<(), Failure> {
    let scope = ExportScope::Library;
    let known: Vec<String> = desk.workbench.formats(&scope).into_iter().map(|format| format.id).collect();
    if !known.iter().any(|id| id == format) {
        return Err(format!("there is no format `{format}`: say one of {}", known.join(", ")).into());
    }
    let request = ExportRequest { scope, format: format.to_owned(), content };
    for loss in desk.workbench.preview_export(&request).map_err(failure)?.losses {
        eprintln!("left out: {} ({}, such as {})", loss.what, loss.count, loss.example);
    }
    listen(
        |sink| desk.workbench.export_to("export", &request, out, sink),
        |event| match &event {
            ExportEvent::Progress { .. } => {}
            written if json => println!("{}", serde_json::json!(written)),
            ExportEvent::Written { path, bytes, documents } => {
                println!("{documents} documents, {bytes} bytes: {path}");
            }
        },
    )
}
