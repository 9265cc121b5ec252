//! An export held against itself: is each text what its runs were made on, and how would they be made again?

mod claims;

use std::collections::BTreeSet;
use std::path::Path;

pub(crate) use claims::{compared, exported, predicted};

use documents::Document;
use sessions::RunRecord;
use sha2::{Digest, Sha256};

use crate::error::{self, Result, bad_input};

/// A run of an export, with what is needed to make it again.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedRun {
    /// The document's id.
    pub document_id: String,
    /// The document as the export has it.
    pub document: Document,
    /// The document as the model was given it: without what was found in it and added to it since.
    pub given: Document,
    /// The run's key in the export.
    pub run: String,
    /// How it was made.
    pub record: RunRecord,
    /// What the model wrote, where the export keeps it.
    pub output: Option<String>,
    /// Findings of the run, when it was exported.
    pub findings: Option<usize>,
    /// Whether the export has all of them, and not only those that a curator accepted.
    pub complete: bool,
    /// Whether a curator changed mentions that the model was given, so that it cannot be given them again.
    pub mentions_changed: bool,
    /// Whether the text in the export is the one that the run was made on.
    pub text_is_the_same: bool,
}

/// The runs that an export of Osler keeps (BioC XML and JSON, JSON Lines).
///
/// # Errors
/// When the file cannot be read, or keeps no record.
pub fn recorded_runs(path: &Path) -> Result<Vec<RecordedRun>> {
    let bytes = std::fs::read(path).map_err(|cause| error::file("Osler could not read", path, &cause))?;
    let name =
        path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into());
    let import = documents::formats::read(&bytes, &name)?;
    let mut runs = Vec::new();
    for document in &import.documents {
        let sha256: String =
            Sha256::digest(document.text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        for (key, value) in &document.infons {
            let Some(run) = key.strip_prefix("run.") else { continue };
            let record: RunRecord = serde_json::from_str(value).map_err(|cause| {
                bad_input(
                    format!("The record of run {run} in {name} cannot be read ({cause})."),
                    "The file was changed since it was exported: export it again.",
                )
            })?;
            let kept: serde_json::Value = serde_json::from_str(value).unwrap_or_default();
            runs.push(RecordedRun {
                document_id: document.id.clone(),
                given: given(document),
                document: document.clone(),
                findings: kept["findings"].as_u64().and_then(|count| usize::try_from(count).ok()),
                complete: kept["export"] != "curated",
                mentions_changed: kept["mentions_changed"] == true,
                run: run.to_owned(),
                text_is_the_same: record.text_sha256 == sha256,
                output: kept["output"].as_str().map(str::to_owned),
                record,
            });
        }
    }
    if runs.is_empty() {
        return Err(bad_input(
            format!("{name} keeps no record of a model's run."),
            "Verify an export of results in BioC XML, BioC JSON or JSON Lines.",
        ));
    }
    Ok(runs)
}

fn given(document: &Document) -> Document {
    let mut document = document.clone();
    let added = document.infons.get("added").cloned().unwrap_or_default();
    let added: BTreeSet<&str> = added.split(' ').collect();
    document.relations.retain(|relation| !added.contains(relation.id.as_str()));
    document.entities.retain(|entity| !added.contains(entity.id.as_str()));
    document
}
