//! Prompts, targets, readings and scores against what the BioGPT repository's own scripts give
//! (`../shared/parity/README.md`, "eval").

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a failing helper fails the test; a skipped test says so"
)]

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::PathBuf;

use documents::corpora;
use serde::Serialize;
use serde_json::{Value, json};
use tasks::evaluation::{self, NameTable};
use tasks::relations::{bc5cdr, ddi, kd_dti};
use tasks::{RelationTask, Stated, answer, classify, source};

const CASES: [&str; 4] = ["perfect", "mild", "mid", "heavy"];

/// The folder with the reference cases, if this machine has it.
fn eval() -> Option<PathBuf> {
    let shared = std::env::var_os("OSLER_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
        PathBuf::from,
    );
    let folder = shared.join("parity/eval");
    if !folder.is_dir() {
        assert_ne!(
            std::env::var("CI").as_deref(),
            Ok("true"),
            "{} not found, and CI skips nothing",
            folder.display()
        );
        eprintln!("skipped: {} not found", folder.display());
        return None;
    }
    Some(folder)
}

struct Case {
    outputs: Vec<String>,
    ids: Vec<String>,
    gold: String,
    folder: PathBuf,
    expected: Value,
}

impl Case {
    fn read(folder: PathBuf) -> Self {
        let lines = |name: &str| -> Vec<String> {
            let text = fs::read_to_string(folder.join(name)).unwrap_or_default();
            text.split_terminator('\n').map(str::to_owned).collect()
        };
        let file = |name: &str| fs::read_to_string(folder.join(name)).ok();
        Self {
            outputs: lines("outputs.txt"),
            ids: lines("ids.txt"),
            gold: file("gold.json").or_else(|| file("gold.txt")).unwrap(),
            expected: serde_json::from_str(&file("expected.json").unwrap()).unwrap(),
            folder,
        }
    }

    fn check_failed(&self, failed: impl Fn(&str) -> bool) {
        let lines: Vec<usize> =
            (1..).zip(&self.outputs).filter(|(_, output)| failed(output)).map(|(line, _)| line).collect();
        assert_eq!(json!(lines), self.expected["failed_lines"], "{}", self.folder.display());
        assert_eq!(json!(self.outputs.len()), self.expected["total"]);
    }

    fn check_scores(&self, scores: impl Serialize) {
        assert_eq!(
            serde_json::to_value(scores).unwrap(),
            self.expected["scores"],
            "{}",
            self.folder.display()
        );
    }
}

fn cases(task: &str) -> Vec<Case> {
    let Some(eval) = eval() else { return Vec::new() };
    CASES.iter().map(|case| Case::read(eval.join(task).join(case))).collect()
}

#[test]
fn bc5cdr_outputs_are_read_and_scored_as_the_reference_does() {
    for case in cases("BC5CDR") {
        case.check_failed(|output| bc5cdr::read(output).is_failed());
        let entities = fs::read_to_string(case.folder.join("entities.json")).unwrap();
        let names = NameTable::new(&corpora::bc5cdr::read_names(&entities, "entities.json").unwrap());
        let mut extracted = Vec::new();
        for (id, output) in case.ids.iter().zip(&case.outputs) {
            for relation in bc5cdr::read(output).relations {
                let (chemical, disease) = names.ids(&relation);
                extracted.push((id.clone(), chemical, disease));
            }
        }
        assert_eq!(json!(extracted), case.expected["extracted_pmid_chemical_disease"]);
        let gold: HashMap<String, Vec<(String, String)>> = serde_json::from_str(&case.gold).unwrap();
        let gold: BTreeSet<_> = gold
            .into_iter()
            .flat_map(|(id, pairs)| pairs.into_iter().map(move |(c, d)| (id.clone(), c, d)))
            .collect();
        case.check_scores(evaluation::chemical_disease(&extracted.into_iter().collect(), &gold));
    }
}

fn check_triples(task: &str, read: fn(&str) -> tasks::relations::Reading) {
    for case in cases(task) {
        case.check_failed(|output| read(output).is_failed());
        let readings: Vec<Vec<Stated>> = case.outputs.iter().map(|output| read(output).relations).collect();
        let extracted: Vec<Value> = readings
            .iter()
            .map(|relations| match relations.as_slice() {
                [] => json!([["failed", "failed", "failed"]]),
                some => some.iter().map(|r| json!([r.head, r.tail, r.kind])).collect(),
            })
            .collect();
        assert_eq!(json!(extracted), case.expected["extracted_subject_object_relation"]);
        let gold = corpora::kd_dti::read(&case.gold, "gold.json")
            .unwrap()
            .map(Result::unwrap)
            .map(|record| (record.pmid.clone(), kd_dti::gold(&record)))
            .collect();
        let predicted: Vec<_> = case.ids.iter().cloned().zip(readings).collect();
        let (scores, documents) = evaluation::triples(&predicted, &gold);
        case.check_scores(scores);
        let expected = case.expected["sample_f1"].as_array().unwrap();
        assert_eq!(documents.len(), expected.len());
        for (document, expected) in documents.iter().zip(expected) {
            assert_eq!(json!(document.id), expected[0]);
            assert!((document.f1 - expected[1].as_f64().unwrap()).abs() < 1e-12);
        }
    }
}

#[test]
fn ddi_outputs_are_read_and_scored_as_the_reference_does() {
    check_triples("DDI", ddi::read);
}

#[test]
fn kd_dti_outputs_are_read_and_scored_as_the_reference_does() {
    check_triples("KD-DTI", kd_dti::read);
}

#[test]
fn pubmedqa_outputs_are_read_and_scored_as_the_reference_does() {
    for case in cases("PubMedQA") {
        case.check_failed(|output| answer::read(output).is_none());
        let read: Vec<Option<String>> = case.outputs.iter().map(|output| answer::read(output)).collect();
        let extracted: Vec<&str> = read.iter().map(|words| words.as_deref().unwrap_or("failed")).collect();
        assert_eq!(json!(extracted), case.expected["extracted"]);
        let gold = corpora::pubmedqa::read_answers(&case.gold, "gold.json").unwrap();
        let gold: Vec<String> = gold.into_iter().map(|(_, answer)| answer).collect();
        case.check_scores(evaluation::answers(&read, &gold));
    }
}

#[test]
fn hoc_outputs_are_read_and_scored_as_the_reference_does() {
    for case in cases("HoC") {
        case.check_failed(|output| classify::read(output).is_none());
        let read: Vec<Option<String>> = case.outputs.iter().map(|output| classify::read(output)).collect();
        let extracted: Vec<&str> = read.iter().map(|words| words.as_deref().unwrap_or("failed")).collect();
        assert_eq!(json!(extracted), case.expected["extracted"]);
        let gold: Vec<String> = case.gold.lines().map(str::to_owned).collect();
        case.check_scores(evaluation::labels(&read, &gold));
    }
}

/// Raw file and expected pairs of a task.
fn rebuild(task: &str, raw: &str) -> Option<(String, Value)> {
    let folder = eval()?.join("rebuild").join(task);
    let file = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
    Some((file(raw), serde_json::from_str(&file("expected.json")).unwrap()))
}

fn check_pairs(pairs: &[(String, String)], expected: &Value) {
    let lines = |key: &str| expected[key].as_array().unwrap();
    assert_eq!(pairs.len(), lines("x").len());
    for ((prompt, target), (x, y)) in pairs.iter().zip(lines("x").iter().zip(lines("y"))) {
        assert_eq!(Some(prompt.as_str()), x.as_str());
        assert_eq!(Some(target.as_str()), y.as_str());
    }
}

fn pair(task: RelationTask, document: &documents::Document, gold: &[Stated]) -> (String, String) {
    let prompt = task.prompt(document, source::whole(document));
    let target = task.target(gold, &prompt);
    (prompt, target)
}

#[test]
fn bc5cdr_pairs_are_built_as_the_reference_builds_them() {
    let Some((raw, expected)) = rebuild("BC5CDR", "raw.json") else {
        return;
    };
    let records = corpora::bc5cdr::read(&raw, "raw.json").unwrap().map(Result::unwrap);
    let pairs: Vec<_> = records
        .map(|record| pair(RelationTask::Bc5cdr, &record.document(), &bc5cdr::gold(&record)))
        .collect();
    check_pairs(&pairs, &expected);
}

#[test]
fn ddi_pairs_are_built_as_the_reference_builds_them() {
    let Some((raw, expected)) = rebuild("DDI", "raw.json") else {
        return;
    };
    let records = corpora::ddi::read(&raw, "raw.json").unwrap().map(Result::unwrap);
    let pairs: Vec<_> =
        records.map(|record| pair(RelationTask::Ddi, &record.document(), &ddi::gold(&record))).collect();
    check_pairs(&pairs, &expected);
}

#[test]
fn kd_dti_pairs_are_built_as_the_reference_builds_them() {
    let Some((raw, expected)) = rebuild("KD-DTI", "raw.json") else {
        return;
    };
    let records = corpora::kd_dti::read(&raw, "raw.json").unwrap().map(Result::unwrap);
    let pairs: Vec<_> =
        records.map(|record| pair(RelationTask::KdDti, &record.document(), &kd_dti::gold(&record))).collect();
    check_pairs(&pairs, &expected);
}

#[test]
fn pubmedqa_pairs_are_built_as_the_reference_builds_them() {
    let Some((raw, expected)) = rebuild("PubMedQA", "raw.json") else {
        return;
    };
    let records = corpora::pubmedqa::read(&raw, "raw.json").unwrap().map(Result::unwrap);
    let pairs: Vec<_> = records
        .map(|record| {
            let document = record.document();
            let prompt = answer::prompt(&record.question, &document, source::whole(&document));
            let gold = answer::Answer::from_word(record.answer.as_deref().unwrap()).unwrap();
            (prompt, answer::target(gold))
        })
        .collect();
    check_pairs(&pairs, &expected);
}

#[test]
fn hoc_pairs_are_built_as_the_reference_builds_them() {
    let Some((raw, expected)) = rebuild("HoC", "raw.tsv") else {
        return;
    };
    let pairs: Vec<_> = corpora::hoc::read(&raw, "raw.tsv")
        .map(Result::unwrap)
        .map(|sentence| {
            let labels: Vec<&str> = sentence.hallmarks().collect();
            (classify::prompt(&sentence.text), classify::target(&labels))
        })
        .collect();
    check_pairs(&pairs, &expected);
}
