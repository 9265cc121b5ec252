//! One minute with a PubMed file: import, extract, accept two, reject one, undo, kill, reopen, export, verify.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use serde_json::Value;
use workbench::wire::{
    ExtractRequest, ExtractionMode, ImportSource, Judgement, PreviewEvent, RelationTask, Settings,
    StreamItem, Track,
};
use workbench::{AppPaths, Workbench};

use crate::user;

const LIBRARY: &str = "OSLER_TEST_JOURNEY_LIBRARY";

/// The part of the story that ends with a kill, told by another process.
fn story(library: &Path) {
    let folder = library.parent().unwrap();
    let mut places = AppPaths::below(folder.join("app"));
    places.models = vec![osler_tests::checkout().join("models/starter")];
    places.dictionaries = vec![osler_tests::checkout().join("models/terms")];
    let workbench = Workbench::open_at(places, library).unwrap();
    workbench.save_settings(&Settings { curator: "ada".into(), ..workbench.settings() }).unwrap();
    let source = ImportSource::Paths {
        paths: vec![folder.join("abstract.xml").display().to_string()],
        columns: std::collections::BTreeMap::new(),
    };
    let preview = std::sync::Mutex::new(None);
    let preview = Arc::new(preview);
    let heard = Arc::clone(&preview);
    workbench.preview_import(
        "preview",
        &source,
        Arc::new(move |event| {
            if let StreamItem::Event(PreviewEvent::Preview { preview }) = event.item {
                *heard.lock().unwrap() = Some(preview.id);
            }
        }),
    );
    let preview = preview.lock().unwrap().take().expect("the file is read");
    let document = workbench.import_all(&preview, workbench::wire::DuplicateChoice::Keep).unwrap()[0];
    let request = ExtractRequest {
        document,
        task: RelationTask::Bc5cdr,
        mode: ExtractionMode::Generate,
        model_id: None,
    };
    workbench.extract("extract", &request, Arc::new(|_| ()));
    let found = workbench.document(document).unwrap().marks.annotations;
    let subject = |place: usize| found[place].subject;
    workbench
        .decide(&[Judgement::Accept { subject: subject(0) }, Judgement::Accept { subject: subject(1) }])
        .unwrap();
    let reject = Judgement::Reject { subject: subject(2), reason: None, comment: String::new() };
    workbench.decide(&[reject]).unwrap();
    workbench.undo(Track::Curation).unwrap().unwrap();
    println!("\nready {}", found.len());
    // Until it is killed, or its parent is no more.
    let _ = std::io::stdin().read(&mut [0]);
}

#[test]
fn one_minute_from_a_pubmed_file_to_a_verified_export() {
    if let Some(library) = std::env::var_os(LIBRARY) {
        return story(Path::new(&library));
    }
    let user = user();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "journey::one_minute_from_a_pubmed_file_to_a_verified_export", "--nocapture"])
        .env(LIBRARY, user.path("ward.osler"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let ready = lines.filter_map(|line| line.strip_prefix("ready ").map(str::to_owned)).next();
    child.kill().unwrap();
    child.wait().unwrap();
    let found: usize = ready.expect("the story comes to its end").parse().unwrap();
    assert!(found >= 3);

    // Reopened by another program: what was decided is there, and what was undone is not.
    let listed = user.lines(&["review", "list", "--library", "ward.osler", "--json"]);
    let verdicts: Vec<Option<&str>> = listed
        .iter()
        .map(|line| line.pointer("/annotation/decision/verdict").and_then(Value::as_str))
        .collect();
    assert_eq!(verdicts.len(), found);
    assert_eq!(verdicts[..3], [Some("accepted"), Some("accepted"), None]);
    let redone = user.output(&["review", "redo", "--library", "ward.osler"]);
    assert_eq!(redone.trim_end(), "done again: rejected 1 relation");
    let undone = user.output(&["review", "undo", "--library", "ward.osler"]);
    assert_eq!(undone.trim_end(), "undone: rejected 1 relation");

    for (content, relations) in [("curated", 2), ("everything", found)] {
        let export = [
            "export",
            "--library",
            "ward.osler",
            "--to",
            "bioc-xml",
            "--content",
            content,
            "--out",
            "ward.xml",
        ];
        let _ = user.output(&export);
        let written = documents::formats::read(user.read("ward.xml").as_bytes(), "ward.xml").unwrap();
        assert_eq!(written.documents[0].relations.len(), relations, "{content}");
        for relation in &written.documents[0].relations {
            assert!(relation.score.is_some() && !relation.evidence.is_empty(), "{relation:?}");
        }
        let verified = user.output(&["verify", "ward.xml"]);
        assert_eq!(verified, "90000001 relations/bc5cdr: identical\n");
    }
}
