//! The threads that compute.

/// How far they stand back behind others of the same user (see `nice(2)`): a third of the weight.
#[cfg(target_os = "linux")]
const STEP: i32 = 5;

/// Does work with a pool of threads of its own that stand back when the processor is wanted: the window that shows what a model
/// writes needs little, and needs it at once. Where nobody else wants the processor it costs nothing.
pub(super) fn behind_others<R: Send>(work: impl FnOnce() -> R + Send) -> R {
    let pool = rayon::ThreadPoolBuilder::new()
        .thread_name(|number| format!("engine {number}"))
        .start_handler(|_| stand_back())
        .build();
    match pool {
        Ok(pool) => pool.install(work),
        Err(error) => {
            tracing::warn!(%error, "the engine has no threads of its own");
            work()
        }
    }
}

/// On Linux a thread has a priority of its own; elsewhere the system prefers the window in front by itself.
fn stand_back() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(STEP) {
        tracing::warn!(%error, "a thread of the engine keeps its priority");
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn the_threads_that_compute_stand_back_and_no_others() {
        let priority = || rustix::process::nice(0).unwrap();
        let before = priority();
        let inside = behind_others(|| rayon::broadcast(|_| priority()));
        assert_eq!(inside.len(), std::thread::available_parallelism().unwrap().get());
        assert!(inside.iter().all(|one| *one == (before + STEP).min(19)), "{before} and {inside:?}");
        assert_eq!(priority(), before);
    }
}
