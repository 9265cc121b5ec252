//! A task over several documents that are under way together: a pass of the network takes hardly longer for eight of them
//! than for one. Each document gets what it would get alone.

use std::sync::Arc;
use std::time::{Duration, Instant};

use documents::Document;
use tasks::{Finder, RelationTask};

use crate::constrained::RequestBatch;
use crate::relations::{Extraction, ExtractionJob, Mode};
use crate::{Finders, InferenceError, TaskContext, TaskOutcome, TaskRequest};

/// How long a turn may keep others waiting.
const MAX_TURN: Duration = Duration::from_millis(250);

/// Documents that a task is run over together. A new one may be added whenever another is done.
pub struct TaskBatch {
    request: TaskRequest,
    requests: RequestBatch,
    under_way: Vec<UnderWay>,
}

struct UnderWay {
    key: u64,
    document: Arc<Document>,
    job: Option<(Arc<Finder>, ExtractionJob)>,
}

/// A document that is done, by its key, and what came of it.
pub type Finished = (u64, Result<TaskOutcome, InferenceError>);

impl TaskBatch {
    /// Without documents.
    #[must_use]
    pub fn new(request: TaskRequest) -> Self {
        Self { request, requests: RequestBatch::new(usize::MAX), under_way: Vec::new() }
    }

    /// Adds a document; its key names it in what comes back.
    pub fn add(&mut self, key: u64, document: Arc<Document>) {
        self.under_way.push(UnderWay { key, document, job: None });
    }

    /// The task whose answers are written together; `None` for what is done one document after the other.
    const fn written(&self) -> Option<RelationTask> {
        match self.request {
            TaskRequest::Relations { task, mode: Mode::Generate } => Some(task),
            _ => None,
        }
    }

    /// Whether another document can be added.
    #[must_use]
    pub fn has_room(&self, context: &TaskContext<'_>) -> bool {
        self.under_way.is_empty() || self.written().is_some() && context.model.has_room(&self.requests)
    }

    /// Works until a document is done, and gives all that are; with `more` to come also only until another can be added,
    /// and never for much longer than a quarter of a second: a person's request may go before the next turn.
    ///
    /// # Errors
    /// If the model cannot go on, with any of them: they have to be begun again. [`InferenceError::Cancelled`] if it was
    /// stopped.
    pub fn turn(
        &mut self,
        context: &mut TaskContext<'_>,
        finders: &Finders,
        more: bool,
    ) -> Result<Vec<Finished>, InferenceError> {
        let written = self.written();
        let begun = Instant::now();
        let mut finished = Vec::new();
        loop {
            let mut waiting = Vec::new();
            for mut one in self.under_way.drain(..) {
                context.cancel.check()?;
                let outcome = match written {
                    Some(task) => one.advance(context, task, finders, &self.requests),
                    None => self.request.run(context, &one.document, finders).map(Some),
                };
                match outcome.transpose() {
                    None => waiting.push(one),
                    Some(outcome) => finished.push((one.key, outcome)),
                }
            }
            self.under_way = waiting;
            if !finished.is_empty() || more && self.has_room(context) || begun.elapsed() > MAX_TURN {
                return Ok(finished);
            }
            let TaskContext { model, cancel, meter, .. } = &mut *context;
            model.step(&self.requests, &mut || {
                meter.count(1);
                cancel.flow()
            })?;
        }
    }
}

impl UnderWay {
    /// As far as it goes without waiting for the model to write; `None` if it waits.
    fn advance(
        &mut self,
        context: &mut TaskContext<'_>,
        task: RelationTask,
        finders: &Finders,
        requests: &RequestBatch,
    ) -> Result<Option<TaskOutcome>, InferenceError> {
        let document = Arc::clone(&self.document);
        let (finder, mut job) = match self.job.take() {
            Some(begun) => begun,
            None => {
                let finder = finders.of(context.model.profile(), task.name());
                let extraction =
                    Extraction { task, mode: Mode::Generate, document: &document, finder: &finder };
                let job = ExtractionJob::begin(context, &extraction, &mut |_| ())?;
                (finder, job)
            }
        };
        let extraction = Extraction { task, mode: Mode::Generate, document: &document, finder: &finder };
        if job.advance(context, &extraction, requests, &mut |_| ())? {
            return Ok(Some(job.finish(&extraction, &mut |_| ())));
        }
        self.job = Some((finder, job));
        Ok(None)
    }
}
