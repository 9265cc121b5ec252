//! `osler-cli export`

use std::path::{Path, PathBuf};

use workbench::Exported;
use workbench::wire::{ExportContent, ExportEvent, ExportRequest, ExportScope};

use crate::Failure;
use crate::session::{CliSession, ModelOption, failure};

/// Quotes that cannot be relied on are listed one by one up to so many.
const FLAWS: usize = 20;

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
    let session = CliSession::existing(&arguments.library, &ModelOption::default())?;
    write(&session, &arguments.to, arguments.content, &arguments.out, &[], arguments.json)
}

/// Writes the whole library, over none of the `sources` that it was read from; tells on standard error what the format cannot
/// hold, and what was written where that is standard output itself.
pub fn write(
    session: &CliSession,
    format: &str,
    content: ExportContent,
    out: &Path,
    sources: &[PathBuf],
    json: bool,
) -> Result<(), Failure> {
    let scope = ExportScope::Library;
    let known: Vec<String> = session.workbench.formats(&scope).into_iter().map(|format| format.id).collect();
    if !known.iter().any(|id| id == format) {
        return Err(format!("there is no format `{format}`: say one of {}", known.join(", ")).into());
    }
    let request = ExportRequest { scope, format: format.to_owned(), content };
    let exported =
        session.workbench.export_file(&request, out, sources, &mut |_, _| true).map_err(failure)?;
    let Exported { path, bytes, documents, losses, evidence } = exported.ok_or("the export was stopped")?;
    for loss in losses {
        let example =
            if loss.example.is_empty() { String::new() } else { format!(", such as {}", loss.example) };
        eprintln!("left out: {} ({}{example})", loss.what, loss.count);
    }
    for flaw in evidence.flaws.iter().take(FLAWS) {
        eprintln!("check: {}", crate::library::flaw_line(flaw));
    }
    let further = evidence.flaws.len().saturating_sub(FLAWS) + evidence.further as usize;
    if further > 0 {
        eprintln!("check: and {further} more; `osler-cli library evidence` lists them");
    }
    let path = path.display().to_string();
    let said = if json {
        serde_json::json!(ExportEvent::Written { path, bytes, documents }).to_string()
    } else {
        format!("{documents} documents, {bytes} bytes: {path}")
    };
    if out.starts_with("/dev") || out.starts_with("/proc") {
        eprintln!("{said}");
    } else {
        println!("{said}");
    }
    Ok(())
}
