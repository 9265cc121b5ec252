//! Batches as the window and the program run them, and what a run stores.

use std::sync::{Arc, Mutex, mpsc};

use workbench::Workbench;
use workbench::engine::Cancel;
use workbench::library::batch_id;
use workbench::wire::{self, BatchRequest, BatchState, ExtractRequest, ExtractionMode, RelationTask, Task};

use crate::samples::{Scratch, heard, import, text};

/// A workbench with the names that Osler brings and the scripted generator, and documents in which it finds something.
fn with_documents(scratch: &Scratch) -> (Workbench, Vec<wire::Id>) {
    let mut places = scratch.places();
    places.dictionaries = vec![concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/terms").into()];
    let workbench = Workbench::open(places).unwrap();
    workbench.use_model("scripted").unwrap();
    let texts = ["Lithium carbonate may cause nausea.", "Aspirin caused asthma.", "Cocaine caused seizures."];
    let texts = texts.iter().zip(1..);
    let import = |(words, number): (&&str, u32)| import(&workbench, &text(&number.to_string(), "", words))[0];
    let documents = texts.map(import).collect();
    (workbench, documents)
}

fn request(documents: &[wire::Id], mode: ExtractionMode) -> BatchRequest {
    BatchRequest { task: Task::Bc5cdr, question: None, documents: documents.to_vec(), mode }
}

fn findings(workbench: &Workbench, documents: &[wire::Id]) -> Vec<usize> {
    documents.iter().map(|id| workbench.document(*id).unwrap().marks.annotations.len()).collect()
}

#[test]
fn what_failed_is_done_once_more_when_that_is_asked_for_and_nothing_else_is() {
    let scratch = Scratch::new();
    let (workbench, documents) = with_documents(&scratch);
    let id = workbench.found_batch(&request(&documents, ExtractionMode::Generate)).unwrap();
    let opened = workbench.opened();
    // As when its device was lost.
    opened
        .with(|library| {
            library.claim_item(id, "another", opened.now())?;
            library.fail_item(id, 0, "the device was lost. Try again", opened.now())
        })
        .unwrap();
    let end = workbench.work_on_batch(id, &Cancel::default(), &mut |_| ()).unwrap();
    assert_eq!((end.state, end.done, end.failed), (BatchState::Finished, 2, 1));
    assert_eq!(batch_id(end.id), id);
    let before = findings(&workbench, &documents);
    assert!(before[0] == 0 && before[1..].iter().all(|count| *count > 0), "{before:?}");
    // Going on is for what waits.
    workbench.resume_batch(end.id).unwrap();
    assert_eq!(workbench.batches().unwrap()[0].failed, 1);

    let (sender, receiver) = mpsc::channel();
    let sender = Mutex::new(sender);
    workbench.watch(Arc::new(move |event| {
        if let wire::AppEvent::Batch { batch } = event {
            drop(sender.lock().unwrap().send(batch));
        }
    }));
    workbench.retry_batch(end.id).unwrap();
    let is_over = |batch: &wire::Batch| batch.state == BatchState::Finished && batch.failed == 0;
    let last = receiver.iter().find(is_over).unwrap();
    assert_eq!((last.done, last.total, last.problem), (3, 3, None));
    let after = findings(&workbench, &documents);
    assert!(after[0] > 0 && after[1..] == before[1..], "{after:?}");
    assert!(workbench.batch_items(end.id, 0, 3).unwrap()[0].problem.is_none());
}

#[test]
fn a_batch_whose_settings_cannot_be_read_says_so_and_hides_no_other_one() {
    let scratch = Scratch::new();
    let (workbench, documents) = with_documents(&scratch);
    let id = workbench.found_batch(&request(&documents, ExtractionMode::Generate)).unwrap();
    let path = workbench.opened().with(|library| Ok(library.path().to_owned())).unwrap();
    let connection = rusqlite::Connection::open(path).unwrap();
    let damaged = connection.execute("UPDATE batches SET settings = '{\"model\": 7}' WHERE id = ?1", [id.0]);
    assert_eq!(damaged.unwrap(), 1);
    let refused = workbench.work_on_batch(id, &Cancel::default(), &mut |_| ()).unwrap_err();
    assert!(refused.message.contains("cannot be read"), "{refused:?}");
    // The list of batches is there all the same.
    assert_eq!(workbench.batches().unwrap().len(), 1);
}

/// The threshold of the window folds findings away. A run under a high one, set to look at others, keeps them all.
#[test]
fn what_is_folded_away_is_found_and_stored_all_the_same() {
    let found = |threshold: f64| {
        let scratch = Scratch::new();
        let (workbench, documents) = with_documents(&scratch);
        workbench.save_settings(&wire::Settings { threshold, ..workbench.settings() }).unwrap();
        let request_of = |document| ExtractRequest {
            document,
            task: RelationTask::Bc5cdr,
            mode: ExtractionMode::Exhaustive,
            model_id: None,
        };
        let (_, ending) = heard(|sink| workbench.extract("1", &request_of(documents[0]), sink));
        assert_eq!(ending, wire::Ending::Finished);
        let id = workbench.found_batch(&request(&documents[1..], ExtractionMode::Exhaustive)).unwrap();
        workbench.work_on_batch(id, &Cancel::default(), &mut |_| ()).unwrap();
        findings(&workbench, &documents)
    };
    let all = found(0.0);
    assert!(all.iter().sum::<usize>() > 0, "{all:?}");
    assert_eq!(found(1.0), all);
}

#[test]
fn a_model_that_cannot_be_loaded_is_not_said_to_have_stopped_working() {
    let scratch = Scratch::new();
    let (workbench, documents) = with_documents(&scratch);
    workbench.use_folder(&scratch.path("no/such/model"));
    let request = ExtractRequest {
        document: documents[0],
        task: RelationTask::Bc5cdr,
        mode: ExtractionMode::Generate,
        model_id: None,
    };
    let (_, ending) = heard(|sink| workbench.extract("1", &request, sink));
    let wire::Ending::Failed { error } = ending else { panic!("{ending:?}") };
    assert_eq!(error.code, wire::ErrorCode::ModelUnusable, "{error:?}");
}
