//! Batches that are killed and go on.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::Value;

use osler_tests::User;

use crate::user;

const DOCUMENTS: usize = 24;

/// Many short documents in one folder, one of them not readable at all.
fn furnish(user: &User) {
    let names = ["Aspirin", "Warfarin", "Lithium carbonate", "Cocaine", "Metformin", "Naloxone"];
    let harms = ["nausea", "bleeding", "asthma", "seizures"];
    for number in 0..DOCUMENTS {
        let (name, harm) = (names[number % names.len()], harms[number % harms.len()]);
        let text = format!(
            "Case {number}\n\n{name} may cause {harm}. In case {number} it did not cause renal failure."
        );
        user.write(&format!("ward/case-{number:02}.txt"), text);
    }
    user.write("ward/scan.pdf", b"%PDF-1.4\nnot really");
}

/// What was said about each document, without numbers of rows: from an export of everything.
fn said(user: &User, library: &str) -> Vec<(String, Vec<Value>)> {
    let out = format!("{library}.jsonl");
    let _ = user.output(&["export", "--library", library, "--to", "jsonl", "--out", &out]);
    let documents = documents::formats::read(user.read(&out).as_bytes(), &out).unwrap().documents;
    let mut said: Vec<(String, Vec<Value>)> = documents
        .iter()
        .map(|document| {
            let runs = document.infons.keys().filter(|key| key.starts_with("run.")).count();
            assert_eq!(runs, 1, "{} was worked on {runs} times", document.id);
            let relation = |one: &documents::Relation| {
                serde_json::json!({ "kind": one.kind, "arguments": format!("{:?}", one.arguments), "score": one.score,
                                    "evidence": format!("{:?}", one.evidence) })
            };
            (document.text.clone(), document.relations.iter().map(relation).collect())
        })
        .collect();
    said.sort_by(|one, two| one.0.cmp(&two.0));
    said
}

#[test]
fn a_killed_batch_goes_on_does_nothing_twice_and_says_what_single_documents_say() {
    let user = user();
    furnish(&user);
    let mut kills = 0;
    let last = loop {
        let first = ["batch", "--task", "bc5cdr", "ward", "--library", "killed.osler", "--json"];
        let again = ["batch", "--resume", "--library", "killed.osler", "--json"];
        let arguments = if kills == 0 { &first[..] } else { &again[..] };
        let mut child = user.command(arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        // Killed while it works on the document after the third, the sixth ...
        let told: Vec<Value> =
            lines.by_ref().take(3).map(|line| serde_json::from_str(&line).unwrap()).collect();
        let over = told.last().filter(|batch| batch["state"] == "finished").cloned();
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
        if let Some(batch) = over {
            break batch;
        }
        assert!(kills < 30, "it never ends");
    };
    assert!(kills >= 5, "it was killed {kills} times");
    assert_eq!(
        (&last["done"], &last["failed"], &last["total"]),
        (&DOCUMENTS.into(), &0.into(), &DOCUMENTS.into())
    );
    let killed = said(&user, "killed.osler");
    assert_eq!(killed.len(), DOCUMENTS);

    for number in 0..DOCUMENTS {
        let file = format!("ward/case-{number:02}.txt");
        let _ = user.output(&["extract", "--task", "bc5cdr", "--library", "single.osler", &file]);
    }
    assert_eq!(killed, said(&user, "single.osler"));
    assert!(killed.iter().all(|(_, relations)| !relations.is_empty()));
}

#[test]
fn a_file_that_cannot_be_read_is_told_and_the_rest_is_done() {
    let user = user();
    furnish(&user);
    let output =
        user.command(&["batch", "--task", "classify", "ward", "--library", "w.osler"]).output().unwrap();
    let (told, problems) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(output.status.code(), Some(1));
    assert!(told.starts_with(&format!("{DOCUMENTS} of {DOCUMENTS} documents done, 0 failed")), "{told}");
    assert!(problems.contains("scan.pdf"), "{problems}");
}
