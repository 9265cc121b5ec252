//! A workbench in a folder of its own, and what tests put into it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use documents::{Content, Grade, Participant, Prediction};
use sessions::{Ending, RunRecord, RunState, Timestamp};
use tempfile::TempDir;
use workbench::wire::{self, StreamItem};
use workbench::{AppPaths, Clock, Sink, Workbench};

/// A clock that goes on by a second each time it is asked.
#[derive(Debug, Default)]
pub struct Ticking(AtomicI64);

impl Clock for Ticking {
    fn now(&self) -> i64 {
        1_700_000_000_000 + self.0.fetch_add(1_000, Ordering::Relaxed)
    }
}

pub struct Scratch {
    pub folder: TempDir,
}

impl Scratch {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn places(&self) -> AppPaths {
        AppPaths { clock: Arc::new(Ticking::default()), ..AppPaths::below(self.folder.path()) }
    }

    /// Opens the workbench anew, as the program does when it starts.
    pub fn open(&self) -> Workbench {
        let workbench = Workbench::open(self.places()).unwrap();
        if workbench.settings().curator.is_empty() {
            let settings = wire::Settings { curator: "ada".into(), ..workbench.settings() };
            workbench.save_settings(&settings).unwrap();
        }
        workbench
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path.display().to_string()
    }
}

/// Runs a streamed call and gives its events, after checking that it ended once and counted without gaps.
pub fn heard<Event: Clone + Send + 'static>(call: impl FnOnce(Sink<Event>)) -> (Vec<Event>, wire::Ending) {
    let all = Arc::new(Mutex::new(Vec::new()));
    let ear = Arc::clone(&all);
    call(Arc::new(move |event| ear.lock().unwrap().push(event)));
    let all = std::mem::take(&mut *all.lock().unwrap());
    let (mut events, mut endings) = (Vec::new(), Vec::new());
    for (event, place) in all.into_iter().zip(0..) {
        assert_eq!(event.seq, place);
        assert!(endings.is_empty(), "something came after the ending");
        match event.item {
            StreamItem::Event(event) => events.push(event),
            StreamItem::Ending(ending) => endings.push(ending),
        }
    }
    assert_eq!(endings.len(), 1);
    (events, endings.remove(0))
}

pub fn preview(workbench: &Workbench, source: &wire::ImportSource) -> wire::ImportPreview {
    let (events, ending) = heard(|sink| workbench.preview_import("preview", source, sink));
    assert_eq!(ending, wire::Ending::Finished);
    match events.into_iter().last() {
        Some(wire::PreviewEvent::Preview { preview }) => preview,
        other => panic!("no preview but {other:?}"),
    }
}

/// Imports a source as the window does: preview, then import. Gives the new documents.
pub fn import(workbench: &Workbench, source: &wire::ImportSource) -> Vec<wire::Id> {
    let preview = preview(workbench, source);
    let (events, ending) = heard(|sink| {
        workbench.import_previewed("import", &preview.id, &wire::ImportChoices::default(), sink)
    });
    assert_eq!(ending, wire::Ending::Finished);
    match events.into_iter().last() {
        Some(wire::ImportEvent::Imported { documents, .. }) => documents,
        other => panic!("nothing imported but {other:?}"),
    }
}

pub fn paths(paths: &[&str]) -> wire::ImportSource {
    let paths = paths.iter().map(|path| (*path).to_owned()).collect();
    wire::ImportSource::Paths { paths, columns: std::collections::BTreeMap::new() }
}

pub fn text(id: &str, title: &str, text: &str) -> wire::ImportSource {
    wire::ImportSource::Documents {
        origin: "test".into(),
        documents: vec![wire::NewDocument { source_id: id.into(), title: title.into(), text: text.into() }],
    }
}

/// Stores one finding for each `(chemical, disease)` as a model would, and gives them as the window shows them.
pub fn extract(
    workbench: &Workbench,
    document: wire::Id,
    pairs: &[(&str, &str, f64)],
) -> (Vec<wire::Annotation>, wire::Change) {
    let opened = workbench.opened();
    let id = workbench::library::document_id(document);
    let stored = opened.with(|library| library.document(id)).unwrap();
    let place = |name: &str| sessions::occurrences(&stored.document.text, name);
    let participant = |role: &str, name: &str| Participant {
        role: role.into(),
        name: name.into(),
        spans: place(name),
        concepts: vec![documents::Concept { vocabulary: "MESH".into(), id: format!("D{}", name.len()) }],
        grade: if place(name).is_empty() { Grade::Absent } else { Grade::Exact },
    };
    let predictions: Vec<Prediction> = pairs
        .iter()
        .map(|(chemical, disease, score)| Prediction {
            content: Content::Relation {
                kind: "CID".into(),
                participants: vec![participant("Chemical", chemical), participant("Disease", disease)],
            },
            score: Some(*score),
            masked_mass: Some(0.125),
            masked_masses: vec![0.25, 0.0],
            figures: [("against_none".to_owned(), 0.5)].into(),
            evidence: tasks::sentences::of(&stored.document).into_iter().take(1).collect(),
            grade: Grade::Exact,
            readings: Vec::new(),
            warnings: Vec::new(),
        })
        .collect();
    let record = RunRecord {
        app_version: "0.1.0".into(),
        model: "Starter".into(),
        model_sha256: "aa".repeat(32),
        tokenizer_sha256: "bb".repeat(32),
        guidance_sha256: "cc".repeat(32),
        task: workbench::library::task_word(wire::Task::Bc5cdr).into(),
        task_version: "1".into(),
        grammar_version: "1".into(),
        parameters: serde_json::json!({ "model_id": "starter", "notices": ["The text was read in two parts."] }),
        decoding: serde_json::json!({ "beams": 5 }),
        seed: 7,
        device: "CPU".into(),
        dictionaries: None,
        text_sha256: stored.text_sha256.clone(),
        made_at: opened.now(),
    };
    let run = opened.begin_run(id, &record).unwrap();
    let found = opened.add_findings(run, &predictions).unwrap();
    let ending =
        Ending { state: RunState::Finished, output: None, problem: None, at: Timestamp(opened.now().0) };
    (found, opened.finish_run(run, &ending).unwrap())
}

/// The words under a span of the wire, cut as JavaScript does.
pub fn cut(text: &str, span: wire::Span) -> String {
    let units: Vec<u16> = text.encode_utf16().collect();
    String::from_utf16(&units[span.start as usize..span.end as usize]).unwrap()
}

/// The folder of shared data, where the machine has it.
pub fn shared(what: &str) -> Option<PathBuf> {
    let root = std::env::var_os("OSLER_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let path = root.join(what);
    if path.exists() {
        return Some(path);
    }
    assert_ne!(
        std::env::var("CI").as_deref(),
        Ok("true"),
        "{} not found, and CI skips nothing",
        path.display()
    );
    println!("skipped: {} not found", path.display());
    None
}
