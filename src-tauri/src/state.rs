//! Where the window's requests are served: blocking work never runs on a thread that others wait for.

use std::sync::Arc;

use tauri::State;
use tauri::ipc::{Channel, IpcResponse};
use workbench::wire::{ErrorCode, HostError, Streamed};
use workbench::{Sink, Workbench};

/// The use cases, as commands get them.
pub type AppState<'a> = State<'a, Arc<Workbench>>;

/// What a command answers.
pub type Reply<T> = Result<T, HostError>;

/// Does work on a thread for blocking work.
pub async fn blocking<T: Send + 'static>(
    state: &AppState<'_>,
    work: impl FnOnce(&Workbench) -> Reply<T> + Send + 'static,
) -> Reply<T> {
    let workbench = Arc::clone(state);
    let done = tauri::async_runtime::spawn_blocking(move || work(&workbench)).await;
    // Only a panic ends the thread without an answer. The next request finds the workbench as it was.
    done.unwrap_or_else(|_| {
        Err(HostError {
            code: ErrorCode::Other,
            message: "Osler made a mistake and could not finish this. What was saved is safe.".to_owned(),
            hint: "Try it again. If it comes back, copy the diagnostics and report it.".to_owned(),
        })
    })
}

/// Does work whose events go to the window, in order. The workbench ends every stream itself, exactly once.
pub async fn streamed<Event: Send + Sync + 'static>(
    state: &AppState<'_>,
    job: String,
    channel: Channel<Streamed<Event>>,
    work: impl FnOnce(&Workbench, &str, Sink<Event>) + Send + 'static,
) -> Reply<()>
where
    Streamed<Event>: IpcResponse,
{
    let workbench = Arc::clone(state);
    let id = job.clone();
    let sink: Sink<Event> = Arc::new(move |event| {
        // A window that is gone needs nothing any more.
        if channel.send(event).is_err() {
            workbench.cancel(&id);
        }
    });
    blocking(state, move |workbench| {
        work(workbench, &job, sink);
        Ok(())
    })
    .await
}
