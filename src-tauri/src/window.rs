//! The window: its size and place come back at the next start.

use tauri::{App, AppHandle, Manager, WebviewUrl, WebviewWindowBuilder};
use tauri_plugin_window_state::StateFlags;

use crate::folders::Folders;

const LABEL: &str = "main";

/// Opens the window.
pub fn open(app: &mut App, folders: &Folders) -> Result<(), Box<dyn std::error::Error>> {
    let state = folders.window.join("place.json");
    let remembered = StateFlags::all() - StateFlags::VISIBLE - StateFlags::DECORATIONS;
    app.handle().plugin(
        tauri_plugin_window_state::Builder::new()
            .with_state_flags(remembered)
            .with_filename(state.to_string_lossy())
            .build(),
    )?;
    WebviewWindowBuilder::new(app, LABEL, WebviewUrl::default())
        .title("Osler")
        .inner_size(1280.0, 800.0)
        .min_inner_size(640.0, 480.0)
        .data_directory(folders.window.join("web"))
        // The page is the app's own; nothing in it leads elsewhere.
        .on_navigation(|url| url.scheme() == "tauri" || url.host_str() == Some("tauri.localhost"))
        .build()?;
    Ok(())
}

/// Brings the window to the front.
pub fn show(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(LABEL) {
        let shown = window.unminimize().and_then(|()| window.show()).and_then(|()| window.set_focus());
        if let Err(error) = shown {
            tracing::warn!(%error, "the window could not be shown");
        }
    }
}
