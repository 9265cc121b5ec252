//! Whether another Osler is open with the same folders. Where the system has no message bus, a second start does not end in the first
//! one; then both may write into one library, and it is said.

use std::fs::{File, TryLockError};
use std::path::Path;

use workbench::wire::StartNotice;

/// A lock that stands as long as the window does; the system takes it away also when the program is killed.
#[derive(Debug)]
pub struct Alone {
    /// Held open: the lock goes with it.
    _file: Option<File>,
    alone: bool,
}

impl Alone {
    /// Asks for the lock of this folder. A folder that has no locks tells nothing.
    pub fn asked(folder: &Path) -> Self {
        // A folder that cannot be made has no file either.
        let _ = std::fs::create_dir_all(folder);
        let file = File::options().create(true).truncate(false).write(true).open(folder.join("window-open"));
        let file = file.inspect_err(|error| tracing::warn!(%error, "no lock of the window")).ok();
        let taken =
            file.as_ref().is_some_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)));
        Self { _file: file, alone: !taken }
    }

    /// The same, for the user.
    pub fn notice(&self) -> Option<StartNotice> {
        let message = "Osler is open in another window, too. Both write into the library that is open in them; what the other one \
                       did is seen when you come back to a window. Close one of them if you did not mean to have two."
            .to_owned();
        (!self.alone).then_some(StartNotice::SecondWindow { message })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_window_is_told_of_the_first_while_that_is_open() {
        let folder = tempfile::tempdir().unwrap();
        let first = Alone::asked(folder.path());
        assert_eq!(first.notice(), None);
        let second = Alone::asked(folder.path());
        assert!(matches!(second.notice(), Some(StartNotice::SecondWindow { .. })));
        drop((first, second));
        assert_eq!(Alone::asked(folder.path()).notice(), None);
        std::fs::write(folder.path().join("file"), "").unwrap();
        assert_eq!(Alone::asked(&folder.path().join("file")).notice(), None, "no folder, no lock, no claim");
    }
}
