//! The desktop shell of Osler: a window, and thin commands over [`workbench`] behind it.

mod alone;
mod commands;
mod diagnostics;
mod dialogs;
mod files;
mod folders;
mod granted;
mod log;
mod sentinel;
mod state;
mod window;

use std::error::Error;
use std::sync::Arc;

use tauri::{App, AppHandle, Emitter, Manager, RunEvent, WindowEvent};
use workbench::Workbench;
use workbench::wire::AppEvent;

use alone::Alone;
use files::Opened;
use folders::Folders;
use granted::Granted;
use sentinel::{Fall, Sentinel};

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
            let granted = app.state::<Granted>();
            let files = files::paths(words, folder.as_ref());
            let paths = files.iter().map(|path| granted.grant(path)).collect();
            tell(app, &AppEvent::Opened { paths });
            window::show(app);
        }))
        .plugin(tauri_plugin_dialog::init())
        .manage(Granted::default())
        .invoke_handler(commands.invoke_handler())
        .setup(|app| set_up(app))
        .on_window_event(|window, event| {
            window.state::<Granted>().grant_dropped(event);
            if let Some(event) = files::event(event) {
                tell(window.app_handle(), &event);
            }
            if let WindowEvent::Focused(true) = event {
                look_around(window.app_handle());
            }
        })
        .build(tauri::generate_context!())?;
    app.run(|app, event| {
        if let RunEvent::Exit = event
            && let Some(workbench) = app.try_state::<Arc<Workbench>>()
        {
            workbench.jobs().cancel_all();
            app.state::<Arc<Sentinel>>().dismiss();
        }
    });
    Ok(())
}

fn set_up(app: &mut App) -> Result<(), Box<dyn Error>> {
    let folders = Folders::find(app.handle())?;
    app.manage(log::start(&folders.logs)?);
    let here = std::env::current_dir().unwrap_or_default();
    app.manage(Alone::asked(&folders.window));
    let granted = app.state::<Granted>();
    let opened = files::paths(std::env::args_os(), &here).iter().map(|path| granted.grant(path)).collect();
    app.manage(Opened::new(opened));
    let version = app.package_info().version.to_string();
    let handle = app.handle().clone();
    let workbench = Workbench::open(folders.places(version))?;
    workbench.watch(Arc::new(move |event| tell(&handle, &event)));
    let (workbench, sentinel) = (Arc::new(workbench), Arc::new(Sentinel::in_folder(&folders.window)));
    app.manage(Fall::asked(&sentinel, &workbench));
    pass_on(app.handle(), &workbench, &sentinel);
    app.manage(workbench);
    app.manage(sentinel);
    window::open(app, &folders)?;
    tracing::info!(version = %app.package_info().version, "started");
    Ok(())
}

/// Another program may have written into the library meanwhile.
fn look_around(app: &AppHandle) {
    let Some(workbench) = app.try_state::<Arc<Workbench>>().map(|workbench| Arc::clone(&workbench)) else {
        return;
    };
    tauri::async_runtime::spawn_blocking(move || {
        if let Err(error) = workbench.look_around() {
            tracing::warn!(%error, "the library could not be looked at");
        }
    });
}

/// Passes changes of the engine's state on to the window.
fn pass_on(app: &AppHandle, workbench: &Arc<Workbench>, sentinel: &Arc<Sentinel>) {
    let mut changes = workbench.watch_engine();
    let (app, sentinel, workbench) = (app.clone(), Arc::clone(sentinel), Arc::downgrade(workbench));
    tauri::async_runtime::spawn(async move {
        while changes.changed().await.is_ok() {
            let Some(workbench) = workbench.upgrade() else { return };
            changes.mark_unchanged();
            let status = workbench.engine_status();
            sentinel.on_status(&status);
            tell(&app, &AppEvent::Engine { status });
        }
    });
}

/// Tells the window something.
fn tell(app: &AppHandle, event: &AppEvent) {
    if let Err(error) = app.emit(EVENT, event) {
        tracing::warn!(%error, "the window could not be told something");
    }
}
