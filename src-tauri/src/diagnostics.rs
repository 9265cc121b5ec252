use std::fmt::Write;
use std::path::Path;

use workbench::Workbench;
use workbench::wire::Folder;

/// Lines of the log that are told.
const LINES: usize = 40;

/// Versions, engine, devices, settings and the last warnings: for a report of an error. No document text, no names.
pub fn of(workbench: &Workbench) -> String {
    let (status, settings) = (workbench.engine_status(), workbench.settings());
    let mut told = format!(
        "Osler {} on {} {}\n",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::OS,
        std::env::consts::ARCH
    );
    let mut line = |text: std::fmt::Arguments<'_>| {
        // Writing to a string does not fail.
        let _ = told.write_fmt(text);
        told.push('\n');
    };
    line(format_args!("Engine: {:?} on {:?}, model {:?}", status.state, status.device, status.model));
    line(format_args!("Device wanted: {:?}; unload after {} min", settings.device, settings.unload_after));
    match workbench.devices() {
        Ok(devices) => {
            for one in devices {
                line(format_args!("Device {}: {} ({} {})", one.id, one.name, one.backend, one.driver));
            }
        }
        Err(error) => line(format_args!("Devices: {error}")),
    }
    if let Ok(library) = workbench.library() {
        line(format_args!("Library: {} documents, {} findings", library.documents, library.findings));
    }
    for warning in warnings(&workbench.folder(Folder::Logs)) {
        line(format_args!("{warning}"));
    }
    told
}

/// The last warnings and errors of the newest log file.
fn warnings(logs: &Path) -> Vec<String> {
    let files = std::fs::read_dir(logs).into_iter().flatten().flatten().map(|entry| entry.path());
    // The names carry the date.
    let newest = files.filter(|path| path.extension().is_some_and(|end| end == "log")).max();
    let text = newest.and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
    let grave: Vec<&str> =
        text.lines().filter(|line| line.contains(" WARN ") || line.contains("ERROR ")).collect();
    grave[grave.len().saturating_sub(LINES)..].iter().map(|line| (*line).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_warnings_of_the_newest_log_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("osler.2026-01-01.log", "t  WARN old\n");
        write("osler.2026-01-02.log", "t  INFO started\nt  WARN disk\nt ERROR engine\n");
        assert_eq!(warnings(folder.path()), ["t  WARN disk", "t ERROR engine"]);
        assert!(warnings(&folder.path().join("nowhere")).is_empty());
    }
}
