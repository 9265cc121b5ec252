//! The caller's side: parts of outputs brought into order and written.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use documents::formats::ReadError;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::output::{Paths, PendingFile};
use crate::pool::{End, Message, cut, serve};
use crate::work::{Done, RecordIssue, Worker};
use crate::{Form, Input, Job, Outputs, Progress, StreamError};

/// Pieces under way for each worker: some wait for a slower one before them.
const AHEAD: usize = 8;
/// How often it is looked whether someone asked to stop.
const LOOK: Duration = Duration::from_millis(100);

/// What became of the inputs.
#[derive(Debug, Default)]
pub struct Summary {
    /// Outputs that were written.
    pub written: Vec<PathBuf>,
    /// Outputs that were there already.
    pub skipped: Vec<PathBuf>,
    /// Inputs that could not be read to their end, and have no output.
    pub unreadable: Vec<ReadError>,
    /// Documents in the outputs that were written.
    pub documents: u64,
    /// Findings in them.
    pub findings: u64,
    /// Records, or parts of them, that could not be used.
    pub issues: u64,
}

/// Runs a task over the documents of all inputs, and writes an output for each.
///
/// # Errors
/// What concerns model, machine or outputs; outputs that were complete by then stay.
pub fn run<F: Form>(
    job: &Job<'_>,
    form: &F,
    inputs: &[Input],
    outputs: &Outputs,
    tell: &mut dyn FnMut(&Progress),
) -> Result<Summary, StreamError> {
    let provenance = hash(&job.made_with);
    let paths = outputs.of(inputs)?;
    let mut summary = Summary::default();
    let mut waiting = Vec::new();
    for (number, (input, paths)) in inputs.iter().zip(&paths).enumerate() {
        if paths.is_there(&job.made_with, &input.path)? {
            summary.skipped.push(paths.findings.clone());
        } else {
            paths.sweep();
            waiting.push((number, input));
        }
    }
    let workers = job.workers.max(1);
    let (permit, permits) = mpsc::sync_channel(workers * AHEAD);
    let (item, items) = mpsc::sync_channel(workers);
    let (message, messages) = mpsc::channel();
    let items = Mutex::new(Some(items));
    std::thread::scope(|scope| {
        let (waiting, items, provenance) = (&waiting[..], &items, &*provenance);
        let own = message.clone();
        scope.spawn(move || cut(waiting, &permit, &item, &own));
        for _ in 0..workers {
            let own = message.clone();
            scope.spawn(move || {
                let serve = || serve(Worker::new(job, form, provenance), inputs, items, &own);
                // One thread each: several documents at once use the cores better than several threads for one.
                match rayon::ThreadPoolBuilder::new().num_threads(1).build() {
                    Ok(pool) => pool.install(serve),
                    Err(_) => serve(),
                }
            });
        }
        drop(message);
        let (open, unreadable) = (BTreeMap::new(), BTreeSet::new());
        let mut writer = Writer { job, form, provenance, inputs, paths: &paths, open, unreadable, summary };
        let mut progress = Progress { files: writer.summary.skipped.len(), ..Progress::default() };
        let result = loop {
            if job.cancel.is_cancelled() {
                break Err(StreamError::Cancelled);
            }
            if writer.files() == inputs.len() {
                break Ok(());
            }
            match messages.recv_timeout(LOOK) {
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break Err(StreamError::Vanished),
                Ok(message) => {
                    let over = match message {
                        Message::Cut { input, end } => writer.end(input, end),
                        Message::Done { input, number, done } => writer.done(input, number, done),
                        Message::Unreadable { input, cause } => {
                            writer.end(input, Err(cause)).map(|over| over + 1)
                        }
                        Message::Broken(cause) => Err(cause),
                    };
                    match over {
                        Ok(pieces) => (0..pieces).for_each(|_| {
                            let _ = permits.try_recv();
                        }),
                        Err(cause) => break Err(cause),
                    }
                }
            }
            let now = writer.progress();
            if now != progress {
                tell(&now);
                progress = now;
            }
        };
        if result.is_err() {
            // Workers look at the switch between tokens: work that nobody will write ends soon.
            job.cancel.cancel();
        }
        // Whoever waits for room, or tells something, finds that nobody is there, and ends.
        drop((permits, messages));
        drop(items.lock().unwrap_or_else(PoisonError::into_inner).take());
        result.map(|()| writer.summary)
    })
}

fn hash(made_with: &Value) -> String {
    Sha256::digest(made_with.to_string()).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// An output under way.
struct Open<F: Form> {
    /// Pieces that wait for one before them.
    parts: BTreeMap<usize, Done<F::Part>>,
    next: usize,
    end: Option<End>,
    files: Option<Files<F>>,
    documents: u64,
    findings: u64,
    issues: u64,
}

struct Files<F: Form> {
    findings: PendingFile,
    writer: F::Writer,
    issues: PendingFile,
}

struct Writer<'w, 'a, F: Form> {
    job: &'w Job<'a>,
    form: &'w F,
    provenance: &'w str,
    inputs: &'w [Input],
    paths: &'w [Paths],
    open: BTreeMap<usize, Open<F>>,
    /// Inputs that cannot be read to their end.
    unreadable: BTreeSet<usize>,
    summary: Summary,
}

impl<F: Form> Writer<'_, '_, F> {
    fn files(&self) -> usize {
        self.summary.written.len() + self.summary.skipped.len() + self.summary.unreadable.len()
    }

    fn progress(&self) -> Progress {
        let under_way: u64 = self.open.values().map(|open| open.documents).sum();
        let file = self.open.keys().next().map(|input| self.inputs[*input].name.clone()).unwrap_or_default();
        Progress { file, files: self.files(), documents: self.summary.documents + under_way }
    }

    fn opened(&mut self, input: usize) -> &mut Open<F> {
        self.open.entry(input).or_insert_with(|| Open {
            parts: BTreeMap::new(),
            next: 0,
            end: None,
            files: None,
            documents: 0,
            findings: 0,
            issues: 0,
        })
    }

    /// Takes what came of a piece, and tells how many pieces are over by now that were not before.
    fn done(&mut self, input: usize, number: usize, done: Done<F::Part>) -> Result<usize, StreamError> {
        if self.unreadable.contains(&input) {
            return Ok(1);
        }
        let (form, provenance, paths) = (self.form, self.provenance, &self.paths[input]);
        let open = self.opened(input);
        open.parts.insert(number, done);
        let mut written = 0;
        while let Some(done) = open.parts.remove(&open.next) {
            if open.files.is_none() {
                open.files = Some(Files::begin(form, paths, provenance)?);
            }
            if let Some(files) = &mut open.files {
                files.add(form, done.part, &done.issues)?;
            }
            open.documents += done.documents;
            open.findings += done.findings;
            open.issues += done.issues.len() as u64;
            open.next += 1;
            written += 1;
        }
        self.close(input)?;
        Ok(written)
    }

    /// Takes the end of an input, and tells as [`Writer::done`].
    fn end(&mut self, input: usize, end: Result<End, ReadError>) -> Result<usize, StreamError> {
        if self.unreadable.contains(&input) {
            return Ok(0);
        }
        match end {
            Ok(end) => {
                self.opened(input).end = Some(end);
                self.close(input).map(|()| 0)
            }
            Err(cause) => {
                // Without an output, since it would not be whole.
                self.summary.unreadable.push(cause);
                self.unreadable.insert(input);
                Ok(self.open.remove(&input).map_or(0, |open| open.parts.len()))
            }
        }
    }

    /// Gives the output its name, if it is complete.
    fn close(&mut self, input: usize) -> Result<(), StreamError> {
        let complete = |open: &Open<F>| open.end.as_ref().is_some_and(|end| end.pieces == open.next);
        if !self.open.get(&input).is_some_and(complete) {
            return Ok(());
        }
        let Some(Open { end: Some(end), files, documents, findings, issues, .. }) = self.open.remove(&input)
        else {
            return Ok(());
        };
        let (form, provenance, paths) = (self.form, self.provenance, &self.paths[input]);
        let files = match files {
            Some(files) => files,
            None => Files::begin(form, paths, provenance)?,
        };
        let run = json!({
            "made_with": self.job.made_with,
            "provenance": provenance,
            "input": { "name": self.inputs[input].name, "bytes": end.bytes, "sha256": end.sha256 },
            "documents": documents,
            "findings": findings,
            "issues": issues,
        });
        files.finish(form, paths, &run)?;
        self.summary.written.push(paths.findings.clone());
        self.summary.documents += documents;
        self.summary.findings += findings;
        self.summary.issues += issues;
        Ok(())
    }
}

impl<F: Form> Files<F> {
    fn begin(form: &F, paths: &Paths, provenance: &str) -> Result<Self, StreamError> {
        let findings = PendingFile::begin(&paths.findings)?;
        let about = [("osler.provenance", provenance)];
        let writer = form.begin(findings.handle()?, &about).map_err(|cause| findings.failed(cause))?;
        Ok(Self { findings, writer, issues: PendingFile::begin(&paths.issues)? })
    }

    fn add(&mut self, form: &F, part: F::Part, issues: &[RecordIssue]) -> Result<(), StreamError> {
        form.add(&mut self.writer, part).map_err(|cause| self.findings.failed(cause))?;
        for issue in issues {
            let mut line = serde_json::to_vec(issue).unwrap_or_default();
            line.push(b'\n');
            self.issues.write(&line)?;
        }
        Ok(())
    }

    /// The findings last: where they are, the rest is.
    fn finish(self, form: &F, paths: &Paths, run: &Value) -> Result<(), StreamError> {
        let Self { findings, writer, issues } = self;
        form.finish(writer).map_err(|cause| findings.failed(cause))?;
        issues.finish()?;
        let mut about = PendingFile::begin(&paths.run)?;
        about.write(format!("{run:#}\n").as_bytes())?;
        about.finish()?;
        findings.finish()
    }
}
