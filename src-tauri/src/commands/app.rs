//! The app as a whole.

use std::process::Command;

use tauri::State;
use workbench::wire::{ErrorCode, Folder, HostError, Settings, Startup};

use crate::alone::Alone;
use crate::diagnostics;
use crate::files::Opened;
use crate::sentinel::Fall;
use crate::state::{AppState, Reply, blocking};

/// Signs of a report of the page: the first functions of a stack.
const LONGEST_REPORT: usize = 1_000;

/// Everything the window shows first.
#[tauri::command]
#[specta::specta]
pub async fn start(
    state: AppState<'_>,
    opened: State<'_, Opened>,
    fall: State<'_, Fall>,
    alone: State<'_, Alone>,
) -> Reply<Startup> {
    let (files, fall, second) = (opened.take(), fall.notice(), alone.notice());
    blocking(&state, move |workbench| {
        let mut startup = workbench.startup(workbench.engine_status(), files)?;
        startup.notices.extend(fall.into_iter().chain(second));
        Ok(startup)
    })
    .await
}

/// Keeps settings.
#[tauri::command]
#[specta::specta]
pub async fn save_settings(state: AppState<'_>, settings: Settings) -> Reply<()> {
    blocking(&state, move |workbench| workbench.save_settings(&settings)).await
}

/// Answers the question whether the processor may take over from a device that failed; the settings as they are then.
#[tauri::command]
#[specta::specta]
pub async fn answer_fallback(state: AppState<'_>, allow: bool) -> Reply<Settings> {
    blocking(&state, move |workbench| workbench.answer_fallback(allow)).await
}

/// Versions, device, settings, the last errors; never document text.
#[tauri::command]
#[specta::specta]
pub async fn diagnostics(state: AppState<'_>) -> Reply<String> {
    blocking(&state, |workbench| Ok(diagnostics::of(workbench))).await
}

/// Writes into the log where the page failed: names of errors and functions, no document text.
#[tauri::command]
#[specta::specta]
pub async fn report(state: AppState<'_>, place: String) -> Reply<()> {
    blocking(&state, move |_| {
        let place: String = place.chars().filter(|sign| !sign.is_control()).take(LONGEST_REPORT).collect();
        tracing::error!(place, "the page failed");
        Ok(())
    })
    .await
}

/// Shows a folder in the system's file manager.
#[tauri::command]
#[specta::specta]
pub async fn reveal(state: AppState<'_>, folder: Folder) -> Reply<()> {
    blocking(&state, move |workbench| {
        let path = workbench.folder(folder);
        let program = match std::env::consts::OS {
            "windows" => "explorer",
            "macos" => "open",
            _ => "xdg-open",
        };
        let shown = Command::new(program).arg(&path).spawn();
        shown.map(drop).map_err(|error| HostError {
            code: ErrorCode::Other,
            message: format!("Osler could not show {}: {program}: {error}.", path.display()),
            hint: "Open it in your file manager.".to_owned(),
        })
    })
    .await
}

/// Asks a streamed call to stop at the next token.
#[tauri::command]
#[specta::specta]
pub fn cancel(state: AppState<'_>, job: String) {
    state.cancel(&job);
}
