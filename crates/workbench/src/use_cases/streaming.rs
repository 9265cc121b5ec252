//! A task over the documents of large files, without a library.

use std::path::{Path, PathBuf};

use devices::Request;
use inference::{Cancel, LanguageModel, Scripted};
use serde_json::json;
use streaming::{Form, Input, Job, Models, Outputs, Progress, StreamError, Summary};

use super::mode;
use crate::engine::Source;
use crate::error::{self, Result, bad_input, remedied};
use crate::import::find;
use crate::wire::{ErrorCode, ExtractionMode, HostError, Task};
use crate::workbench::Workbench;

/// What is done with the documents of files, and where the results go.
#[derive(Debug, Clone)]
pub struct StreamRequest<'r> {
    /// The task.
    pub task: Task,
    /// The question, of [`Task::Answer`].
    pub question: Option<String>,
    /// How relations are found.
    pub mode: ExtractionMode,
    /// Pairs of at least this probability; the model's own threshold without one.
    pub threshold: Option<f64>,
    /// Files and folders.
    pub paths: &'r [PathBuf],
    /// The folder of the outputs; see [`streaming::Outputs`].
    pub out: &'r Path,
    /// Documents that are worked on at once. Several are worked on by the processor, one by the device of the settings.
    pub workers: usize,
}

impl From<StreamError> for HostError {
    fn from(cause: StreamError) -> Self {
        let code = match &cause {
            StreamError::Write { path, source } => return error::file("Osler could not write", path, source),
            StreamError::Load(_) | StreamError::FindsNoNames { .. } => ErrorCode::ModelUnusable,
            StreamError::Inference(_)
            | StreamError::Encode(_)
            | StreamError::SameName { .. }
            | StreamError::MadeOtherwise { .. } => ErrorCode::BadInput,
            StreamError::Cancelled | StreamError::Vanished => ErrorCode::Other,
        };
        remedied!(code, cause)
    }
}

impl Workbench {
    /// Runs a task over the documents of files of any size, as a stream and on several cores, and writes an output for each file.
    /// Nothing goes through the library.
    ///
    /// # Errors
    /// When there is no model, it cannot do the task, or the outputs cannot be written.
    pub fn stream_files<F: Form>(
        &self,
        request: &StreamRequest<'_>,
        form: &F,
        cancel: &Cancel,
        tell: &mut dyn FnMut(&Progress),
    ) -> Result<Summary> {
        let mode = mode(request.mode, request.threshold);
        let task = self.task_request(request.task, request.question.as_deref(), mode)?;
        // By the name of the file alone: the output of an input is the same wherever it lies.
        let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let inputs: Vec<Input> = find(request.paths)?
            .into_iter()
            .map(|found| Input { name: name(&found.path), path: found.path })
            .collect();
        if inputs.is_empty() {
            return Err(bad_input("There is no file to work on.", "Name some, or a folder with some."));
        }
        let (source, sums) = self.model_host.in_use()?;
        let names = self.names_of_task(task.finds_names())?;
        let dictionaries = match task.looks_names_up() {
            true => Some(self.names.all()?.1),
            false => None,
        };
        let made_with = json!({
            "app_version": env!("CARGO_PKG_VERSION"),
            "form": form.extension(),
            "task": task.task(),
            "task_version": inference::TaskRequest::VERSION,
            "grammar_version": task.grammar_version(),
            "parameters": task.parameters(),
            "decoding": task.decoding(),
            "model": {
                "id": source.id,
                "name": source.name,
                "sha256": sums.weights,
                "tokenizer_sha256": sums.tokenizer,
                "guidance_sha256": sums.guidance,
            },
            "names": names,
            "dictionaries": dictionaries,
        });
        let device = if request.workers > 1 { Request::Cpu } else { source.device };
        let finds_names = task.finds_names();
        let load = || models(&source, device, finds_names);
        let job = Job {
            request: &task,
            finders: self.model_host.finders(&self.names)?,
            load: &load,
            made_with,
            workers: request.workers,
            cancel: cancel.clone(),
        };
        let outputs = Outputs::in_folder(request.out, form.extension())?;
        Ok(streaming::run(&job, form, &inputs, &outputs, tell)?)
    }
}

fn models(source: &Source, device: Request, finds_names: bool) -> std::result::Result<Models, StreamError> {
    let load = |source: &Source| -> std::result::Result<Box<dyn LanguageModel>, StreamError> {
        Ok(match &source.folder {
            Some(folder) => inference::load(&source.id, folder, device, &|_| ())?,
            None => Box::new(Scripted::default()),
        })
    };
    let names = match source.names.as_deref().filter(|_| finds_names) {
        Some(names) => {
            let model = load(names)?;
            if !model.finds_names() {
                return Err(StreamError::FindsNoNames { model: names.name.clone() });
            }
            Some(model)
        }
        None => None,
    };
    Ok(Models { model: load(source)?, names })
}
