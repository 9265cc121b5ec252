//! Starting, pausing and resuming batches.

use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;

use inference::{Mode, NamesModel, TaskRequest};
use sessions::{BatchId, BatchState, DocumentId};

use super::view::{self, Here};
use super::work::{Models, Settings, Worker};
use super::{Changed, Running};
use crate::engine::Cancel;
use crate::error::{Result, as_json, bad_input, error};
use crate::library::{batch_id, document_id, id_of, task_word};
use crate::use_cases::mode;
use crate::wire::{AppEvent, Batch, BatchItem, BatchRequest, ErrorCode, Id, Task};
use crate::workbench::Workbench;

impl Workbench {
    /// All batches of the library, the last one first.
    ///
    /// # Errors
    /// Those of the library.
    pub fn batches(&self) -> Result<Vec<Batch>> {
        let opened = self.opened();
        let batches = opened.with(|library| library.batches())?;
        batches.iter().map(|batch| self.batch_view(batch)).collect()
    }

    /// A page of a batch's documents.
    ///
    /// # Errors
    /// Those of the library.
    pub fn batch_items(&self, batch: Id, from: u32, limit: u32) -> Result<Vec<BatchItem>> {
        let id = batch_id(batch);
        view::items(&self.opened(), id, from, limit, &self.places_in(id))
    }

    /// Starts a task over documents. Progress comes as [`AppEvent::Batch`].
    ///
    /// # Errors
    /// When there is no model, no document, or no question to ask.
    pub fn start_batch(&self, request: &BatchRequest) -> Result<Batch> {
        let id = self.found_batch(request)?;
        let models = self.prepare(id, Changed::Refuse)?;
        self.begin(id, models)?;
        self.batch(id)
    }

    /// Writes a new batch into the library, without working on it.
    ///
    /// # Errors
    /// As [`Workbench::start_batch`].
    pub fn found_batch(&self, request: &BatchRequest) -> Result<BatchId> {
        let mode = mode(request.mode, None);
        let task = self.task_request(request.task, request.question.as_deref(), mode)?;
        if request.documents.is_empty() {
            return Err(bad_input("There are no documents to work on.", "Select some."));
        }
        let (source, sums) = self.model_host.in_use()?;
        let dictionaries = match task.looks_names_up() {
            true => Some(self.names.all()?.1.to_vec()),
            false => None,
        };
        let settings = Settings {
            parameters: task.parameters(),
            decoding: task.decoding(),
            model_id: source.id,
            model: source.name,
            model_sha256: sums.weights,
            tokenizer_sha256: sums.tokenizer,
            guidance_sha256: sums.guidance,
            dictionaries,
            names: self.names_of_task(task.finds_names())?,
        };
        let settings = as_json(&settings)?;
        let documents: Vec<DocumentId> = request.documents.iter().map(|id| document_id(*id)).collect();
        let opened = self.opened();
        let curator = opened.curator();
        opened.with(|library| {
            let by = sessions::By::new(&curator, opened.now());
            library.start_batch(by, &task.task(), &settings, &documents)
        })
    }

    /// Stops giving out documents; the one under way is put back.
    ///
    /// # Errors
    /// Those of the library.
    pub fn pause_batch(&self, batch: Id) -> Result<Batch> {
        let id = batch_id(batch);
        self.opened().with(|library| library.pause_batch(id))?;
        self.batches.stop(id);
        self.batch(id)
    }

    /// Goes on with a batch, also one that a killed program left.
    ///
    /// # Errors
    /// When its model is gone, or is another one by now.
    pub fn resume_batch(&self, batch: Id) -> Result<Batch> {
        let id = batch_id(batch);
        let models = self.prepare(id, Changed::Refuse)?;
        self.begin(id, models)?;
        self.batch(id)
    }

    /// Has the documents of a batch that failed done once more, with those that wait, also in a batch that is over.
    ///
    /// # Errors
    /// As [`Workbench::resume_batch`].
    pub fn retry_batch(&self, batch: Id) -> Result<Batch> {
        let id = batch_id(batch);
        let models = self.prepare(id, Changed::Refuse)?;
        self.forget_failures(id)?;
        self.begin(id, models)?;
        self.batch(id)
    }

    /// Lets the documents of a batch that failed wait to be done once more.
    ///
    /// # Errors
    /// Those of the library.
    pub fn forget_failures(&self, id: BatchId) -> Result<()> {
        self.opened().with(|library| library.retry_failed(id)).map(drop)
    }

    /// The documents whose results for a task were made by another model than the one in use: other weights, or the same ones
    /// taught otherwise. A batch over them asks this one; what was decided stays, and is not asked again where it says the
    /// same.
    ///
    /// # Errors
    /// When there is no model, or the library cannot be read.
    pub fn documents_of_other_models(&self, task: Task) -> Result<Vec<Id>> {
        let sums = self.model_host.in_use()?.1;
        let model = sessions::ModelOfTask {
            task: task_word(task),
            model_sha256: &sums.weights,
            guidance_sha256: &sums.guidance,
        };
        let filter = sessions::DocumentFilter { not_of: Some(model), ..sessions::DocumentFilter::default() };
        let order = sessions::DocumentOrder::OldestFirst;
        let ids = self.opened().with(|library| library.document_ids(order, &filter))?;
        Ok(ids.into_iter().map(|id| id_of(id.0)).collect())
    }

    /// Gives a batch up. What is done stays.
    ///
    /// # Errors
    /// Those of the library.
    pub fn cancel_batch(&self, batch: Id) -> Result<Batch> {
        let id = batch_id(batch);
        self.opened().with(|library| library.cancel_batch(id))?;
        self.batches.stop(id);
        self.batch(id)
    }

    /// Works on a batch and waits until it is over; `tell` hears how far it is. Cancel it from another thread, or kill the
    /// program: it can be resumed.
    ///
    /// # Errors
    /// When nothing more can be done: there is no model, it is another one by now, or the library cannot be written.
    pub fn work_on_batch(&self, id: BatchId, cancel: &Cancel, tell: &mut dyn FnMut(&Batch)) -> Result<Batch> {
        self.go_on_with_batch(id, Changed::Refuse, cancel, tell)
    }

    /// The same, and says what to do where the model or the dictionaries have changed since the batch was begun.
    ///
    /// # Errors
    /// As [`Workbench::work_on_batch`].
    pub fn go_on_with_batch(
        &self,
        id: BatchId,
        changed: Changed,
        cancel: &Cancel,
        tell: &mut dyn FnMut(&Batch),
    ) -> Result<Batch> {
        let models = self.prepare(id, changed)?;
        let worker = self.worker(id, cancel.clone(), models)?;
        let opened = self.opened();
        let result = worker.work(&mut |at| {
            let stored = opened.with(|library| library.batch(id));
            if let Ok(view) =
                stored.and_then(|batch| view::batch(&opened, &batch, Here { works: true, at, problem: None }))
            {
                tell(&view);
            }
        });
        result?;
        self.batch(id)
    }

    /// Makes a batch ready to go on: its model is in use and the one that it was begun with, and it runs.
    fn prepare(&self, id: BatchId, changed: Changed) -> Result<Models> {
        let batch = self.opened().with(|library| library.batch(id))?;
        let settings = Settings::read(batch.settings)?;
        if self.engine_status().model_id.as_deref() != Some(&settings.model_id) {
            self.use_model(&settings.model_id)?;
        }
        let request = TaskRequest::of_record(&batch.task, &settings.parameters, &settings.decoding);
        let finds_names = request.is_some_and(|request| request.finds_names());
        let id_of = |names: &Option<NamesModel>| names.as_ref().map(|names| names.id.clone());
        if finds_names && id_of(&self.model_host.names_in_use()?) != id_of(&settings.names) {
            self.use_names(id_of(&settings.names).as_deref())?;
        }
        let names = self.names_of_task(finds_names)?;
        let models = Models { sums: self.model_host.in_use()?.1, names };
        let changes = settings.changes(&models, self.names.all()?.1);
        if !changes.is_empty() && changed == Changed::Refuse {
            return Err(bad_input(
                format!(
                    "This batch was begun with another {}: {} changed since, and its results would be a mixture.",
                    settings.model,
                    changes.join(", ")
                ),
                "Bring back what it was begun with, or start a new batch; `osler-cli batch --resume --accept-changes` goes on \
                 all the same.",
            ));
        }
        self.opened().with(|library| library.resume_batch(id))?;
        Ok(models)
    }

    /// The model that finds names for a task that looks for some; its files are read only then.
    pub(crate) fn names_of_task(&self, finds_names: bool) -> Result<Option<NamesModel>> {
        if finds_names { self.model_host.names_in_use() } else { Ok(None) }
    }

    fn worker(&self, batch: BatchId, cancel: Cancel, models: Models) -> Result<Worker> {
        Ok(Worker {
            model_host: Arc::clone(&self.model_host),
            finders: Arc::clone(self.model_host.finders(&self.names)?),
            dictionaries: self.names.all()?.1.to_vec(),
            opened: self.opened(),
            batch,
            cancel,
            models,
        })
    }

    /// Works on a batch on a thread of its own.
    fn begin(&self, id: BatchId, models: Models) -> Result<()> {
        let mut running = self.batches.lock();
        if running.get(&id).is_some_and(|one| one.thread.as_ref().is_some_and(|thread| !thread.is_finished()))
        {
            return Ok(());
        }
        let cancel = Cancel::default();
        let worker = self.worker(id, cancel.clone(), models)?;
        let (watchers, places) = (Arc::clone(&self.watchers), Arc::clone(&self.batches.running));
        let problems = Arc::clone(&self.batches.problems);
        self.batches.problems().remove(&id);
        let work = move || {
            let opened = worker.opened.clone();
            let tell = |here: Here<'_>| {
                let stored = opened.with(|library| library.batch(id));
                if let Ok(batch) = stored.and_then(|batch| view::batch(&opened, &batch, here)) {
                    for watcher in watchers.lock().unwrap_or_else(PoisonError::into_inner).iter() {
                        watcher(AppEvent::Batch { batch: batch.clone() });
                    }
                }
            };
            let mut problem = None;
            loop {
                let result = worker.work(&mut |at| {
                    if let Some(running) = places.lock().unwrap_or_else(PoisonError::into_inner).get_mut(&id)
                    {
                        running.at = at.to_vec();
                    }
                    tell(Here { works: true, at, problem: None });
                });
                let mut running = places.lock().unwrap_or_else(PoisonError::into_inner);
                // Failures that were given another try while this thread came to its end are its own; later ones get a new
                // thread, since this one is out of the list then.
                let waits =
                    |batch: &sessions::Batch| batch.state == BatchState::Running && batch.waiting() > 0;
                let has_more = *result.as_ref().unwrap_or(&false)
                    && opened.with(|library| library.batch(id)).as_ref().is_ok_and(waits);
                if let Err(cause) = result {
                    tracing::warn!(code = ?cause.code, "a batch stopped");
                    problem = Some(cause.clone());
                    problems.lock().unwrap_or_else(PoisonError::into_inner).insert(id, cause);
                }
                if !has_more {
                    let own = |thread: &JoinHandle<()>| thread.thread().id() == std::thread::current().id();
                    if running.get(&id).is_some_and(|one| one.thread.as_ref().is_some_and(own)) {
                        running.remove(&id);
                    }
                    break;
                }
            }
            tell(Here { problem, ..Here::default() });
        };
        let thread = std::thread::Builder::new().name("batch".to_owned()).spawn(work).map_err(|cause| {
            error(ErrorCode::Other, format!("The batch cannot start: {cause}."), "Try again.")
        })?;
        running.insert(id, Running { cancel, thread: Some(thread), at: Vec::new() });
        Ok(())
    }

    fn batch(&self, id: BatchId) -> Result<Batch> {
        let batch = self.opened().with(|library| library.batch(id))?;
        self.batch_view(&batch)
    }

    fn batch_view(&self, batch: &sessions::Batch) -> Result<Batch> {
        let works = self
            .batches
            .lock()
            .get(&batch.id)
            .is_some_and(|one| one.thread.as_ref().is_some_and(|thread| !thread.is_finished()));
        let problem = self.batches.problems().get(&batch.id).cloned();
        view::batch(&self.opened(), batch, Here { works, at: &self.places_in(batch.id), problem })
    }

    fn places_in(&self, batch: BatchId) -> Vec<u64> {
        self.batches.lock().get(&batch).map_or_else(Vec::new, |running| running.at.clone())
    }

    /// What a client asks for, with the settings as they are.
    pub(crate) fn task_request(&self, task: Task, question: Option<&str>, mode: Mode) -> Result<TaskRequest> {
        let settings = self.settings();
        let relations = |task| TaskRequest::Relations { task, mode };
        Ok(match task {
            Task::Bc5cdr => relations(tasks::RelationTask::Bc5cdr),
            Task::Ddi => relations(tasks::RelationTask::Ddi),
            Task::KdDti => relations(tasks::RelationTask::KdDti),
            Task::Classify => TaskRequest::Classify,
            Task::Mentions => TaskRequest::Mentions,
            Task::Answer => {
                let question = question.filter(|question| !question.trim().is_empty());
                let question = question.ok_or_else(|| bad_input("There is no question.", "Write one."))?;
                TaskRequest::Answer {
                    question: question.to_owned(),
                    abstain_below: settings.abstain_below,
                    from_evidence: true,
                }
            }
            Task::Describe => {
                return Err(bad_input(
                    "Descriptions are of terms, not of documents.",
                    "Choose another task.",
                ));
            }
        })
    }
}
