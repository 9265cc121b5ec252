//! Documents of the open library.

use workbench::wire::{
    Change, DocumentFilter, DocumentOrder, DocumentSummary, DocumentView, Id, Place, SearchHit,
};

use crate::state::{AppState, Reply, blocking};

/// Which documents there are, in order.
#[tauri::command]
#[specta::specta]
pub async fn document_ids(
    state: AppState<'_>,
    order: DocumentOrder,
    filter: DocumentFilter,
) -> Reply<Vec<Id>> {
    blocking(&state, move |workbench| workbench.document_ids(order, &filter)).await
}

/// What lists show of documents.
#[tauri::command]
#[specta::specta]
pub async fn document_summaries(state: AppState<'_>, ids: Vec<Id>) -> Reply<Vec<DocumentSummary>> {
    blocking(&state, move |workbench| workbench.document_summaries(&ids)).await
}

/// A document with everything that points into it.
#[tauri::command]
#[specta::specta]
pub async fn document(state: AppState<'_>, id: Id) -> Reply<DocumentView> {
    blocking(&state, move |workbench| workbench.document(id)).await
}

/// Takes documents out of the library.
#[tauri::command]
#[specta::specta]
pub async fn remove_documents(state: AppState<'_>, ids: Vec<Id>) -> Reply<Change> {
    blocking(&state, move |workbench| workbench.remove_documents(&ids)).await
}

/// Where the curator is.
#[tauri::command]
#[specta::specta]
pub async fn remember_place(state: AppState<'_>, place: Place) -> Reply<()> {
    blocking(&state, move |workbench| workbench.remember_place(place)).await
}

/// Across texts, names, notes, decisions and drafts.
#[tauri::command]
#[specta::specta]
pub async fn search(state: AppState<'_>, text: String, limit: u32) -> Reply<Vec<SearchHit>> {
    blocking(&state, move |workbench| workbench.search(&text, limit)).await
}
