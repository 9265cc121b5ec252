//! The folder of outputs: `findings/NAME.EXT`, what could not be used in `issues/NAME.jsonl`, and what it was made with in `runs/NAME.json`.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::NamedTempFile;

use crate::pool::sha256;
use crate::{Input, StreamError};

/// Endings that the name of an output leaves away.
const ENDINGS: [&str; 9] = [".gz", ".tgz", ".tar", ".xml", ".nxml", ".jsonl", ".json", ".txt", ".nbib"];
/// The end of the name of a file that is being written.
const PART: &str = ".part";

/// Where outputs are written.
#[derive(Debug, Clone)]
pub struct Outputs {
    folder: PathBuf,
    extension: &'static str,
}

/// The three files of one input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Paths {
    pub findings: PathBuf,
    pub issues: PathBuf,
    pub run: PathBuf,
}

impl Outputs {
    /// In a folder, which is made where it is missing.
    ///
    /// # Errors
    /// If it cannot be made.
    pub fn in_folder(folder: &Path, extension: &'static str) -> Result<Self, StreamError> {
        for part in ["findings", "issues", "runs"] {
            let path = folder.join(part);
            fs::create_dir_all(&path).map_err(|source| StreamError::Write { path, source })?;
        }
        Ok(Self { folder: folder.to_owned(), extension })
    }

    /// The paths of each input's output.
    pub(crate) fn of(&self, inputs: &[Input]) -> Result<Vec<Paths>, StreamError> {
        let mut taken: BTreeMap<String, &Input> = BTreeMap::new();
        let mut paths = Vec::with_capacity(inputs.len());
        for input in inputs {
            let name = stem(&input.path);
            if let Some(first) = taken.insert(name.to_lowercase(), input) {
                let (first, second) = (first.path.display().to_string(), input.path.display().to_string());
                return Err(StreamError::SameName { first, second, name });
            }
            paths.push(Paths {
                findings: self.folder.join("findings").join(format!("{name}.{}", self.extension)),
                issues: self.folder.join("issues").join(format!("{name}.jsonl")),
                run: self.folder.join("runs").join(format!("{name}.json")),
            });
        }
        Ok(paths)
    }
}

/// The name of a file without what says how it is packed and written.
fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut stem = name.as_str();
    while let Some(rest) = ENDINGS.iter().find_map(|end| {
        let at = stem.len().checked_sub(end.len()).filter(|at| stem.is_char_boundary(*at))?;
        stem[at..].eq_ignore_ascii_case(end).then(|| &stem[..at]).filter(|rest| !rest.is_empty())
    }) {
        stem = rest;
    }
    stem.to_owned()
}

impl Paths {
    /// Whether the output is there, made from this input with the same. One that was made otherwise is an error: a set of outputs is of
    /// one kind.
    pub(crate) fn is_there(&self, made_with: &Value, input: &Path) -> Result<bool, StreamError> {
        if !self.findings.exists() {
            return Ok(false);
        }
        let kept = fs::read(&self.run).ok().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
        match kept {
            Some(kept)
                if kept["made_with"] == *made_with
                    && sha256(input).is_ok_and(|sha256| kept["input"]["sha256"] == sha256) =>
            {
                Ok(true)
            }
            _ => Err(StreamError::MadeOtherwise { path: self.findings.clone() }),
        }
    }

    /// Removes what processes that are gone have left of this output.
    pub(crate) fn sweep(&self) {
        for path in [&self.findings, &self.issues, &self.run] {
            let (Some(folder), prefix) = (path.parent(), prefix(path)) else { continue };
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                if !(name.starts_with(&prefix) && name.ends_with(PART)) {
                    continue;
                }
                // One that is being written is locked by its writer.
                let left = File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok());
                if left && let Err(cause) = fs::remove_file(entry.path()) {
                    tracing::warn!(%cause, "a part that was left behind stays");
                }
            }
        }
    }
}

fn prefix(path: &Path) -> String {
    format!(".{}.", path.file_name().unwrap_or_default().to_string_lossy())
}

/// A file that appears under its name when it is complete.
pub(crate) struct PendingFile {
    file: NamedTempFile,
    path: PathBuf,
}

impl PendingFile {
    pub(crate) fn begin(path: &Path) -> Result<Self, StreamError> {
        let failed = |source| StreamError::Write { path: path.to_owned(), source };
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let file = builder.prefix(&prefix(path)).suffix(PART).tempfile_in(folder).map_err(failed)?;
        file.as_file().try_lock().map_err(|cause| failed(cause.into()))?;
        Ok(Self { file, path: path.to_owned() })
    }

    /// Another handle to what is written.
    pub(crate) fn handle(&self) -> Result<File, StreamError> {
        self.file.as_file().try_clone().map_err(|cause| self.failed(cause))
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<(), StreamError> {
        self.file.write_all(bytes).map_err(|cause| self.failed(cause))
    }

    pub(crate) fn failed(&self, source: io::Error) -> StreamError {
        StreamError::Write { path: self.path.clone(), source }
    }

    /// Brings the file to the disk and gives it its name.
    pub(crate) fn finish(self) -> Result<(), StreamError> {
        let Self { file, path } = self;
        let failed = |source| StreamError::Write { path: path.clone(), source };
        file.as_file().sync_all().map_err(failed)?;
        file.persist(&path).map_err(|cause| failed(cause.error)).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_are_named_after_their_inputs() {
        for (name, expected) in [
            ("pubmed26n0001.xml.gz", "pubmed26n0001"),
            ("oa_comm.PMC000xxxxxx.tar.gz", "oa_comm.PMC000xxxxxx"),
            ("notes.v2.TXT", "notes.v2"),
            (".gz", ".gz"),
            ("é.xml", "é"),
        ] {
            assert_eq!(stem(Path::new(name)), expected);
        }
    }

    #[test]
    fn two_inputs_of_one_name_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let outputs = Outputs::in_folder(folder.path(), "parquet").unwrap();
        let input = |path: &str| Input { path: PathBuf::from(path), name: path.to_owned() };
        let error = outputs.of(&[input("a/1.xml"), input("b/1.xml.gz")]).unwrap_err();
        assert!(error.to_string().starts_with("a/1.xml and b/1.xml.gz would both"), "{error}");
    }

    #[test]
    fn parts_that_a_killed_process_left_are_swept_and_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        let outputs = Outputs::in_folder(folder.path(), "jsonl").unwrap();
        let paths =
            outputs.of(&[Input { path: PathBuf::from("1.xml"), name: String::new() }]).unwrap().remove(0);
        let left = folder.path().join("findings/.1.jsonl.abc.part");
        fs::write(&left, "half").unwrap();
        let other = folder.path().join("findings/.12.jsonl.abc.part");
        fs::write(&other, "half").unwrap();
        let under_way = PendingFile::begin(&paths.findings).unwrap();
        paths.sweep();
        assert!(!left.exists() && other.exists());
        under_way.finish().unwrap();
        assert!(paths.findings.exists());
    }
}
