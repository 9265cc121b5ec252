//! A task over many documents. Progress comes as events of the app.

use workbench::wire::{Batch, BatchItem, BatchRequest, Id};

use crate::state::{AppState, Reply, blocking};

/// All of them, the latest first.
#[tauri::command]
#[specta::specta]
pub async fn batches(state: AppState<'_>) -> Reply<Vec<Batch>> {
    blocking(&state, move |workbench| workbench.batches()).await
}

/// Its documents.
#[tauri::command]
#[specta::specta]
pub async fn batch_items(state: AppState<'_>, batch: Id, from: u32, limit: u32) -> Reply<Vec<BatchItem>> {
    blocking(&state, move |workbench| workbench.batch_items(batch, from, limit)).await
}

/// Starts one.
#[tauri::command]
#[specta::specta]
pub async fn start_batch(state: AppState<'_>, request: BatchRequest) -> Reply<Batch> {
    blocking(&state, move |workbench| workbench.start_batch(&request)).await
}

/// Stops after the document at hand.
#[tauri::command]
#[specta::specta]
pub async fn pause_batch(state: AppState<'_>, batch: Id) -> Reply<Batch> {
    blocking(&state, move |workbench| workbench.pause_batch(batch)).await
}

/// Goes on.
#[tauri::command]
#[specta::specta]
pub async fn resume_batch(state: AppState<'_>, batch: Id) -> Reply<Batch> {
    blocking(&state, move |workbench| workbench.resume_batch(batch)).await
}

/// Has the documents that failed done once more.
#[tauri::command]
#[specta::specta]
pub async fn retry_batch(state: AppState<'_>, batch: Id) -> Reply<Batch> {
    blocking(&state, move |workbench| workbench.retry_batch(batch)).await
}

/// Ends it; what was found stays.
#[tauri::command]
#[specta::specta]
pub async fn cancel_batch(state: AppState<'_>, batch: Id) -> Reply<Batch> {
    blocking(&state, move |workbench| workbench.cancel_batch(batch)).await
}
