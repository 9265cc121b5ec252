//! Large files as a stream of pieces: a few records each, every one a small file of its format, so that a file of any size is
//! read in bounded memory and by several threads.
//!
//! Taken apart are PubMed's XML, collections of JATS articles, JSON Lines, PubTator and MEDLINE records, gzip-packed or not, and the
//! articles of TAR archives, as PubMed Central hands them out. Any other file is one piece. Nothing is read from a piece before
//! [`Piece::read`], which gives places (`line 1204`) and ids as reading the whole file would.

mod cut;

use std::io::{self, BufReader, Cursor, Read};
use std::ops::ControlFlow;

use flate2::read::MultiGzDecoder;

use crate::formats::{self, Format, Import, Issue, ReadError, ReadOptions};
use crate::limits::Limits;
use cut::{Cut, Cutter, Rule};

/// Bytes of a file that are looked at to tell its format.
const HEAD: usize = 1 << 16;

/// Some records of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The file's name; of an article of an archive `archive.tar.gz: PMC1.xml`.
    pub file: String,
    /// A small file of the same format.
    pub bytes: Vec<u8>,
    is_whole: bool,
    lines_before: usize,
    records_before: usize,
}

impl Piece {
    /// The number of its first document in the file, from 1: it grows from piece to piece, and is no document's of another one.
    #[must_use]
    pub const fn first_record(&self) -> u64 {
        self.records_before as u64 + 1
    }

    /// Whether it is all of its file, or of its article of an archive.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// The documents of the piece.
    ///
    /// # Errors
    /// As [`formats::read`]; of a part of a file [`ReadError::NoDocument`] alone, with the reason as an issue.
    pub fn read(&self) -> Result<Import, ReadError> {
        let (lines_before, records_before) = (self.lines_before, self.records_before);
        let options = ReadOptions { lines_before, records_before, ..ReadOptions::default() };
        let part = |error: ReadError| match error {
            ReadError::NoDocument { .. } => error,
            error if self.is_whole => error,
            error => {
                let place = format!("line {}", lines_before + 1);
                let (message, remedy) = (error.problem(), error.remedy().unwrap_or_default());
                let issue = Issue { file: self.file.clone(), place, message, remedy };
                ReadError::NoDocument { file: self.file.clone(), issues: vec![issue] }
            }
        };
        formats::read_with(&self.bytes, &self.file, &options).map_err(part)
    }
}

/// Cuts a file into pieces of `records` records each; stops when `take` breaks. `file` is the file's name, for messages.
///
/// # Errors
/// Where the file cannot be read to its end, or a record is larger than a file may be. What came before was given to `take`: whoever
/// needs a whole file has to wait for the end.
pub fn each(
    reader: impl Read,
    file: &str,
    records: usize,
    take: &mut dyn FnMut(Piece) -> ControlFlow<()>,
) -> Result<(), ReadError> {
    let mut stream: Box<dyn Read + '_> = Box::new(reader);
    let mut head = Vec::new();
    // Packed twice is common where a server packs what is packed already.
    for layer in 0.. {
        head = beginning(&mut stream).map_err(|cause| broken(file, &cause))?;
        let again = Cursor::new(head.clone()).chain(stream);
        if !head.starts_with(&formats::GZIP) {
            stream = Box::new(again);
            break;
        }
        if layer == 2 {
            return Err(ReadError::Archive {
                file: file.to_owned(),
                problem: "it is packed more than twice".to_owned(),
            });
        }
        stream = Box::new(MultiGzDecoder::new(BufReader::with_capacity(HEAD, again)));
    }
    if head.get(257..262) == Some(b"ustar") {
        return archive(stream, file, records, take);
    }
    text(stream, &head, (file, 0), records, take).map(|_| ())
}

/// The articles of a TAR archive, one after the other.
fn archive(
    stream: Box<dyn Read + '_>,
    file: &str,
    records: usize,
    take: &mut dyn FnMut(Piece) -> ControlFlow<()>,
) -> Result<(), ReadError> {
    let mut archive = tar::Archive::new(stream);
    let mut articles = 0;
    for member in archive.entries().map_err(|cause| broken(file, &cause))? {
        let mut member = member.map_err(|cause| broken(file, &cause))?;
        let path = member.path().map_err(|cause| broken(file, &cause))?.into_owned();
        let is_article = path.extension().is_some_and(|end| end == "xml" || end == "nxml");
        if !member.header().entry_type().is_file() || !is_article {
            continue;
        }
        let name = format!("{file}: {}", path.display());
        let head = beginning(&mut member).map_err(|cause| broken(&name, &cause))?;
        let stream = Cursor::new(head.clone()).chain(member);
        if text(Box::new(stream), &head, (&name, articles), records, take)?.is_break() {
            break;
        }
        articles += 1;
    }
    Ok(())
}

/// The records of an unpacked file whose first bytes are `head`; `before` are those of others that it comes with.
fn text(
    stream: Box<dyn Read + '_>,
    head: &[u8],
    (file, before): (&str, usize),
    records: usize,
    take: &mut dyn FnMut(Piece) -> ControlFlow<()>,
) -> Result<ControlFlow<()>, ReadError> {
    let rule = rule(head, file);
    let is_whole = matches!(rule, Rule::Whole);
    let mut cutter = Cutter::new(stream, rule, records, Limits::default().input_bytes);
    while let Some(cut) = cutter.next().map_err(|stop| match stop {
        cut::Stop::Io(cause) => broken(file, &cause),
        cut::Stop::TooLarge(limit) => ReadError::TooLarge { file: file.to_owned(), limit },
    })? {
        let Cut { bytes, lines_before, records_before } = cut;
        let records_before = before + records_before;
        if take(Piece { file: file.to_owned(), bytes, is_whole, lines_before, records_before }).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(ControlFlow::Continue(()))
}

/// How a file that begins like this is cut.
fn rule(head: &[u8], file: &str) -> Rule {
    let Some(text) = text_of(head) else { return Rule::Whole };
    // What a file defines for itself holds for all of it.
    if text.contains("<!ENTITY") {
        return Rule::Whole;
    }
    if let Some(rule) = Rule::of_xml(text) {
        return rule;
    }
    // The last line may be cut.
    let lines = if head.len() < HEAD { text } else { text.rfind('\n').map_or("", |end| &text[..end]) };
    match formats::detect(lines.as_bytes(), file) {
        Ok(Format::Jsonl) if lines.trim_start().starts_with('{') && formats::is_json_lines(lines) => {
            Rule::Lines
        }
        Ok(Format::PubTator) => Rule::Paragraphs,
        // References of other programs have empty lines within a record; PubMed's begin with their number.
        Ok(Format::Medline) if lines.trim_start_matches(['\u{feff}', '\r', '\n']).starts_with("PMID- ") => {
            Rule::Paragraphs
        }
        _ => Rule::Whole,
    }
}

/// The text of a head, whose last character may be cut; nothing if it is no UTF-8.
fn text_of(head: &[u8]) -> Option<&str> {
    std::str::from_utf8(head).map_or_else(
        |error| match error.error_len() {
            None => std::str::from_utf8(head.get(..error.valid_up_to())?).ok(),
            Some(_) => None,
        },
        Some,
    )
}

/// The first bytes of a stream, as many as [`HEAD`] where there are so many.
fn beginning(stream: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    stream.take(HEAD as u64).read_to_end(&mut head)?;
    Ok(head)
}

fn broken(file: &str, cause: &io::Error) -> ReadError {
    ReadError::Archive { file: file.to_owned(), problem: cause.to_string() }
}

#[cfg(test)]
mod tests;
