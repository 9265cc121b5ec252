//! Results on their way out: what each format can hold, what it would lose, the files.

mod docx;
mod gathering;
mod known;

use std::path::{Path, PathBuf};

use documents::formats::{self, Format, WriteOptions};

use crate::error::{Result, bad_input};
use crate::jobs::{Sink, Stream};
use crate::library::{Shelf, count, write_whole};
use crate::wire;
use crate::workbench::Workbench;
use gathering::Gathered;
pub use known::known;

/// Characters of the file that a preview shows.
const EXCERPT: usize = 2_000;

/// Files in memory.
struct Made {
    files: Vec<(String, Vec<u8>)>,
    losses: Vec<wire::Loss>,
    records: Vec<wire::RunRecord>,
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
        let made = make(&self.shelf(), request, &mut |_, _| true)?.ok_or_else(nothing)?;
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
        let made = make(&self.shelf(), request, &mut |done, total| {
            stream.tell(wire::ExportEvent::Progress { done, total });
            !stream.is_stopped()
        })?;
        let Some(made) = made else { return Ok(()) };
        let places = targets(path, &made.files)?;
        let mut bytes = 0;
        for (place, (_, content)) in places.iter().zip(&made.files) {
            write_whole(place, content)?;
            bytes += content.len() as u64;
        }
        let written = if made.files.len() > 1 && request.format == Format::Brat.key() {
            path.with_extension("")
        } else {
            path.to_owned()
        };
        stream.tell(wire::ExportEvent::Written {
            path: written.display().to_string(),
            bytes,
            documents: made.documents,
        });
        Ok(())
    }
}

/// Where each file goes.
fn targets(path: &Path, files: &[(String, Vec<u8>)]) -> Result<Vec<PathBuf>> {
    let is_pair = files.iter().any(|(name, _)| name.ends_with(".ann"));
    if is_pair {
        let folder = path.with_extension("");
        let is_used = std::fs::read_dir(&folder).is_ok_and(|mut entries| entries.next().is_some());
        if is_used || folder.is_file() {
            return Err(bad_input(
                format!("{} is there already and was left alone.", folder.display()),
                "This format writes a folder of files: choose a new name.",
            ));
        }
        return Ok(files.iter().map(|(name, _)| folder.join(name)).collect());
    }
    // All that may follow the file itself is its record.
    Ok([path.to_owned(), record_beside(path)].into_iter().take(files.len()).collect())
}

/// Where the record of an export lies whose format has no place for it.
pub(crate) fn record_beside(export: &Path) -> PathBuf {
    let mut name = export.file_name().unwrap_or_default().to_owned();
    name.push(formats::BESIDE);
    export.with_file_name(name)
}

/// Makes the files; nothing when `go_on` (documents done, of how many) says so.
fn make(
    shelf: &Shelf,
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
        return make_draft(shelf, draft, &request.format).map(Some);
    }
    let Some(gathered) = gathering::gather(shelf, request, go_on)? else { return Ok(None) };
    let Gathered { documents, name, records, runs, task } = gathered;
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
        annotations: documents
            .iter()
            .map(|document| count((document.entities.len() + document.relations.len()) as u64))
            .sum(),
        documents: count(documents.len() as u64),
        excerpt: None,
    }))
}

fn make_draft(shelf: &Shelf, id: wire::Id, format: &str) -> Result<Made> {
    let draft = shelf.draft(id)?;
    let stem = gathering::file_stem(&draft.title, "draft");
    let starts_with_title = draft.text.trim_start().starts_with('#');
    let text = match draft.title.trim() {
        title if title.is_empty() || starts_with_title => draft.text.clone(),
        title => format!("# {title}\n\n{}", draft.text),
    };
    let mut losses = Vec::new();
    if let Some(first) = draft.generated.first() {
        losses.push(wire::Loss {
            what: "marks of text that a model wrote and nobody has accepted yet".into(),
            count: count(draft.generated.len() as u64),
            example: first.model.clone(),
        });
    }
    let (bytes, excerpt) =
        if format == known::DOCX { (docx::write(&text)?, Some(text)) } else { (text.into_bytes(), None) };
    Ok(Made {
        files: vec![(format!("{stem}.{}", if format == known::DOCX { "docx" } else { "md" }), bytes)],
        losses,
        records: Vec::new(),
        documents: 1,
        annotations: 0,
        excerpt,
    })
}

fn nothing() -> wire::HostError {
    bad_input("There is nothing to export.", "Select at least one document.")
}
