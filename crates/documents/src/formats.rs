//! The file formats of the field: bytes in, documents and issues out, and back.
//!
//! A format is one module with `read` and, where Osler writes it, `write`. [`read`] finds the format by content, never
//! by the file's name; one bad record becomes an [`Issue`] and the rest is imported. [`write`] reads its own output
//! back and lists every difference as a [`Loss`], so nothing is dropped in silence.

mod bioc;
mod brat;
mod detect;
mod docx;
mod encoding;
mod error;
mod foreign;
mod gzip;
mod html;
mod identifiers;
mod import;
mod index;
mod infons;
mod jats;
mod json;
mod jsonl;
mod losses;
mod medline;
mod names;
mod offsets;
mod pair;
mod pdf;
mod placement;
mod plain;
mod pubannotation;
mod pubmed_xml;
mod pubtator;
mod records;
mod references;
mod ris;
mod statements;
mod table;
pub mod training;
mod wording;
mod xml;

pub use detect::detect;
pub use error::{ReadError, WriteError};
pub(crate) use gzip::MAGIC as GZIP;
pub use import::{Import, Issue, Notice, Table};
pub(crate) use json::is_lines as is_json_lines;
pub use losses::{Loss, Lost};
pub use offsets::Unit;
pub use pair::{Source, pair};
pub use records::{ADDED, Comparison, RECORD, Records, SIDECAR_SUFFIX};

use std::collections::BTreeMap;

use crate::limits::Limits;
use crate::{Document, Infons};
use detect::Content;
use import::Intake;

/// The infon of a relation or an entity that holds a curator's decision: `accepted` or `rejected`.
pub const DECISION: &str = "decision";
/// The infon of a relation that names the run it comes from, a key of [`WriteOptions::runs`].
pub const RUN: &str = "run";
/// Infon of a relation: what its nth piece of evidence says of it, and by which words, from 1.
pub const EVIDENCE_STANCE: &str = "evidence_stance.";
/// Infon of a relation: where in its document its nth piece of evidence is.
pub const EVIDENCE_PLACE: &str = "evidence_place.";

/// The name of the thread on which PDFs are read, by a parser that panics on damaged ones. All of that is caught and told as an
/// [`Issue`] or a [`ReadError`]: a program that prints panics need not print those.
pub const PDF_THREAD: &str = pdf::THREAD;

/// A file format that Osler reads or writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// Plain text; one document, a passage per paragraph.
    PlainText,
    /// Markdown; headings are passages of their own.
    Markdown,
    /// PubMed's `PubmedArticleSet`.
    PubmedXml,
    /// The article XML of PubMed Central and publishers (JATS and its NLM predecessors).
    Jats,
    /// MEDLINE text display, `.nbib`.
    Medline,
    /// RIS and the tagged export of Web of Science.
    Ris,
    /// PubTator's lines of title, abstract, mentions and relations.
    PubTator,
    /// BioC XML.
    BiocXml,
    /// BioC JSON.
    BiocJson,
    /// brat standoff: a text and its annotations in two files.
    Brat,
    /// PubAnnotation JSON.
    PubAnnotation,
    /// A table with commas or semicolons; written: one relation a row.
    Csv,
    /// A table with tabs; written: one relation a row.
    Tsv,
    /// One JSON object a line (Osler's own, doccano's and those of similar tools).
    Jsonl,
    /// Word text.
    Docx,
    /// PDF text.
    Pdf,
    /// A self-contained page for review and print.
    Html,
    /// One line per document and task with decisions, to train on.
    Training,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 18] = [
        Self::PlainText,
        Self::Markdown,
        Self::PubmedXml,
        Self::Jats,
        Self::Medline,
        Self::Ris,
        Self::PubTator,
        Self::BiocXml,
        Self::BiocJson,
        Self::Brat,
        Self::PubAnnotation,
        Self::Csv,
        Self::Tsv,
        Self::Jsonl,
        Self::Docx,
        Self::Pdf,
        Self::Html,
        Self::Training,
    ];

    /// Its name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.described().0
    }

    /// Its name on a command line: lower case, without blanks.
    #[must_use]
    pub const fn key(self) -> &'static str {
        self.described().1
    }

    /// The file extension it is written with, without the dot.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        self.described().2
    }

    /// The format of that [`key`](Self::key).
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.key() == key)
    }

    /// Whether [`write`] writes it.
    #[must_use]
    pub const fn is_written(self) -> bool {
        matches!(
            self,
            Self::PubTator
                | Self::BiocXml
                | Self::BiocJson
                | Self::Brat
                | Self::PubAnnotation
                | Self::Csv
                | Self::Tsv
                | Self::Jsonl
                | Self::Html
                | Self::Ris
                | Self::Medline
                | Self::Training
        )
    }

    /// Whether what [`WriteOptions::runs`] says lies in a file beside it, because the format has no place for it.
    #[must_use]
    pub const fn keeps_runs_in_a_sidecar(self) -> bool {
        matches!(
            self,
            Self::PubTator
                | Self::Brat
                | Self::PubAnnotation
                | Self::Csv
                | Self::Tsv
                | Self::Ris
                | Self::Medline
        )
    }

    const fn described(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::PlainText => ("plain text", "text", "txt"),
            Self::Markdown => ("Markdown", "markdown", "md"),
            Self::PubmedXml => ("PubMed XML", "pubmed-xml", "xml"),
            Self::Jats => ("JATS article XML", "jats", "xml"),
            Self::Medline => ("MEDLINE (NBIB)", "nbib", "nbib"),
            Self::Ris => ("RIS", "ris", "ris"),
            Self::PubTator => ("PubTator", "pubtator", "pubtator.txt"),
            Self::BiocXml => ("BioC XML", "bioc-xml", "bioc.xml"),
            Self::BiocJson => ("BioC JSON", "bioc-json", "bioc.json"),
            Self::Brat => ("brat standoff", "brat", "ann"),
            Self::PubAnnotation => ("PubAnnotation JSON", "pubannotation", "json"),
            Self::Csv => ("CSV table", "csv", "csv"),
            Self::Tsv => ("TSV table", "tsv", "tsv"),
            Self::Jsonl => ("JSON Lines", "jsonl", "jsonl"),
            Self::Docx => ("Word document", "docx", "docx"),
            Self::Pdf => ("PDF", "pdf", "pdf"),
            Self::Html => ("HTML report", "html", "html"),
            Self::Training => ("training JSON Lines", "training", "training.jsonl"),
        }
    }
}

/// How to read a file whose content does not say it all.
#[derive(Debug, Clone, Default)]
pub struct ReadOptions {
    /// The column of a table that holds the text, instead of one of the usual names. Tables without it are read by those.
    pub column: Option<String>,
    /// What the import may cost.
    pub limits: Limits,
    /// Lines of the file before these bytes, where they are a piece of it: see [`crate::pieces`].
    pub lines_before: usize,
    /// Records of the file before these bytes.
    pub records_before: usize,
}

/// Reads the documents of a file. `name` is the file's name, for messages and for documents without an id.
///
/// # Errors
/// Where nothing of the file can be read; a single bad record is an [`Issue`] of the result instead.
pub fn read(bytes: &[u8], name: &str) -> Result<Import, ReadError> {
    read_with(bytes, name, &ReadOptions::default())
}

/// [`read`] with a text column or limits of the caller's choice.
///
/// # Errors
/// As [`read`].
pub fn read_with(bytes: &[u8], name: &str, options: &ReadOptions) -> Result<Import, ReadError> {
    let mut intake = Intake::new(name, &options.limits);
    intake.column = options.column.as_deref();
    (intake.lines_before, intake.records_before) = (options.lines_before, options.records_before);
    if bytes.len() > options.limits.input_bytes {
        return Err(ReadError::TooLarge { file: name.to_owned(), limit: options.limits.input_bytes });
    }
    let unpacked = gzip::look_through(bytes, &mut intake)?;
    let format = match detect::content(&unpacked, &mut intake)? {
        Content::Docx => {
            docx::read(&unpacked, &mut intake)?;
            Format::Docx
        }
        Content::Pdf => {
            pdf::read(&unpacked, &mut intake)?;
            Format::Pdf
        }
        Content::Text(text) => {
            let format = detect::text_format(&text, &intake)?;
            read_text(&text, format, &mut intake)?;
            format
        }
    };
    intake.finish(format)
}

fn read_text(text: &str, format: Format, intake: &mut Intake<'_>) -> Result<(), ReadError> {
    match format {
        Format::PlainText => plain::read_text(text, intake),
        Format::Markdown => plain::read_markdown(text, intake),
        Format::PubmedXml => pubmed_xml::read(text, intake),
        Format::Jats => jats::read(text, intake),
        Format::Medline => medline::read(text, intake),
        Format::Ris => ris::read(text, intake),
        Format::PubTator => pubtator::read(text, intake),
        Format::BiocXml => bioc::xml::read(text, intake),
        Format::BiocJson => bioc::json::read(text, intake),
        Format::PubAnnotation => pubannotation::read(text, intake),
        Format::Csv | Format::Tsv => table::read(text, intake),
        Format::Jsonl => jsonl::read(text, intake),
        Format::Training => training::read_documents(text, intake),
        // `detect` gives none of these for text.
        Format::Brat | Format::Docx | Format::Pdf | Format::Html => Err(intake.unrecognized()),
    }
}

/// Reads a brat pair: the text and its annotations. `name` is the text's file name; its stem is the document's id.
///
/// # Errors
/// Where the text cannot be read.
pub fn read_brat(text: &[u8], annotations: &[u8], name: &str) -> Result<Import, ReadError> {
    let limits = Limits::default();
    let mut intake = Intake::new(name, &limits);
    for bytes in [text, annotations] {
        if bytes.len() > limits.input_bytes {
            return Err(ReadError::TooLarge { file: name.to_owned(), limit: limits.input_bytes });
        }
    }
    let (text, annotations) =
        (gzip::look_through(text, &mut intake)?, gzip::look_through(annotations, &mut intake)?);
    let text = encoding::decode(&text, &mut intake)?;
    // A text without annotations is a result like any other.
    let annotations = match encoding::decode(&annotations, &mut intake) {
        Err(ReadError::Empty { .. }) => String::new(),
        annotations => annotations?,
    };
    brat::read(&text, &annotations, &mut intake)?;
    intake.finish(Format::Brat)
}

/// How to write documents.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WriteOptions {
    /// Stem of the file's name; `documents` where empty. brat names its files by document instead.
    pub name: String,
    /// What the documents are about (`bc5cdr`, `ddi` ...): a training line's `task`, a report's heading.
    pub task: String,
    /// The reproducibility record of each run that relations name in their [`RUN`] infon. Kept inside the file where
    /// the format has a place for it (BioC, JSON Lines, training, HTML), else in a file beside it, with all that the format
    /// cannot hold: see [`Records`].
    pub runs: BTreeMap<String, Infons>,
}

/// Files made by [`write`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Name and bytes of each file.
    pub files: Vec<(String, Vec<u8>)>,
    /// What the files do not hold, per document and kind; to be shown to the user before saving.
    pub losses: Vec<Loss>,
}

/// Writes documents in one format.
///
/// # Errors
/// Where Osler does not write that format, or there is no document.
pub fn write(documents: &[Document], format: Format, options: &WriteOptions) -> Result<Written, WriteError> {
    let mut files = encode(documents, format, options)?;
    let losses = losses::of(documents, format, &files);
    if format.keeps_runs_in_a_sidecar() && !options.runs.is_empty() {
        let record = records::to_json(documents, format, options).to_string().into_bytes();
        let stem = stem(options);
        let name = if format == Format::Brat { stem } else { format!("{stem}.{}", format.extension()) };
        files.push((format!("{name}{SIDECAR_SUFFIX}"), record));
    }
    Ok(Written { files, losses })
}

fn stem(options: &WriteOptions) -> String {
    names::file_stem(if options.name.is_empty() { "documents" } else { &options.name })
}

/// The names and bytes of the files of [`write`], without a look at what they do not hold, and without a record beside them: for
/// whoever writes a great many.
///
/// # Errors
/// As [`write`].
pub fn encode(
    documents: &[Document],
    format: Format,
    options: &WriteOptions,
) -> Result<Vec<(String, Vec<u8>)>, WriteError> {
    if documents.is_empty() {
        return Err(WriteError::NoDocuments);
    }
    let one = |text: String| vec![(format!("{}.{}", stem(options), format.extension()), text.into_bytes())];
    Ok(match format {
        Format::PubTator => one(pubtator::write(documents)),
        Format::BiocXml => one(bioc::xml::write(documents, options)),
        Format::BiocJson => one(bioc::json::write(documents, options)),
        Format::Brat => brat::write(documents),
        Format::PubAnnotation => one(pubannotation::write(documents)),
        Format::Csv => one(table::write(documents, b',')),
        Format::Tsv => one(table::write(documents, b'\t')),
        Format::Jsonl => one(jsonl::write(documents, options)),
        Format::Html => one(html::write(documents, options)),
        Format::Ris => one(ris::write(documents)),
        Format::Medline => one(medline::write(documents)),
        Format::Training => one(training::write_documents(documents, options)),
        Format::PlainText
        | Format::Markdown
        | Format::PubmedXml
        | Format::Jats
        | Format::Docx
        | Format::Pdf => return Err(WriteError::NotWritten(format)),
    })
}
