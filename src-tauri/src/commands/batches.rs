//! A task over many documents. Progress comes as events of the app.

use workbench::wire::{Batch, BatchItem, BatchRequest, Id};

use crate::desk::{Desk, Reply, blocking};

/// All of them, the latest first.
#[tauri::command]
#[specta::specta]
pub async fn batches(desk: Desk<'_>) -> Reply<Vec<Batch>> {
    blocking(&desk, move |workbench| workbench.batches()).await
}

/// Its documents.
#[tauri::command]
#[specta::specta]
pub async fn batch_items(desk: Desk<'_>, batch: Id, from: u32, limit: u32) -> Reply<Vec<BatchItem>> {
    blocking(&desk, move |workbench| workbench.batch_items(batch, from, limit)).await
}

/// Starts one.
#[tauri::command]
#[specta::specta]
pub async fn start_batch(desk: Desk<'_>, request: BatchRequest) -> Reply<Batch> {
    blocking(&desk, move |workbench| workbench.start_batch(&request)).await
}

/// Stops after the document at hand.
#[tauri::command]
#[specta::specta]
pub async fn pause_batch(desk: Desk<'_>, batch: Id) -> Reply<Batch> {
    blocking(&desk, move |workbench| workbench.pause_batch(batch)).await
}

/// Goes on.
#[tauri::command]
#[specta::specta]
pub async fn resume_batch(desk: Desk<'_>, batch: Id) -> Reply<Batch> {
    blocking(&desk, move |workbench| workbench.resume_batch(batch)).await
}

/// Has the documents that failed done once more.
#[tauri::command]
#[specta::specta]
pub async fn retry_batch(desk: Desk<'_>, batch: Id) -> Reply<Batch> {
    blocking(&desk, move |workbench| workbench.retry_batch(batch)).await
}

/// Ends it; what was found stays.
#[tauri::command]
#[specta::specta]
pub async fn cancel_batch(desk: Desk<'_>, batch: Id) -> Reply<Batch> {
    blocking(&desk, move |workbench| workbench.cancel_batch(batch)).await
}
