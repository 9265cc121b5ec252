//! An export held against itself: is each text what its runs were made on, and how would they be made again?

mod claims;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

pub(crate) use claims::{compared, exported, predicted, same_figures};

use documents::Document;
use documents::formats::{ADDED, Format, Lost, RECORD, ReadError, Records, SIDECAR_SUFFIX};
use sessions::RunRecord;
use sha2::{Digest, Sha256};

use crate::error::{self, Result, bad_input};
use crate::export::{DOCUMENTS, sidecar_path};
use crate::wire::HostError;

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
    /// Whether the export has all of them, and not only those that a curator accepted, or that came before it was stopped.
    pub complete: bool,
    /// Whether the run came to its end; else only what it had found is compared.
    pub finished: bool,
    /// Whether its findings keep the ids and all places of names; those of an older Osler do not.
    pub keeps_names: bool,
    /// How it ended: finished, stopped, failed, running.
    pub state: String,
    /// Whether a curator changed mentions that the model was given, so that it cannot be given them again.
    pub mentions_changed: bool,
    /// Whether the text in the export is the one that the run was made on.
    pub text_is_the_same: bool,
}

/// An export with its record.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedExport {
    /// Its runs.
    pub runs: Vec<RecordedRun>,
    /// How the files stand to their record, where the format has no place for it; the runs are then the record's.
    pub file: Option<ComparedFile>,
    /// Documents that are there, and documents that were written, where some are missing: the file was cut.
    pub missing: Option<(usize, usize)>,
}

/// A file held against its record.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparedFile {
    /// The format's name for people.
    pub format: &'static str,
    /// What the file says otherwise; empty where nothing.
    pub differences: Vec<String>,
    /// What the format cannot hold, so that it was not compared.
    pub not_compared: Vec<String>,
}

/// The runs that an export of Osler keeps: inside (BioC, JSON Lines, training), or in a record that holds what the format
/// has no place for: in the report's page (HTML), or in a file beside it. Of a brat export, its folder or a file there.
///
/// # Errors
/// When the file cannot be read, keeps no record, or its record is missing.
pub fn recorded_runs(path: &Path) -> Result<RecordedExport> {
    let name =
        path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into());
    if let Some(folder) = folder_of(path)? {
        let record =
            record_in(&folder)?.ok_or_else(|| missing(&name, &format!("a file *{SIDECAR_SUFFIX}")))?;
        let records = read_record(&record)?;
        let files: Result<Vec<Vec<u8>>> =
            records.names().iter().map(|name| read(&folder.join(name))).collect();
        return of_records(&records, &files?, &name);
    }
    let bytes = read(path)?;
    let beside = sidecar_path(path);
    if beside.is_file() {
        return of_records(&read_record(&beside)?, &[bytes], &name);
    }
    if let Some(records) = Records::read(&bytes, &name)? {
        return match records.format {
            Format::Html => of_records(&records, &[bytes], &name),
            format => Err(bad_input(
                format!("{name} is the record of an export ({}), and not the export.", format.name()),
                format!("Verify the file that it lies beside: {}.", name.trim_end_matches(SIDECAR_SUFFIX)),
            )),
        };
    }
    // Training leaves documents out that no task has anything to say of.
    let mut holds_all = true;
    let documents = match documents::formats::read(&bytes, &name) {
        Ok(import) if !import.format.keeps_runs_in_a_sidecar() => {
            holds_all = import.format != Format::Training;
            import.documents
        }
        Ok(_) | Err(ReadError::NoTextColumn { .. } | ReadError::NeedsText { .. }) => {
            return Err(missing(&name, &format!("{name}{SIDECAR_SUFFIX}")));
        }
        // A page without a record among others.
        Err(ReadError::Unsupported { .. }) => Vec::new(),
        Err(problem) => return Err(problem.into()),
    };
    let missing = missing_of(&documents).filter(|_| holds_all);
    Ok(RecordedExport { runs: runs_of(&documents, &name)?, file: None, missing })
}

/// The folder of a brat export, where `path` is one or a file in it.
fn folder_of(path: &Path) -> Result<Option<PathBuf>> {
    if path.is_dir() {
        return Ok(Some(path.to_owned()));
    }
    let is_of_pair = path.extension().is_some_and(|extension| extension == "ann" || extension == "txt");
    let folder = path.parent().filter(|_| is_of_pair && !sidecar_path(path).is_file());
    let Some(folder) = folder else { return Ok(None) };
    let Some(record) = record_in(folder)? else { return Ok(None) };
    let own = path.file_name().unwrap_or_default().to_string_lossy();
    let is_of_it = read_record(&record)?.names().iter().any(|name| *name == own);
    Ok(is_of_it.then(|| folder.to_owned()))
}
/// The one record in a folder.
fn record_in(folder: &Path) -> Result<Option<PathBuf>> {
    let failed = |cause: std::io::Error| error::file("Osler could not look into", folder, &cause);
    let mut found = None;
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.to_string_lossy().ends_with(SIDECAR_SUFFIX) && found.replace(path).is_some() {
            return Err(bad_input(
                format!("There are several records (*{SIDECAR_SUFFIX}) in {}.", folder.display()),
                "Leave the one that was written with these files, or name one file of the export.",
            ));
        }
    }
    Ok(found)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    crate::import::whole(path)
}

/// A record's file; an older Osler wrote files of that name that hold no documents.
fn read_record(path: &Path) -> Result<Records> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Records::read(&read(path)?, &name)?.ok_or_else(|| {
        bad_input(
            format!("{name} is not the record of an export as this Osler writes it."),
            "It was changed, or written by an older Osler: export the results again.",
        )
    })
}

fn missing(name: &str, record: &str) -> HostError {
    bad_input(
        format!("{name} keeps no record of a model's run itself, and {record} is not beside it."),
        "Put the record into the same folder: Osler wrote it together with the export. Where it is lost, export the results \
         again (BioC, JSON Lines and HTML keep the record inside).",
    )
}

fn of_records(records: &Records, files: &[Vec<u8>], name: &str) -> Result<RecordedExport> {
    let compared = records
        .compare(files)
        .map_err(|problem| bad_input(problem.to_string(), "Export the results again."))?;
    let losses = compared.losses.iter().filter(|loss| loss.what != Lost::Import);
    let file = ComparedFile {
        format: records.format.name(),
        differences: compared.differences,
        not_compared: losses.map(ToString::to_string).collect(),
    };
    let missing = missing_of(&records.documents);
    Ok(RecordedExport { runs: runs_of(&records.documents, name)?, file: Some(file), missing })
}

/// Documents that are there and documents that were written, where these are more: each record says how many.
fn missing_of(documents: &[Document]) -> Option<(usize, usize)> {
    let records = documents.iter().flat_map(|document| &document.infons);
    let written = records
        .filter(|(key, _)| key.starts_with(RECORD))
        .filter_map(|(_, value)| serde_json::from_str::<serde_json::Value>(value).ok()?[DOCUMENTS].as_u64())
        .max()?;
    let written = usize::try_from(written).ok()?;
    (written > documents.len()).then_some((documents.len(), written))
}

/// The runs that documents have records of.
fn runs_of(documents: &[Document], name: &str) -> Result<Vec<RecordedRun>> {
    let mut runs = Vec::new();
    for document in documents {
        let sha256: String =
            Sha256::digest(document.text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        for (key, value) in &document.infons {
            let Some(run) = key.strip_prefix(RECORD) else { continue };
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
                complete: kept["export"] != "curated" && kept["state"] == "finished",
                finished: kept["state"] == "finished",
                keeps_names: kept[sessions::KEEPS_NAMES] == true,
                state: kept["state"].as_str().unwrap_or("finished").to_owned(),
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
            "Verify an export of what models found: BioC, JSON Lines and HTML keep the record inside, other formats beside \
             them.",
        ));
    }
    Ok(runs)
}

fn given(document: &Document) -> Document {
    let mut document = document.clone();
    let added = document.infons.get(ADDED).cloned().unwrap_or_default();
    let added: BTreeSet<&str> = added.split(' ').collect();
    document.relations.retain(|relation| !added.contains(relation.id.as_str()));
    document.entities.retain(|entity| !added.contains(entity.id.as_str()));
    document
}
