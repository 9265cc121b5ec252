//! Small libraries, documents and results to test with.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use documents::{
    Argument, Concept, Content, Document, Entity, Grade, Infons, Participant, Passage, Prediction, Relation,
    Span, Target,
};
use sessions::{
    By, DocumentId, Ending, FindingId, Founding, Imported, Judgement, Library, NewDocument, RunRecord,
    RunState, Subject, Timestamp, UsedDictionary, Verdict,
};

pub const APP: &str = "0.1.0";
pub const TASK: &str = "relations/bc5cdr";
pub const MODEL: &str = "aaaa";

pub fn by(who: &str, at: i64) -> By<'_> {
    By::new(who, Timestamp(at))
}

pub fn founding() -> Founding<'static> {
    Founding {
        uuid: "00000000-0000-4000-8000-000000000001",
        name: "Ward round",
        app_version: APP,
        author: "ada",
        at: Timestamp(1_767_225_600_000),
    }
}

/// A library in a folder that is removed with it.
pub struct Scratch {
    pub folder: tempfile::TempDir,
    pub path: PathBuf,
}

impl Scratch {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ward.osler");
        Self { folder, path }
    }

    pub fn create(&self) -> Library {
        Library::create(&self.path, &founding()).unwrap()
    }

    pub fn open(&self) -> Library {
        open(&self.path)
    }
}

pub fn open(path: &Path) -> Library {
    Library::open(path, APP).unwrap()
}

/// A text of its own for each `n`, with a title, two mentions and a relation.
pub fn document(n: u64) -> Document {
    let title = format!("Case {n}: naloxone and blood pressure");
    let text = format!(
        "{title}\nNaloxone {n} reversed the fall of blood pressure. Hypotension of degree {n} was not seen."
    );
    let place = |words: &str| {
        let start = text.rfind(words).unwrap();
        Span::new(start, start + words.len())
    };
    let entity = |id: &str, kind: &str, words: &str, concept: &str| Entity {
        id: id.into(),
        kind: kind.into(),
        spans: vec![place(words)],
        text: words.into(),
        concepts: vec![Concept { vocabulary: "MESH".into(), id: concept.into() }],
        note: None,
        score: None,
        infons: Infons::new(),
    };
    let argument = |role: &str, id: &str| Argument { role: role.into(), target: Target::Entity(id.into()) };
    Document {
        id: format!("PMID{n:05}"),
        passages: vec![
            Passage { span: Span::new(0, title.len()), kind: "title".into(), infons: Infons::new() },
            Passage {
                span: Span::new(title.len() + 1, text.len()),
                kind: "abstract".into(),
                infons: Infons::new(),
            },
        ],
        entities: vec![
            entity("T1", "Chemical", "Naloxone", "D009270"),
            entity("T2", "Disease", "Hypotension", "D007022"),
        ],
        relations: vec![Relation {
            id: "R1".into(),
            kind: "CID".into(),
            arguments: vec![argument("Chemical", "T1"), argument("Disease", "T2")],
            evidence: vec![place("Hypotension")],
            note: None,
            score: None,
            infons: Infons::new(),
        }],
        infons: Infons::from([
            ("journal".into(), "J Test".into()),
            ("authors".into(), format!("Osler W{n}")),
        ]),
        text,
    }
}

/// Imports documents `from..to`, one event.
pub fn import(library: &mut Library, who: &str, from: u64, to: u64) -> Vec<DocumentId> {
    let documents: Vec<Document> = (from..to).map(document).collect();
    let new: Vec<NewDocument<'_>> = documents
        .iter()
        .map(|document| NewDocument { document, origin: "cases.xml", format: "pubmed-xml" })
        .collect();
    let outcomes = library.import(by(who, 100), &new).unwrap();
    outcomes
        .into_iter()
        .map(|outcome| match outcome {
            Imported::New(id) | Imported::Updated(id) | Imported::Known(id) => id,
            Imported::Broken(span) => panic!("{span:?}"),
        })
        .collect()
}

pub fn record(library: &Library, document: DocumentId, task: &str, model: &str) -> RunRecord {
    RunRecord {
        app_version: APP.into(),
        model: format!("model {model}"),
        model_sha256: model.into(),
        tokenizer_sha256: "bbbb".into(),
        guidance_sha256: "cccc".into(),
        task: task.into(),
        task_version: "1".into(),
        grammar_version: "1".into(),
        parameters: serde_json::Value::Null,
        decoding: serde_json::json!({ "beam": 5, "length_penalty": 1.0 }),
        seed: u64::MAX,
        device: "cpu".into(),
        text_sha256: library.document(document).unwrap().text_sha256,
        dictionaries: Some(vec![UsedDictionary { name: "own.terms".into(), sha256: "dddd".into() }]),
        made_at: Timestamp(200),
    }
}

pub fn finished() -> Ending {
    Ending {
        state: RunState::Finished,
        output: Some("the relation between naloxone and hypotension exists.".into()),
        problem: None,
        at: Timestamp(250),
    }
}

/// A relation between two names that need not be in the text.
pub fn pair(kind: &str, chemical: &str, disease: &str) -> Content {
    let one = |role: &str, name: &str| Participant {
        role: role.into(),
        name: name.into(),
        spans: vec![],
        concepts: vec![],
        grade: Grade::Absent,
    };
    Content::Relation {
        kind: kind.into(),
        participants: vec![one("Chemical", chemical), one("Disease", disease)],
    }
}

pub fn prediction(content: Content, score: f64) -> Prediction {
    Prediction {
        content,
        score: Some(score),
        masked_mass: Some((1.0 - score) / 3.0),
        masked_masses: vec![0.0, (1.0 - score) / 1.5],
        figures: BTreeMap::from([("log_probability".into(), -score)]),
        evidence: vec![],
        grade: Grade::Absent,
        readings: vec![],
        warnings: vec![],
    }
}

/// A finished run with one relation for each `(disease, score)`.
pub fn run(
    library: &mut Library,
    who: &str,
    document: DocumentId,
    model: &str,
    said: &[(&str, f64)],
) -> Vec<FindingId> {
    let record = record(library, document, TASK, model);
    let predictions: Vec<Prediction> =
        said.iter().map(|(disease, score)| prediction(pair("CID", "naloxone", disease), *score)).collect();
    let run = library.record_run(by(who, 300), document, &record, &finished(), &predictions).unwrap();
    library.findings_of_run(run).unwrap().into_iter().map(|finding| finding.id).collect()
}

pub fn accept(finding: FindingId) -> Judgement {
    Judgement { subject: Subject::Finding(finding), verdict: Verdict::Accept, comment: String::new() }
}

pub fn reject(finding: FindingId) -> Judgement {
    Judgement { subject: Subject::Finding(finding), verdict: Verdict::Reject(None), comment: String::new() }
}

pub fn assert_sound(library: &Library) {
    assert_eq!(library.check().unwrap(), Vec::<String>::new());
}

/// Numbers that are the same in every run of the test (SplitMix64, Steele et al. 2014, doi 10.1145/2660193.2660195).
#[derive(Debug, Clone)]
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.roll() % limit
    }

    pub fn pick<T: Clone>(&mut self, from: &[T]) -> Option<T> {
        (!from.is_empty()).then(|| from[self.below(from.len() as u64) as usize].clone())
    }
}
