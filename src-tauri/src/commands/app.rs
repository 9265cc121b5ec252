//! The app as a whole.

use std::process::Command;

use tauri::State;
use workbench::wire::{EngineState, EngineStatus, ErrorCode, Folder, HostError, Settings, Startup};

use crate::desk::{Desk, Reply, blocking};
use crate::files::Opened;

/// Everything the window shows first.
#[tauri::command]
#[specta::specta]
pub async fn start(desk: Desk<'_>, opened: State<'_, Opened>) -> Reply<Startup> {
    let files = opened.take();
    blocking(&desk, move |workbench| {
        Ok(Startup {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            settings: workbench.settings(),
            library: workbench.library()?,
            recent: workbench.recent_libraries(),
            engine: EngineStatus {
                state: EngineState::Empty,
                model: None,
                model_id: None,
                device: "CPU".to_owned(),
                activity: None,
                tokens_per_second: None,
                queued: 0,
                memory: None,
            },
            place: workbench.shelf().last_place()?,
            notices: workbench.notices(),
            opened: files,
        })
    })
    .await
}

/// Keeps settings.
#[tauri::command]
#[specta::specta]
pub async fn save_settings(desk: Desk<'_>, settings: Settings) -> Reply<()> {
    blocking(&desk, move |workbench| workbench.save_settings(&settings)).await
}

/// Shows a folder in the system's file manager.
#[tauri::command]
#[specta::specta]
pub async fn reveal(desk: Desk<'_>, folder: Folder) -> Reply<()> {
    blocking(&desk, move |workbench| {
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
pub fn cancel(desk: Desk<'_>, job: String) {
    desk.cancel(&job);
}
