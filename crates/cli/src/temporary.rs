//! Folders for one command alone: its library holds the texts of its files, so that only their owner may look inside, and they
//! go with the command, however it ends.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

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
        // No signal is answered between the making and the noting.
        let mut folders = FOLDERS.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = builder.tempdir_in(place)?;
        folders.push(folder.path().to_owned());
        drop(folders);
        let held = File::create(folder.path().join(HELD))?;
        held.try_lock()?;
        Ok(Self { folder, _held: held })
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// How long a signal waits for the work to find its files gone and come to its end. Work that computes does not look for files.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long until that is looked at again.
const LOOK: Duration = Duration::from_millis(2);

/// Folders whose command has ended, and which wait for their removal.
static ENDING: AtomicUsize = AtomicUsize::new(0);

impl Drop for Temporary {
    fn drop(&mut self) {
        ENDING.fetch_add(1, Ordering::SeqCst);
        // While a signal is answered this waits, and with it the end of the process, until all is removed.
        let mut folders = FOLDERS.lock().unwrap_or_else(PoisonError::into_inner);
        // Before it is forgotten: a signal that comes now ends the process as soon as no folder is left to remove.
        let _ = std::fs::remove_dir_all(self.folder.path());
        folders.retain(|folder| folder != self.folder.path());
        ENDING.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Removes those of this process and ends it, though its work is not at its end.
pub fn remove_all_and_exit(code: i32) -> ! {
    let folders = FOLDERS.lock().unwrap_or_else(PoisonError::into_inner);
    folders.iter().for_each(|folder| replace(folder));
    let started = Instant::now();
    while ENDING.load(Ordering::SeqCst) < folders.len() && started.elapsed() < PATIENCE {
        std::thread::sleep(LOOK);
    }
    for folder in folders.iter() {
        // What is left at last goes with the next command.
        let _ = std::fs::remove_file(folder);
    }
    std::process::exit(code)
}

/// Removes a folder and leaves a file under its name: the work goes on until it misses its files, and would make the folder anew.
/// It gets another name first, so that no file can be put there meanwhile.
fn replace(folder: &Path) {
    let gone = folder.with_extension("gone");
    let is_replaced = (0..20).any(|_| {
        if std::fs::rename(folder, &gone).is_err() {
            let _ = std::fs::remove_dir_all(folder);
        }
        let _ = std::fs::remove_dir_all(&gone);
        File::create_new(folder).is_ok()
    });
    let _ = is_replaced && (0..20).any(|_| std::fs::remove_dir_all(&gone).is_ok() || !gone.exists());
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
