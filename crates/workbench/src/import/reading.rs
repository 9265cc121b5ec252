//! From files to documents, with everything that the user should know about them.

use std::path::{Path, PathBuf};

use documents::Document;
use documents::formats::{self, Import, Issue, Notice, ReadError, ReadOptions, Source};
use documents::limits;
use tasks::personal;

use super::files::{self, Found};
use crate::error::{self, Result, bad_input};
use crate::jobs::Stream;
use crate::library::count;
use crate::wire;

/// Most bytes of documents that one import keeps in memory.
const BYTES: usize = 1 << 30;
/// Issues of all files that are listed.
const ISSUES: usize = 1_000;

/// What was read.
#[derive(Debug, Default)]
pub struct Read {
    pub documents: Vec<ReadDocument>,
    pub files: Vec<wire::PreviewedFile>,
    pub issues: Vec<wire::ImportIssue>,
    pub further_issues: u32,
    bytes: usize,
}

/// A document and where it comes from.
#[derive(Debug)]
pub struct ReadDocument {
    pub document: Document,
    pub origin: String,
    pub format: String,
}

/// Reads files and folders; nothing when the user stopped it. `column_of` gives the column that holds the text of a table.
pub fn paths(
    paths: &[PathBuf],
    column_of: &dyn Fn(&str) -> Option<String>,
    stream: &Stream<wire::PreviewEvent>,
) -> Result<Option<Read>> {
    let found = files::find(paths)?;
    let names: Vec<&str> = found.iter().map(|file| file.name.as_str()).collect();
    let sources = formats::pair(&names);
    let mut read = Read::default();
    let total = count(sources.len() as u64);
    for (source, done) in sources.iter().zip(0..) {
        let (Source::File(main) | Source::Brat { text: main, .. }) = source;
        let Some(file) = found.get(*main) else { continue };
        if stream.is_stopped() {
            return Ok(None);
        }
        stream.tell(wire::PreviewEvent::Reading { file: file.name.clone(), done, total });
        let annotations: Vec<&Found> = match source {
            Source::File(_) => Vec::new(),
            Source::Brat { annotations, .. } => {
                annotations.iter().filter_map(|one| found.get(*one)).collect()
            }
        };
        let joined = bytes_of(file).and_then(|bytes| Ok((bytes, joined(&annotations)?)));
        let (bytes, annotations) = match joined {
            Ok(joined) => joined,
            Err(refusal) => {
                read.refuse(&file.name, size_of(file), refusal, Vec::new());
                continue;
            }
        };
        let import = match annotations {
            None => {
                let options = ReadOptions { column: column_of(&file.name), ..ReadOptions::default() };
                formats::read_with(&bytes, &file.name, &options)
            }
            Some(annotations) => formats::read_brat(&bytes, &annotations, &file.name),
        };
        match import {
            Ok(import) => read.take(&file.name, bytes.len(), import)?,
            Err(refusal) => {
                let columns = match &refusal {
                    ReadError::NoTextColumn { columns, .. } => columns.clone(),
                    _ => Vec::new(),
                };
                read.refuse(&file.name, size_of(file), refusal.into(), columns);
            }
        }
    }
    Ok(Some(read))
}

/// Reads pasted text of any format.
pub fn text(text: &str, origin: &str) -> Result<Option<Read>> {
    if text.trim().is_empty() {
        return Ok(Some(Read::default()));
    }
    let mut read = Read::default();
    let import = formats::read(text.as_bytes(), origin)?;
    read.take(origin, text.len(), import)?;
    Ok(Some(read))
}

/// Takes documents that the client gives.
pub fn given(documents: &[wire::NewDocument], origin: &str) -> Option<Read> {
    let documents: Vec<ReadDocument> = documents
        .iter()
        .map(|given| ReadDocument {
            document: Document::from_parts(
                &given.source_id,
                &[("title", given.title.trim()), ("abstract", given.text.trim())],
            ),
            origin: origin.to_owned(),
            format: formats::Format::PlainText.name().to_owned(),
        })
        .filter(|read| !read.document.text.is_empty())
        .collect();
    let file = wire::PreviewedFile {
        name: origin.to_owned(),
        bytes: documents.iter().map(|read| read.document.text.len() as u64).sum(),
        format: Some(formats::Format::PlainText.name().to_owned()),
        documents: count(documents.len() as u64),
        notices: personal_words(documents.iter().map(|read| &read.document)).into_iter().collect(),
        refusal: None,
        columns: Vec::new(),
        text_column: None,
    };
    Some(Read { documents, files: vec![file], ..Read::default() })
}

/// How many of the texts have words that may identify a person, with the first of these.
fn personal_words<'d>(documents: impl Iterator<Item = &'d Document>) -> Option<String> {
    let mut texts = 0_u64;
    let mut first = None;
    for document in documents {
        if let [one, ..] = personal::identifiers(document)[..] {
            texts += 1;
            first.get_or_insert_with(|| one.slice(&document.text).unwrap_or_default().to_owned());
        }
    }
    let (has, it) = if texts == 1 { ("text has", "it") } else { ("texts have", "them") };
    first.map(|words| {
        format!(
            "{texts} {has} words that may identify a person (“{words}”). “Check every quote” lists them; look at {it} before \
             you share the library."
        )
    })
}

impl Read {
    fn take(&mut self, name: &str, bytes: usize, import: Import) -> Result<()> {
        self.bytes += import.documents.iter().map(|document| document.text.len()).sum::<usize>();
        if self.bytes > BYTES {
            return Err(bad_input(
                format!("The files hold more than {} MB of text.", BYTES >> 20),
                "Import one part after the other.",
            ));
        }
        let format = import.format.name().to_owned();
        let notices = import.notices.iter().map(ToString::to_string);
        self.files.push(wire::PreviewedFile {
            name: name.to_owned(),
            bytes: bytes as u64,
            format: Some(format.clone()),
            documents: count(import.documents.len() as u64),
            notices: notices.chain(personal_words(import.documents.iter())).collect(),
            refusal: None,
            text_column: import.table.as_ref().and_then(|table| table.text.clone()),
            columns: import.table.map(|table| table.columns).unwrap_or_default(),
        });
        for notice in &import.notices {
            if let Notice::FurtherIssues(further) = notice {
                self.further_issues += count(*further as u64);
            }
        }
        for issue in import.issues {
            self.note(issue);
        }
        self.documents.extend(import.documents.into_iter().map(|document| ReadDocument {
            document,
            origin: name.to_owned(),
            format: format.clone(),
        }));
        Ok(())
    }

    fn note(&mut self, issue: Issue) {
        if self.issues.len() < ISSUES {
            self.issues.push(wire::ImportIssue {
                file: issue.file,
                place: issue.place,
                message: issue.message,
                remedy: issue.remedy,
            });
        } else {
            self.further_issues += 1;
        }
    }

    /// `columns` are those of a table of which nobody knows which one holds the text.
    fn refuse(&mut self, name: &str, bytes: u64, refusal: wire::HostError, columns: Vec<String>) {
        self.files.push(wire::PreviewedFile {
            name: name.to_owned(),
            bytes,
            format: None,
            documents: 0,
            notices: Vec::new(),
            refusal: Some(refusal),
            columns,
            text_column: None,
        });
    }
}

/// The annotation files of a brat text as one; nothing where there is none.
fn joined(annotations: &[&Found]) -> Result<Option<Vec<u8>>> {
    let mut joined = Vec::new();
    for annotation in annotations {
        joined.extend(bytes_of(annotation)?);
        joined.push(b'\n');
    }
    Ok((!annotations.is_empty()).then_some(joined))
}

/// The bytes of a file that is not too large; its size is looked at before it is loaded.
fn bytes_of(file: &Found) -> Result<Vec<u8>> {
    if size_of(file) > limits::INPUT_BYTES as u64 {
        let too_large = ReadError::TooLarge { file: file.name.clone(), limit: limits::INPUT_BYTES };
        return Err(too_large.into());
    }
    whole(&file.path)
}

/// The bytes of a file. What is no file (a pipe, a device) is refused: it may have no end, or never begin.
///
/// # Errors
/// When it is none, or cannot be read.
pub fn whole(path: &Path) -> Result<Vec<u8>> {
    let failed = |cause: std::io::Error| error::file("Osler could not read", path, &cause);
    files::check(path, &std::fs::metadata(path).map_err(failed)?)?;
    std::fs::read(path).map_err(failed)
}

fn size_of(file: &Found) -> u64 {
    std::fs::metadata(&file.path).map_or(0, |metadata| metadata.len())
}
