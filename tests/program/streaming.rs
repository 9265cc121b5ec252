//! `osler-cli extract|mentions|answer|classify --out`: files as a stream, an output for each.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use documents::formats;
use flate2::Compression;
use flate2::write::GzEncoder;
use osler_tests::User;
use serde_json::Value;

use crate::user;

/// Sentences that hold a relation, none, and one that is denied.
const TEXTS: [&str; 3] = [
    "Naloxone induced hypertension in two patients. The blood pressure rose after naloxone.",
    "We describe the history of a hospital in words alone.",
    "Lithium carbonate did not cause nausea in rats, while β-blockers caused asthma.",
];

/// A file of PubMed, of which every ninth record has no text.
fn pubmed(from: usize, records: usize) -> String {
    let mut file = "<?xml version=\"1.0\"?>\n<PubmedArticleSet>\n".to_owned();
    for n in from..from + records {
        let (title, text) =
            if n % 9 == 4 { (String::new(), "") } else { (format!("Case {n}."), TEXTS[n % 3]) };
        let _ = writeln!(
            file,
            "<PubmedArticle><MedlineCitation><PMID>{n}</PMID><Article><ArticleTitle>{title}</ArticleTitle>\
             <Abstract><AbstractText>{text}</AbstractText></Abstract></Article></MedlineCitation></PubmedArticle>"
        );
    }
    file + "</PubmedArticleSet>\n"
}

fn packed(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn furnish(user: &User) {
    user.write("base/pubmed1.xml.gz", packed(&pubmed(10_000_000, 150)));
    user.write("base/pubmed2.xml", pubmed(20_000_000, 70));
    let line = |n: usize| format!("{{\"id\": \"note {n}\", \"text\": \"{}\"}}\n", TEXTS[n % 3]);
    user.write("base/notes.jsonl", (0..40).map(line).collect::<String>());
}

/// The bytes of all files of a folder of outputs.
fn outputs(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for part in ["findings", "issues", "runs"] {
        for entry in fs::read_dir(folder.join(part)).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{part}/{}", entry.file_name().to_string_lossy());
            found.insert(name, fs::read(entry.path()).unwrap());
        }
    }
    found
}

#[test]
fn any_number_of_workers_writes_the_same_and_what_single_documents_say() {
    let user = user();
    furnish(&user);
    for form in ["parquet", "jsonl", "pubtator"] {
        let run = |out: &str, jobs: &str| {
            let _ = user
                .output(&["extract", "--task", "bc5cdr", "base", "--out", out, "--to", form, "--jobs", jobs]);
            outputs(&user.path(out))
        };
        let (one, three) = (run(&format!("one-{form}"), "1"), run(&format!("three-{form}"), "3"));
        assert_eq!(one.len(), 9);
        assert!(
            one == three,
            "{form}: {:?}",
            one.keys().filter(|key| one.get(*key) != three.get(*key)).collect::<Vec<_>>()
        );
    }
    let run: Value = serde_json::from_str(&user.read("one-parquet/runs/pubmed1.json")).unwrap();
    assert_eq!((&run["documents"], &run["issues"]), (&133.into(), &17.into()), "{run:#}");
    let table = fs::read(user.path("one-parquet/findings/pubmed1.parquet")).unwrap();
    assert!(table.starts_with(b"PAR1") && table.ends_with(b"PAR1"));

    // The same as one document after the other.
    let read = formats::read(user.read("one-jsonl/findings/notes.jsonl").as_bytes(), "notes.jsonl").unwrap();
    assert_eq!(read.documents.len(), 40);
    let lines = user.lines(&["extract", "--task", "bc5cdr", "--json", "base/notes.jsonl"]);
    let named: Vec<String> = lines
        .iter()
        .map(|line| {
            let names = line["annotation"]["content"]["participants"].as_array().unwrap();
            let names: Vec<&str> = names.iter().map(|one| one["name"].as_str().unwrap()).collect();
            format!("{} {names:?}", line["document"].as_str().unwrap())
        })
        .collect();
    let mut streamed: Vec<String> = Vec::new();
    // Texts that are the same are one document of a library.
    for document in &read.documents[..3] {
        for relation in &document.relations {
            let name = |n: usize| match &relation.arguments[n].target {
                documents::Target::Entity(id) => {
                    document.entities.iter().find(|one| one.id == *id).unwrap().text.clone()
                }
                other => panic!("{other:?}"),
            };
            streamed.push(format!("{} {:?}", document.id, [name(0), name(1)]));
        }
    }
    assert!(!streamed.is_empty());
    // A name is that of its first mention here, and of the one nearest to the evidence there.
    let named: Vec<String> = named.iter().map(|one| one.to_lowercase()).collect();
    assert!(
        streamed.iter().all(|one| named.contains(&one.to_lowercase())),
        "{streamed:?} are not all among {named:?}"
    );
    let findings = run["findings"].as_u64().unwrap();
    assert!(findings > 40, "{findings}");
}

#[test]
fn what_cannot_be_used_stands_beside_with_its_reason() {
    let user = user();
    furnish(&user);
    let _ = user.output(&["mentions", "base", "--out", "out", "--jobs", "2"]);
    let issues: Vec<Value> = user
        .read("out/issues/pubmed1.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(issues.len(), 17);
    assert_eq!(issues[1]["place"], "line 15, PMID 10000012", "{:#}", issues[1]);
    assert_eq!(issues[1]["problem"], "There is no title and no text.");
    assert_eq!(issues[1]["file"], "pubmed1.xml.gz");
    assert!(user.read("out/issues/notes.jsonl").is_empty());
    // The same wherever the input lies.
    let _ = user.output(&["mentions", "base/pubmed1.xml.gz", "--out", "alone"]);
    let name = "findings/pubmed1.parquet";
    assert!(outputs(&user.path("alone"))[name] == outputs(&user.path("out"))[name]);
}

#[test]
fn a_file_that_breaks_off_has_no_output_and_the_others_have_theirs() {
    let user = user();
    furnish(&user);
    let whole = packed(&pubmed(30_000_000, 2_000));
    user.write("base/cut.xml.gz", &whole[..whole.len() / 2]);
    let said = user.complaint(&["mentions", "base", "--out", "out", "--jobs", "2"]);
    assert!(said.contains("cut.xml.gz cannot be unpacked"), "{said}");
    let names: Vec<String> =
        outputs(&user.path("out")).into_keys().filter(|name| name.starts_with("findings")).collect();
    assert_eq!(names, ["findings/notes.parquet", "findings/pubmed1.parquet", "findings/pubmed2.parquet"]);
    // Fetched again, it alone is done.
    user.write("base/cut.xml.gz", packed(&pubmed(30_000_000, 20)));
    let done = user.command(&["mentions", "base", "--out", "out"]).output().unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(done.status.success() && said.contains("3 outputs were there already"), "{said}");
}

#[test]
fn a_set_of_outputs_is_of_one_kind() {
    let user = user();
    furnish(&user);
    let _ = user.output(&["extract", "--task", "bc5cdr", "base/notes.jsonl", "--out", "out"]);
    let said = user.complaint(&["extract", "--task", "ddi", "base/notes.jsonl", "--out", "out"]);
    assert!(said.contains("notes.parquet is there already, made with other"), "{said}");
    // Another text of the same length.
    user.write("base/notes.jsonl", user.read("base/notes.jsonl").replace("rats", "mice"));
    let said = user.complaint(&["extract", "--task", "bc5cdr", "base/notes.jsonl", "--out", "out"]);
    assert!(said.contains("from another input"), "{said}");
    let jobs = ["--out", "none", "--jobs", "2", "--device", "software"];
    let said = user.complaint(&[&["mentions", "base"][..], &jobs].concat());
    assert!(said.contains("leave --jobs or --device out"), "{said}");
    user.write("more/notes.txt", "Aspirin caused nausea.");
    let said = user.complaint(&["mentions", "base", "more", "--out", "other"]);
    assert!(said.contains("would both be written to notes"), "{said}");
}

#[test]
fn killed_at_any_time_it_goes_on_and_writes_the_same_bytes() {
    let user = user();
    furnish(&user);
    let arguments = |out: &'static str| ["extract", "--task", "bc5cdr", "base", "--out", out, "--jobs", "2"];
    let _ = user.output(&arguments("undisturbed"));
    let expected = outputs(&user.path("undisturbed"));
    let mut kills = 0;
    loop {
        let mut child =
            user.command(&arguments("killed")).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // Later each time: before it has begun, between two files, in the middle of one.
        let patience = Duration::from_millis(150 + 150 * kills);
        let begun = std::time::Instant::now();
        let ended = loop {
            match child.try_wait().unwrap() {
                Some(status) => break Some(status),
                None if begun.elapsed() > patience => break None,
                None => std::thread::yield_now(),
            }
        };
        if let Some(status) = ended {
            assert!(status.success());
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
        assert!(kills < 100, "it never ends");
    }
    let written = outputs(&user.path("killed"));
    assert!(kills > 0 && written == expected, "{:?}", written.keys().collect::<Vec<_>>());
}
