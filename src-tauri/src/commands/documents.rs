//! Documents of the open library.

use workbench::wire::{
    Change, DocumentFilter, DocumentOrder, DocumentSummary, DocumentView, Id, Place, SearchHit,
};

use crate::desk::{Desk, Reply, blocking};

/// Which documents there are, in order.
#[tauri::command]
#[specta::specta]
pub async fn document_ids(desk: Desk<'_>, order: DocumentOrder, filter: DocumentFilter) -> Reply<Vec<Id>> {
    blocking(&desk, move |workbench| workbench.document_ids(order, &filter)).await
}

/// What lists show of documents.
#[tauri::command]
#[specta::specta]
pub async fn document_summaries(desk: Desk<'_>, ids: Vec<Id>) -> Reply<Vec<DocumentSummary>> {
    blocking(&desk, move |workbench| workbench.document_summaries(&ids)).await
}

/// A document with everything that points into it.
#[tauri::command]
#[specta::specta]
pub async fn document(desk: Desk<'_>, id: Id) -> Reply<DocumentView> {
    blocking(&desk, move |workbench| workbench.document(id)).await
}

/// Takes documents out of the library.
#[tauri::command]
#[specta::specta]
pub async fn remove_documents(desk: Desk<'_>, ids: Vec<Id>) -> Reply<Change> {
    blocking(&desk, move |workbench| workbench.remove_documents(&ids)).await
}

/// Where the curator is.
#[tauri::command]
#[specta::specta]
pub async fn remember_place(desk: Desk<'_>, place: Place) -> Reply<()> {
    blocking(&desk, move |workbench| workbench.remember_place(place)).await
}

/// Across texts, names, notes, decisions and drafts.
#[tauri::command]
#[specta::specta]
pub async fn search(desk: Desk<'_>, text: String, limit: u32) -> Reply<Vec<SearchHit>> {
    blocking(&desk, move |workbench| workbench.search(&text, limit)).await
}
