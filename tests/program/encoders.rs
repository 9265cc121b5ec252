//! Encoders from a downloaded folder to an export that is verified.

use documents::formats;
use osler_tests::{KnownHead, KnownWords, User, write_published_encoder};

use crate::user;

/// A tagger that knows a few words of `abstract.xml`.
const NAMES: KnownWords<'_> = KnownWords {
    labels: &["O", "B-CHEM", "I-CHEM", "B-DISEASE", "I-DISEASE", "B-Anatomy"],
    words: &[("lithium", 1), ("carbonate", 2), ("aspirin", 1), ("renal", 3), ("failure", 4), ("kidney", 5)],
    head: KnownHead::Tokens,
    positions: 24,
};

const CLASSES: KnownWords<'_> = KnownWords {
    labels: &["none", "harm", "rescue"],
    words: &[("caused", 1), ("reversed", 2)],
    head: KnownHead::Texts,
    positions: 64,
};

const PAIRS: KnownWords<'_> = KnownWords {
    labels: &["LABEL_0", "LABEL_1"],
    words: &[("caused", 1), ("seizures", 0)],
    head: KnownHead::Texts,
    positions: 64,
};

/// The names of the first document of a result, with what found them.
fn names(user: &User, model: &str) -> Vec<(String, String, Option<f64>)> {
    let written = user.output(&["mentions", "--model", model, "abstract.xml"]);
    let read = formats::read(written.as_bytes(), "names.jsonl").unwrap();
    let document = read.documents.iter().find(|document| document.id.contains("90000001")).unwrap();
    let name = |entity: &documents::Entity| (entity.kind.clone(), entity.text.clone(), entity.score);
    document.entities.iter().map(name).collect()
}

#[test]
fn a_tagger_is_imported_listed_verified_and_finds_names() {
    let user = user();
    NAMES.write(&user.path("biobert-ner"));
    let said = user.output(&["models", "import", "biobert-ner", "--name", "Tagger"]);
    for line in ["label       CHEM is Chemical", "label       Anatomy is none", "task        mentions"] {
        assert!(said.contains(line), "{said}");
    }
    let listed = user.lines(&["models", "list", "--json"]);
    let model = listed.iter().find(|model| model["id"] == "tagger").unwrap();
    assert_eq!(model["tasks"], serde_json::json!(["mentions"]));
    assert!(model["architecture"].as_str().unwrap().starts_with("BERT encoder, 1 layers"), "{model}");
    assert!(user.output(&["models", "verify", "tagger"]).contains("files are whole"));
    assert!(user.output(&["models", "show", "tagger"]).contains("label       DISEASE is Disease"));
    let found = names(&user, "tagger");
    let of = |kind: &str| -> Vec<&str> {
        found.iter().filter(|name| name.0 == kind).map(|name| name.1.as_str()).collect()
    };
    assert_eq!(of("Chemical"), ["Lithium carbonate", "aspirin", "Lithium carbonate", "Aspirin"]);
    assert_eq!(of("Disease"), ["renal failure"]);
    assert!(found.iter().filter(|name| name.0 != "Gene").all(|name| name.2.is_some()), "{found:?}");
    // The downloaded folder itself gives the same, and every format of names takes them.
    let texts = |found: &[(String, String, Option<f64>)]| {
        found.iter().map(|name| (name.0.clone(), name.1.clone())).collect::<Vec<_>>()
    };
    assert_eq!(texts(&names(&user, "biobert-ner")), texts(&found));
    for format in ["pubtator", "bioc-xml", "bioc-json", "pubannotation"] {
        assert!(
            user.output(&["mentions", "--to", format, "--model", "tagger", "abstract.xml"])
                .contains("renal failure")
        );
    }
    let complaint = user.complaint(&["extract", "--task", "bc5cdr", "--model", "tagger", "abstract.xml"]);
    assert!(complaint.contains("Tagger is an encoder: it finds names"), "{complaint}");
    let complaint = user.complaint(&["describe", "asthma", "--model", "tagger"]);
    assert!(complaint.contains("Tagger is an encoder"), "{complaint}");
    let _ = user.output(&["models", "remove", "tagger"]);
    assert!(!user.output(&["models", "list"]).contains("tagger"));
}

#[test]
fn names_of_an_encoder_are_kept_exported_and_found_again() {
    let user = user();
    NAMES.write(&user.path("ner"));
    let _ = user.output(&["models", "import", "ner", "--name", "Tagger"]);
    let _ = user.output(&[
        "batch",
        "--task",
        "mentions",
        "--model",
        "tagger",
        "--library",
        "ward.osler",
        "abstract.xml",
    ]);
    let _ = user.output(&["export", "--library", "ward.osler", "--to", "bioc-json", "--out", "names.json"]);
    let verified = user.output(&["verify", "names.json"]);
    assert_eq!(verified.matches("mentions: identical").count(), 2, "{verified}");
    let written = user.read("names.json");
    assert!(written.contains("renal failure"), "{written}");
    // Another table is another model.
    let tasks = user.path("home/data/models/tagger/tasks.json");
    let text = std::fs::read_to_string(&tasks).unwrap();
    std::fs::write(&tasks, text.replace("\"CHEM\": \"Chemical\"", "\"CHEM\": \"CellLine\"")).unwrap();
    let complaint = user.command(&["verify", "names.json"]).output().unwrap();
    let said = String::from_utf8_lossy(&complaint.stdout).into_owned();
    assert!(!complaint.status.success() && said.contains("tasks.json"), "{said}");
}

#[test]
fn what_labels_mean_can_be_said_at_import() {
    let user = user();
    NAMES.write(&user.path("ner"));
    let import = |more: &[&str]| -> Vec<String> {
        ["models", "import", "ner", "--name", "Tagger"]
            .iter()
            .chain(more)
            .map(|word| (*word).to_owned())
            .collect()
    };
    let complain = |more: &[&str]| {
        let arguments = import(more);
        user.complaint(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let complaint = complain(&["--label", "CHEM=Substance"]);
    assert!(
        complaint.contains("config.json")
            && complaint.contains("Substance")
            && complaint.contains("CellLine"),
        "{complaint}"
    );
    assert!(complain(&["--label", "Drug=Chemical"]).contains("no label Drug"));
    assert!(complain(&["--task", "ddi"]).contains("Say mentions"));
    assert!(complain(&["--label", "CHEM"]).contains("LABEL=MEANING"));
    assert!(!user.output(&["models", "list"]).contains("tagger"), "a refused import leaves nothing");
    let arguments = import(&["--label", "Anatomy=Disease", "--label", "CHEM=none"]);
    let _ = user.output(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    let found = names(&user, "tagger");
    assert!(found.iter().any(|name| name.0 == "Disease" && name.1 == "kidney"), "{found:?}");
    assert!(
        found.iter().all(|name| name.0 != "Chemical" || name.2.is_none()),
        "chemicals are the dictionaries': {found:?}"
    );
}

#[test]
fn an_encoder_classifies_sentences() {
    let user = user();
    CLASSES.write(&user.path("classes"));
    let _ =
        user.output(&["models", "import", "classes", "--name", "Sentences", "--label", "harm=adverse event"]);
    let lines = user.lines(&[
        "classify",
        "--model",
        "sentences",
        "--library",
        "ward.osler",
        "--json",
        "abstract.xml",
    ]);
    let labels = lines.iter().filter(|line| line["kind"] == "labels");
    assert_eq!(labels.filter(|line| line["labels"][0]["label"] == "adverse event").count(), 2, "{lines:?}");
    let _ = user.output(&["export", "--library", "ward.osler", "--to", "jsonl", "--out", "labels.jsonl"]);
    assert!(user.read("labels.jsonl").contains("adverse event"));
    let verified = user.output(&["verify", "labels.jsonl"]);
    assert_eq!(verified.matches("classify: identical").count(), 2, "{verified}");
}

#[test]
fn an_encoder_relates_marked_pairs() {
    let user = user();
    PAIRS.write(&user.path("cdr"));
    let complaint =
        user.complaint(&["models", "import", "cdr", "--name", "Pairs", "--head", "{}", "--tail", "{}"]);
    assert!(complaint.contains("not marked"), "{complaint}");
    let said = user.output(&[
        "models",
        "import",
        "cdr",
        "--name",
        "Pairs",
        "--head",
        "[E1] {} [/E1]",
        "--tail",
        "[E2] {} [/E2]",
    ]);
    assert!(said.contains("task        bc5cdr") && said.contains("[E1] {} [/E1]"), "{said}");
    assert!(said.contains("LABEL_0 is none") && said.contains("LABEL_1 is CID"), "{said}");
    let lines = user.lines(&[
        "extract",
        "--task",
        "bc5cdr",
        "--model",
        "pairs",
        "--library",
        "ward.osler",
        "--json",
        "abstract.xml",
    ]);
    let found: Vec<String> = lines.iter().map(|line| line["annotation"]["content"].to_string()).collect();
    assert!(found.iter().any(|one| one.contains("renal failure")), "{found:?}");
    assert!(found.iter().all(|one| !one.contains("lactic acidosis")), "{found:?}");
    let _ = user.output(&["export", "--library", "ward.osler", "--to", "bioc-xml", "--out", "ward.xml"]);
    let verified = user.output(&["verify", "ward.xml"]);
    assert_eq!(verified.matches(": identical").count(), 2, "{verified}");
    let generate = ["extract", "--task", "bc5cdr", "--mode", "generate", "--model", "pairs", "abstract.xml"];
    assert!(user.complaint(&generate).contains("does not write"));
}

/// A relation's names come from another model: they are kept with the run, found again, and no batch mixes two of them.
#[test]
fn relations_take_their_names_from_a_tagger() {
    let user = user();
    NAMES.write(&user.path("ner"));
    PAIRS.write(&user.path("cdr"));
    let _ = user.output(&["models", "import", "ner", "--name", "Tagger"]);
    let markers = ["--head", "[E1] {} [/E1]", "--tail", "[E2] {} [/E2]"];
    let _ = user.output(&[&["models", "import", "cdr", "--name", "Pairs"][..], &markers].concat());
    let extract = ["extract", "--task", "bc5cdr", "--model", "pairs", "--names"];
    let lines = user.lines(&[&extract[..], &["tagger", "--json", "abstract.xml"]].concat());
    let found: Vec<String> = lines.iter().map(|line| line["annotation"]["content"].to_string()).collect();
    // It knows renal failure and no other disease; the dictionaries know more.
    assert!(!found.is_empty() && found.iter().all(|one| one.contains("renal failure")), "{found:?}");
    let complaint = user.complaint(&[&extract[..], &["pairs", "abstract.xml"]].concat());
    assert!(complaint.contains("Pairs does not find names. Choose a model"), "{complaint}");

    let batch =
        ["batch", "--task", "bc5cdr", "--model", "pairs", "--names", "tagger", "--library", "ward.osler"];
    let _ = user.output(&[&batch[..], &["abstract.xml"]].concat());
    let _ = user.output(&["export", "--library", "ward.osler", "--to", "bioc-json", "--out", "ward.json"]);
    let verified = user.output(&["verify", "ward.json"]);
    assert_eq!(verified.matches(": identical").count(), 2, "{verified}");
    // Without that model the names are others', and this is what is said.
    let _ = user.output(&["models", "remove", "tagger"]);
    let output = user.command(&["verify", "ward.json"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(!output.status.success() && said.contains("names found by: Tagger ("), "{said}");
}

#[test]
fn published_encoders_of_both_families_are_imported() {
    let user = user();
    for (folder, architecture) in
        [("token-bert", "BERT"), ("sequence-roberta", "RoBERTa"), ("masked-roberta", "RoBERTa")]
    {
        write_published_encoder(&user.path(folder), folder);
        let _ = user.output(&["models", "import", folder]);
        let listed = user.lines(&["models", "list", "--json"]);
        let model = listed.iter().find(|model| model["id"] == folder).unwrap();
        assert!(
            model["architecture"].as_str().unwrap().starts_with(&format!("{architecture} encoder")),
            "{model}"
        );
    }
    // One without labels says what it lacks, where it is asked.
    let complaint = user.complaint(&["classify", "--model", "masked-roberta", "abstract.txt"]);
    assert!(complaint.contains("has no head that gives labels"), "{complaint}");
    std::fs::write(
        user.path("token-bert/config.json"),
        r#"{"architectures": ["ElectraForTokenClassification"], "model_type": "electra"}"#,
    )
    .unwrap();
    let complaint = user.complaint(&["models", "import", "token-bert", "--name", "Electra"]);
    assert!(complaint.contains("electra") && complaint.contains("BertForTokenClassification"), "{complaint}");
}
