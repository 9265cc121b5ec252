use sessions::{Action, BatchState, Error, ItemState, Library, Timestamp, Track};

use crate::samples::{Scratch, TASK, assert_sound, by, finished, import, pair, prediction, record};

fn done(library: &mut Library, batch: sessions::BatchId, ordinal: u64) -> Result<sessions::RunId, Error> {
    let document = library.batch_items(batch, ordinal, 1).unwrap()[0].document;
    let record = record(library, document, TASK, "aaaa");
    let found = [prediction(pair("CID", "naloxone", "nausea"), 0.5)];
    library.finish_item(by("ada", 9), batch, ordinal, &record, &finished(), &found)
}

fn claim(library: &mut Library, batch: sessions::BatchId, worker: &str) -> Option<u64> {
    library.claim_item(batch, worker, Timestamp(5)).unwrap().map(|item| item.ordinal)
}

#[test]
fn a_batch_is_paused_resumed_and_finished() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    let documents = import(&mut library, "ada", 0, 4);
    let settings = serde_json::json!({ "beam": 5 });
    let batch = library.start_batch(by("ada", 1), TASK, &settings, &documents).unwrap();
    assert_eq!(claim(&mut library, batch, "one"), Some(0));
    done(&mut library, batch, 0).unwrap();
    assert_eq!(claim(&mut library, batch, "one"), Some(1));
    library.pause_batch(batch).unwrap();
    assert_eq!(claim(&mut library, batch, "one"), None);
    // What was under way when the user paused may still be brought home, or put back.
    library.release_items(batch, "one").unwrap();
    drop(library);

    let mut library = scratch.open();
    let paused = library.batch(batch).unwrap();
    assert_eq!((paused.state, paused.done, paused.waiting()), (BatchState::Paused, 1, 3));
    assert_eq!(paused.settings, settings);
    library.resume_batch(batch).unwrap();
    // A document that went out of sight meanwhile is passed over.
    library.remove_documents(by("ada", 2), &[documents[2]]).unwrap();
    assert_eq!(claim(&mut library, batch, "one"), Some(1));
    library.fail_item(batch, 1, "the text is empty", Timestamp(6)).unwrap();
    assert_eq!(claim(&mut library, batch, "one"), Some(3));
    done(&mut library, batch, 3).unwrap();
    assert_eq!(claim(&mut library, batch, "one"), None);
    let end = library.batch(batch).unwrap();
    assert_eq!((end.state, end.done, end.failed, end.skipped), (BatchState::Finished, 2, 1, 1));
    let failed = library.failed_items(batch).unwrap();
    assert_eq!(failed[0].problem.as_deref(), Some("the text is empty"));

    library.retry_failed(batch).unwrap();
    assert_eq!(claim(&mut library, batch, "one"), Some(1));
    done(&mut library, batch, 1).unwrap();
    assert_eq!(library.batch(batch).unwrap().state, BatchState::Finished);
    assert_sound(&library);
}

#[test]
fn two_workers_share_a_batch_and_no_item_gets_two_results() {
    let scratch = Scratch::new();
    let mut here = scratch.create();
    let documents = import(&mut here, "ada", 0, 3);
    let batch = here.start_batch(by("ada", 1), TASK, &serde_json::Value::Null, &documents).unwrap();
    let mut there = scratch.open();
    assert_eq!(claim(&mut here, batch, "here"), Some(0));
    assert_eq!(claim(&mut there, batch, "there"), Some(1));
    assert_eq!(claim(&mut here, batch, "here"), Some(2));
    // Nothing is free, and the other one is alive: what it holds is left to it, for as long as it says so.
    assert_eq!(claim(&mut there, batch, "there"), None);
    let at = |library: &mut Library, worker: &str, at| {
        library.claim_item(batch, worker, Timestamp(at)).unwrap().map(|item| item.ordinal)
    };
    here.keep_items(batch, "here", Timestamp(50_000)).unwrap();
    assert_eq!(at(&mut there, "there", 100_000), None);
    // It was not heard of for a minute: in case it was killed, its documents come up, the longest held first.
    assert_eq!(at(&mut there, "there", 110_001), Some(0));
    // It was not dead after all. Each document gets one result, and the other worker is told.
    assert_eq!(at(&mut here, "here", 110_002), None);
    done(&mut here, batch, 0).unwrap();
    let error = done(&mut there, batch, 0).unwrap_err();
    assert!(matches!(error, Error::AlreadyFinished { ordinal: 0, .. }), "{error}");
    assert_eq!(here.runs(documents[0]).unwrap().len(), 1);
    assert_eq!(here.runs(documents[0]).unwrap()[0].batch, Some((batch, 0)));
    // Who stops puts back what is theirs, and nothing of another's.
    there.release_items(batch, "there").unwrap();
    let holders: Vec<Option<String>> =
        here.batch_items(batch, 1, 2).unwrap().into_iter().map(|item| item.worker).collect();
    assert_eq!(holders, [None, Some("here".to_owned())]);
    assert_eq!(at(&mut here, "here", 110_003), Some(1));
}

#[test]
fn one_undo_takes_a_batch_away_and_one_redo_brings_it_back_as_far_as_it_was() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    let documents = import(&mut library, "ada", 0, 3);
    let batch = library.start_batch(by("ada", 1), TASK, &serde_json::Value::Null, &documents).unwrap();
    claim(&mut library, batch, "one");
    done(&mut library, batch, 0).unwrap();
    claim(&mut library, batch, "one");
    done(&mut library, batch, 1).unwrap();
    let before = library.dump().unwrap();

    let step = library.undo(by("ada", 3), Track::Curation).unwrap().unwrap();
    assert_eq!((step.action, step.changes), (Action::Batch, 3));
    assert!(library.batches().unwrap().is_empty());
    assert_eq!(library.counts("ada").unwrap().findings, 0);
    // A worker that has not heard of it yet is told.
    let error = library.claim_item(batch, "one", Timestamp(4)).unwrap_err();
    assert!(matches!(error, Error::NotFound { what: "batch", .. }), "{error}");

    library.redo(by("ada", 5), Track::Curation).unwrap().unwrap();
    assert_eq!(library.dump().unwrap(), before);
    assert_eq!(claim(&mut library, batch, "two"), Some(2));
    done(&mut library, batch, 2).unwrap();
    assert_eq!(library.batch(batch).unwrap().state, BatchState::Finished);
    assert_eq!(library.batch_items(batch, 2, 1).unwrap()[0].state, ItemState::Done);
}

#[test]
fn results_come_in_while_the_curator_undoes_something_else() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    let documents = import(&mut library, "ada", 0, 2);
    let batch = library.start_batch(by("ada", 1), TASK, &serde_json::Value::Null, &documents).unwrap();
    library.remove_documents(by("ada", 2), &[documents[0]]).unwrap();
    library.undo(by("ada", 3), Track::Curation).unwrap().unwrap();
    claim(&mut library, batch, "one");
    done(&mut library, batch, 0).unwrap();
    // The result has not cost the curator the redo.
    assert_eq!(library.redo(by("ada", 4), Track::Curation).unwrap().unwrap().action, Action::RemoveDocuments);
    assert_eq!(library.counts("ada").unwrap().findings, 0);
    assert_sound(&library);
}
