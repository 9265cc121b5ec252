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

/// With words that the scripted model fails at: they fail again, are counted once, and no other document is done twice.
#[test]
fn documents_that_failed_are_tried_again_when_that_is_asked_for() {
    let user = user();
    user.write("ward/1.txt", "Aspirin may cause nausea.");
    user.write("ward/2.txt", "Aspirin may cause asthma: scripted-failure.");
    let batch = [
        "batch",
        "--task",
        "bc5cdr",
        "ward",
        "--library",
        "w.osler",
        "--model",
        "scripted",
        "--mode",
        "generate",
    ];
    let retry = ["batch", "--resume", "--retry-failed", "--library", "w.osler", "--model", "scripted"];
    for arguments in [&batch[..], &retry, &retry] {
        let output = user.command(arguments).output().unwrap();
        let (told, problems) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(1), "{problems}");
        assert!(told.starts_with("1 of 2 documents done, 1 failed"), "{told} {problems}");
        assert!(problems.contains("asked to fail"), "{problems}");
    }
    let listed = user.lines(&["review", "list", "--library", "w.osler", "--json"]);
    assert!(!listed.is_empty());
    assert!(listed.iter().all(|line| line["document"] == listed[0]["document"]), "{listed:?}");
    let told = user.complaint(&["batch", "--resume", "--library", "w.osler", "--model", "scripted"]);
    assert!(told.contains("unfinished"), "{told}");
}
