//! Files that reach the app from outside: dropped on the window, or opened by the system.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use tauri::{DragDropEvent, WindowEvent};
use workbench::wire::AppEvent;

/// Files that the system asked to open before the window could hear of it.
#[derive(Debug, Default)]
pub struct Opened(Mutex<Vec<String>>);

impl Opened {
    /// Those of the command line, relative to `folder`.
    pub fn of_arguments(arguments: impl IntoIterator<Item = String>, folder: &Path) -> Self {
        Self(Mutex::new(paths(arguments, folder)))
    }

    /// Hands them out, once.
    pub fn take(&self) -> Vec<String> {
        self.0.lock().map(|mut files| std::mem::take(&mut *files)).unwrap_or_default()
    }
}

/// The files of a command line: what comes after the program's name and is no option.
pub fn paths(arguments: impl IntoIterator<Item = String>, folder: &Path) -> Vec<String> {
    let words = arguments.into_iter().skip(1).filter(|word| !word.starts_with('-'));
    words.map(|word| shown(&folder.join(word))).collect()
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

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_and_the_program_are_no_files() {
        let words = ["osler", "--flag", "first.osler", "/elsewhere/second.xml"].map(str::to_owned);
        let opened = Opened::of_arguments(words, Path::new("/home"));
        assert_eq!(opened.take(), ["/home/first.osler", "/elsewhere/second.xml"]);
        assert!(opened.take().is_empty(), "a file is opened once");
    }
}
