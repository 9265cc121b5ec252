use std::sync::{Arc, Mutex};

use biogpt::Config;

use super::*;
use crate::Workbench;
use crate::wire::{ModelImportEvent, StreamItem, Streamed, VerifyEvent};

/// A model folder of ours with random weights.
fn folder(at: &Path) {
    biogpt::model::write_random(at, &Config::tiny(), biogpt::model::WeightType::F32, 7).unwrap();
}

fn bench() -> (tempfile::TempDir, Workbench) {
    let root = tempfile::tempdir().unwrap();
    let starter = root.path().join("built-in/starter");
    std::fs::create_dir_all(starter.parent().unwrap()).unwrap();
    folder(&starter);
    let mut places = AppPaths::below(root.path());
    places.models = vec![starter];
    let workbench = Workbench::open(places).unwrap();
    (root, workbench)
}

fn heard<Event: Clone + Send + 'static>(call: impl FnOnce(crate::Sink<Event>)) -> Vec<Streamed<Event>> {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let ear = Arc::clone(&heard);
    call(Arc::new(move |event| ear.lock().unwrap().push(event)));
    heard.lock().map(|events| events.clone()).unwrap()
}

#[test]
fn a_model_is_imported_used_removed_and_restored() {
    let (root, workbench) = bench();
    assert_eq!(workbench.models().unwrap().len(), 1);
    assert_eq!(workbench.engine_status().model_id.as_deref(), Some("starter"));
    let from = root.path().join("downloads");
    folder(&from);
    let preview = workbench.preview_model(&[from]).unwrap();
    assert!(preview.problems.is_empty() && preview.id.is_some(), "{preview:?}");
    let id = preview.id.unwrap();
    let events = heard(|sink| workbench.import_model("1", &id, "My model", None, sink));
    let model = events
        .iter()
        .find_map(|event| match &event.item {
            StreamItem::Event(ModelImportEvent::Imported { model }) => Some(model.clone()),
            _ => None,
        })
        .unwrap_or_else(|| panic!("{events:?}"));
    assert_eq!((model.id.as_str(), model.in_use), ("my-model", false));
    assert!(model.self_test.as_ref().unwrap().passed, "{:?}", model.self_test);
    workbench.use_model("my-model").unwrap();
    assert_eq!(workbench.load_model().unwrap().model_id.as_deref(), Some("my-model"));
    workbench.remove_model("my-model").unwrap();
    assert_eq!(workbench.models().unwrap().len(), 1);
    assert_eq!(workbench.load_model().unwrap().model_id.as_deref(), Some("starter"));
    workbench.restore_model("my-model").unwrap();
    assert_eq!(workbench.load_model().unwrap().model_id.as_deref(), Some("my-model"));
    assert!(workbench.remove_model("starter").is_err());
    assert!(workbench.restore_model("../config").is_err());
}

#[test]
fn a_damaged_model_is_told_apart_from_a_whole_one() {
    let (root, workbench) = bench();
    let verified = |events: Vec<Streamed<VerifyEvent>>| {
        events.into_iter().find_map(|event| match event.item {
            StreamItem::Event(VerifyEvent::Verified { intact, message, .. }) => Some((intact, message)),
            _ => None,
        })
    };
    let (intact, message) = verified(heard(|sink| workbench.verify_model("1", "starter", sink))).unwrap();
    assert!(intact && message.contains("as it was"), "{message}");
    let weights = root.path().join("built-in/starter/model.bpk");
    let mut bytes = std::fs::read(&weights).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&weights, bytes).unwrap();
    let (intact, message) = verified(heard(|sink| workbench.verify_model("2", "starter", sink))).unwrap();
    assert!(!intact && message.contains("sha256"), "{message}");
}

#[test]
fn what_is_no_model_is_refused_with_its_reason() {
    let (root, workbench) = bench();
    let preview = workbench.preview_model(&[root.path().to_owned()]).unwrap();
    assert!(preview.id.is_none() && !preview.problems.is_empty());
}
