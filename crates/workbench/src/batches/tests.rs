use std::sync::mpsc;

use super::*;
use crate::Workbench;
use crate::use_cases::tests::{bench, import};
use crate::wire::{self, BatchRequest, BatchState, ExtractionMode, Task};

const TEXTS: [&str; 6] = [
    "Lithium carbonate may cause nausea.",
    "Aspirin caused renal failure and asthma.",
    "   ",
    "Nothing is named here.",
    "Cocaine and heroin caused seizures.",
    "Metformin did not cause lactic acidosis.",
];

fn request(documents: Vec<wire::Id>) -> BatchRequest {
    BatchRequest { task: Task::Bc5cdr, question: None, documents, mode: ExtractionMode::Generate }
}

/// What the models said about each document, without numbers of rows.
fn said(workbench: &Workbench, documents: &[wire::Id]) -> Vec<Vec<documents::Prediction>> {
    let opened = workbench.opened();
    documents
        .iter()
        .map(|id| {
            let found =
                opened.with(|library| library.findings_of_document(sessions::DocumentId(i64::from(*id))));
            found.unwrap().into_iter().map(|finding| finding.prediction).collect()
        })
        .collect()
}

#[test]
fn a_batch_says_the_same_as_one_document_at_a_time() {
    let (_folder, workbench) = bench();
    let documents = import(&workbench, &TEXTS);
    let id = workbench.found_batch(&request(documents.clone())).unwrap();
    let mut told = Vec::new();
    let done =
        workbench.work_on_batch(id, &Cancel::default(), &mut |batch| told.push(batch.clone())).unwrap();
    assert_eq!((done.state, done.done + done.failed, done.total), (BatchState::Finished, 6, 6));
    assert_eq!(done.remaining, None);
    assert!(told.iter().any(|batch| batch.remaining.is_some()));
    let batch = said(&workbench, &documents);
    let (_other, alone) = bench();
    let singles = import(&alone, &TEXTS);
    for document in singles.iter().filter(|id| **id != singles[2]) {
        let request = wire::ExtractRequest {
            document: *document,
            task: wire::RelationTask::Bc5cdr,
            mode: ExtractionMode::Generate,
            model_id: None,
        };
        alone.extract("1", &request, Arc::new(|_| ()));
    }
    assert_eq!(batch, said(&alone, &singles));
    assert!(batch.iter().any(|found| !found.is_empty()));
}

/// Also where they are written side by side, and what fails takes the others with it.
#[test]
fn a_document_that_fails_does_not_stop_the_others() {
    let failing = format!("Aspirin caused asthma: {}.", inference::FAILS);
    let mut texts = TEXTS.to_vec();
    texts.insert(1, &failing);
    let (_folder, workbench) = bench();
    let documents = import(&workbench, &texts);
    let id = workbench.found_batch(&request(documents.clone())).unwrap();
    let done = workbench.work_on_batch(id, &Cancel::default(), &mut |_| ()).unwrap();
    assert_eq!((done.state, done.done, done.failed), (BatchState::Finished, 6, 1));
    let items = workbench.batch_items(done.id, 0, 10).unwrap();
    assert_eq!(items[1].state, wire::BatchItemState::Failed);
    assert!(items[1].problem.as_ref().unwrap().message.contains("asked to fail"), "{:?}", items[1].problem);
    let (_other, without) = bench();
    let others = import(&without, &TEXTS);
    let id = without.found_batch(&request(others.clone())).unwrap();
    without.work_on_batch(id, &Cancel::default(), &mut |_| ()).unwrap();
    let mut found = said(&workbench, &documents);
    assert!(found.remove(1).is_empty());
    assert_eq!(found, said(&without, &others));
}

#[test]
fn a_stopped_batch_goes_on_and_does_nothing_twice() {
    let (_folder, workbench) = bench();
    let documents = import(&workbench, &TEXTS);
    let id = workbench.found_batch(&request(documents.clone())).unwrap();
    // Stopped whenever a document is done: the library alone knows what is done.
    let mut rounds = 0;
    loop {
        let cancel = Cancel::default();
        let switch = cancel.clone();
        let mut before = None;
        let view = workbench
            .work_on_batch(id, &cancel, &mut |batch| {
                let over = batch.done + batch.failed;
                if over > *before.get_or_insert(over) {
                    switch.cancel();
                }
            })
            .unwrap();
        rounds += 1;
        assert!(rounds < 20);
        if view.done + view.failed == view.total {
            break;
        }
    }
    assert!((3..=6).contains(&rounds), "{rounds} rounds");
    let opened = workbench.opened();
    for document in documents {
        let runs = opened.with(|library| library.runs(sessions::DocumentId(i64::from(document)))).unwrap();
        assert_eq!(runs.len(), 1);
    }
}

#[test]
fn it_is_paused_and_resumed_in_the_background() {
    let (_folder, workbench) = bench();
    let many: Vec<String> = (0..60).map(|n| format!("Aspirin caused asthma in case {n}.")).collect();
    let documents = import(&workbench, &many.iter().map(String::as_str).collect::<Vec<_>>());
    let (sender, receiver) = mpsc::channel();
    // The work waits for each word to be heard: it cannot be over before it is paused.
    let (go, goes) = mpsc::sync_channel::<()>(0);
    let goes = Mutex::new(goes);
    workbench.watch(Arc::new(move |event| {
        if let wire::AppEvent::Batch { batch } = event {
            let _ = sender.send(batch);
            let _ = goes.lock().unwrap().recv();
        }
    }));
    let batch = workbench.start_batch(&request(documents)).unwrap();
    receiver.recv().unwrap();
    workbench.opened().with(|library| library.pause_batch(BatchId(1))).unwrap();
    // Nobody waits any more from here on.
    drop(go);
    let paused = workbench.pause_batch(batch.id).unwrap();
    assert_eq!(paused.state, BatchState::Paused);
    assert!(paused.done < 60, "{paused:?}");
    // What was under way is put back.
    let opened = workbench.opened();
    let stored = opened.with(|library| library.batch_items(BatchId(1), 0, 60)).unwrap();
    assert!(stored.iter().all(|item| item.state != sessions::ItemState::Waiting || item.worker.is_none()));
    workbench.resume_batch(batch.id).unwrap();
    let finished = receiver.iter().find(|batch| batch.state == BatchState::Finished).unwrap();
    assert_eq!(finished.done + finished.failed, 60);
    let items = workbench.batch_items(batch.id, 0, 100).unwrap();
    assert!(items.iter().all(|item| item.state == wire::BatchItemState::Done), "{items:?}");
    assert_eq!(workbench.batches().unwrap().len(), 1);
}

/// Two programs over one library, as the window and `osler-cli batch --resume`.
#[test]
fn two_that_work_on_one_batch_share_it_and_both_come_to_its_end() {
    let (folder, one) = bench();
    let many: Vec<String> = (0..40).map(|n| format!("Aspirin caused asthma in case {n}.")).collect();
    let documents = import(&one, &many.iter().map(String::as_str).collect::<Vec<_>>());
    let path = one.opened().lock().path().to_path_buf();
    let other = Workbench::open_at(one.places.clone(), &path).unwrap();
    other.use_model("scripted").unwrap();
    let id = one.found_batch(&request(documents.clone())).unwrap();
    let work = |workbench: &Workbench| workbench.work_on_batch(id, &Cancel::default(), &mut |_| ()).unwrap();
    let ends: Vec<wire::Batch> = std::thread::scope(|scope| {
        let (first, second) = (scope.spawn(|| work(&one)), scope.spawn(|| work(&other)));
        vec![first.join().unwrap(), second.join().unwrap()]
    });
    for end in &ends {
        assert_eq!((end.state, end.done, end.failed), (BatchState::Finished, 40, 0));
    }
    for document in documents {
        let runs =
            one.opened().with(|library| library.runs(sessions::DocumentId(i64::from(document)))).unwrap();
        assert_eq!(runs.len(), 1);
    }
    drop(folder);
}

#[test]
fn a_batch_that_is_undone_while_it_runs_ends_in_peace() {
    let (_folder, workbench) = bench();
    let documents = import(&workbench, &TEXTS);
    let id = workbench.found_batch(&request(documents)).unwrap();
    let mut undone = false;
    let end = workbench.work_on_batch(id, &Cancel::default(), &mut |_| {
        if !std::mem::replace(&mut undone, true) {
            workbench.undo(wire::Track::Curation).unwrap().unwrap();
        }
    });
    // It is gone, which is said; nothing of it is left.
    assert!(end.unwrap_err().message.contains("not in this library"));
    assert!(workbench.batches().unwrap().is_empty());
}

#[test]
fn a_batch_goes_on_with_what_it_was_begun_with_unless_that_is_asked_for() {
    let (_folder, workbench) = bench();
    let documents = import(&workbench, &TEXTS);
    let begun = |change: &dyn Fn(&mut serde_json::Value)| {
        let id = workbench.found_batch(&request(documents.clone())).unwrap();
        let opened = workbench.opened();
        let path = opened.lock().path().to_path_buf();
        // As if it had been begun before the model was imported anew.
        let mut settings = opened.with(|library| library.batch(id)).unwrap().settings;
        assert_eq!(settings["dictionaries"][0]["name"], "builtin.terms");
        change(&mut settings);
        let connection = rusqlite::Connection::open(path).unwrap();
        connection
            .execute(
                "UPDATE batches SET settings = ?1 WHERE id = ?2",
                rusqlite::params![settings.to_string(), id.0],
            )
            .unwrap();
        id
    };
    let changes = [
        ("/model_sha256", "weights"),
        ("/tokenizer_sha256", "tokenizer"),
        ("/guidance_sha256", "tasks.json"),
        ("/dictionaries/0/sha256", "dictionaries"),
    ];
    for (pointer, words) in changes {
        let id = begun(&|settings| *settings.pointer_mut(pointer).unwrap() = "00".into());
        let refused = workbench.work_on_batch(id, &Cancel::default(), &mut |_| ()).unwrap_err();
        assert!(refused.message.contains(words) && refused.hint.contains("--accept-changes"), "{refused:?}");
        let batch = workbench.opened().with(|library| library.batch(id)).unwrap();
        assert_eq!(batch.done, 0);
        let done = workbench.go_on_with_batch(id, Changed::Accept, &Cancel::default(), &mut |_| ()).unwrap();
        assert_eq!(done.state, BatchState::Finished);
    }
    // One of an older Osler does not say what it was begun with.
    let id = begun(&|settings| {
        for key in ["model_sha256", "tokenizer_sha256", "guidance_sha256", "dictionaries"] {
            settings.as_object_mut().unwrap().remove(key);
        }
    });
    workbench.work_on_batch(id, &Cancel::default(), &mut |_| ()).unwrap();
}

#[test]
fn a_batch_without_documents_or_question_is_refused() {
    let (_folder, workbench) = bench();
    assert!(workbench.start_batch(&request(vec![])).is_err());
    let documents = import(&workbench, &TEXTS[..1]);
    let ask = BatchRequest { task: Task::Answer, ..request(documents) };
    assert!(workbench.start_batch(&ask).unwrap_err().message.contains("question"));
}
