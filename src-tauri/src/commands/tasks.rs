//! What the model is asked.

use tauri::ipc::Channel;
use workbench::wire::{
    AskEvent, AskRequest, CheckRequest, CheckedText, ClassifyEvent, ClassifyRequest, Concordance,
    ContinueEvent, ContinueRequest, DescribeEvent, DescribeRequest, ExtractEvent, ExtractRequest, Prompt,
    PromptRequest, Streamed, TermKnowledge,
};

use crate::state::{AppState, Reply, blocking, streamed};

/// Relations of a document, as they come.
#[tauri::command]
#[specta::specta]
pub async fn extract(
    state: AppState<'_>,
    job: String,
    request: ExtractRequest,
    on_event: Channel<Streamed<ExtractEvent>>,
) -> Reply<()> {
    streamed(&state, job, on_event, move |workbench, job, sink| workbench.extract(job, &request, sink)).await
}

/// Descriptions of a term, side by side.
#[tauri::command]
#[specta::specta]
pub async fn describe(
    state: AppState<'_>,
    job: String,
    request: DescribeRequest,
    on_event: Channel<Streamed<DescribeEvent>>,
) -> Reply<()> {
    streamed(&state, job, on_event, move |workbench, job, sink| workbench.describe(job, &request, sink)).await
}

/// What may follow in a draft.
#[tauri::command]
#[specta::specta]
pub async fn continue_text(
    state: AppState<'_>,
    job: String,
    request: ContinueRequest,
    on_event: Channel<Streamed<ContinueEvent>>,
) -> Reply<()> {
    streamed(&state, job, on_event, move |workbench, job, sink| workbench.continue_text(job, &request, sink))
        .await
}

/// A question about documents.
#[tauri::command]
#[specta::specta]
pub async fn ask(
    state: AppState<'_>,
    job: String,
    request: AskRequest,
    on_event: Channel<Streamed<AskEvent>>,
) -> Reply<()> {
    streamed(&state, job, on_event, move |workbench, job, sink| workbench.ask(job, &request, sink)).await
}

/// Hallmarks of cancer in documents.
#[tauri::command]
#[specta::specta]
pub async fn classify(
    state: AppState<'_>,
    job: String,
    request: ClassifyRequest,
    on_event: Channel<Streamed<ClassifyEvent>>,
) -> Reply<()> {
    streamed(&state, job, on_event, move |workbench, job, sink| workbench.classify(job, &request, sink)).await
}

/// Exactly what the model would be given.
#[tauri::command]
#[specta::specta]
pub async fn prompt(state: AppState<'_>, request: PromptRequest) -> Reply<Prompt> {
    blocking(&state, move |workbench| workbench.prompt(&request)).await
}

/// Sentences of the library that mention a term.
#[tauri::command]
#[specta::specta]
pub async fn concordance(state: AppState<'_>, term: String, limit: u32) -> Reply<Concordance> {
    blocking(&state, move |workbench| workbench.concordance(&term, limit)).await
}

/// What sources and the library say a term is.
#[tauri::command]
#[specta::specta]
pub async fn look_up(state: AppState<'_>, term: String) -> Reply<TermKnowledge> {
    blocking(&state, move |workbench| workbench.look_up(&term)).await
}

/// How far sources say what was written, sentence by sentence.
#[tauri::command]
#[specta::specta]
pub async fn check_support(state: AppState<'_>, request: CheckRequest) -> Reply<CheckedText> {
    blocking(&state, move |workbench| workbench.check_support(&request)).await
}
