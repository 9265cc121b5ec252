//! Files that reach the app from outside: dropped on the window, or opened by the system.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use tauri::{DragDropEvent, WindowEvent};
use workbench::wire::AppEvent;

/// Files that the system asked to open before the window could hear of it.
#[derive(Debug, Default)]
pub struct Opened(Mutex<Vec<String>>);

impl Opened {
    /// Those that the page is to hear of when it begins.
    pub const fn new(files: Vec<String>) -> Self {
        Self(Mutex::new(files))
    }

    /// Hands them out, once.
    pub fn take(&self) -> Vec<String> {
        self.0.lock().map(|mut files| std::mem::take(&mut *files)).unwrap_or_default()
    }
}

/// The files of a command line, relative to `folder`: what comes after the program's name and is no option.
pub fn paths<Word: AsRef<OsStr>>(arguments: impl IntoIterator<Item = Word>, folder: &Path) -> Vec<PathBuf> {
    let words = arguments.into_iter().skip(1);
    let words = words.filter(|word| !word.as_ref().as_encoded_bytes().starts_with(b"-"));
    words.map(|word| folder.join(word.as_ref())).collect()
}

/// What the window is to hear of a drag or a drop.
pub fn event(event: &WindowEvent) -> Option<AppEvent> {
    let WindowEvent::DragDrop(drag) = event else { return None };
    match drag {
        DragDropEvent::Enter { paths, .. } => Some(AppEvent::DropHover { paths: all(paths) }),
        DragDropEvent::Drop { paths, .. } => Some(AppEvent::Dropped { paths: all(paths) }),
        DragDropEvent::Leave => Some(AppEvent::DropLeft),
        _ => None,
    }
}

fn all(paths: &[PathBuf]) -> Vec<String> {
    paths.iter().map(|path| shown(path)).collect()
}

/// A path as the page has it.
pub fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_and_the_program_are_no_files() {
        let words = ["osler", "--flag", "first.osler", "/elsewhere/second.xml"];
        let found = paths(words, Path::new("/home"));
        assert_eq!(found, ["/home/first.osler", "/elsewhere/second.xml"].map(PathBuf::from));
        let opened = Opened::new(found.iter().map(|path| shown(path)).collect());
        assert_eq!(opened.take(), ["/home/first.osler", "/elsewhere/second.xml"]);
        assert!(opened.take().is_empty(), "a file is opened once");
    }
}
