//! Why a whole file is refused, in words a clinician can act on.

use thiserror::Error;

use super::{Format, Issue};

/// Why nothing of a file was imported.
#[derive(Debug, Clone, PartialEq, Eq, Error, remedies::Remedy)]
pub enum ReadError {
    /// No bytes, or only blanks.
    #[error("{file} is empty. Choose a file that holds text.")]
    Empty {
        /// The file's name.
        file: String,
    },
    /// More bytes than are read at once.
    #[error("{file} is larger than {} MB. Split it and import the parts.", .limit / (1024 * 1024))]
    TooLarge {
        /// The file's name.
        file: String,
        /// The limit in bytes.
        limit: usize,
    },
    /// A packed file that unpacks to more than is plausible.
    #[error("{file} unpacks to more than {} MB, which looks like a damaged or hostile archive. Unpack it with another program and import what is inside.", .limit / (1024 * 1024))]
    Expands {
        /// The file's name.
        file: String,
        /// The limit in bytes.
        limit: usize,
    },
    /// More lines than are read at once.
    #[error("{file} has more than {limit} lines. Split it and import the parts.")]
    TooManyLines {
        /// The file's name.
        file: String,
        /// The limit.
        limit: usize,
    },
    /// A packed file that cannot be unpacked.
    #[error("{file} cannot be unpacked: {problem}. The copy may be incomplete; fetch it again.")]
    Archive {
        /// The file's name.
        file: String,
        /// What the unpacker says.
        problem: String,
    },
    /// Bytes that are no text.
    #[error("{file} is not text but binary data. Osler reads text, XML, JSON, tables, Word and PDF files.")]
    Binary {
        /// The file's name.
        file: String,
    },
    /// A format that is known but not read.
    #[error("{file} is {what}, which Osler does not read. {remedy}")]
    Unsupported {
        /// The file's name.
        file: String,
        /// The format's name with its article.
        what: String,
        /// What to do instead.
        remedy: &'static str,
    },
    /// An XML file that declares entities that refer to each other or to other files.
    #[error(
        "{file}, line {line}: the file defines abbreviations (XML entities) {problem}. It is refused for safety; export it again without a document type."
    )]
    Entities {
        /// The file's name.
        file: String,
        /// Where.
        line: usize,
        /// What is wrong with them.
        problem: String,
    },
    /// JSON that does not parse, or with a shape that is not known.
    #[error("{file} cannot be read as JSON: {problem}.")]
    Json {
        /// The file's name.
        file: String,
        /// What is wrong, with line and column.
        problem: String,
    },
    /// A table without the column that was chosen, or without one that is known to hold text.
    #[error("{file} has no column named {}, but {}. Choose the column that holds the text, or call it \"text\" in the first line of the file.", .wanted.as_deref().unwrap_or("title, abstract or text"), .columns.join(", "))]
    NoTextColumn {
        /// The file's name.
        file: String,
        /// The column that was chosen.
        wanted: Option<String>,
        /// The header.
        columns: Vec<String>,
    },
    /// Annotations of brat without their text.
    #[error("{file} holds annotations without their text. Import it together with {text}.")]
    NeedsText {
        /// The file's name.
        file: String,
        /// The name of the text.
        text: String,
    },
    /// A PDF of images.
    #[error(
        "There is no text in this PDF ({file}): its pages are probably scanned images. Run text recognition (OCR) on it first."
    )]
    NoTextInPdf {
        /// The file's name.
        file: String,
    },
    /// A PDF that cannot be read.
    #[error(
        "{file} cannot be read as PDF: {problem}. Save it again from a PDF viewer (\"print to PDF\"), or copy its text."
    )]
    Pdf {
        /// The file's name.
        file: String,
        /// What the parser says.
        problem: String,
    },
    /// Every record of the file is bad.
    #[error("{file} holds no document that can be read. {}", first(issues))]
    NoDocument {
        /// The file's name.
        file: String,
        /// Why each was refused.
        issues: Vec<Issue>,
    },
}

fn first(issues: &[Issue]) -> String {
    issues.first().map_or_else(
        || "There is no record in it; choose another file.".to_owned(),
        |issue| format!("{issue}"),
    )
}

impl ReadError {
    /// The name of the file that was refused.
    #[must_use]
    pub fn file(&self) -> &str {
        match self {
            Self::Empty { file }
            | Self::TooLarge { file, .. }
            | Self::Expands { file, .. }
            | Self::TooManyLines { file, .. }
            | Self::Archive { file, .. }
            | Self::Binary { file }
            | Self::Unsupported { file, .. }
            | Self::Entities { file, .. }
            | Self::Json { file, .. }
            | Self::NoTextColumn { file, .. }
            | Self::NeedsText { file, .. }
            | Self::NoTextInPdf { file }
            | Self::Pdf { file, .. }
            | Self::NoDocument { file, .. } => file,
        }
    }
}

/// Why nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, Error, remedies::Remedy)]
pub enum WriteError {
    /// Osler reads this format only.
    #[error("Osler reads {} but does not write it. Choose BioC, PubTator, brat, PubAnnotation, CSV, TSV, JSON Lines or HTML.", .0.name())]
    NotWritten(Format),
    /// An empty selection.
    #[error("There is no document to export. Select at least one.")]
    NoDocuments,
}
