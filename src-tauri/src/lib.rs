//! The desktop shell of Osler: a window, and thin commands over [`workbench`] behind it.

mod commands;
mod desk;
mod dialogs;
mod files;
mod folders;
mod log;
mod window;

use std::error::Error;
use std::sync::Arc;

use tauri::{App, Emitter, Manager, RunEvent};
use workbench::Workbench;
use workbench::wire::AppEvent;

use files::Opened;
use folders::Folders;

pub use commands::builder;

/// The name of the window's event.
const EVENT: &str = "osler";

/// Runs the app until its window is closed.
///
/// # Errors
/// If there is no screen, or the folders of the app cannot be made.
pub fn run() -> tauri::Result<()> {
    let commands = builder();
    let app = tauri::Builder::default()
        // First, as its documentation asks: a second start ends here, before it opens anything.
        .plugin(tauri_plugin_single_instance::init(|app, words, folder| {
            let paths = files::paths(words, folder.as_ref());
            tell(app, &AppEvent::Opened { paths });
            window::show(app);
        }))
        .plugin(tauri_plugin_dialog::init())
        .invoke_handler(commands.invoke_handler())
        .setup(|app| set_up(app))
        .on_window_event(|window, event| {
            if let Some(event) = files::event(event) {
                tell(window.app_handle(), &event);
            }
        })
        .build(tauri::generate_context!())?;
    app.run(|app, event| {
        if let RunEvent::Exit = event
            && let Some(workbench) = app.try_state::<Arc<Workbench>>()
        {
            workbench.jobs().cancel_all();
        }
    });
    Ok(())
}

fn set_up(app: &mut App) -> Result<(), Box<dyn Error>> {
    let folders = Folders::find(app.handle())?;
    app.manage(log::start(&folders.logs)?);
    let here = std::env::current_dir().unwrap_or_default();
    app.manage(Opened::of_arguments(std::env::args(), &here));
    let version = app.package_info().version.to_string();
    let handle = app.handle().clone();
    let workbench = Workbench::open(folders.places(version))?;
    workbench.watch(Arc::new(move |event| tell(&handle, &event)));
    app.manage(Arc::new(workbench));
    window::open(app, &folders)?;
    tracing::info!(version = %app.package_info().version, "started");
    Ok(())
}

/// Tells the window something.
fn tell(app: &tauri::AppHandle, event: &AppEvent) {
    if let Err(error) = app.emit(EVENT, event) {
        tracing::warn!(%error, "the window could not be told something");
    }
}
