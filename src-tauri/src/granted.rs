//! The paths that the page may name: those that the user gave it, by a dialog, by dropping them, or by opening them with the
//! system. A script that got into the page can have no other file read.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tauri::{DragDropEvent, WindowEvent};
use workbench::wire::{ErrorCode, HostError};

use crate::files::shown;
use crate::state::Reply;

/// Paths by the text that the page has for them, which is not the path itself where a name is no UTF-8.
#[derive(Debug, Default)]
pub struct Granted(Mutex<HashMap<String, PathBuf>>);

impl Granted {
    /// Lets the page name a path from now on, by the text that is returned.
    pub fn grant(&self, path: &Path) -> String {
        let text = shown(path);
        let mut granted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        granted.insert(text.clone(), path.to_owned());
        text
    }

    /// Lets the page name what is dropped on the window; passing over it gives nothing.
    pub fn grant_dropped(&self, event: &WindowEvent) {
        if let WindowEvent::DragDrop(DragDropEvent::Drop { paths, .. }) = event {
            paths.iter().for_each(|path| drop(self.grant(path)));
        }
    }

    /// The path that the page names.
    ///
    /// # Errors
    /// When the user did not give it.
    pub fn path(&self, text: &str) -> Reply<PathBuf> {
        let granted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        granted.get(text).cloned().ok_or_else(|| HostError {
            code: ErrorCode::BadInput,
            message: format!("{text} was not chosen, dropped or opened in this window."),
            hint: "Choose it in the dialog, or drop it on the window.".to_owned(),
        })
    }

    /// All of them, or the first that the user did not give.
    ///
    /// # Errors
    /// As [`Granted::path`].
    pub fn paths(&self, texts: &[String]) -> Reply<Vec<PathBuf>> {
        texts.iter().map(|text| self.path(text)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_user_gave_is_read() {
        let granted = Granted::default();
        let text = granted.grant(Path::new("/home/ada/abstract.xml"));
        assert_eq!(granted.path(&text).unwrap(), Path::new("/home/ada/abstract.xml"));
        let both = [text, "/home/ada/.ssh/id_ed25519".to_owned()];
        assert_eq!(granted.paths(&both[..1]).unwrap().len(), 1);
        assert_eq!(granted.paths(&both).unwrap_err().code, ErrorCode::BadInput);
        assert!(granted.path("/home/ada/../ada/abstract.xml").is_err());

        let at = tauri::PhysicalPosition::new(0.0, 0.0);
        let paths = vec![PathBuf::from("/home/ada/dropped.osler")];
        let over = DragDropEvent::Enter { paths: paths.clone(), position: at };
        granted.grant_dropped(&WindowEvent::DragDrop(over));
        assert!(granted.path("/home/ada/dropped.osler").is_err(), "it only passed over the window");
        granted.grant_dropped(&WindowEvent::DragDrop(DragDropEvent::Drop { paths, position: at }));
        assert!(granted.path("/home/ada/dropped.osler").is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn a_name_that_is_no_text_is_found_again() {
        use std::os::unix::ffi::OsStrExt;
        let path = Path::new(std::ffi::OsStr::from_bytes(b"/home/ada/caf\xe9.txt"));
        let granted = Granted::default();
        let text = granted.grant(path);
        assert_eq!(granted.path(&text).unwrap(), path);
    }
}
