//! Texts that the user writes.

use workbench::wire::{Change, Draft, DraftSummary, GeneratedSpan, Id, Library};

use crate::desk::{Desk, Reply, blocking};

/// All of them, the latest first.
#[tauri::command]
#[specta::specta]
pub async fn drafts(desk: Desk<'_>) -> Reply<Vec<DraftSummary>> {
    blocking(&desk, move |workbench| workbench.drafts()).await
}

/// One, whole.
#[tauri::command]
#[specta::specta]
pub async fn draft(desk: Desk<'_>, id: Id) -> Reply<Draft> {
    blocking(&desk, move |workbench| workbench.draft(id)).await
}

/// A new one.
#[tauri::command]
#[specta::specta]
pub async fn begin_draft(desk: Desk<'_>, title: String, text: String) -> Reply<Draft> {
    blocking(&desk, move |workbench| workbench.begin_draft(&title, &text)).await
}

/// Keeps what was written.
#[tauri::command]
#[specta::specta]
pub async fn save_draft(
    desk: Desk<'_>,
    id: Id,
    title: String,
    text: String,
    generated: Vec<GeneratedSpan>,
) -> Reply<Library> {
    blocking(&desk, move |workbench| workbench.save_draft(id, &title, &text, &generated)).await
}

/// Removes one.
#[tauri::command]
#[specta::specta]
pub async fn remove_draft(desk: Desk<'_>, id: Id) -> Reply<Change> {
    blocking(&desk, move |workbench| workbench.remove_draft(id)).await
}
