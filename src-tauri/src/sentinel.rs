use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use workbench::Workbench;
use workbench::wire::{DeviceChoice, EngineState, EngineStatus, StartNotice};

/// What the sentinel of the last run tells: the device that was at work when Osler fell over.
#[derive(Debug)]
pub struct Fall(Option<String>);

impl Fall {
    /// Asks the sentinel, and goes on with the processor if Osler fell over.
    pub fn asked(sentinel: &Sentinel, workbench: &Workbench) -> Self {
        let device = sentinel.found();
        if device.is_some() {
            let mut settings = workbench.settings();
            settings.device = DeviceChoice::Device { id: "cpu".to_owned() };
            if let Err(error) = workbench.save_settings(&settings) {
                tracing::warn!(%error, "the choice of the processor is not saved");
            }
        }
        Self(device)
    }

    /// The same, for the user.
    pub fn notice(&self) -> Option<StartNotice> {
        let device = self.0.as_ref()?;
        let message = format!(
            "Osler ended without warning while {device} was computing. It uses the processor now; \
             choose the device again in Settings if you want to try it once more."
        );
        Some(StartNotice::AfterCrash { message })
    }
}

/// A file that stands while a graphics device computes. One that is found at the start tells that Osler fell over meanwhile:
/// a broken driver can take the whole process with it, and nothing else would be left to say so.
#[derive(Debug)]
pub struct Sentinel {
    file: PathBuf,
    /// Whether Osler ends: work that is still to be broken off then says nothing about the driver.
    over: Mutex<bool>,
}

impl Sentinel {
    /// The sentinel in this folder.
    pub fn in_folder(folder: &Path) -> Self {
        Self { file: folder.join("device-at-work"), over: Mutex::new(false) }
    }

    /// Which device was at work when Osler fell over, if it did; and puts the sentinel away.
    pub fn found(&self) -> Option<String> {
        let device = std::fs::read_to_string(&self.file).ok()?;
        self.put_away();
        Some(device)
    }

    /// Stands while a device other than the processor loads or computes.
    pub fn on_status(&self, status: &EngineStatus) {
        // Held while the file is written, so that none is left behind by a change that comes at the same time as the end.
        let over = self.over.lock().unwrap_or_else(PoisonError::into_inner);
        if *over {
            return;
        }
        let at_work = matches!(status.state, EngineState::Loading | EngineState::Busy);
        if at_work && status.graphics {
            let folder = self.file.parent().unwrap_or(&self.file);
            let written =
                std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&self.file, &status.device));
            if let Err(error) = written {
                tracing::warn!(%error, "the sentinel cannot be written");
            }
        } else {
            self.put_away();
        }
    }

    /// Osler ends as it should, whatever is still at work.
    pub fn dismiss(&self) {
        *self.over.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.put_away();
    }

    fn put_away(&self) {
        if self.file.exists()
            && let Err(error) = std::fs::remove_file(&self.file)
        {
            tracing::warn!(%error, "the sentinel cannot be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(state: EngineState, device: &str, graphics: bool) -> EngineStatus {
        EngineStatus {
            state,
            model: None,
            model_id: None,
            device: device.to_owned(),
            graphics,
            device_reason: String::new(),
            activity: None,
            tokens_per_second: None,
            queued: 0,
            memory: None,
        }
    }

    #[test]
    fn a_fall_while_a_graphics_device_computes_is_told_once() {
        let folder = tempfile::tempdir().unwrap();
        let sentinel = Sentinel::in_folder(&folder.path().join("cache"));
        sentinel.on_status(&status(EngineState::Busy, "Radeon", true));
        assert_eq!(sentinel.found().as_deref(), Some("Radeon"));
        assert_eq!(sentinel.found(), None);
    }

    #[test]
    fn what_ended_well_or_ran_on_the_processor_is_not_suspected() {
        let folder = tempfile::tempdir().unwrap();
        let sentinel = Sentinel::in_folder(folder.path());
        sentinel.on_status(&status(EngineState::Busy, "Ryzen 9, 8 cores", false));
        assert_eq!(sentinel.found(), None);
        sentinel.on_status(&status(EngineState::Loading, "Radeon", true));
        sentinel.on_status(&status(EngineState::Ready, "Radeon", true));
        assert_eq!(sentinel.found(), None);
        // The window was closed in the middle of a piece of work, whose last news comes after it.
        sentinel.on_status(&status(EngineState::Busy, "Radeon", true));
        sentinel.dismiss();
        sentinel.on_status(&status(EngineState::Busy, "Radeon", true));
        assert_eq!(sentinel.found(), None);
    }
}
