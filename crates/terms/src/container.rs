//! Osler's own memory-mapped files: a header, then sections, all little-endian.
//!
//! ```text
//! magic        8 bytes
//! version      u32
//! checksum     u32      CRC-32 of everything after it
//! sections     n x u32  their lengths
//! ```
//!
//! The checksum finds what a bad disk or a broken copy did. A file that somebody made to do harm has a right checksum:
//! whoever reads a section believes no number in it and asks for every byte through a check of its bounds. Automata are the
//! exception, since their library does not check: they are only walked inside of [`sound`].

use std::borrow::Cow;
use std::fs::File;
use std::ops::{Deref, Range};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use memmap2::Mmap;
use thiserror::Error;

/// What a kind of file is called and how it begins.
#[derive(Debug)]
pub struct Format {
    /// Its first bytes.
    pub magic: &'static [u8; 8],
    /// The version that this program reads and writes.
    pub version: u32,
    /// For messages: "dictionary".
    pub what: &'static str,
    /// For messages: the command that makes one.
    pub made_by: &'static str,
    /// Number of sections.
    pub sections: usize,
}

/// Why a file cannot be used.
#[derive(Debug, Error, remedies::Remedy)]
pub enum FileError {
    /// The file cannot be opened or read.
    #[error("the {} {} cannot be read: {source}. Check that the file is there and that you may read it.", format.what, path.display())]
    Read {
        /// The kind of file that was expected.
        format: &'static Format,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It is another kind of file.
    #[error("{name} is not a {} made by Osler. Make one from tables with `{}`.", format.what, format.made_by)]
    Foreign {
        /// The kind of file that was expected.
        format: &'static Format,
        /// The file or what stands for it.
        name: String,
    },
    /// It was made by another version.
    #[error("{name} has {} version {found}, this program reads version {}. Build it again with `{}`.", format.what, format.version, format.made_by)]
    Version {
        /// The kind of file that was expected.
        format: &'static Format,
        /// The file or what stands for it.
        name: String,
        /// Its version.
        found: u32,
    },
    /// Its content does not agree with its checksum or with itself.
    #[error("{name} is damaged. Copy it again from where it came, or build it again with `{}`.", format.made_by)]
    Damaged {
        /// The kind of file that was expected.
        format: &'static Format,
        /// The file or what stands for it.
        name: String,
    },
}

/// A file whose header is right.
#[derive(Debug, Clone)]
pub struct Container {
    format: &'static Format,
    name: String,
    bytes: Bytes,
    sections: Vec<Range<usize>>,
}

impl Container {
    /// Maps a file into memory. The file must not be changed while it is in use.
    ///
    /// # Errors
    /// Where it cannot be read or is no sound file of this format and version.
    pub fn open(format: &'static Format, path: &Path) -> Result<Self, FileError> {
        let read = |source| FileError::Read { format, path: path.to_owned(), source };
        let file = File::open(path).map_err(read)?;
        // SAFETY: the map is only read. That nobody truncates the file meanwhile is asked for in the documentation; the
        // app's own files are in a folder that only it writes, and it replaces them by renaming.
        #[expect(unsafe_code, reason = "mapping a file is unsafe by nature")]
        let map = unsafe { Mmap::map(&file) }.map_err(read)?;
        Self::read(format, Bytes::Map(Arc::new(map)), &path.display().to_string())
    }

    /// A file in memory, such as one that is part of the program.
    ///
    /// # Errors
    /// Where it is no sound file of this format and version.
    pub fn from_bytes(
        format: &'static Format,
        bytes: impl Into<Cow<'static, [u8]>>,
    ) -> Result<Self, FileError> {
        let bytes = match bytes.into() {
            Cow::Borrowed(bytes) => Bytes::Static(bytes),
            Cow::Owned(bytes) => Bytes::Owned(bytes.into()),
        };
        Self::read(format, bytes, &format!("the {} in memory", format.what))
    }

    fn read(format: &'static Format, bytes: Bytes, name: &str) -> Result<Self, FileError> {
        let foreign = || FileError::Foreign { format, name: name.to_owned() };
        let damaged = || FileError::Damaged { format, name: name.to_owned() };
        let word =
            |at: usize| -> Option<u32> { Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?)) };
        if !bytes.starts_with(format.magic) {
            return Err(foreign());
        }
        let found = word(8).ok_or_else(foreign)?;
        if found != format.version {
            return Err(FileError::Version { format, name: name.to_owned(), found });
        }
        let checksum = word(12).ok_or_else(damaged)?;
        if bytes.get(16..).map(crc32fast::hash) != Some(checksum) {
            return Err(damaged());
        }
        let mut at = 16 + format.sections * 4;
        let mut sections = Vec::with_capacity(format.sections);
        for index in 0..format.sections {
            let length = word(16 + index * 4).ok_or_else(damaged)? as usize;
            let end = at.checked_add(length).filter(|end| *end <= bytes.len()).ok_or_else(damaged)?;
            sections.push(at..end);
            at = end;
        }
        if at != bytes.len() {
            return Err(damaged());
        }
        Ok(Self { format, name: name.to_owned(), bytes, sections })
    }

    /// The bytes of a section; empty where the format has no such section.
    #[must_use]
    pub fn section(&self, index: usize) -> &[u8] {
        self.sections.get(index).and_then(|range| self.bytes.get(range.clone())).unwrap_or_default()
    }

    /// The text of a section; empty where it is no UTF-8.
    #[must_use]
    pub fn text(&self, index: usize) -> &str {
        std::str::from_utf8(self.section(index)).unwrap_or_default()
    }

    /// The automaton in a section.
    ///
    /// # Errors
    /// Where there is none.
    pub fn automaton(&self, index: usize) -> Result<fst::raw::Fst<Section>, FileError> {
        let range = self.sections.get(index).cloned().unwrap_or_default();
        let section = Section { bytes: self.bytes.clone(), range };
        self.sound(|| fst::raw::Fst::new(section).ok()).and_then(|fst| fst.ok_or_else(|| self.damaged()))
    }

    /// Runs what walks an automaton of this file.
    ///
    /// # Errors
    /// Where the automaton leads out of the file: the library that walks it does not check and panics there.
    pub fn sound<T>(&self, walk: impl FnOnce() -> T) -> Result<T, FileError> {
        catch_unwind(AssertUnwindSafe(walk)).map_err(|_| self.damaged())
    }

    /// What to say where a section does not hold what it should.
    #[must_use]
    pub fn damaged(&self) -> FileError {
        FileError::Damaged { format: self.format, name: self.name.clone() }
    }
}

impl Format {
    /// A file of these sections.
    #[must_use]
    pub fn to_bytes(&self, sections: &[&[u8]]) -> Vec<u8> {
        debug_assert_eq!(sections.len(), self.sections);
        let mut body = Vec::new();
        for section in sections {
            body.extend((section.len() as u32).to_le_bytes());
        }
        for section in sections {
            body.extend(*section);
        }
        let mut bytes = Vec::with_capacity(16 + body.len());
        bytes.extend(self.magic);
        bytes.extend(self.version.to_le_bytes());
        bytes.extend(crc32fast::hash(&body).to_le_bytes());
        bytes.extend(body);
        bytes
    }
}

#[derive(Clone)]
enum Bytes {
    Static(&'static [u8]),
    Owned(Arc<[u8]>),
    Map(Arc<Mmap>),
}

impl std::fmt::Debug for Bytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes", self.len())
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Static(bytes) => bytes,
            Self::Owned(bytes) => bytes,
            Self::Map(map) => map,
        }
    }
}

/// A part of the file that an automaton reads.
pub struct Section {
    bytes: Bytes,
    range: Range<usize>,
}

impl AsRef<[u8]> for Section {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(self.range.clone()).unwrap_or_default()
    }
}
