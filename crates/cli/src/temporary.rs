//! Folders for one command alone: its library holds the texts of its files, so that only their owner may look inside, and they
//! go with the command, however it ends.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tempfile::TempDir;

use crate::Failure;

/// How their names begin.
const PREFIX: &str = "osler-cli-";
/// The file inside that the command holds for as long as it lives.
const HELD: &str = "held";
/// A folder that nobody holds and that is younger may just be made.
const YOUNG: Duration = Duration::from_secs(60);

/// Those of this process.
static FOLDERS: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A folder that goes away with it.
pub struct Temporary {
    folder: TempDir,
    _held: File,
}

impl Temporary {
    /// In the system's folder for such things, or in `otherwise` where there is none. What killed commands left goes first.
    pub fn new(otherwise: &Path) -> Result<Self, Failure> {
        let usual = std::env::temp_dir();
        sweep(&usual);
        if let Ok(folder) = Self::make(&usual) {
            return Ok(folder);
        }
        sweep(otherwise);
        std::fs::create_dir_all(otherwise)
            .and_then(|()| Self::make(otherwise))
            .map_err(|cause| {
                format!(
                    "no folder for temporary files can be made, neither in {} nor in {}: {cause}. Set TMPDIR to a folder of \
                     your own",
                    usual.display(),
                    otherwise.display()
                )
                .into()
            })
    }

    fn make(place: &Path) -> std::io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(PREFIX);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            builder.permissions(std::fs::Permissions::from_mode(0o700));
        }
        let folder = builder.tempdir_in(place)?;
        let held = File::create(folder.path().join(HELD))?;
        held.try_lock()?;
        FOLDERS.lock().unwrap_or_else(PoisonError::into_inner).push(folder.path().to_owned());
        Ok(Self { folder, _held: held })
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// A moment in which work that finds its files gone comes to its end.
const MOMENT: Duration = Duration::from_millis(50);

impl Drop for Temporary {
    fn drop(&mut self) {
        // While a signal is answered this waits, and with it the end of the process, until all is removed.
        let mut folders = FOLDERS.lock().unwrap_or_else(PoisonError::into_inner);
        folders.retain(|folder| folder != self.folder.path());
    }
}

/// Removes those of this process and ends it, though its work is not at its end.
pub fn remove_all_and_exit(code: i32) -> ! {
    let folders = FOLDERS.lock().unwrap_or_else(PoisonError::into_inner);
    folders.iter().for_each(|folder| remove(folder));
    if !folders.is_empty() {
        // The work goes on until it misses its files, and may make its folder anew.
        std::thread::sleep(MOMENT);
        folders.iter().for_each(|folder| remove(folder));
    }
    std::process::exit(code)
}

/// Under another name first, so that no file can be put there meanwhile. What is left at last goes with the next command.
fn remove(folder: &Path) {
    let gone = folder.with_extension("gone");
    let folder = if std::fs::rename(folder, &gone).is_ok() { &gone } else { folder };
    let _ = (0..20).find(|_| std::fs::remove_dir_all(folder).is_ok() || !folder.exists());
}

/// Removes what killed commands of this user left in a folder.
fn sweep(place: &Path) {
    for entry in std::fs::read_dir(place).into_iter().flatten().flatten() {
        if !entry.file_name().to_string_lossy().starts_with(PREFIX) {
            continue;
        }
        let is_abandoned = match File::open(entry.path().join(HELD)) {
            Ok(held) => held.try_lock().is_ok(),
            Err(_) => {
                let age = entry.metadata().ok().and_then(|about| about.modified().ok()?.elapsed().ok());
                age.is_some_and(|age| age > YOUNG)
            }
        };
        if is_abandoned {
            // That of another user stays.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}
