//! What the curator decides, adds and takes back.

use workbench::wire::{
    Change, Concept, Content, HistoryEntry, Id, Judgement, NewNote, QueueFilter, QueueOrder, QueuePage,
    Subject, Track,
};

use crate::state::{AppState, Reply, blocking};

/// Decides about annotations.
#[tauri::command]
#[specta::specta]
pub async fn decide(state: AppState<'_>, judgements: Vec<Judgement>) -> Reply<Change> {
    blocking(&state, move |workbench| workbench.decide(&judgements)).await
}

/// Takes decisions back, and removes annotations of one's own.
#[tauri::command]
#[specta::specta]
pub async fn withdraw(state: AppState<'_>, subjects: Vec<Subject>) -> Reply<Change> {
    blocking(&state, move |workbench| workbench.withdraw(&subjects)).await
}

/// Adds annotations.
#[tauri::command]
#[specta::specta]
pub async fn annotate(state: AppState<'_>, document: Id, contents: Vec<Content>) -> Reply<Change> {
    blocking(&state, move |workbench| workbench.annotate(document, &contents)).await
}

/// Adds a mention wherever a name stands.
#[tauri::command]
#[specta::specta]
pub async fn annotate_occurrences(
    state: AppState<'_>,
    document: Id,
    name: String,
    r#type: String,
    concepts: Vec<Concept>,
) -> Reply<Change> {
    blocking(&state, move |workbench| workbench.annotate_occurrences(document, &name, &r#type, &concepts))
        .await
}

/// How often a name stands in a document.
#[tauri::command]
#[specta::specta]
pub async fn count_occurrences(state: AppState<'_>, document: Id, name: String) -> Reply<u32> {
    blocking(&state, move |workbench| workbench.count_occurrences(document, &name)).await
}

/// Ids that a name may have.
#[tauri::command]
#[specta::specta]
pub async fn find_concepts(state: AppState<'_>, name: String, limit: u32) -> Reply<Vec<Concept>> {
    blocking(&state, move |workbench| Ok(workbench.find_concepts(&name, limit))).await
}

/// Adds a note.
#[tauri::command]
#[specta::specta]
pub async fn write_note(state: AppState<'_>, note: NewNote) -> Reply<Change> {
    blocking(&state, move |workbench| workbench.write_note(&note)).await
}

/// Changes a note.
#[tauri::command]
#[specta::specta]
pub async fn edit_note(state: AppState<'_>, id: Id, text: String) -> Reply<Change> {
    blocking(&state, move |workbench| workbench.edit_note(id, &text)).await
}

/// Removes a note.
#[tauri::command]
#[specta::specta]
pub async fn remove_note(state: AppState<'_>, id: Id) -> Reply<Change> {
    blocking(&state, move |workbench| workbench.remove_note(id)).await
}

/// Takes the last action back.
#[tauri::command]
#[specta::specta]
pub async fn undo(state: AppState<'_>, track: Track) -> Reply<Option<Change>> {
    blocking(&state, move |workbench| workbench.undo(track)).await
}

/// Does it again.
#[tauri::command]
#[specta::specta]
pub async fn redo(state: AppState<'_>, track: Track) -> Reply<Option<Change>> {
    blocking(&state, move |workbench| workbench.redo(track)).await
}

/// Actions, the latest first.
#[tauri::command]
#[specta::specta]
pub async fn history(state: AppState<'_>, before: Option<Id>, limit: u32) -> Reply<Vec<HistoryEntry>> {
    blocking(&state, move |workbench| workbench.history(before, limit)).await
}

/// What to look at next.
#[tauri::command]
#[specta::specta]
pub async fn queue(
    state: AppState<'_>,
    order: QueueOrder,
    filter: QueueFilter,
    after: Option<String>,
    limit: u32,
) -> Reply<QueuePage> {
    blocking(&state, move |workbench| workbench.queue(order, &filter, after.as_deref(), limit)).await
}
