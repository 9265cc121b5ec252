//! Models and the devices that they run on.

use std::path::PathBuf;

use tauri::ipc::Channel;
use tauri::{State, WebviewWindow};
use workbench::wire::{
    Device, EngineStatus, Model, ModelImportEvent, ModelPreview, ModelUse, Streamed, VerifyEvent,
};

use crate::dialogs;
use crate::granted::Granted;
use crate::state::{AppState, Reply, blocking, streamed};

/// What a folder of weights holds and lacks. Without paths the system's dialog asks for a folder; nothing when it was closed.
#[tauri::command]
#[specta::specta]
pub async fn preview_model(
    window: WebviewWindow,
    state: AppState<'_>,
    granted: State<'_, Granted>,
    paths: Option<Vec<String>>,
) -> Reply<Option<ModelPreview>> {
    let given = paths.map(|paths| granted.paths(&paths)).transpose()?;
    blocking(&state, move |workbench| {
        let paths: Vec<PathBuf> = match given {
            Some(paths) => paths,
            None => dialogs::folder(&window, "Choose the folder of a model").into_iter().collect(),
        };
        if paths.is_empty() { Ok(None) } else { workbench.preview_model(&paths).map(Some) }
    })
    .await
}

/// All models.
#[tauri::command]
#[specta::specta]
pub async fn models(state: AppState<'_>) -> Reply<Vec<Model>> {
    blocking(&state, move |workbench| workbench.models()).await
}

/// Converts and checks what was previewed.
#[tauri::command]
#[specta::specta]
pub async fn import_model(
    state: AppState<'_>,
    job: String,
    preview: String,
    name: String,
    used: Option<ModelUse>,
    on_event: Channel<Streamed<ModelImportEvent>>,
) -> Reply<()> {
    streamed(&state, job, on_event, move |workbench, job, sink| {
        workbench.import_model(job, &preview, &name, used.as_ref(), sink)
    })
    .await
}

/// Compares a model with its checksums and tries it.
#[tauri::command]
#[specta::specta]
pub async fn verify_model(
    state: AppState<'_>,
    job: String,
    id: String,
    on_event: Channel<Streamed<VerifyEvent>>,
) -> Reply<()> {
    streamed(&state, job, on_event, move |workbench, job, sink| workbench.verify_model(job, &id, sink)).await
}

/// Works with this model from now on.
#[tauri::command]
#[specta::specta]
pub async fn use_model(state: AppState<'_>, id: String) -> Reply<EngineStatus> {
    blocking(&state, move |workbench| workbench.use_model(&id)).await
}

/// Has this model find the names for the model in use; without one the model itself and the dictionaries do.
#[tauri::command]
#[specta::specta]
pub async fn use_names(state: AppState<'_>, id: Option<String>) -> Reply<()> {
    blocking(&state, move |workbench| workbench.use_names(id.as_deref())).await
}

/// Takes a model out of the list; it can be restored until Osler is closed.
#[tauri::command]
#[specta::specta]
pub async fn remove_model(state: AppState<'_>, id: String) -> Reply<()> {
    blocking(&state, move |workbench| workbench.remove_model(&id)).await
}

/// Takes that back.
#[tauri::command]
#[specta::specta]
pub async fn restore_model(state: AppState<'_>, id: String) -> Reply<()> {
    blocking(&state, move |workbench| workbench.restore_model(&id)).await
}

/// Loads the model now.
#[tauri::command]
#[specta::specta]
pub async fn load_model(state: AppState<'_>) -> Reply<EngineStatus> {
    blocking(&state, move |workbench| workbench.load_model()).await
}

/// Takes the model out of memory.
#[tauri::command]
#[specta::specta]
pub async fn unload_model(state: AppState<'_>) -> Reply<EngineStatus> {
    blocking(&state, move |workbench| workbench.unload_model()).await
}

/// What can compute here.
#[tauri::command]
#[specta::specta]
pub async fn devices(state: AppState<'_>) -> Reply<Vec<Device>> {
    blocking(&state, move |workbench| workbench.devices()).await
}
