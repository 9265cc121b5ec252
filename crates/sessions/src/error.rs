//! What can go wrong with a library file or an action, in words that say what to do next.

use std::path::{Path, PathBuf};

use documents::Span;
use rusqlite::ErrorCode;

use crate::backup;
use crate::identifiers::{BatchId, DocumentId};
use crate::journal::Action;

/// The result of everything a library does.
pub type Result<T> = std::result::Result<T, Error>;

/// Why an action on a library failed. Whatever the error, the library is as it was before the action.
#[derive(Debug, thiserror::Error, remedies::Remedy)]
#[non_exhaustive]
pub enum Error {
    /// Nothing is at the path.
    #[error("there is no library at {}. Check the place and the name, or create a new library there", path.display())]
    NoSuchFile {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A new library would replace a file.
    #[error("{} already exists and was left alone. Choose another name, or open it instead", path.display())]
    AlreadyExists {
        /// The file in the way.
        path: PathBuf,
    },
    /// The file holds something else.
    #[error("{} is not an Osler library: {reason}. Choose a file that Osler has written (usually .osler)", path.display())]
    NotALibrary {
        /// The file.
        path: PathBuf,
        /// What was seen instead.
        reason: &'static str,
    },
    /// A later Osler wrote the file in a way that this one does not know.
    #[error(
        "{} was written by a newer Osler{} (library version {found}; this Osler reads up to {supported}). Update Osler \
         to open it; the file was not changed",
        path.display(), app_version.as_ref().map(|version| format!(" ({version})")).unwrap_or_default()
    )]
    TooNew {
        /// The file.
        path: PathBuf,
        /// The version of the file's layout.
        found: u32,
        /// The latest version this program knows.
        supported: u32,
        /// The program that wrote it, where it says so.
        app_version: Option<String>,
    },
    /// The file may not be written.
    #[error(
        "{} may be read but not changed. Remove its write protection, or copy it to a folder of your own and open the copy",
        path.display()
    )]
    ReadOnlyFile {
        /// The file.
        path: PathBuf,
    },
    /// The folder may not be written, and SQLite keeps two working files beside the library.
    #[error(
        "nothing may be written into the folder {}, where Osler keeps working files beside the library. Copy the library to \
         a folder of your own and open the copy",
        folder.display()
    )]
    ReadOnlyFolder {
        /// The folder.
        folder: PathBuf,
    },
    /// The file may not be read.
    #[error("{} could not be opened ({reason}). Check that you may read it and that the disk is connected", path.display())]
    CannotOpen {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The name leaves no room for those of the working files beside it.
    #[error(
        "the name of {} has {length} bytes, and Osler needs names of at most {most} for its working files beside the library. \
         Choose a shorter name", path.display()
    )]
    NameTooLong {
        /// The file.
        path: PathBuf,
        /// Length of its name.
        length: usize,
        /// The longest that can be used.
        most: usize,
    },
    /// The open file is no longer the one at its path.
    #[error(
        "{} was moved, removed or replaced while it was open; the last action was not saved, everything before it is in the \
         moved file. Put that file back, or open it where it is now", path.display()
    )]
    Replaced {
        /// Where the library was opened.
        path: PathBuf,
    },
    /// No space is left.
    #[error("the disk that holds {} is full; the last action was not saved, everything before it was. Free some space and repeat it", path.display())]
    DiskFull {
        /// The library, or the backup that was being made.
        path: PathBuf,
    },
    /// Another program keeps the library busy.
    #[error("{} is in use by another program that does not let go of it. Close the other program, or try again in a moment", path.display())]
    Locked {
        /// The library.
        path: PathBuf,
    },
    /// The file's bytes are not what was written.
    #[error(
        "{} is damaged ({detail}). {}", path.display(),
        backup.as_ref().map_or_else(
            || String::from("Restore it from a copy of your own; make a copy of the damaged file before anything else"),
            |backup| format!("Osler's own copy from before its last upgrade is {}; make a copy of both before anything else", backup.display()),
        )
    )]
    Damaged {
        /// The library.
        path: PathBuf,
        /// What was found.
        detail: String,
        /// The newest backup beside it, if any.
        backup: Option<PathBuf>,
    },
    /// The database refused for a reason without a name of its own here.
    #[error("{} could not be used: {source}. Close Osler, open the library again and repeat the last action", path.display())]
    Database {
        /// The library.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// Something that the action names is not in the library (any more).
    #[error(
        "{what} {id} is not in this library; it may have been undone or removed in another window. Refresh the view"
    )]
    NotFound {
        /// `document`, `run`, `finding` ...
        what: &'static str,
        /// Its number.
        id: i64,
    },
    /// Something belongs to another author, who alone may change it.
    #[error("{what} {id} is by {author}, who alone can change or remove it. Write one of your own beside it")]
    OfAnother {
        /// `note`.
        what: &'static str,
        /// Its number.
        id: i64,
        /// Whose it is.
        author: String,
    },
    /// Another library cannot be brought into this one.
    #[error(
        "{} cannot be merged: {reason}. Choose another library, or, where it cannot be read, check it with `osler-cli library check`",
        path.display()
    )]
    CannotMerge {
        /// The other library.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// A span lies outside the text or inside a character.
    #[error("the place {}..{} is not in the text of document {document}. Select the words again", span.start, span.end)]
    OutsideText {
        /// The document.
        document: DocumentId,
        /// The span, in bytes.
        span: Span,
    },
    /// A stretch of generated text lies outside its draft or inside a character.
    #[error("the generated text at {}..{} is not in the draft; it was not saved. Repeat the last change", span.start, span.end)]
    OutsideDraft {
        /// The span, in bytes.
        span: Span,
    },
    /// A score that is no probability.
    #[error(
        "{what} is {value}, which is not between 0 and 1; the result was not stored. Run the task again, and report it if it comes back"
    )]
    NotAProbability {
        /// Which figure.
        what: &'static str,
        /// The value.
        value: f64,
    },
    /// A result was computed on a text that is not the stored one.
    #[error(
        "the result belongs to another text than document {document}; it was not stored. Run the task again on this document"
    )]
    OtherText {
        /// The document.
        document: DocumentId,
    },
    /// Undo or redo would pull the ground from under later work.
    #[error("\"{}\" cannot be taken back or repeated, because later work of another author rests on it. They can undo theirs first", action.word())]
    BuiltUpon {
        /// The action.
        action: Action,
    },
    /// Undo or redo would overwrite what someone else wrote since.
    #[error("\"{}\" cannot be taken back or repeated, because another author has changed the same thing since. Change it by hand instead", action.word())]
    Overtaken {
        /// The action.
        action: Action,
    },
    /// An item of a batch has its result already.
    #[error("document {ordinal} of batch {batch} has its result already; the second one was dropped")]
    AlreadyFinished {
        /// The batch.
        batch: BatchId,
        /// The item's place in it, from 0.
        ordinal: u64,
    },
}

impl Error {
    /// The same error with the library's path, and SQLite's codes turned into what they mean to the user.
    pub(crate) fn at(self, path: &Path) -> Self {
        match self {
            Self::Database { source, .. } => Self::from_sqlite(path, source),
            Self::Damaged { detail, .. } => Self::damaged(path, detail),
            other => other,
        }
    }

    pub(crate) fn damaged(path: &Path, detail: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_path_buf(), detail: detail.into(), backup: backup::newest(path) }
    }

    fn from_sqlite(path: &Path, source: rusqlite::Error) -> Self {
        use rusqlite::ffi;
        let Some(code) = source.sqlite_error() else {
            return match source {
                rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::IntegralValueOutOfRange(..)
                | rusqlite::Error::Utf8Error(..) => Self::damaged(path, source.to_string()),
                other => Self::Database { path: path.to_path_buf(), source: other },
            };
        };
        let path = path.to_path_buf();
        match (code.code, code.extended_code) {
            (ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked, _) => Self::Locked { path },
            // The shared-memory file beside a library cannot grow: same cause, another code.
            (ErrorCode::DiskFull, _) | (_, ffi::SQLITE_IOERR_SHMSIZE) => Self::DiskFull { path },
            (ErrorCode::ReadOnly, _) => unwritable(path),
            (ErrorCode::NotADatabase, _) => {
                Self::NotALibrary { path, reason: "its first bytes are not those of a library" }
            }
            (ErrorCode::DatabaseCorrupt, _) | (_, ffi::SQLITE_IOERR_SHORT_READ) => {
                Self::damaged(&path, source.to_string())
            }
            (ErrorCode::CannotOpen, _) => match unwritable(path) {
                Self::ReadOnlyFile { path } => Self::CannotOpen { path, reason: source.to_string() },
                folder => folder,
            },
            _ => Self::Database { path, source },
        }
    }

    /// What the system refused about a file of the library, or beside it.
    pub(crate) fn from_io(path: &Path, refusal: &std::io::Error) -> Self {
        use std::io::ErrorKind as Kind;
        let path = path.to_path_buf();
        match refusal.kind() {
            Kind::StorageFull | Kind::QuotaExceeded => Self::DiskFull { path },
            Kind::PermissionDenied | Kind::ReadOnlyFilesystem | Kind::NotFound => match unwritable(path) {
                Self::ReadOnlyFile { path } => Self::CannotOpen { path, reason: refusal.to_string() },
                folder => folder,
            },
            _ => Self::CannotOpen { path, reason: refusal.to_string() },
        }
    }

    /// Whether the database refused because a row that must exist would be missing.
    pub(crate) fn is_missing_ground(&self) -> bool {
        matches!(self, Self::Database { source, .. } if source.sqlite_error().is_some_and(
            |code| code.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_FOREIGNKEY))
    }
}

/// SQLite does not say whether the file or its folder refuses: try the folder.
fn unwritable(path: PathBuf) -> Error {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    };
    if !folder.is_dir() {
        let reason = format!("the folder {} does not exist", folder.display());
        return Error::CannotOpen { path, reason };
    }
    match tempfile::Builder::new().prefix(".osler-").tempfile_in(&folder) {
        Ok(_) => Error::ReadOnlyFile { path },
        Err(_) => Error::ReadOnlyFolder { folder },
    }
}

// The path is added where the library is at hand (`Error::at`).
impl From<rusqlite::Error> for Error {
    fn from(source: rusqlite::Error) -> Self {
        Self::Database { path: PathBuf::new(), source }
    }
}

// Osler writes every JSON value in the file itself: one that cannot be read is damage.
impl From<serde_json::Error> for Error {
    fn from(source: serde_json::Error) -> Self {
        Self::Damaged { path: PathBuf::new(), detail: source.to_string(), backup: None }
    }
}
