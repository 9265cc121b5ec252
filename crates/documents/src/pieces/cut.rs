//! Cutting a stream of bytes at the ends of records.

use std::io::{self, Read};

use memchr::memmem::Finder;

/// Bytes that are read at once.
const READ: usize = 1 << 16;

/// Where records end.
pub(super) enum Rule {
    /// At the ends of these elements; `wrapped` stands around the records of all pieces but the first.
    Elements {
        /// Closing tags.
        ends: Vec<Finder<'static>>,
        /// What is written before and behind the records.
        wrapped: (&'static str, &'static str),
    },
    /// At the end of each line.
    Lines,
    /// At empty lines.
    Paragraphs,
    /// The file is one piece.
    Whole,
}

impl Rule {
    /// That of an XML file by its root; nothing for one that is not cut.
    pub(super) fn of_xml(text: &str) -> Option<Self> {
        let root = root(text.trim_start_matches('\u{feff}').trim_start())?;
        let (ends, wrapped): (&[&str], _) = match root {
            "PubmedArticleSet" => {
                (&["</PubmedArticle>", "</PubmedBookArticle>"], ("<PubmedArticleSet>", "</PubmedArticleSet>"))
            }
            "pmc-articleset" => (&["</article>"], ("<pmc-articleset>", "</pmc-articleset>")),
            "articles" => (&["</article>"], ("<articles>", "</articles>")),
            _ => return None,
        };
        let ends = ends.iter().map(|end| Finder::new(end.as_bytes()).into_owned()).collect();
        Some(Self::Elements { ends, wrapped })
    }

    /// Where the first record of `bytes` ends, looking from `from` on, and from where to look next if it does not end there.
    fn end(&self, bytes: &[u8], from: usize) -> Result<usize, usize> {
        let rest = bytes.get(from..).unwrap_or_default();
        match self {
            Self::Elements { ends, .. } => {
                let found = ends.iter().filter_map(|end| Some(end.find(rest)? + end.needle().len())).min();
                let longest = ends.iter().map(|end| end.needle().len()).max().unwrap_or_default();
                found.map(|at| from + at).ok_or_else(|| bytes.len().saturating_sub(longest).max(from))
            }
            Self::Lines => memchr::memchr(b'\n', rest).map(|at| from + at + 1).ok_or(bytes.len()),
            Self::Paragraphs => {
                let mut at = from;
                while let Some(end) = memchr::memchr(b'\n', bytes.get(at..).unwrap_or_default()) {
                    let after = at + end + 1;
                    let next = bytes.get(after..).unwrap_or_default();
                    match next {
                        [b'\n', ..] => return Ok(after + 1),
                        [b'\r', b'\n', ..] => return Ok(after + 2),
                        // Whether the line is empty is not known yet.
                        [] | [b'\r'] => return Err(at + end),
                        _ => at = after,
                    }
                }
                Err(at)
            }
            Self::Whole => Err(bytes.len()),
        }
    }
}

/// The name of the root element.
fn root(text: &str) -> Option<&str> {
    let mut rest = text;
    loop {
        rest = rest.trim_start().strip_prefix('<')?;
        if rest.starts_with('?') || rest.starts_with("!DOCTYPE") {
            rest = rest.split_once('>')?.1;
        } else if let Some(comment) = rest.strip_prefix("!--") {
            rest = comment.split_once("-->")?.1;
        } else {
            let end = rest.find(|sign: char| sign.is_whitespace() || sign == '>' || sign == '/')?;
            return rest.get(..end);
        }
    }
}

/// Why a stream cannot be cut on.
pub(super) enum Stop {
    /// It cannot be read.
    Io(io::Error),
    /// A record, or a file that is one piece, is larger than so many bytes.
    TooLarge(usize),
}

/// A piece of a stream.
pub(super) struct Cut {
    pub(super) bytes: Vec<u8>,
    /// Line breaks of the stream before it.
    pub(super) lines_before: usize,
    /// Records of the stream that end before it.
    pub(super) records_before: usize,
}

/// Cuts a stream.
pub(super) struct Cutter<R> {
    stream: R,
    rule: Rule,
    records: usize,
    limit: usize,
    buffer: Vec<u8>,
    lines_before: usize,
    records_before: usize,
    is_first: bool,
}

impl<R: Read> Cutter<R> {
    /// `records` a piece; no piece of more than about `limit` bytes.
    pub(super) fn new(stream: R, rule: Rule, records: usize, limit: usize) -> Self {
        let buffer = Vec::new();
        Self {
            stream,
            rule,
            records: records.max(1),
            limit,
            buffer,
            lines_before: 0,
            records_before: 0,
            is_first: true,
        }
    }

    /// The next piece, until the stream is at its end.
    pub(super) fn next(&mut self) -> Result<Option<Cut>, Stop> {
        loop {
            let (body, records) = self.body()?;
            if body.is_empty() {
                return Ok(None);
            }
            let (lines_before, records_before) = (self.lines_before, self.records_before);
            self.lines_before += memchr::memchr_iter(b'\n', &body).count();
            self.records_before += records;
            let is_first = std::mem::take(&mut self.is_first);
            let bytes = match &self.rule {
                Rule::Elements { wrapped: (before, behind), .. } => {
                    // What is left behind the last record brings the end of the root itself.
                    let is_last = records < self.records;
                    if !is_first && is_last && body.trim_ascii() == behind.as_bytes() {
                        return Ok(None);
                    }
                    let before = if is_first { "" } else { before };
                    let behind = if is_last { "" } else { behind };
                    [before.as_bytes(), &body, behind.as_bytes()].concat()
                }
                _ if !is_first && body.trim_ascii().is_empty() => continue,
                _ => body,
            };
            return Ok(Some(Cut { bytes, lines_before, records_before }));
        }
    }

    /// The bytes of the next piece, and how many records end in it: fewer than a piece has at the end of the stream alone.
    fn body(&mut self) -> Result<(Vec<u8>, usize), Stop> {
        let (mut found, mut end, mut from) = (0, 0, 0);
        while found < self.records {
            match self.rule.end(&self.buffer, from) {
                Ok(at) => {
                    (end, from) = (at, at);
                    found += 1;
                }
                Err(next) => {
                    from = next;
                    if !self.more()? {
                        end = self.buffer.len();
                        break;
                    }
                }
            }
        }
        let rest = self.buffer.split_off(end);
        Ok((std::mem::replace(&mut self.buffer, rest), found))
    }

    /// Reads on; false at the end.
    fn more(&mut self) -> Result<bool, Stop> {
        if self.buffer.len() > self.limit {
            return Err(Stop::TooLarge(self.limit));
        }
        let read = (&mut self.stream).take(READ as u64).read_to_end(&mut self.buffer).map_err(Stop::Io)?;
        Ok(read > 0)
    }
}
