//! The forms that results are written in.

use std::fs::File;
use std::io::{self, Write};

use documents::annotated::Annotated;
use documents::formats::{self, Format, WriteOptions};
use documents::{Document, Infons, Prediction};

use crate::StreamError;

/// A document that was worked on.
#[derive(Debug, Clone, PartialEq)]
pub struct Processed {
    /// The document as it was read.
    pub document: Document,
    /// Its number among the documents of its file, from 1.
    pub record: u64,
    /// What the model says.
    pub predictions: Vec<Prediction>,
}

/// Where the results of a piece come from.
#[derive(Debug, Clone, Copy)]
pub struct PieceOrigin<'a> {
    /// The name of the input.
    pub file: &'a str,
    /// The task, as a run's record names it.
    pub task: &'a str,
    /// The hash of what they are made with.
    pub provenance: &'a str,
}

/// A form of results: encoded piece by piece on the workers, written in order.
pub trait Form: Sync {
    /// An encoded piece.
    type Part: Send;
    /// A file that is being written.
    type Writer;

    /// What the names of its files end with, without the dot.
    fn extension(&self) -> &'static str;

    /// Encodes what came of a piece.
    ///
    /// # Errors
    /// If the form does not hold it.
    fn encode(&self, origin: PieceOrigin<'_>, done: Vec<Processed>) -> Result<Self::Part, StreamError>;

    /// Begins a file; `about` is kept in it where the form has a place for that.
    ///
    /// # Errors
    /// If it cannot be written.
    fn begin(&self, file: File, about: &[(&str, &str)]) -> io::Result<Self::Writer>;

    /// Adds a piece.
    ///
    /// # Errors
    /// If it cannot be written.
    fn add(&self, writer: &mut Self::Writer, part: Self::Part) -> io::Result<()>;

    /// Ends the file, and gives it back to be brought to the disk.
    ///
    /// # Errors
    /// If it cannot be written.
    fn finish(&self, writer: Self::Writer) -> io::Result<File>;
}

/// Whole documents with their findings, one after the other, as formats of the field have them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lines(Format);

impl Lines {
    /// The formats whose files can be put together from pieces.
    pub const FORMATS: [Format; 2] = [Format::Jsonl, Format::PubTator];

    /// In this format, if it is one of [`Lines::FORMATS`].
    #[must_use]
    pub fn of(format: Format) -> Option<Self> {
        Self::FORMATS.contains(&format).then_some(Self(format))
    }
}

impl Form for Lines {
    type Part = Vec<u8>;
    type Writer = io::BufWriter<File>;

    fn extension(&self) -> &'static str {
        self.0.extension()
    }

    fn encode(&self, origin: PieceOrigin<'_>, done: Vec<Processed>) -> Result<Vec<u8>, StreamError> {
        if done.is_empty() {
            return Ok(Vec::new());
        }
        let documents: Vec<Document> = done
            .into_iter()
            .map(|Processed { document, predictions, .. }| {
                let mut annotated = Annotated::new(document);
                for (prediction, n) in predictions.iter().zip(1..) {
                    annotated.add_prediction(&format!("F{n}"), prediction, origin.provenance, Infons::new());
                }
                annotated.finish()
            })
            .collect();
        let files = formats::encode(&documents, self.0, &WriteOptions::default())?;
        Ok(files.into_iter().next().map(|(_, bytes)| bytes).unwrap_or_default())
    }

    fn begin(&self, file: File, _: &[(&str, &str)]) -> io::Result<Self::Writer> {
        Ok(io::BufWriter::new(file))
    }

    fn add(&self, writer: &mut Self::Writer, part: Vec<u8>) -> io::Result<()> {
        writer.write_all(&part)
    }

    fn finish(&self, writer: Self::Writer) -> io::Result<File> {
        writer.into_inner().map_err(io::IntoInnerError::into_error)
    }
}
