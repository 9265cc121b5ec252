//! The app and `training evaluate` ask a model through the same functions: every score is the same to the bit, also where a
//! text is longer than the model reads at once and where a name is too long to be asked about.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing helper fails the test")]

use std::sync::{Arc, Mutex};

use documents::corpora::pubmedqa::Question;
use documents::corpora::{bc5cdr, ddi, hoc, kd_dti, pubmedqa};
use documents::{Concept, Content, Document, Entity, Infons, Span};
use inference::{BioGpt, Finders};
use osler_tests::{checkout, shared};
use sessions::{By, Imported, NewDocument};
use tasks::RelationTask;
use tempfile::TempDir;
use terms::Terms;
use training::evaluation::Evaluator;
use workbench::wire::{
    self, AskEvent, AskRequest, AskScope, ClassifyEvent, ClassifyRequest, ExtractRequest, ExtractionMode, Id,
    StreamItem,
};
use workbench::{AppPaths, Workbench};

/// All pairs count.
const ALL: Option<f64> = Some(f64::MIN_POSITIVE);

/// The app over a new library of these texts, with the starter model.
fn app(documents: &[Document]) -> (TempDir, Workbench, Vec<Id>) {
    let folder = tempfile::tempdir().unwrap();
    let mut places = AppPaths::below(folder.path());
    places.models = vec![checkout().join("models/starter")];
    places.dictionaries = vec![checkout().join("models/terms/builtin.terms")];
    let workbench = Workbench::open(places).unwrap();
    let device = wire::DeviceChoice::Device { id: "cpu".to_owned() };
    workbench.save_settings(&wire::Settings { device, ..workbench.settings() }).unwrap();
    let new: Vec<NewDocument<'_>> = documents
        .iter()
        .map(|document| NewDocument { document, origin: "corpus", format: "corpus" })
        .collect();
    let opened = workbench.opened();
    let imported = opened.with(|library| library.import(By::new("test", opened.now()), &new)).unwrap();
    let ids = imported.iter().map(|one| match one {
        Imported::New(id) | Imported::Updated(id) | Imported::Known(id) => Id::try_from(id.0).unwrap(),
        Imported::Broken(span) => panic!("broken at {span:?}"),
    });
    let ids = ids.collect();
    (folder, workbench, ids)
}

/// What `training evaluate` asks with.
fn evaluator() -> Evaluator {
    let folder = checkout().join("models/starter");
    let model = BioGpt::load("starter", &folder, devices::Request::Cpu, &|_| ()).unwrap();
    let terms = Terms::open(&checkout().join("models/terms/builtin.terms")).unwrap();
    Evaluator::new(model, Finders::new(vec![Arc::new(terms)]))
}

/// A relation: names and kind in lower case, and the bits of its probability.
type Scored = (String, String, String, u64);

fn scored(names: [&str; 2], kind: &str, probability: f64) -> Scored {
    let [head, tail] = names.map(str::to_lowercase);
    (head, tail, kind.to_lowercase(), probability.clamp(0.0, 1.0).to_bits())
}

/// Every relation of every document is found by both with the same score. Gives how many there are of each document.
fn compare_relations(task: RelationTask, documents: &[Document]) -> Vec<usize> {
    let (_folder, workbench, ids) = app(documents);
    let texts: Vec<&Document> = documents.iter().collect();
    let evaluated = evaluator().relations(task, &texts, ALL).unwrap();
    let mut counts = Vec::new();
    for ((id, document), evaluated) in ids.into_iter().zip(documents).zip(evaluated) {
        let request = ExtractRequest {
            document: id,
            task: match task {
                RelationTask::Bc5cdr => wire::RelationTask::Bc5cdr,
                RelationTask::Ddi => wire::RelationTask::Ddi,
                RelationTask::KdDti => wire::RelationTask::KdDti,
            },
            mode: ExtractionMode::Exhaustive,
            model_id: None,
        };
        workbench.extract_from("extract", &request, ALL, Arc::new(|_| ()));
        let id = workbench::library::document_id(id);
        let findings = workbench.opened().with(|library| library.findings_of_document(id)).unwrap();
        let app: Vec<Scored> = findings
            .iter()
            .map(|finding| {
                let Content::Relation { kind, participants } = &finding.prediction.content else {
                    panic!("{finding:?}")
                };
                let names = [participants[0].name.as_str(), participants[1].name.as_str()];
                scored(names, kind, finding.prediction.score.unwrap())
            })
            .collect();
        let evaluated: Vec<Scored> = evaluated
            .relations
            .iter()
            .map(|(stated, probability)| scored([&stated.head, &stated.tail], &stated.kind, *probability))
            .collect();
        // A name of a line break has blanks in the one and one blank in the other.
        let blanks = |all: &[Scored]| -> Vec<Scored> {
            let one = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            all.iter().map(|(head, tail, kind, bits)| (one(head), one(tail), kind.clone(), *bits)).collect()
        };
        assert_eq!(blanks(&app), blanks(&evaluated), "{}", document.id);
        counts.push(app.len());
    }
    counts
}

fn long_text() -> Document {
    let chemicals = ["Lithium", "Aspirin", "Warfarin", "Digoxin", "Morphine", "Cisplatin"];
    let diseases = ["nausea", "asthma", "hypertension", "seizures", "anemia", "hepatitis"];
    let sentences: Vec<String> = (0..72)
        .map(|number: usize| {
            let (chemical, disease) = (chemicals[number % 6], diseases[number / 6 % 6]);
            format!("In trial {number} the group that received {chemical} was watched for {disease} over some weeks.")
        })
        .collect();
    let mut document = Document::from_parts(
        "long",
        &[("title", "Adverse effects of six drugs."), ("abstract", &sentences.join(" "))],
    );
    // A name of more tokens than the model is asked about.
    let name = "(2S)-2-[[(2S)-2-[[(2S)-2-amino-3-(4-hydroxyphenyl)propanoyl]amino]-3-phenylpropanoyl]amino]-4-methylpentanoic \
                acid ethyl ester hydrochloride";
    document.push_passage("abstract", &format!("{name} caused nausea."));
    let start = document.text.find(name).unwrap();
    document.entities.push(Entity {
        id: "T1".to_owned(),
        kind: "Chemical".to_owned(),
        spans: vec![Span::new(start, start + name.len())],
        text: name.to_owned(),
        concepts: vec![Concept { vocabulary: "MESH".to_owned(), id: "D000001".to_owned() }],
        note: None,
        score: None,
        infons: Infons::new(),
    });
    document
}

#[test]
fn a_text_of_several_windows_gets_the_same_scores() {
    let counts = compare_relations(RelationTask::Bc5cdr, &[long_text()]);
    // Six drugs and six diseases in all windows together; the long name is asked about in none.
    assert_eq!(counts, [36]);
}

fn read(path: &str) -> Option<String> {
    Some(std::fs::read_to_string(shared(&format!("corpora/tasks/{path}"))?).unwrap())
}

#[test]
fn twenty_development_abstracts_get_the_same_scores() {
    let Some(text) = read("bc5cdr/CDR_DevelopmentSet.PubTator.txt") else { return };
    let bare = |document: Document| Document { entities: Vec::new(), relations: Vec::new(), ..document };
    let documents = bc5cdr::read_pubtator(&text, "dev").unwrap().documents;
    let documents: Vec<Document> = documents.into_iter().take(20).map(bare).collect();
    let counts = compare_relations(RelationTask::Bc5cdr, &documents);
    assert!(counts.iter().sum::<usize>() > 200, "{counts:?}");
    let Some(text) = read("ddi/valid.json") else { return };
    let documents = ddi::read(&text, "valid.json").unwrap().take(20);
    let documents: Vec<Document> = documents.map(|record| bare(record.unwrap().document())).collect();
    let counts = compare_relations(RelationTask::Ddi, &documents);
    assert!(counts.iter().sum::<usize>() > 20, "{counts:?}");
    let Some(text) = read("kd-dti/valid.names.json") else { return };
    let documents = kd_dti::read(&text, "valid.names.json").unwrap().take(3);
    let documents: Vec<Document> = documents.map(|record| bare(record.unwrap().document())).collect();
    let counts = compare_relations(RelationTask::KdDti, &documents);
    assert!(counts.iter().sum::<usize>() > 0, "{counts:?}");
}

/// What the events of a stream say.
fn collected<Event, T>(run: impl FnOnce(workbench::Sink<Event>), of: fn(Event) -> Option<T>) -> Vec<T>
where
    Event: Send + 'static,
    T: Send + 'static,
{
    let found = Arc::new(Mutex::new(Vec::new()));
    let into = Arc::clone(&found);
    run(Arc::new(move |told| {
        if let StreamItem::Event(event) = told.item
            && let Some(one) = of(event)
        {
            into.lock().unwrap().push(one);
        }
    }));
    std::mem::take(&mut *found.lock().unwrap())
}

fn compare_answers(questions: &[Question]) {
    let documents: Vec<Document> = questions.iter().map(Question::document).collect();
    let (_folder, workbench, ids) = app(&documents);
    let evaluated = evaluator().answers(questions).unwrap();
    for ((id, question), evaluated) in ids.into_iter().zip(questions).zip(evaluated) {
        let scope = AskScope::Documents { documents: vec![id] };
        let request = AskRequest { question: question.question.clone(), scope };
        let answered = collected(
            |sink| workbench.ask("ask", &request, sink),
            |event| match event {
                AskEvent::Answer { probabilities, .. } => Some(probabilities),
                _ => None,
            },
        );
        let [app] = &answered[..] else { panic!("{}: {answered:?}", question.pmid) };
        let app = [app.yes, app.no, app.maybe].map(f64::to_bits);
        assert_eq!(app, evaluated.map(f64::to_bits), "{}", question.pmid);
    }
}

fn question(pmid: &str, context: String) -> Question {
    Question {
        pmid: pmid.to_owned(),
        question: "Does lithium cause nausea?".to_owned(),
        contexts: vec![context],
        labels: vec!["RESULTS".to_owned()],
        meshes: Vec::new(),
        year: None,
        long_answer: String::new(),
        answer: None,
    }
}

#[test]
fn answers_get_the_same_probabilities() {
    let sentence =
        "Nausea was more frequent with lithium than with placebo in most of the groups (p < 0.05). ";
    compare_answers(&[question("short", sentence.to_owned()), question("long", sentence.repeat(60))]);
    let Some(text) = read("pubmedqa/pqal_fold0/dev_set.json") else { return };
    let questions: Vec<Question> =
        pubmedqa::read(&text, "dev_set.json").unwrap().take(20).map(Result::unwrap).collect();
    compare_answers(&questions);
}

fn compare_labels(documents: &[Document]) {
    let (_folder, workbench, ids) = app(documents);
    let evaluator = evaluator();
    for (id, document) in ids.into_iter().zip(documents) {
        let request = ClassifyRequest { documents: vec![id] };
        let app: Vec<Vec<u64>> = collected(
            |sink| workbench.classify("classify", &request, sink),
            |event| match event {
                ClassifyEvent::Sentence { scores, .. } => {
                    Some(scores.iter().map(|score| score.probability.to_bits()).collect())
                }
                ClassifyEvent::Labels { .. } => None,
            },
        );
        let sentences = tasks::sentences::of(document).into_iter();
        let sentences: Vec<String> =
            sentences.map(|span| span.slice(&document.text).unwrap().to_owned()).collect();
        let evaluated = evaluator.labels(&sentences).unwrap();
        let evaluated: Vec<Vec<u64>> =
            evaluated.into_iter().flatten().map(|scores| scores.map(f64::to_bits).to_vec()).collect();
        assert_eq!(app, evaluated, "{}", document.id);
        assert!(!app.is_empty(), "{}", document.id);
    }
}

#[test]
fn labels_get_the_same_probabilities() {
    // A sentence that is longer than the model reads at once is left out by both.
    let endless = "cells and more ".repeat(500);
    let text = format!("The cells died by apoptosis. {endless} grew. New vessels grew into the tumor.");
    compare_labels(&[Document::from_parts("own", &[("abstract", &text)])]);
    let Some(text) = read("hoc/documents.jsonl") else { return };
    let documents = hoc::read_documents(&text, "documents.jsonl").take(5);
    compare_labels(&documents.map(|record| record.unwrap().document()).collect::<Vec<_>>());
}
