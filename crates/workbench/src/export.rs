//! Results on their way out: what each format can hold, what it would lose, the files.

mod docx;
mod evidence;
mod gathering;
mod generated;
mod known;

use std::path::{Path, PathBuf};

use documents::formats::{self, Format, WriteOptions};

use crate::error::{Result, bad_input};
use crate::jobs::{Sink, Stream};
use crate::library::{OpenLibrary, count, guard, write_folder, write_whole};
use crate::wire;
use crate::workbench::Workbench;
use gathering::Gathered;
pub use known::known;

/// Characters of the file that a preview shows.
const EXCERPT: usize = 2_000;

/// What the record of a run says of its export: how many documents were written with it.
pub(crate) const DOCUMENTS: &str = "documents";

/// What an export has written.
#[derive(Debug, Clone, PartialEq)]
pub struct Exported {
    /// The file, or the folder of a format of several files.
    pub path: PathBuf,
    /// Bytes of all files.
    pub bytes: u64,
    /// Documents.
    pub documents: u32,
    /// What the format cannot hold.
    pub losses: Vec<wire::Loss>,
    /// The quotes in it, and which of them cannot be relied on.
    pub evidence: wire::EvidenceReport,
}

/// Files in memory.
struct Made {
    files: Vec<(String, Vec<u8>)>,
    losses: Vec<wire::Loss>,
    records: Vec<wire::RunRecord>,
    evidence: wire::EvidenceReport,
    documents: u32,
    annotations: u32,
    /// The beginning, where the file itself is not text.
    excerpt: Option<String>,
}

impl Workbench {
    /// The formats that can be written of a scope.
    #[must_use]
    pub fn formats(&self, scope: &wire::ExportScope) -> Vec<wire::Format> {
        known(scope)
    }

    /// What an export would write, and what the format cannot hold.
    ///
    /// # Errors
    /// Those of the library; an unknown format; nothing to export.
    pub fn preview_export(&self, request: &wire::ExportRequest) -> Result<wire::ExportPreview> {
        let made = make(&self.opened(), request, &mut |_, _| true)?.ok_or_else(nothing)?;
        let (name, first) = made.files.first().ok_or_else(nothing)?;
        let text = made.excerpt.clone().unwrap_or_else(|| String::from_utf8_lossy(first).into_owned());
        Ok(wire::ExportPreview {
            file_name: name.clone(),
            documents: made.documents,
            annotations: made.annotations,
            bytes: made.files.iter().map(|(_, bytes)| bytes.len() as u64).sum(),
            excerpt: text.chars().take(EXCERPT).collect(),
            losses: made.losses,
            records: made.records,
            evidence: made.evidence,
        })
    }

    /// Writes an export to `path`, each file whole or not at all. A format of several files (brat) goes into a new folder of
    /// that name; records of runs that the format has no place for go into a file beside it.
    pub fn export_to(
        &self,
        job: &str,
        request: &wire::ExportRequest,
        path: &Path,
        sink: Sink<wire::ExportEvent>,
    ) {
        self.stream(job, sink, |stream| self.export(request, path, stream));
    }

    fn export(
        &self,
        request: &wire::ExportRequest,
        path: &Path,
        stream: &Stream<wire::ExportEvent>,
    ) -> Result<()> {
        let exported = self.export_file(request, path, &[], &mut |done, total| {
            stream.tell(wire::ExportEvent::Progress { done, total });
            !stream.is_stopped()
        })?;
        if let Some(Exported { path, bytes, documents, .. }) = exported {
            let path = path.display().to_string();
            stream.tell(wire::ExportEvent::Written { path, bytes, documents });
        }
        Ok(())
    }

    /// The same for a client that waits; nothing when `go_on` (documents done, of how many) says so. `sources` are files that
    /// must not be written over, since the documents come from there.
    ///
    /// # Errors
    /// Those of the library; an unknown format; a file that must not be written over; when it cannot be written.
    pub fn export_file(
        &self,
        request: &wire::ExportRequest,
        path: &Path,
        sources: &[PathBuf],
        go_on: &mut dyn FnMut(u32, u32) -> bool,
    ) -> Result<Option<Exported>> {
        let opened = self.opened();
        let library = opened.with(|library| Ok(library.path().to_owned()))?;
        guard(path, &library, sources)?;
        let Some(made) = make(&opened, request, go_on)? else { return Ok(None) };
        let bytes = made.files.iter().map(|(_, content)| content.len() as u64).sum();
        let is_folder = made.files.iter().any(|(name, _)| name.ends_with(".ann"));
        let path = if is_folder {
            let folder = folder_for(path);
            write_folder(&folder, &made.files)?;
            folder
        } else {
            // All that may follow the file itself is its record.
            let places = [path.to_owned(), sidecar_path(path)];
            let places = || places.iter().zip(&made.files);
            for (place, _) in places().skip(1) {
                guard(place, &library, sources)?;
                leave_strangers_alone(place)?;
            }
            for (place, (_, content)) in places() {
                write_whole(place, content)?;
            }
            path.to_owned()
        };
        Ok(Some(Exported {
            path,
            bytes,
            documents: made.documents,
            losses: made.losses,
            evidence: made.evidence,
        }))
    }

    /// How the file of an export would be called, without making it.
    ///
    /// # Errors
    /// Those of the library; an unknown format.
    pub fn export_name(&self, request: &wire::ExportRequest) -> Result<String> {
        let opened = self.opened();
        let known = known(&request.scope).into_iter().find(|format| format.id == request.format);
        let format = known.ok_or_else(nothing)?;
        let stem = match &request.scope {
            wire::ExportScope::Draft { draft } => gathering::file_stem(&opened.draft(*draft)?.title, "draft"),
            wire::ExportScope::Documents { documents } if documents.len() == 1 => {
                let id = crate::library::document_id(documents[0]);
                gathering::file_stem(&opened.with(|library| library.document(id))?.document.id, "document")
            }
            _ => gathering::file_stem(&opened.with(|library| library.details())?.name, "documents"),
        };
        Ok(format!("{stem}.{}", format.extension))
    }
}

/// The folder that a format of several files writes: the given name without an ending that such files have.
fn folder_for(path: &Path) -> PathBuf {
    let ending = path.extension().and_then(|ending| ending.to_str());
    if matches!(ending, Some("brat" | "ann" | "txt" | "zip")) {
        path.with_extension("")
    } else {
        path.to_owned()
    }
}

/// Refuses a place for a record where something else lies: nobody was asked about that file.
fn leave_strangers_alone(place: &Path) -> Result<()> {
    if !place.exists() {
        return Ok(());
    }
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    let is_ours = place.is_file()
        && std::fs::read(place)
            .is_ok_and(|bytes| matches!(formats::Records::read(&bytes, &name), Ok(Some(_))));
    if is_ours {
        return Ok(());
    }
    Err(bad_input(
        format!("{} is not the record of an export, and was left alone.", place.display()),
        "The record of this export would be written there: choose another name for the export, or move that file.",
    ))
}

/// Where the record of an export lies whose format has no place for it.
pub(crate) fn sidecar_path(export: &Path) -> PathBuf {
    let mut name = export.file_name().unwrap_or_default().to_owned();
    name.push(formats::SIDECAR_SUFFIX);
    export.with_file_name(name)
}

/// Makes the files; nothing when `go_on` (documents done, of how many) says so.
fn make(
    opened: &OpenLibrary,
    request: &wire::ExportRequest,
    go_on: &mut dyn FnMut(u32, u32) -> bool,
) -> Result<Option<Made>> {
    if !known(&request.scope).iter().any(|format| format.id == request.format) {
        return Err(bad_input(
            format!("`{}` is no format that can be written here.", request.format),
            format!(
                "Choose one of: {}.",
                known(&request.scope).iter().map(|format| format.id.clone()).collect::<Vec<_>>().join(", ")
            ),
        ));
    }
    if let wire::ExportScope::Draft { draft } = request.scope {
        return make_draft(opened, draft, &request.format).map(Some);
    }
    let Some(gathered) = gathering::gather(opened, request, go_on)? else { return Ok(None) };
    let Gathered { documents, name, records, evidence, runs, task } = gathered;
    let format = Format::from_key(&request.format).ok_or_else(nothing)?;
    let written = formats::write(&documents, format, &WriteOptions { name, task, runs })?;
    let losses = written.losses.iter().map(|loss| wire::Loss {
        what: loss.what.to_string(),
        count: count(loss.count as u64),
        example: loss.example.clone(),
    });
    Ok(Some(Made {
        losses: losses.collect(),
        files: written.files,
        records,
        evidence,
        annotations: documents
            .iter()
            .map(|document| count((document.entities.len() + document.relations.len()) as u64))
            .sum(),
        documents: count(documents.len() as u64),
        excerpt: None,
    }))
}

fn make_draft(opened: &OpenLibrary, id: wire::Id, format: &str) -> Result<Made> {
    let draft = opened.draft(id)?;
    let stem = gathering::file_stem(&draft.title, "draft");
    let mut marked = generated::marked(&draft.text, &draft.generated);
    let title = draft.title.trim();
    // A draft is called by its first line: once more above it a model's words would be without their mark.
    if !title.is_empty() && !bare(&draft.text).starts_with(&bare(title)) {
        marked.text = format!("# {title}\n\n{}", marked.text);
        marked.tracked = format!("# {title}\n\n{}", marked.tracked);
    }
    let is_docx = format == known::DOCX;
    let (bytes, excerpt) = if is_docx {
        (docx::write(&marked.tracked, &marked.authors)?, Some(marked.text))
    } else {
        (marked.text.into_bytes(), None)
    };
    Ok(Made {
        files: vec![(format!("{stem}.{}", if is_docx { "docx" } else { "md" }), bytes)],
        losses: Vec::new(),
        records: Vec::new(),
        evidence: wire::EvidenceReport::default(),
        documents: 1,
        annotations: 0,
        excerpt,
    })
}

/// A text without what Markdown adds to it, to compare it by.
fn bare(text: &str) -> String {
    let sign = |sign: char| "#>*_`+-".contains(sign) || sign.is_whitespace();
    text.chars().filter(|one| !sign(*one)).collect()
}

fn nothing() -> wire::HostError {
    bad_input("There is nothing to export.", "Select at least one document.")
}
