//! The library file, and what comes into it.

use std::path::PathBuf;

use tauri::ipc::Channel;
use tauri::{State, WebviewWindow};
use workbench::wire::{
    Change, Comparison, ImportChoices, ImportEvent, ImportSource, Library, MergeReport, PreviewEvent,
    RecentLibrary, Streamed,
};

use crate::dialogs;
use crate::granted::Granted;
use crate::state::{AppState, Reply, blocking, streamed};

/// Creates a library where the system's dialog says; nothing when it was closed.
#[tauri::command]
#[specta::specta]
pub async fn create_library(window: WebviewWindow, state: AppState<'_>) -> Reply<Option<Library>> {
    blocking(&state, move |workbench| {
        let place = dialogs::new_library(&window, "New library", "My library.osler");
        place.map(|place| workbench.create_library(&place)).transpose()
    })
    .await
}

/// Opens a library: one that the user gave, or that was open before. Without a path the system's dialog asks for one; nothing
/// when it was closed.
#[tauri::command]
#[specta::specta]
pub async fn open_library(
    window: WebviewWindow,
    state: AppState<'_>,
    granted: State<'_, Granted>,
    path: Option<String>,
) -> Reply<Option<Library>> {
    let given = path.map(|path| granted.path(&path).map_err(|refusal| (path, refusal)));
    blocking(&state, move |workbench| {
        let place = match given {
            None => dialogs::library(&window, "Open a library"),
            Some(Ok(path)) => Some(path),
            Some(Err((path, refusal))) => {
                let recent = workbench.recent_libraries().into_iter().find(|one| one.path == path);
                Some(PathBuf::from(recent.ok_or(refusal)?.path))
            }
        };
        place.map(|place| workbench.open_library(&place)).transpose()
    })
    .await
}

/// Copies the library to where the system's dialog says, and tells where that is.
#[tauri::command]
#[specta::specta]
pub async fn copy_library(window: WebviewWindow, state: AppState<'_>) -> Reply<Option<String>> {
    blocking(&state, move |workbench| {
        let name = format!("{} (copy).osler", workbench.library()?.name);
        let place = dialogs::new_library(&window, "Copy the library to", &name);
        let Some(place) = place else { return Ok(None) };
        workbench.copy_library(&place)?;
        Ok(Some(place.to_string_lossy().into_owned()))
    })
    .await
}

/// Brings a library that the system's dialog asks for into the open one; nothing when it was closed.
#[tauri::command]
#[specta::specta]
pub async fn merge_library(
    window: WebviewWindow,
    state: AppState<'_>,
    curator: Option<String>,
) -> Reply<Option<MergeReport>> {
    blocking(&state, move |workbench| {
        let place = dialogs::library(&window, "Merge a library into this one");
        place.map(|place| workbench.merge_library(&place, curator.as_deref())).transpose()
    })
    .await
}

/// How far the curators of the open library agree, and where they do not.
#[tauri::command]
#[specta::specta]
pub async fn compare_curators(state: AppState<'_>) -> Reply<Comparison> {
    blocking(&state, move |workbench| workbench.compare_curators()).await
}

/// The system's dialog for files, or for one folder.
#[tauri::command]
#[specta::specta]
pub async fn pick_files(
    window: WebviewWindow,
    state: AppState<'_>,
    granted: State<'_, Granted>,
    folder: bool,
) -> Reply<Vec<String>> {
    let picked = blocking(&state, move |_| {
        Ok(if folder {
            dialogs::folder(&window, "Import a folder").into_iter().collect()
        } else {
            dialogs::files(&window, "Import files")
        })
    });
    Ok(picked.await?.iter().map(|path| granted.grant(path)).collect())
}

/// The open library.
#[tauri::command]
#[specta::specta]
pub async fn library(state: AppState<'_>) -> Reply<Library> {
    blocking(&state, move |workbench| workbench.library()).await
}

/// Gives the library a name and a description.
#[tauri::command]
#[specta::specta]
pub async fn rename_library(state: AppState<'_>, name: String, description: String) -> Reply<Change> {
    blocking(&state, move |workbench| workbench.rename_library(&name, &description)).await
}

/// Libraries that were open before, the latest first.
#[tauri::command]
#[specta::specta]
pub async fn recent_libraries(state: AppState<'_>) -> Reply<Vec<RecentLibrary>> {
    blocking(&state, move |workbench| Ok(workbench.recent_libraries())).await
}

/// Reads what may be imported; nothing is kept yet.
#[tauri::command]
#[specta::specta]
pub async fn preview_import(
    state: AppState<'_>,
    job: String,
    granted: State<'_, Granted>,
    source: ImportSource,
    on_event: Channel<Streamed<PreviewEvent>>,
) -> Reply<()> {
    // The paths themselves go on: the text that the page has may not be all of a name.
    let files = match &source {
        ImportSource::Paths { paths, columns } => Some((granted.paths(paths)?, columns.clone())),
        _ => None,
    };
    streamed(&state, job, on_event, move |workbench, job, sink| match files {
        Some((paths, columns)) => {
            workbench.preview_files(job, &paths, &|file| columns.get(file).cloned(), sink);
        }
        None => workbench.preview_import(job, &source, sink),
    })
    .await
}

/// Keeps what was read, but for what `choices` leaves out.
#[tauri::command]
#[specta::specta]
pub async fn import_previewed(
    state: AppState<'_>,
    job: String,
    preview: String,
    choices: ImportChoices,
    on_event: Channel<Streamed<ImportEvent>>,
) -> Reply<()> {
    streamed(&state, job, on_event, move |workbench, job, sink| {
        workbench.import_previewed(job, &preview, &choices, sink)
    })
    .await
}
