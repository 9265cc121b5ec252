//! Models and the devices that they run on.

use std::path::PathBuf;

use tauri::ipc::Channel;
use tauri::{State, WebviewWindow};
use workbench::wire::{
    Device, EngineStatus, Model, ModelImportEvent, ModelPreview, ModelUse, Streamed, VerifyEvent,
};

use crate::desk::{Desk, Reply, blocking, streamed};
use crate::dialogs;
use crate::granted::Granted;

/// What a folder of weights holds and lacks. Without paths the system's dialog asks for a folder; nothing when it was closed.
#[tauri::command]
#[specta::specta]
pub async fn preview_model(
    window: WebviewWindow,
    desk: Desk<'_>,
    granted: State<'_, Granted>,
    paths: Option<Vec<String>>,
) -> Reply<Option<ModelPreview>> {
    let given = paths.map(|paths| granted.paths(&paths)).transpose()?;
    blocking(&desk, move |workbench| {
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
pub async fn models(desk: Desk<'_>) -> Reply<Vec<Model>> {
    blocking(&desk, move |workbench| workbench.models()).await
}

/// Converts and checks what was previewed.
#[tauri::command]
#[specta::specta]
pub async fn import_model(
    desk: Desk<'_>,
    job: String,
    preview: String,
    name: String,
    used: Option<ModelUse>,
    on_event: Channel<Streamed<ModelImportEvent>>,
) -> Reply<()> {
    streamed(&desk, job, on_event, move |workbench, job, sink| {
        workbench.import_model(job, &preview, &name, used.as_ref(), sink)
    })
    .await
}

/// Compares a model with its checksums and tries it.
#[tauri::command]
#[specta::specta]
pub async fn verify_model(
    desk: Desk<'_>,
    job: String,
    id: String,
    on_event: Channel<Streamed<VerifyEvent>>,
) -> Reply<()> {
    streamed(&desk, job, on_event, move |workbench, job, sink| workbench.verify_model(job, &id, sink)).await
}

/// Works with this model from now on.
#[tauri::command]
#[specta::specta]
pub async fn use_model(desk: Desk<'_>, id: String) -> Reply<EngineStatus> {
    blocking(&desk, move |workbench| workbench.use_model(&id)).await
}

/// Takes a model out of the list; it can be restored until Osler is closed.
#[tauri::command]
#[specta::specta]
pub async fn remove_model(desk: Desk<'_>, id: String) -> Reply<()> {
    blocking(&desk, move |workbench| workbench.remove_model(&id)).await
}

/// Takes that back.
#[tauri::command]
#[specta::specta]
pub async fn restore_model(desk: Desk<'_>, id: String) -> Reply<()> {
    blocking(&desk, move |workbench| workbench.restore_model(&id)).await
}

/// Loads the model now.
#[tauri::command]
#[specta::specta]
pub async fn load_model(desk: Desk<'_>) -> Reply<EngineStatus> {
    blocking(&desk, move |workbench| workbench.load_model()).await
}

/// Takes the model out of memory.
#[tauri::command]
#[specta::specta]
pub async fn unload_model(desk: Desk<'_>) -> Reply<EngineStatus> {
    blocking(&desk, move |workbench| workbench.unload_model()).await
}

/// What can compute here.
#[tauri::command]
#[specta::specta]
pub async fn devices(desk: Desk<'_>) -> Reply<Vec<Device>> {
    blocking(&desk, move |workbench| workbench.devices()).await
}
