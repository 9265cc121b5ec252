//! Taking results away.

use tauri::WebviewWindow;
use tauri::ipc::Channel;
use workbench::wire::{
    Ending, EvidenceReport, ExportEvent, ExportPreview, ExportRequest, ExportScope, Format, StreamItem,
    Streamed,
};

use crate::dialogs;
use crate::state::{AppState, Reply, blocking, streamed};

/// Writes the file to where the system's dialog says; closing it ends the job as stopped.
#[tauri::command]
#[specta::specta]
pub async fn export_to(
    window: WebviewWindow,
    state: AppState<'_>,
    job: String,
    request: ExportRequest,
    on_event: Channel<Streamed<ExportEvent>>,
) -> Reply<()> {
    streamed(&state, job, on_event, move |workbench, job, sink| {
        let name = workbench.export_name(&request).unwrap_or_default();
        match dialogs::new_file(&window, "Export to", &name) {
            Some(path) => workbench.export_to(job, &request, &path, sink),
            None => sink(Streamed { seq: 0, item: StreamItem::Ending(Ending::Stopped) }),
        }
    })
    .await
}

/// What can be written.
#[tauri::command]
#[specta::specta]
pub async fn formats(state: AppState<'_>, scope: ExportScope) -> Reply<Vec<Format>> {
    blocking(&state, move |workbench| Ok(workbench.formats(&scope))).await
}

/// How the file begins and what it cannot hold.
#[tauri::command]
#[specta::specta]
pub async fn preview_export(state: AppState<'_>, request: ExportRequest) -> Reply<ExportPreview> {
    blocking(&state, move |workbench| workbench.preview_export(&request)).await
}

/// Which quotes of the library cannot be relied on.
#[tauri::command]
#[specta::specta]
pub async fn check_evidence(state: AppState<'_>) -> Reply<EvidenceReport> {
    blocking(&state, move |workbench| workbench.check_evidence()).await
}
