//! From the errors of every crate to what a client shows: a code where it acts on it, what went wrong, what to do.

use std::path::Path;

use crate::wire::{ErrorCode, HostError};

/// The result of every use case.
pub type Result<T> = std::result::Result<T, HostError>;

/// An error with a code of its own.
pub(crate) fn error(code: ErrorCode, message: impl Into<String>, hint: impl Into<String>) -> HostError {
    HostError { code, message: message.into(), hint: hint.into() }
}

/// An error that a client only shows.
pub(crate) fn other(message: impl Into<String>, hint: impl Into<String>) -> HostError {
    error(ErrorCode::Other, message, hint)
}

/// A file or value that cannot be used as it is.
pub(crate) fn bad_input(message: impl Into<String>, hint: impl Into<String>) -> HostError {
    error(ErrorCode::BadInput, message, hint)
}

/// Something that is not there (any more).
pub(crate) fn not_found(message: impl Into<String>, hint: impl Into<String>) -> HostError {
    error(ErrorCode::NotFound, message, hint)
}

/// A value as JSON.
///
/// # Errors
/// When it has none, which is a mistake of Osler's.
pub(crate) fn as_json(value: &impl serde::Serialize) -> Result<serde_json::Value> {
    serde_json::to_value(value).map_err(|cause| {
        other(format!("Osler could not write this down ({cause})."), "Copy the diagnostics and report it.")
    })
}

/// What was looked for in the library; nothing where it is not there (any more). Whatever else went wrong is told.
///
/// # Errors
/// Those of the library, but for [`sessions::Error::NotFound`].
pub(crate) fn found<T>(result: sessions::Result<T>) -> Result<Option<T>> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(sessions::Error::NotFound { .. }) => Ok(None),
        Err(cause) => Err(cause.into()),
    }
}

/// What a client shows of an error that has a problem and a remedy.
macro_rules! remedied {
    ($code:expr, $cause:expr) => {
        $crate::error::sentences($code, &$cause.problem(), $cause.remedy().as_deref())
    };
}
pub(crate) use remedied;

/// A problem and a remedy as sentences.
pub(crate) fn sentences(code: ErrorCode, problem: &str, remedy: Option<&str>) -> HostError {
    error(
        code,
        format!("{}.", capitalized(problem)),
        remedy.map_or_else(String::new, |remedy| format!("{remedy}.")),
    )
}

/// What the system said about a file, with the attempt in words (`Osler could not write`).
pub(crate) fn file(attempt: &str, path: &Path, cause: &std::io::Error) -> HostError {
    use std::io::ErrorKind;
    let (code, hint) = match cause.kind() {
        ErrorKind::StorageFull => {
            (ErrorCode::DiskFull, "Free some space on this disk, or choose another one.")
        }
        ErrorKind::NotFound => (ErrorCode::NotFound, "Check the name and whether the disk is connected."),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            (ErrorCode::BadInput, "Choose a place that belongs to you, or ask whoever keeps this computer.")
        }
        _ => (ErrorCode::BadInput, "Check that the disk is connected and try again."),
    };
    error(code, format!("{attempt} {}: {cause}.", path.display()), hint)
}

fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    // A message that begins with a file's name keeps it as it is.
    let is_word = text.split_whitespace().next().is_some_and(|word| word.chars().all(char::is_alphabetic));
    match characters.next() {
        Some(first) if is_word => first.to_uppercase().chain(characters).collect(),
        _ => text.to_owned(),
    }
}

impl From<sessions::Error> for HostError {
    fn from(cause: sessions::Error) -> Self {
        use sessions::Error as E;
        let code = match &cause {
            E::Locked { .. } => ErrorCode::LibraryLocked,
            E::ReadOnlyFile { .. } | E::ReadOnlyFolder { .. } => ErrorCode::LibraryReadOnly,
            E::TooNew { .. } => ErrorCode::LibraryTooNew,
            E::DiskFull { .. } => ErrorCode::DiskFull,
            E::NoSuchFile { .. } | E::NotFound { .. } | E::Replaced { .. } => ErrorCode::NotFound,
            E::BuiltUpon { .. } | E::Overtaken { .. } | E::AlreadyFinished { .. } => ErrorCode::Overtaken,
            E::AlreadyExists { .. }
            | E::NotALibrary { .. }
            | E::CannotOpen { .. }
            | E::NameTooLong { .. }
            | E::OfAnother { .. }
            | E::OutsideText { .. } => ErrorCode::BadInput,
            _ => ErrorCode::Other,
        };
        remedied!(code, cause)
    }
}

impl From<documents::formats::ReadError> for HostError {
    fn from(cause: documents::formats::ReadError) -> Self {
        remedied!(ErrorCode::BadInput, cause)
    }
}

impl From<documents::formats::WriteError> for HostError {
    fn from(cause: documents::formats::WriteError) -> Self {
        remedied!(ErrorCode::BadInput, cause)
    }
}

impl From<terms::FileError> for HostError {
    fn from(cause: terms::FileError) -> Self {
        remedied!(ErrorCode::BadInput, cause)
    }
}

impl From<terms::RowError> for HostError {
    fn from(cause: terms::RowError) -> Self {
        remedied!(ErrorCode::BadInput, cause)
    }
}

impl From<devices::DeviceError> for HostError {
    fn from(cause: devices::DeviceError) -> Self {
        use devices::DeviceError as E;
        let code = match &cause {
            E::TensorTooLarge { .. } | E::MemoryTooSmall { .. } => ErrorCode::OutOfMemory,
            _ => ErrorCode::Other,
        };
        remedied!(code, cause)
    }
}

impl From<biogpt::ModelError> for HostError {
    fn from(cause: biogpt::ModelError) -> Self {
        remedied!(ErrorCode::BadInput, cause)
    }
}

impl From<biogpt::decode::DecodeError> for HostError {
    fn from(cause: biogpt::decode::DecodeError) -> Self {
        remedied!(ErrorCode::EngineFailed, cause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_and_what_to_do_are_shown_apart_whatever_a_file_is_called() {
        let check = |error: HostError, message: &str, hint: &str| {
            assert_eq!((error.message.as_str(), error.hint.as_str()), (message, hint));
        };
        check(
            sessions::Error::NoSuchFile { path: "/home/Dr. House/a.osler".into() }.into(),
            "There is no library at /home/Dr. House/a.osler.",
            "Check the place and the name, or create a new library there.",
        );
        check(
            documents::formats::ReadError::Empty { file: "Smith J. 2021.txt".to_owned() }.into(),
            "Smith J. 2021.txt is empty.",
            "Choose a file that holds text.",
        );
        check(
            biogpt::ModelError::damaged(Path::new("/m/E. coli. model/config.json"), "cut off").into(),
            "/m/E. coli. model/config.json is damaged: cut off.",
            "Import the model again, or copy the folder again from where it is whole.",
        );
        check(biogpt::ModelError::Stopped.into(), "It was stopped.", "");
    }
}
