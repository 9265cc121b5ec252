//! `osler-cli verify`: a result comes out again, or what differs is said.

use documents::Document;
use documents::formats::{self, Format, WriteOptions};
use osler_tests::User;

use crate::user;

/// Runs every kind of task over texts, with and without mentions of their own, which are given to the model as they are.
fn furnish(user: &User) {
    for file in ["abstract.xml", "abstracts/pubtator.txt"] {
        let run = |arguments: &[&str]| {
            drop(
                user.output(&[arguments, &["--device", "cpu", "--library", "ward.osler", file][..]].concat()),
            );
        };
        run(&["extract", "--task", "bc5cdr"]);
        run(&["extract", "--task", "ddi"]);
        run(&["extract", "--task", "bc5cdr", "--mode", "exhaustive", "--threshold", "0.01"]);
        run(&["answer", "--question", "Is it safe?"]);
        run(&["classify"]);
    }
}

fn exported(user: &User, format: &str, content: &str) -> String {
    let out = format!("ward.{format}");
    let _ = user.output(&[
        "export",
        "--library",
        "ward.osler",
        "--to",
        format,
        "--content",
        content,
        "--out",
        &out,
    ]);
    out
}

/// Changes an export as somebody with an editor would, and gives what `verify` then says on standard output.
fn changed(user: &User, export: &str, change: impl FnOnce(&mut Document)) -> String {
    let mut documents = formats::read(user.read(export).as_bytes(), export).unwrap().documents;
    change(&mut documents[0]);
    let written = formats::write(&documents, Format::Jsonl, &WriteOptions::default()).unwrap();
    user.write("changed.jsonl", &written.files[0].1);
    let output = user.command(&["verify", "--device", "cpu", "changed.jsonl"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_kind_of_result_comes_out_again_and_what_differs_is_said() {
    let user = user();
    furnish(&user);
    for (format, content) in [
        ("jsonl", "everything"),
        ("bioc-xml", "everything"),
        ("bioc-json", "predicted"),
        ("training", "everything"),
    ] {
        let verified = user.output(&["verify", "--device", "cpu", &exported(&user, format, content)]);
        assert!(verified.lines().count() >= 12, "{verified}");
        assert!(verified.lines().all(|line| line.ends_with(": identical")), "{format}: {verified}");
    }
    formats_without_a_place_for_the_record_are_verified_by_the_one_beside_them(&user);
    a_second_export_of_an_export_is_verified_by_its_own_records(&user);
    what_differs_is_said_exactly(&user);
}

/// Each format, what it says of the first relation's type or score with what somebody makes of it, and a thing that it
/// cannot hold.
const KEPT_OUTSIDE: [(&str, &str, &str, &str, &str); 6] = [
    ("pubtator", "ward.pubtator", "\tCID\t", "\ttreats\t", "relations get other ids"),
    ("brat", "ward", "CID ", "treats ", "properties of documents are not kept"),
    (
        "pubannotation",
        "ward.pubannotation",
        "\"pred\": \"CID\"",
        "\"pred\": \"treats\"",
        "roles of participants change",
    ),
    ("csv", "ward.csv", ",CID,", ",treats,", "mentions are left out"),
    ("tsv", "ward.tsv", "\tCID\t", "\ttreats\t", "texts are not in the file"),
    (
        "html",
        "ward.html",
        "<strong>CID</strong>",
        "<strong>treats</strong>",
        "properties of documents are not kept",
    ),
];

fn formats_without_a_place_for_the_record_are_verified_by_the_one_beside_them(user: &User) {
    for (format, export, was, is, lost) in KEPT_OUTSIDE {
        let _ = exported(user, format, "everything");
        let verify = ["verify", "--device", "cpu", export];
        let verified = user.output(&verify);
        let (file, runs): (Vec<&str>, Vec<&str>) =
            verified.lines().partition(|line| line.starts_with("ward"));
        assert!(file[0].ends_with("says what its record says: identical"), "{format}: {verified}");
        assert!(file[1].contains("not compared there") && file[1].contains(lost), "{format}: {verified}");
        assert!(
            runs.len() >= 12 && runs.iter().all(|line| line.ends_with(": identical")),
            "{format}: {verified}"
        );

        // Somebody changes a relation in the file: that is told, and the runs still come out again.
        let changed = if format == "brat" {
            let names = std::fs::read_dir(user.path(export)).unwrap().map(|entry| entry.unwrap().file_name());
            let mut names: Vec<String> =
                names.map(|name| format!("{export}/{}", name.to_string_lossy())).collect();
            names.sort();
            names.into_iter().find(|name| name.ends_with(".ann") && user.read(name).contains(was)).unwrap()
        } else {
            export.to_owned()
        };
        let before = user.read(&changed);
        assert!(before.contains(was), "{format}: {before}");
        user.write(&changed, before.replacen(was, is, 1));
        let output = user.command(&[&verify[..], &["--json"]].concat()).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{format}: {output:?}");
        let told = String::from_utf8(output.stdout).unwrap();
        let mut lines = told.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let file = lines.next().unwrap();
        let differences = file["differences"].to_string();
        assert!(
            file["identical"] == false && differences.contains("treats") && differences.contains("CID"),
            "{file}"
        );
        assert!(lines.all(|line| line["identical"] == true), "{told}");
        user.write(&changed, before);

        if format != "html" {
            let record = if format == "brat" {
                "ward/ward.runs.json".to_owned()
            } else {
                format!("{export}.runs.json")
            };
            // A record that was changed itself is seen by running it again.
            let kept = user.read(&record);
            user.write(&record, kept.replacen("\\\"findings\\\":", "\\\"findings\\\":9", 1));
            let output = user.command(&verify).output().unwrap();
            assert!(
                String::from_utf8_lossy(&output.stdout).contains("findings instead of 9"),
                "{format}: {output:?}"
            );
            std::fs::remove_file(user.path(&record)).unwrap();
            let complaint = user.complaint(&verify);
            assert!(
                complaint.contains(".runs.json is not beside it")
                    && complaint.contains("export the results again"),
                "{complaint}"
            );
        }
    }
}

fn a_second_export_of_an_export_is_verified_by_its_own_records(user: &User) {
    let export = exported(user, "bioc-json", "everything");
    let second = ["--library", "second.osler"];
    let _ =
        user.output(&[&["extract", "--device", "cpu", "--task", "bc5cdr", &export], &second[..]].concat());
    let _ = user.output(&[&["export", "--to", "jsonl", "--out", "second.jsonl"], &second[..]].concat());
    let verified = user.output(&["verify", "second.jsonl"]);
    assert_eq!(verified.lines().count(), 3, "{verified}");
    assert!(verified.lines().all(|line| line.ends_with("relations/bc5cdr: identical")), "{verified}");
}

fn what_differs_is_said_exactly(user: &User) {
    let export = exported(user, "jsonl", "everything");
    let finding = |document: &Document, kind: &str| {
        document.relations.iter().position(|one| one.kind == kind && one.infons.contains_key("run")).unwrap()
    };
    let told = changed(user, &export, |document| {
        let place = finding(document, "CID");
        document.relations[place].score = Some(0.987_6);
    });
    assert!(told.contains("instead of 0.9876: CID: "), "{told}");
    let told = changed(user, &export, |document| {
        let place = finding(document, "CID");
        document.relations.remove(place);
    });
    assert!(told.contains("newly found: CID: "), "{told}");
    let told = changed(user, &export, |document| {
        let place = finding(document, "CID");
        document.relations[place].kind = "treats".to_owned();
    });
    assert!(told.contains("no longer found: treats: ") && told.contains("newly found: CID: "), "{told}");
    let told = changed(user, &export, |document| {
        let key =
            document.infons.keys().find(|key| key.starts_with("answer.") && key.matches('.').count() == 1);
        let key = key.unwrap().clone();
        document.infons.insert(key, "maybe".to_owned());
    });
    assert!(told.contains("instead of maybe: Is it safe?"), "{told}");
    // Another id of a name, where it stands with its mention, is another result.
    let told = changed(user, &export, |document| {
        let made = document.entities.iter_mut().find(|one| one.infons.contains_key("made_for"));
        let concept = made.and_then(|one| one.concepts.first_mut()).expect("a mention with an id");
        concept.id = "D000000".to_owned();
    });
    assert!(told.contains("ids of mention") && told.contains("D000000"), "{told}");
    // Of a run that was stopped only what it had found is compared, and nobody says that the run is identical; of one that
    // failed nothing is.
    for (state, code, words) in [
        ("stopped", 0, "did not come to its end"),
        ("running", 0, "did not come to its end"),
        ("failed", 1, "failed"),
    ] {
        let mut unfinished = formats::read(user.read(&export).as_bytes(), &export).unwrap().documents;
        let place = finding(&unfinished[0], "CID");
        unfinished[0].relations.remove(place);
        for record in unfinished.iter_mut().flat_map(|document| document.infons.values_mut()) {
            *record = record.replace("\"state\":\"finished\"", &format!("\"state\":\"{state}\""));
        }
        let written = formats::write(&unfinished, Format::Jsonl, &WriteOptions::default()).unwrap();
        user.write("unfinished.jsonl", &written.files[0].1);
        let output = user.command(&["verify", "--device", "cpu", "unfinished.jsonl"]).output().unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(code), "{state}: {told}");
        assert!(
            told.lines().all(|line| line.contains(words) && !line.contains("identical")),
            "{state}: {told}"
        );
    }
    // A file that was cut is sound as far as it goes, and is not all that was written.
    let lines = user.read(&export);
    assert!(lines.lines().count() > 1, "{lines}");
    user.write("cut.jsonl", lines.lines().next().unwrap());
    let output = user.command(&["verify", "--device", "cpu", "cut.jsonl"]).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(1) && told.contains("the export was cut: 1 of the "), "{told}");
    let told = changed(user, &export, |document| {
        let end = document.text.len() - 1;
        document.text.replace_range(end.., "!");
    });
    assert!(told.contains("the text is another one"), "{told}");
    let told = changed(user, &export, |document| {
        for record in
            document.infons.iter_mut().filter(|(key, _)| key.starts_with("run.")).map(|(_, value)| value)
        {
            *record = record.replace("\"model_sha256\":\"", "\"model_sha256\":\"0");
        }
    });
    assert!(told.contains("model: 0") && told.contains(" now"), "{told}");
    other_guidance_is_told(user, &export);
}

fn other_guidance_is_told(user: &User, export: &str) {
    let starter = osler_tests::checkout().join("models/starter");
    for file in std::fs::read_dir(starter).unwrap().map(|entry| entry.unwrap().path()) {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        user.write(&format!("fitted/{name}"), std::fs::read(&file).unwrap());
    }
    // The same weights, fitted anew: no file holds other numbers yet, and what would give them is told all the same.
    let guidance = user.read("fitted/tasks.json");
    let blank = guidance.rfind(char::is_whitespace).unwrap();
    let other = if &guidance[blank..=blank] == " " { "\n" } else { " " };
    user.write("fitted/tasks.json", [&guidance[..blank], other, &guidance[blank + 1..]].concat());
    let verify = ["verify", "--device", "cpu", "--model", "fitted"];
    let output = user.command(&[&verify[..], &[export]].concat()).output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.lines().count() >= 12, "{told}");
    assert!(told.lines().all(|line| line.contains("taught beside its weights")), "{told}");
    // Records of an Osler that did not write it down are compared in the rest.
    let mut documents = formats::read(user.read(export).as_bytes(), export).unwrap().documents;
    for record in documents.iter_mut().flat_map(|document| &mut document.infons) {
        if record.0.starts_with("run.") {
            let mut fields: serde_json::Value = serde_json::from_str(record.1).unwrap();
            fields.as_object_mut().unwrap().remove("guidance_sha256").unwrap();
            *record.1 = fields.to_string();
        }
    }
    let written = formats::write(&documents, Format::Jsonl, &WriteOptions::default()).unwrap();
    user.write("before.jsonl", &written.files[0].1);
    let told = user.output(&[&verify[..], &["before.jsonl"]].concat());
    assert!(told.lines().all(|line| line.ends_with(": identical")), "{told}");
}
