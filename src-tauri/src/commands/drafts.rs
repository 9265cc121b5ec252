//! Texts that the user writes.

use workbench::wire::{Change, Draft, DraftSummary, GeneratedSpan, Id, Library};

use crate::state::{AppState, Reply, blocking};

/// All of them, the latest first.
#[tauri::command]
#[specta::specta]
pub async fn drafts(state: AppState<'_>) -> Reply<Vec<DraftSummary>> {
    blocking(&state, move |workbench| workbench.drafts()).await
}

/// One, whole.
#[tauri::command]
#[specta::specta]
pub async fn draft(state: AppState<'_>, id: Id) -> Reply<Draft> {
    blocking(&state, move |workbench| workbench.draft(id)).await
}

/// A new one.
#[tauri::command]
#[specta::specta]
pub async fn begin_draft(state: AppState<'_>, title: String, text: String) -> Reply<Draft> {
    blocking(&state, move |workbench| workbench.begin_draft(&title, &text)).await
}

/// Keeps what was written.
#[tauri::command]
#[specta::specta]
pub async fn save_draft(
    state: AppState<'_>,
    id: Id,
    title: String,
    text: String,
    generated: Vec<GeneratedSpan>,
) -> Reply<Library> {
    blocking(&state, move |workbench| workbench.save_draft(id, &title, &text, &generated)).await
}

/// Removes one.
#[tauri::command]
#[specta::specta]
pub async fn remove_draft(state: AppState<'_>, id: Id) -> Reply<Change> {
    blocking(&state, move |workbench| workbench.remove_draft(id)).await
}
