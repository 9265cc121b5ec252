//! What a worker does with a piece.

use std::panic::{AssertUnwindSafe, catch_unwind};

use documents::formats::{Import, Issue, ReadError};
use documents::pieces::Piece;
use documents::{Document, Prediction};
use inference::{LanguageModel, Meter, TaskContext};
use serde::Serialize;

use crate::{Form, Job, Models, PieceOrigin, Processed, StreamError};

/// A record that is not among the results, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordIssue {
    /// The input, or the article of an archive.
    pub file: String,
    /// Where in it.
    pub place: String,
    /// The id of its document, where it could be read.
    pub document: Option<String>,
    /// What is wrong.
    pub problem: String,
    /// What to do about it.
    pub remedy: String,
}

/// What came of a piece.
pub(crate) struct Done<Part> {
    pub part: Part,
    pub documents: u64,
    pub findings: u64,
    pub issues: Vec<RecordIssue>,
}

/// Works on one piece after the other.
pub(crate) struct Worker<'j, 'a, F> {
    pub job: &'j Job<'a>,
    pub form: &'j F,
    pub provenance: &'j str,
    task: String,
    models: Option<Models>,
}

impl<'j, 'a, F: Form> Worker<'j, 'a, F> {
    pub(crate) fn new(job: &'j Job<'a>, form: &'j F, provenance: &'j str) -> Self {
        Self { job, form, provenance, task: job.request.task(), models: None }
    }

    /// Reads a piece of the input `file` and runs the task over its documents. An input that is one piece and cannot be read is an
    /// error of its own.
    pub(crate) fn piece(&mut self, file: &str, piece: &Piece) -> Result<Worked<F>, StreamError> {
        let (documents, issues) = match piece.read() {
            Ok(Import { documents, issues, .. }) => (documents, issues),
            Err(ReadError::NoDocument { issues, .. }) if !piece.is_whole() => (Vec::new(), issues),
            Err(cause) if piece.file == file => return Ok(Err(cause)),
            Err(cause) => (Vec::new(), vec![unreadable(&piece.file, &cause)]),
        };
        let mut unusable: Vec<RecordIssue> = issues.into_iter().map(of_issue).collect();
        let mut done = Vec::with_capacity(documents.len());
        let mut findings = 0;
        for (document, record) in documents.into_iter().zip(piece.first_record()..) {
            match self.document(&document)? {
                Ok(predictions) => {
                    findings += predictions.len() as u64;
                    done.push(Processed { document, record, predictions });
                }
                Err((problem, remedy)) => unusable.push(RecordIssue {
                    file: piece.file.clone(),
                    place: format!("document {record}"),
                    document: Some(document.id),
                    problem,
                    remedy,
                }),
            }
        }
        let documents = done.len() as u64;
        let origin = PieceOrigin { file, task: &self.task, provenance: self.provenance };
        Ok(Ok(Done { part: self.form.encode(origin, done)?, documents, findings, issues: unusable }))
    }

    /// What the model says about a document, or why it says nothing.
    fn document(&mut self, document: &Document) -> Result<Said, StreamError> {
        let models = match &mut self.models {
            Some(models) => models,
            empty => empty.insert((self.job.load)()?),
        };
        let Models { model, names } = models;
        let (request, finders, cancel) = (self.job.request, self.job.finders, self.job.cancel.clone());
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let names = names.as_deref_mut().map(|names| names as &mut dyn LanguageModel);
            let mut context = TaskContext { model: &mut **model, names, cancel, meter: Meter::default() };
            request.run(&mut context, document, finders)
        }));
        let Ok(outcome) = outcome else {
            // Nobody knows what state it is in.
            self.models = None;
            let problem = "the model made a mistake and could not go on".to_owned();
            return Ok(Err((problem, "Report it, with the document.".to_owned())));
        };
        model.after_request();
        if let Some(names) = names {
            names.after_request();
        }
        match outcome {
            Ok(outcome) => Ok(Ok(outcome.predictions)),
            Err(inference::InferenceError::Cancelled) => Err(StreamError::Cancelled),
            Err(cause) if StreamError::is_fatal(&cause) => Err(cause.into()),
            Err(cause) => Ok(Err((cause.problem(), cause.remedy().unwrap_or_default()))),
        }
    }
}

/// What came of a piece, or why its input cannot be read.
pub(crate) type Worked<F> = Result<Done<<F as Form>::Part>, ReadError>;
/// What a model says about a document, or problem and remedy.
type Said = Result<Vec<Prediction>, (String, String)>;

fn of_issue(issue: Issue) -> RecordIssue {
    let Issue { file, place, message: problem, remedy } = issue;
    RecordIssue { file, place, document: None, problem, remedy }
}

fn unreadable(file: &str, cause: &ReadError) -> Issue {
    Issue {
        file: file.to_owned(),
        place: "the whole file".to_owned(),
        message: cause.problem(),
        remedy: cause.remedy().unwrap_or_default(),
    }
}
