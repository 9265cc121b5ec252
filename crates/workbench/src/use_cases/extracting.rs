//! Relations of a document, stored as suggestions while they come.

use std::sync::Arc;
use std::sync::mpsc;

use documents::Prediction;
use inference::{Extraction, ExtractionStep as Step, Mode, ModelProfile, TaskRequest, extract};

use super::{ending, failed, readable, switch, unless_stopped};
use crate::engine::Lane;
use crate::error::Result;
use crate::jobs::{Pace, Sink, Stream};
use crate::library::id_of;
use crate::run_record::run_record;
use crate::wire::{self, ExtractEvent};
use crate::workbench::Workbench;

impl From<wire::RelationTask> for tasks::RelationTask {
    fn from(task: wire::RelationTask) -> Self {
        match task {
            wire::RelationTask::Bc5cdr => Self::Bc5cdr,
            wire::RelationTask::Ddi => Self::Ddi,
            wire::RelationTask::KdDti => Self::KdDti,
        }
    }
}

/// How relations are found: written ones need no threshold.
pub(crate) const fn mode(mode: wire::ExtractionMode, threshold: Option<f64>) -> Mode {
    match mode {
        wire::ExtractionMode::Generate => Mode::Generate,
        wire::ExtractionMode::Exhaustive => Mode::Exhaustive { threshold },
    }
}

/// What the engine's thread tells the one who stores it.
enum FromEngine {
    Profile(Box<ModelProfile>),
    Step(Step),
}

impl Workbench {
    /// Extracts the relations of a document, by the model's own threshold. Each is stored as soon as it is known; stopping
    /// keeps what has come.
    pub fn extract(&self, job: &str, request: &wire::ExtractRequest, sink: Sink<ExtractEvent>) {
        self.extract_from(job, request, None, sink);
    }

    /// The same with pairs of at least this probability; the model's own threshold without one.
    pub fn extract_from(
        &self,
        job: &str,
        request: &wire::ExtractRequest,
        threshold: Option<f64>,
        sink: Sink<ExtractEvent>,
    ) {
        self.stream(job, sink, |stream| self.extract_into(request, threshold, stream));
    }

    fn extract_into(
        &self,
        request: &wire::ExtractRequest,
        threshold: Option<f64>,
        stream: &Stream<ExtractEvent>,
    ) -> Result<()> {
        let opened = self.opened();
        let stored = readable(&opened, request.document)?;
        if let Some(model) = &request.model_id {
            self.use_model(model)?;
        }
        let (task, mode) = (request.task.into(), mode(request.mode, threshold));
        let asked = TaskRequest::Relations { task, mode };
        let (sender, receiver) = mpsc::channel();
        let (document, finders) =
            (stored.document.clone(), Arc::clone(self.model_host.finders(&self.names)?));
        let dictionaries = self.names.all()?.1;
        let activity = format!("Extracting relations from {}", stored.document.id);
        let cancel = switch(stream);
        let work = self.model_host.engine.submit(Lane::Person, &activity, &cancel, move |context| {
            let profile = context.profile();
            let finder = finders.of(&profile, task.name());
            // Whoever listens may be gone: then nobody wants to know.
            let _ = sender.send(FromEngine::Profile(Box::new(profile)));
            let extraction = Extraction { task, mode, document: &document, finder: &finder };
            Ok(extract(context, &extraction, &mut |step| drop(sender.send(FromEngine::Step(step))))?)
        })?;
        let mut run = None;
        let mut profile = None;
        let mut broken = None;
        let mut pace = Pace::default();
        let mut waiting = None;
        while let Some(message) = waiting.take().or_else(|| receiver.recv().ok()) {
            let done = match message {
                FromEngine::Profile(found) => {
                    profile = Some(found);
                    Ok(())
                }
                FromEngine::Step(Step::Started { prompt_tokens, parts, notices }) => {
                    let Some(profile) = &profile else { continue };
                    let text_sha256 = &stored.text_sha256;
                    let record =
                        run_record(&asked, profile, text_sha256, &notices, dictionaries, opened.now());
                    opened.begin_run(stored.id, &record).map(|id| {
                        run = Some(id);
                        stream.tell(ExtractEvent::Started {
                            run: id_of(id.0),
                            prompt_tokens: prompt_tokens as u32,
                            parts: parts as u32,
                        });
                    })
                }
                FromEngine::Step(Step::Progress { part, parts, tokens, tokens_per_second }) => {
                    if pace.is_due() {
                        stream.tell(ExtractEvent::Progress {
                            part: part as u32,
                            parts: parts as u32,
                            tokens: tokens as u32,
                            tokens_per_second,
                        });
                    }
                    Ok(())
                }
                FromEngine::Step(Step::Found(found)) => {
                    // What has come meanwhile is stored with it: every transaction waits for the disk.
                    let mut all = vec![*found];
                    while let Ok(next) = receiver.try_recv() {
                        match next {
                            FromEngine::Step(Step::Found(found)) => all.push(*found),
                            other => {
                                waiting = Some(other);
                                break;
                            }
                        }
                    }
                    run.map_or(Ok(()), |run| self.store(&opened, run, &all, stream))
                }
            };
            if let Err(cause) = done {
                // The library does not take it (the run was undone, the disk is full): the model need not go on.
                cancel.cancel();
                broken.get_or_insert(cause);
            }
        }
        let result = work.wait();
        if let Some(cause) = broken {
            if let Some(run) = run {
                let end = sessions::Ending {
                    state: sessions::RunState::Failed,
                    output: None,
                    problem: Some(cause.message.clone()),
                    at: opened.now(),
                };
                // As far as the library lets it be said; else it is closed when the library is opened next.
                let _ = opened.finish_run(run, &end);
            }
            return Err(cause);
        }
        if let Some(run) = run {
            let end =
                result.as_ref().map_or_else(|cause| failed(&opened, cause), |done| ending(&opened, done));
            let change = opened.finish_run(run, &end)?;
            stream.tell(ExtractEvent::Stored { change });
        }
        unless_stopped(stream.is_stopped(), result).map(|_| ())
    }

    fn store(
        &self,
        opened: &crate::OpenLibrary,
        run: sessions::RunId,
        found: &[Prediction],
        stream: &Stream<ExtractEvent>,
    ) -> Result<()> {
        for annotation in opened.add_findings(run, found)? {
            stream.tell(ExtractEvent::Found { annotation });
        }
        Ok(())
    }
}
