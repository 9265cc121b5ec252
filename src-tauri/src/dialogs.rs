//! The system's dialogs. They wait for the user: call them on a thread for blocking work.

use std::path::PathBuf;

use tauri::WebviewWindow;
use tauri_plugin_dialog::{DialogExt, FileDialogBuilder, FilePath};

/// Extension of library files.
const LIBRARY: &str = "osler";

/// Files to read.
pub fn files(window: &WebviewWindow, title: &str) -> Vec<PathBuf> {
    dialog(window, title).blocking_pick_files().unwrap_or_default().into_iter().filter_map(path).collect()
}

/// A folder to read.
pub fn folder(window: &WebviewWindow, title: &str) -> Option<PathBuf> {
    dialog(window, title).blocking_pick_folder().and_then(path)
}

/// A library that is there.
pub fn library(window: &WebviewWindow, title: &str) -> Option<PathBuf> {
    libraries(window, title).blocking_pick_file().and_then(path)
}

/// A place for a library. Dialogs do not add the extension everywhere.
pub fn new_library(window: &WebviewWindow, title: &str, name: &str) -> Option<PathBuf> {
    let place = libraries(window, title).set_file_name(name).blocking_save_file().and_then(path)?;
    // A dot in a name (`Study 2.1`) begins no ending.
    Some(workbench::library::named(&place))
}

/// A place for a file.
pub fn new_file(window: &WebviewWindow, title: &str, name: &str) -> Option<PathBuf> {
    dialog(window, title).set_file_name(name).blocking_save_file().and_then(path)
}

fn libraries(window: &WebviewWindow, title: &str) -> FileDialogBuilder<tauri::Wry> {
    dialog(window, title).add_filter("Osler libraries", &[LIBRARY])
}

fn dialog(window: &WebviewWindow, title: &str) -> FileDialogBuilder<tauri::Wry> {
    window.dialog().file().set_parent(window).set_title(title)
}

fn path(picked: FilePath) -> Option<PathBuf> {
    picked.into_path().ok()
}
