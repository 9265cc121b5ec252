//! Streams of documents through a model without weights.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use documents::formats::Format;
use inference::{Cancel, FAILS, Finders, Mode, Scripted, TaskRequest};
use streaming::{Input, Job, Lines, Models, Outputs, Progress, StreamError, Summary, run};

fn input(folder: &Path, name: &str, text: &str) -> Input {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    Input { path, name: name.to_owned() }
}

fn lines(count: usize, text: impl Fn(usize) -> String) -> String {
    (0..count).map(|n| format!("{{\"id\": \"{n}\", \"text\": \"{}\"}}\n", text(n))).collect()
}

fn written() -> TaskRequest {
    let task = TaskRequest::of_record(
        "relations/bc5cdr",
        &serde_json::json!({}),
        &serde_json::json!({ "kind": "greedy" }),
    );
    let task = task.unwrap();
    assert!(matches!(task, TaskRequest::Relations { mode: Mode::Generate, .. }));
    task
}

fn stream(
    folder: &Path,
    inputs: &[Input],
    workers: usize,
    cancel: &Cancel,
    tell: &mut dyn FnMut(&Progress),
) -> (Result<Summary, StreamError>, usize) {
    let loaded = AtomicUsize::new(0);
    let load = || {
        loaded.fetch_add(1, Ordering::Relaxed);
        Ok(Models { model: Box::new(Scripted::default()), names: None })
    };
    let (request, finders) = (written(), Finders::default());
    let job = Job {
        request: &request,
        finders: &finders,
        load: &load,
        made_with: serde_json::json!({ "task": "relations/bc5cdr" }),
        workers,
        cancel: cancel.clone(),
    };
    let form = Lines::of(Format::Jsonl).unwrap();
    let outputs = Outputs::in_folder(folder, "jsonl").unwrap();
    (run(&job, &form, inputs, &outputs, tell), loaded.into_inner())
}

fn left(folder: &Path) -> Vec<String> {
    let names = |part: &str| {
        fs::read_dir(folder.join(part))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect::<Vec<_>>()
    };
    let mut all: Vec<String> = ["findings", "issues", "runs"].iter().flat_map(|part| names(part)).collect();
    all.sort();
    all
}

#[test]
fn a_model_that_fails_ends_the_work_and_leaves_no_half_of_an_output() {
    let folder = tempfile::tempdir().unwrap();
    let whole = input(folder.path(), "whole.jsonl", &lines(40, |n| format!("Aspirin {n}.")));
    let failing = |n: usize| if n == 700 { format!("A {FAILS}.") } else { format!("Aspirin {n}.") };
    let broken = input(folder.path(), "broken.jsonl", &lines(3_000, failing));
    for workers in [1, 2, 5] {
        let out = folder.path().join(format!("out{workers}"));
        let inputs = [whole.clone(), broken.clone()];
        let (result, _) = stream(&out, &inputs, workers, &Cancel::default(), &mut |_| ());
        let error = result.unwrap_err();
        assert!(matches!(error, StreamError::Inference(_)), "{error}");
        assert_eq!(left(&out), ["whole.json", "whole.jsonl", "whole.jsonl"], "{workers} workers");
    }
}

#[test]
fn every_worker_has_a_model_and_who_stops_the_work_is_heard() {
    let folder = tempfile::tempdir().unwrap();
    let long = input(folder.path(), "long.jsonl", &lines(4_000, |n| format!("Aspirin {n}.")));
    let (done, loaded) =
        stream(&folder.path().join("whole"), std::slice::from_ref(&long), 3, &Cancel::default(), &mut |_| ());
    let done = done.unwrap();
    assert_eq!((done.documents, done.issues, done.written.len()), (4_000, 0, 1));
    assert!((1..=3).contains(&loaded), "{loaded}");

    let cancel = Cancel::default();
    let mut seen = 0;
    let out = folder.path().join("stopped");
    let (stopped, _) = stream(&out, &[long], 3, &cancel, &mut |progress| {
        seen = progress.documents;
        cancel.cancel();
    });
    assert!(matches!(stopped, Err(StreamError::Cancelled)) && seen < 4_000, "{seen}");
    assert_eq!(left(&out), Vec::<String>::new());
}

#[test]
fn a_file_that_is_gone_or_nothing_does_not_stop_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let here = input(folder.path(), "here.jsonl", &lines(5, |n| format!("Aspirin {n}.")));
    let gone = Input { path: folder.path().join("gone.jsonl"), name: "gone.jsonl".to_owned() };
    // More of them than pieces are under way at once.
    let scans = (0..40).map(|n| input(folder.path(), &format!("scan{n}.txt"), "PK\u{3}\u{4}"));
    let empty = input(folder.path(), "empty.xml", "");
    let out = folder.path().join("out");
    let inputs: Vec<Input> = [gone, empty].into_iter().chain(scans).chain([here]).collect();
    let (done, _) = stream(&out, &inputs, 2, &Cancel::default(), &mut |_| ());
    let done = done.unwrap();
    assert_eq!(done.documents, 5);
    let reasons: Vec<String> = done.unreadable.iter().map(ToString::to_string).collect();
    assert!(reasons.iter().any(|one| one.contains("gone.jsonl")), "{reasons:?}");
    assert_eq!(reasons.iter().filter(|one| one.contains("ZIP archive")).count(), 40, "{reasons:?}");
    assert!(reasons.iter().any(|one| one.contains("empty.xml")), "{reasons:?}");
}
