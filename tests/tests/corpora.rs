//! The use cases over the public corpora with the starter model, where this machine has them: every finding stands in its
//! text, and the two ways to find relations are compared. A sample by default, so that it stays quick; all of it with
//! `OSLER_ALL=1 cargo test --workspace --test corpora -- --nocapture`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what these tests share is test code too"
)]

use std::collections::BTreeSet;
use std::sync::Arc;

use documents::corpora::{bc5cdr, ddi, hoc, kd_dti, pubmedqa};
use documents::{Concept, Content, Document, Grade, Target};
use osler_tests::{checkout, shared};
use sessions::{By, Finding, Imported, NewDocument};
use tasks::evaluation;
use tempfile::TempDir;
use workbench::wire::{ClassifyRequest, ExtractRequest, ExtractionMode, Id, RelationTask};
use workbench::{AppPaths, Workbench};

/// One document in so many is taken for the sample.
const SAMPLE: usize = 150;

fn sampled(documents: Vec<Document>) -> Vec<Document> {
    let step = if std::env::var_os("OSLER_ALL").is_some() { 1 } else { SAMPLE };
    documents.into_iter().step_by(step).collect()
}

/// A workbench over a new library of these texts, without what their annotators wrote.
fn furnished(documents: &[Document]) -> (TempDir, Workbench, Vec<Id>) {
    let folder = tempfile::tempdir().unwrap();
    let mut places = AppPaths::below(folder.path());
    places.models = vec![checkout().join("models/starter")];
    places.dictionaries = vec![checkout().join("models/terms")];
    let workbench = Workbench::open(places).unwrap();
    let bare: Vec<Document> = documents
        .iter()
        .map(|document| Document { entities: Vec::new(), relations: Vec::new(), ..document.clone() })
        .collect();
    let new: Vec<NewDocument<'_>> =
        bare.iter().map(|document| NewDocument { document, origin: "corpus", format: "corpus" }).collect();
    let opened = workbench.opened();
    let imported = opened.with(|library| library.import(By::new("test", opened.now()), &new)).unwrap();
    let ids = imported
        .iter()
        .map(|one| match one {
            Imported::New(id) | Imported::Updated(id) | Imported::Known(id) => Id::try_from(id.0).unwrap(),
            Imported::Broken(span) => panic!("broken at {span:?}"),
        })
        .collect();
    (folder, workbench, ids)
}

fn findings(workbench: &Workbench, document: Id) -> Vec<Finding> {
    let id = workbench::library::document_id(document);
    workbench.opened().with(|library| library.findings_of_document(id)).unwrap()
}

fn extract(workbench: &Workbench, document: Id, task: RelationTask, mode: ExtractionMode) {
    let request = ExtractRequest { document, task, mode, model_id: None };
    workbench.extract("extract", &request, Arc::new(|_| ()));
}

/// Every place that a finding points at holds words, and a name that is said to stand in the text stands there.
fn check(text: &str, finding: &Finding) {
    let prediction = &finding.prediction;
    for span in prediction.content.spans().iter().chain(&prediction.evidence) {
        assert!(span.slice(text).is_some_and(|words| !words.trim().is_empty()), "{finding:?}");
    }
    let Content::Relation { participants, .. } = &prediction.content else { return };
    for one in participants {
        let quoted: Vec<&str> = one.spans.iter().filter_map(|span| span.slice(text)).collect();
        match one.grade {
            Grade::Exact | Grade::Case => assert!(quoted.contains(&one.name.as_str()), "{one:?} {quoted:?}"),
            Grade::Alias | Grade::Abbreviation => assert!(!quoted.is_empty(), "{one:?}"),
            Grade::Absent => assert!(quoted.is_empty(), "{one:?}"),
        }
    }
}

fn check_relations(name: &str, task: RelationTask, documents: Vec<Document>) {
    let documents = sampled(documents);
    let (_folder, workbench, ids) = furnished(&documents);
    let mut found = 0;
    for (id, document) in ids.iter().zip(&documents) {
        extract(&workbench, *id, task, ExtractionMode::Generate);
        let findings = findings(&workbench, *id);
        findings.iter().for_each(|finding| check(&document.text, finding));
        found += findings.len();
    }
    println!("{name}: {found} findings in {} documents, each where it says", documents.len());
}

fn read(path: &str) -> Option<String> {
    Some(std::fs::read_to_string(shared(&format!("corpora/tasks/{path}"))?).unwrap())
}

#[test]
fn every_finding_of_every_corpus_stands_where_it_says() {
    for part in ["Training", "Development", "Test"] {
        let Some(text) = read(&format!("bc5cdr/CDR_{part}Set.PubTator.txt")) else { return };
        let documents = bc5cdr::read_pubtator(&text, part).unwrap().documents;
        check_relations(&format!("BC5CDR {part}"), RelationTask::Bc5cdr, documents);
    }
    for part in ["train.json", "valid.json", "test.json"] {
        let Some(json) = read(&format!("ddi/{part}")) else { return };
        let documents = ddi::read(&json, part).unwrap().map(|record| record.unwrap().document()).collect();
        check_relations(&format!("DDI {part}"), RelationTask::Ddi, documents);
    }
    for part in ["valid.json", "test.json"] {
        let Some(json) = read(&format!("kd-dti/{part}")) else { return };
        let documents = kd_dti::read(&json, part).unwrap().map(|record| record.unwrap().document()).collect();
        check_relations(&format!("KD-DTI {part}"), RelationTask::KdDti, documents);
    }
    let Some(json) = read("pubmedqa/ori_pqal.json") else { return };
    let records = pubmedqa::read(&json, "ori_pqal.json").unwrap();
    check_relations("PubMedQA", RelationTask::Bc5cdr, records.map(|one| one.unwrap().document()).collect());
    let Some(jsonl) = read("hoc/documents.jsonl") else { return };
    let records = hoc::read_documents(&jsonl, "documents.jsonl");
    let documents = sampled(records.map(|record| record.unwrap().document()).collect());
    let (_folder, workbench, ids) = furnished(&documents);
    let request = ClassifyRequest { documents: ids.clone() };
    workbench.classify("classify", &request, Arc::new(|_| ()));
    let mut found = 0;
    for (id, document) in ids.iter().zip(&documents) {
        let findings = findings(&workbench, *id);
        findings.iter().for_each(|finding| check(&document.text, finding));
        found += findings.len();
    }
    println!("HoC: {found} labels in {} documents, each where it says", documents.len());
}

type Pairs = BTreeSet<(String, String, String)>;

/// Pairs of MeSH ids; a name without one is in no gold set.
fn pair(document: &str, concepts: [Option<&Concept>; 2], names: [&str; 2]) -> (String, String, String) {
    let id = |place: usize| match concepts[place] {
        Some(concept) if concept.vocabulary.eq_ignore_ascii_case("mesh") => concept.id.clone(),
        _ => format!("-1 {}", names[place]),
    };
    (document.to_owned(), id(0), id(1))
}

/// End to end from raw text on the development part of BC5CDR: what each way finds, scored on MeSH ids as BioCreative does.
#[test]
fn writing_relations_and_scoring_all_pairs_are_compared() {
    let Some(text) = read("bc5cdr/CDR_DevelopmentSet.PubTator.txt") else { return };
    let documents = sampled(bc5cdr::read_pubtator(&text, "dev").unwrap().documents);
    let mut gold = Pairs::new();
    for document in &documents {
        for relation in &document.relations {
            let concept = |place: usize| match &relation.arguments[place].target {
                Target::Concept(concept) => concept.id.clone(),
                other => panic!("{other:?}"),
            };
            gold.insert((document.id.clone(), concept(0), concept(1)));
        }
    }
    for mode in [ExtractionMode::Generate, ExtractionMode::Exhaustive] {
        let (_folder, workbench, ids) = furnished(&documents);
        let mut found = Pairs::new();
        for (id, document) in ids.iter().zip(&documents) {
            extract(&workbench, *id, RelationTask::Bc5cdr, mode);
            for finding in findings(&workbench, *id) {
                check(&document.text, &finding);
                let Content::Relation { participants, .. } = &finding.prediction.content else { continue };
                let [head, tail] = &participants[..] else { panic!("{participants:?}") };
                let concepts = [head.concepts.first(), tail.concepts.first()];
                found.insert(pair(&document.id, concepts, [&head.name, &tail.name]));
            }
        }
        let scores = evaluation::chemical_disease(&found, &gold);
        println!(
            "{mode:?} on {} documents: precision {:.2}, recall {:.2}, F1 {:.2}; {} pairs found, {} in the corpus",
            documents.len(),
            100.0 * scores.precision,
            100.0 * scores.recall,
            100.0 * scores.f,
            found.len(),
            gold.len()
        );
        assert!((0.0..=1.0).contains(&scores.f), "{scores:?}");
    }
}
