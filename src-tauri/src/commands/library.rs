//! The library file, and what comes into it.

use std::path::PathBuf;

use tauri::WebviewWindow;
use tauri::ipc::Channel;
use workbench::wire::{Change, ImportEvent, ImportSource, Library, PreviewEvent, RecentLibrary, Streamed};

use crate::desk::{Desk, Reply, blocking, streamed};
use crate::dialogs;

/// Creates a library where the system's dialog says; nothing when it was closed.
#[tauri::command]
#[specta::specta]
pub async fn create_library(window: WebviewWindow, desk: Desk<'_>) -> Reply<Option<Library>> {
    blocking(&desk, move |workbench| {
        let place = dialogs::new_library(&window, "New library", "My library.osler");
        place.map(|place| workbench.create_library(&place)).transpose()
    })
    .await
}

/// Opens a library. Without a path the system's dialog asks for one; nothing when it was closed.
#[tauri::command]
#[specta::specta]
pub async fn open_library(
    window: WebviewWindow,
    desk: Desk<'_>,
    path: Option<String>,
) -> Reply<Option<Library>> {
    blocking(&desk, move |workbench| {
        let place = path.map(PathBuf::from).or_else(|| dialogs::library(&window));
        place.map(|place| workbench.open_library(&place)).transpose()
    })
    .await
}

/// Copies the library to where the system's dialog says, and tells where that is.
#[tauri::command]
#[specta::specta]
pub async fn copy_library(window: WebviewWindow, desk: Desk<'_>) -> Reply<Option<String>> {
    blocking(&desk, move |workbench| {
        let name = format!("{} (copy).osler", workbench.library()?.name);
        let place = dialogs::new_library(&window, "Copy the library to", &name);
        let Some(place) = place else { return Ok(None) };
        workbench.copy_library(&place)?;
        Ok(Some(place.to_string_lossy().into_owned()))
    })
    .await
}

/// The system's dialog for files, or for one folder.
#[tauri::command]
#[specta::specta]
pub async fn pick_files(window: WebviewWindow, desk: Desk<'_>, folder: bool) -> Reply<Vec<String>> {
    blocking(&desk, move |_| {
        let picked = if folder {
            dialogs::folder(&window, "Import a folder").into_iter().collect()
        } else {
            dialogs::files(&window, "Import files")
        };
        Ok(picked.into_iter().map(|path| path.to_string_lossy().into_owned()).collect())
    })
    .await
}

/// The open library.
#[tauri::command]
#[specta::specta]
pub async fn library(desk: Desk<'_>) -> Reply<Library> {
    blocking(&desk, move |workbench| workbench.library()).await
}

/// Gives the library a name and a description.
#[tauri::command]
#[specta::specta]
pub async fn rename_library(desk: Desk<'_>, name: String, description: String) -> Reply<Change> {
    blocking(&desk, move |workbench| workbench.rename_library(&name, &description)).await
}

/// Libraries that were open before, the latest first.
#[tauri::command]
#[specta::specta]
pub async fn recent_libraries(desk: Desk<'_>) -> Reply<Vec<RecentLibrary>> {
    blocking(&desk, move |workbench| Ok(workbench.recent_libraries())).await
}

/// Reads what may be imported; nothing is kept yet.
#[tauri::command]
#[specta::specta]
pub async fn preview_import(
    desk: Desk<'_>,
    job: String,
    source: ImportSource,
    on_event: Channel<Streamed<PreviewEvent>>,
) -> Reply<()> {
    streamed(&desk, job, on_event, move |workbench, job, sink| workbench.preview_import(job, &source, sink))
        .await
}

/// Keeps what was read, but for the documents at the places `left_out` (from 0) in the preview's list.
#[tauri::command]
#[specta::specta]
pub async fn import_previewed(
    desk: Desk<'_>,
    job: String,
    preview: String,
    left_out: Vec<u32>,
    on_event: Channel<Streamed<ImportEvent>>,
) -> Reply<()> {
    streamed(&desk, job, on_event, move |workbench, job, sink| {
        workbench.import_previewed(job, &preview, &left_out, sink)
    })
    .await
}
