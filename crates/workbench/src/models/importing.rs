//! Importing and verifying models.

use std::fs::File;
use std::io::{Read, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use biogpt::model::{Manifest, ModelError, WeightType};

use super::conversion::{Conversion, convert};
use super::preview::form;
use inference::self_test;

use crate::engine::{Cancel, Engine, Lane};
use crate::error::{self, Result, not_found};
use crate::jobs::{Sink, Stream};
use crate::model_host::{loader, request};
use crate::wire::{
    ErrorCode, HostError, ModelForm, ModelImportEvent, ModelPhase, ModelUse, SelfTest, VerifyEvent,
};
use crate::workbench::Workbench;

impl Workbench {
    /// Imports a model that was previewed: converted, verified, tested. Stopping leaves nothing behind. `used` is one of the preview's
    /// [`uses`](crate::wire::ModelPreview::uses) as the user corrected it.
    pub fn import_model(
        &self,
        job: &str,
        preview: &str,
        name: &str,
        used: Option<&ModelUse>,
        sink: Sink<ModelImportEvent>,
    ) {
        self.stream(job, sink, |stream| {
            let models = &self.model_host.models;
            let from = models
                .previews
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .get(preview)
                .cloned()
                .ok_or_else(|| not_found("This preview is over.", "Choose the model's folder again."))?;
            // The name is looked at first: a wrong one is told before the work.
            models.place_for(name)?;
            // Under a name that is no model's until it is whole: one that is ended is never listed.
            let unfinished = models.unfinished()?;
            let folder = unfinished.path().join("model");
            self.bring(&from, &folder, name, used, stream)?;
            if stream.is_stopped() {
                return Ok(());
            }
            let to = models.settle(&folder, name)?;
            let id = to.file_name().map(|id| id.to_string_lossy().into_owned()).unwrap_or_default();
            let at = self.places.clock.now();
            phase(stream, ModelPhase::SelfTest, 0, 1, "trying it");
            let tested = self.test(&id);
            models.note(&id, |about| {
                about.imported_at = Some(at);
                about.verified_at = Some(at);
                about.self_test = Some(tested);
            })?;
            phase(stream, ModelPhase::SelfTest, 1, 1, "");
            stream.tell(ModelImportEvent::Imported { model: self.model(&id)? });
            Ok(())
        });
    }

    fn bring(
        &self,
        from: &Path,
        to: &Path,
        name: &str,
        used: Option<&ModelUse>,
        stream: &Stream<ModelImportEvent>,
    ) -> Result<()> {
        phase(stream, ModelPhase::Reading, 0, 1, "looking at the files");
        if form(from) == ModelForm::Osler {
            copy(from, to, stream)?;
        } else {
            let how = Conversion {
                name: name.trim().to_owned(),
                source: format!("imported from {}", from.file_name().unwrap_or_default().to_string_lossy()),
                licence: "as its publisher says".to_owned(),
                // Costs nothing that can be measured (models/README.md), and is three times as fast on a processor.
                weights: WeightType::Q8,
                ..used.map(Conversion::from).unwrap_or_default()
            };
            let sender = stream.sender();
            let bytes: u64 = files(from)?.iter().map(|(_, bytes)| bytes).sum();
            convert(from, to, &how, move |share| {
                phase(&sender, ModelPhase::Converting, (share * bytes as f64) as u64, bytes, "weights");
                go_on(&sender)
            })?;
        }
        if stream.is_stopped() {
            return Ok(());
        }
        let compared = Manifest::read(to)?.verify_telling(to, &mut |done, total| {
            phase(stream, ModelPhase::Verifying, done, total, "comparing sums");
            go_on(stream)
        });
        unless_stopped(compared)
    }

    /// Compares every file of a model with its sum, and tests it.
    pub fn verify_model(&self, job: &str, id: &str, sink: Sink<VerifyEvent>) {
        self.stream(job, sink, |stream| {
            let tell = |phase, done, total, detail: &str| {
                stream.tell(VerifyEvent::Phase { phase, done, total, detail: detail.to_owned() });
            };
            let found = self.model_host.models.get(id)?;
            let Some(folder) = found.folder else {
                return Err(error::bad_input("The scripted generator has no files.", "Choose a model."));
            };
            let compared = Manifest::read(&folder)?.verify_telling(&folder, &mut |done, total| {
                tell(ModelPhase::Verifying, done, total, "comparing sums");
                go_on(stream)
            });
            if matches!(compared, Err(ModelError::Stopped)) {
                return Ok(());
            }
            let intact = compared.is_ok();
            let mut message = match &compared {
                Ok(()) => "Every file is as it was.".to_owned(),
                Err(cause) => error::remedied!(ErrorCode::BadInput, cause).message,
            };
            if intact && !stream.is_stopped() {
                tell(ModelPhase::SelfTest, 0, 1, "trying it");
                let tested = self.test(id);
                message = format!("{message} {}", tested.message);
                let at = self.places.clock.now();
                self.model_host.models.note(id, |about| {
                    about.verified_at = Some(at);
                    about.self_test = Some(tested);
                })?;
                tell(ModelPhase::SelfTest, 1, 1, "");
            }
            stream.tell(VerifyEvent::Verified { model: self.model(id)?, intact, message });
            Ok(())
        });
    }

    /// Tests a model on an engine of its own; the one in use leaves memory meanwhile.
    fn test(&self, id: &str) -> SelfTest {
        self.model_host.engine.unload();
        let failed = |message: String| SelfTest {
            passed: false,
            device: String::new(),
            tokens_per_second: 0.0,
            message,
        };
        let source = match self.model_host.models.get(id) {
            Ok(model) => model.source(request(&self.settings().device)),
            Err(cause) => return failed(cause.message),
        };
        let engine = Engine::start(loader(), None);
        engine.choose(Some(source));
        let done = engine.run(Lane::Person, "Testing a model", &Cancel::default(), |context| {
            Ok((context.model.profile().device.clone(), self_test(context)?))
        });
        match done {
            Ok((device, tested)) => SelfTest {
                passed: tested.passed,
                device,
                tokens_per_second: tested.tokens_per_second,
                message: tested.message,
            },
            Err(cause) => failed(cause.to_string()),
        }
    }
}

fn go_on<Event>(stream: &Stream<Event>) -> ControlFlow<()> {
    if stream.is_stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

/// What was stopped ends as stopped, and not as an error.
fn unless_stopped<R>(result: std::result::Result<R, ModelError>) -> Result<()> {
    match result {
        Ok(_) | Err(ModelError::Stopped) => Ok(()),
        Err(cause) => Err(cause.into()),
    }
}

fn phase(stream: &Stream<ModelImportEvent>, phase: ModelPhase, done: u64, total: u64, detail: &str) {
    stream.tell(ModelImportEvent::Phase { phase, done, total, detail: detail.to_owned() });
}

/// Copies a folder of ours, the manifest last: a folder without one is not a model.
fn copy(from: &Path, to: &Path, stream: &Stream<ModelImportEvent>) -> Result<()> {
    std::fs::create_dir_all(to).map_err(failed(to))?;
    let files = files(from)?;
    let total = files.iter().map(|(_, bytes)| bytes).sum();
    let (mut done, mut piece) = (0, vec![0; PIECE]);
    for (path, _) in &files {
        let Some(name) = path.file_name() else { continue };
        let mut source = File::open(path).map_err(failed(path))?;
        let mut copy = File::create(to.join(name)).map_err(failed(to))?;
        loop {
            if stream.is_stopped() {
                return Ok(());
            }
            let read = source.read(&mut piece).map_err(failed(path))?;
            if read == 0 {
                break;
            }
            copy.write_all(&piece[..read]).map_err(failed(to))?;
            done += read as u64;
            phase(stream, ModelPhase::Converting, done, total, &name.to_string_lossy());
        }
    }
    Ok(())
}

/// Bytes that are copied between two words about progress.
const PIECE: usize = 4 << 20;

/// The files of a folder with their lengths, the manifest last.
fn files(folder: &Path) -> Result<Vec<(PathBuf, u64)>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed(folder))? {
        let path = entry.map_err(failed(folder))?.path();
        let about = std::fs::metadata(&path).map_err(failed(&path))?;
        if about.is_file() {
            files.push((path, about.len()));
        }
    }
    files.sort_by_key(|(path, _)| path.file_name().is_some_and(|name| name == "manifest.json"));
    Ok(files)
}

fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> HostError {
    let path = path.to_owned();
    move |cause| error::file("Osler could not copy", &path, &cause)
}

/// Bytes that the disk of a folder has left; 0 where the system does not tell.
pub(super) fn free_space(folder: &Path) -> u64 {
    #[cfg(unix)]
    {
        let mut at = Some(folder);
        while let Some(folder) = at {
            if let Ok(disk) = rustix::fs::statvfs(folder) {
                return disk.f_bavail.saturating_mul(disk.f_frsize);
            }
            at = folder.parent();
        }
    }
    #[cfg(not(unix))]
    let _ = folder;
    0
}
