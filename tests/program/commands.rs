//! Each command once with `--json`, and once where it cannot do its work: exit code, file, place, remedy.

use std::collections::BTreeSet;

use serde_json::Value;

use osler_tests::{User, write_published_model};

use crate::user;

fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    value.pointer(path).and_then(Value::as_str).unwrap_or_else(|| panic!("{path} of {value}"))
}

fn number(value: &Value, path: &str) -> f64 {
    value.pointer(path).and_then(Value::as_f64).unwrap_or_else(|| panic!("{path} of {value}"))
}

/// A complaint names what it is about and what to do.
fn check(user: &User, arguments: &[&str], names: &[&str]) {
    let complaint = user.complaint(arguments);
    for name in names {
        assert!(complaint.contains(name), "osler-cli {arguments:?} does not say `{name}`: {complaint}");
    }
    assert!(!complaint.contains("panicked"), "{complaint}");
}

#[test]
fn describe() {
    let user = user();
    let asked = ["describe", "sickle cell disease", "--max-tokens", "12"];
    let careful = user.lines(&[&asked[..], &["--json"]].concat());
    assert_eq!(careful.len(), 1);
    assert!(text(&careful[0], "/text").starts_with("sickle cell disease"));
    assert_eq!(user.output(&asked).trim_end(), text(&careful[0], "/text"));
    let varied = [&asked[..], &["--varied", "--candidates", "2", "--seed", "5", "--json"]].concat();
    let first = user.lines(&varied);
    assert_eq!((first.len(), number(&first[1], "/seed")), (2, 6.0));
    assert_eq!(first, user.lines(&varied), "the same seed gives the same words");
    check(&user, &["describe", "asthma", "--model", "nobody"], &["no model nobody", "import"]);
    check(&user, &["describe", "asthma", "--device", "abacus"], &["abacus"]);
}

/// What a description of a term must speak of.
const TERMS: [(&str, &str); 14] = [
    ("insulin", "hormone"),
    ("hepatitis", "liver"),
    ("pneumonia", "lung"),
    ("heart failure", "pump"),
    ("schizophrenia", "thought"),
    ("kidney failure", "kidneys"),
    ("asthma", "airways"),
    ("melanoma", "skin"),
    ("haemoglobin", "oxygen"),
    ("dopamine", "messenger"),
    ("metformin", "type 2 diabetes"),
    ("warfarin", "anticoagulant"),
    ("digoxin", "heart failure"),
    ("prednisone", "inflammation"),
];

/// The terms that readers ask about are what the starter model learned to describe.
#[test]
fn common_terms_are_described_on_topic_and_without_going_in_circles() {
    let user = user();
    for (term, topic) in TERMS {
        let said = user.output(&["describe", term]);
        let words: Vec<&str> = said.split_whitespace().collect();
        assert!(said.starts_with(term) && words.len() > 6, "{said}");
        assert!(said.to_lowercase().contains(topic), "{term} without {topic}: {said}");
        let runs: BTreeSet<&[&str]> = words.windows(4).collect();
        assert_eq!(runs.len(), words.len() - 3, "something comes twice: {said}");
    }
}

#[test]
fn extract() {
    let user = user();
    for (task, mode) in
        [("bc5cdr", "generate"), ("ddi", "generate"), ("kd-dti", "generate"), ("bc5cdr", "exhaustive")]
    {
        let lines = user.lines(&[
            "extract",
            "--task",
            task,
            "--mode",
            mode,
            "--threshold",
            "0.01",
            "--json",
            "abstract.xml",
        ]);
        assert!(task != "bc5cdr" || !lines.is_empty(), "{task} {mode}");
        for line in &lines {
            assert!(["90000001", "90000002"].contains(&text(line, "/document")), "{line}");
            assert_eq!(text(line, "/annotation/content/kind"), "relation");
            assert!((0.0..=1.0).contains(&number(line, "/annotation/prediction/score")), "{line}");
            // What the grammar took away is told for each step, where there was one.
            let masses = line.pointer("/annotation/prediction/maskedMasses").unwrap().as_array().unwrap();
            assert_eq!(masses.is_empty(), mode == "exhaustive", "{line}");
        }
    }
    let people = user.output(&["extract", "--task", "bc5cdr", "abstract.xml"]);
    assert!(people.starts_with("90000001 Lithium carbonate") && people.contains("CID: "), "{people}");
    check(&user, &["extract", "--task", "chess", "abstract.xml"], &["chess", "bc5cdr, ddi or kd-dti"]);
    check(&user, &["extract", "--task", "bc5cdr", "gone.xml"], &["gone.xml", "Check the name"]);
    user.write("broken.docx", b"PK\x03\x04 and nothing more");
    check(&user, &["extract", "--task", "bc5cdr", "broken.docx"], &["broken.docx"]);
    // One bad record is told with its place, and the other one is worked on.
    user.write("record.nbib", "PMID- 1\nTI  - Aspirin and nausea.\n\nPMID- 2\n");
    let output = user.command(&["classify", "record.nbib"]).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("record.nbib, ") && told.contains("no text"), "{told}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("Aspirin and nausea."));
}

#[test]
fn one_bad_file_does_not_stop_the_others() {
    let user = user();
    user.write("broken.docx", b"PK\x03\x04 and nothing more");
    let output = user.command(&["classify", "--json", "broken.docx", "abstract.txt"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("Low-dose aspirin"), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("broken.docx"), "{output:?}");
}

#[test]
fn a_file_that_a_library_has_already_is_worked_on_again() {
    let user = user();
    let arguments = ["extract", "--task", "bc5cdr", "--json", "--library", "ward.osler", "abstract.xml"];
    let said = |lines: &[Value]| -> Vec<Value> {
        lines.iter().map(|line| line.pointer("/annotation/content").unwrap().clone()).collect()
    };
    let first = user.lines(&arguments);
    assert!(!first.is_empty());
    assert_eq!(said(&first), said(&user.lines(&arguments)));
}

#[test]
fn answer() {
    let user = user();
    let question = "Does aspirin prevent stroke?";
    let lines = user.lines(&["answer", "--question", question, "--json", "abstract.txt"]);
    let answer = lines.iter().find(|line| text(line, "/kind") == "answer").unwrap();
    let sum: f64 =
        ["yes", "no", "maybe"].iter().map(|one| number(answer, &format!("/probabilities/{one}"))).sum();
    assert!((sum - 1.0).abs() < 1e-6, "{answer}");
    // Leaving sentences out is a detail that one asks for.
    assert!(!lines.iter().any(|line| text(line, "/kind") == "influence"), "{lines:?}");
    let weighed = ["answer", "--question", question, "--leave-one-out", "--json", "abstract.txt"];
    assert!(user.lines(&weighed).iter().any(|line| text(line, "/kind") == "influence"));
    let sure = ["answer", "--question", question, "--abstain-below", "0.99", "--json", "abstract.txt"];
    assert_eq!(text(&user.lines(&sure)[0], "/model"), "abstain");
    check(&user, &["answer", "--question", question], &["FILES"]);
    check(&user, &["answer", "abstract.txt"], &["--question"]);
    check(&user, &["answer", "--question", question, "gone.txt"], &["gone.txt", "Check the name"]);
}

/// The example of issue 17, over files, as text, and over a library, with the shipped dictionary.
#[test]
fn an_answer_rests_on_sentences() {
    let user = user();
    let azithromycin =
        "Liver tests were done each month. No hepatitis was seen in patients given azithromycin.";
    std::fs::write(user.path("azithromycin.txt"), azithromycin).unwrap();
    std::fs::write(user.path("other.txt"), "Azithromycin was given for a week. Cough was rarer.").unwrap();
    let ask = ["answer", "--question", "Does azithromycin cause hepatitis?", "--library", "asked.osler"];
    let files = ["azithromycin.txt", "other.txt"];
    let lines = user.lines(&[&ask[..], &["--json"], &files].concat());
    assert_eq!(text(&lines[0], "/verdict"), "no");
    assert_eq!(text(&lines[0], "/evidence/0/text"), "No hepatitis was seen in patients given azithromycin.");
    assert_eq!(text(&lines[0], "/evidence/0/stance"), "against");
    assert_eq!(text(&lines[1], "/verdict"), "notStated");
    assert_eq!(text(&lines[1], "/sought/1/words"), "hepatitis");
    assert_eq!(number(&lines[1], "/sought/1/found"), 0.0);

    let said = user.output(&[&ask[..], &files].concat());
    assert!(said.contains("against: No hepatitis was seen"), "{said}");
    assert!(said.contains("does not say") && said.contains("looked for azithromycin"), "{said}");

    let lines = user.lines(&[&ask[..], &["--json"]].concat());
    assert_eq!(text(&lines[0], "/kind"), "searched");
    assert_eq!(lines.iter().filter(|line| text(line, "/kind") == "answer").count(), 1);
    let _ = user.output(&["export", "--library", "asked.osler", "--to", "csv", "--out", "asked.csv"]);
    let table = std::fs::read_to_string(user.path("asked.csv")).unwrap();
    assert!(table.contains("against: No hepatitis was seen in patients given azithromycin."), "{table}");
    let _ = user.output(&["export", "--library", "asked.osler", "--to", "jsonl", "--out", "asked.jsonl"]);
    assert!(user.output(&["verify", "asked.jsonl"]).contains("identical"));
}

#[test]
fn classify() {
    let user = user();
    let lines = user.lines(&["classify", "--json", "abstract.txt"]);
    let labels = lines.iter().find(|line| text(line, "/kind") == "labels").unwrap();
    assert_eq!(labels.pointer("/labels").unwrap().as_array().unwrap().len(), 10);
    assert!(lines.iter().filter(|line| text(line, "/kind") == "sentence").count() >= 2);
    check(&user, &["classify", "gone.txt"], &["gone.txt", "Check the name"]);
}

#[test]
fn convert() {
    let user = user();
    let written = user.lines(&["convert", "abstracts", "--to", "bioc-xml", "--out", "all.xml", "--json"]);
    assert_eq!(number(&written[0], "/documents"), 5.0);
    // And back: the PubTator file's mentions and relation have come through.
    let _ = user.output(&["convert", "all.xml", "--to", "pubtator", "--out", "all.txt"]);
    let back = user.read("all.txt");
    for line in user.read("abstracts/pubtator.txt").lines().filter(|line| line.contains('|')) {
        assert!(back.contains(line), "{line} is not in {back}");
    }
    assert!(
        back.contains("90000005\t0\t8\tNaloxone\tChemical\t") && back.contains("90000005\tCID\t"),
        "{back}"
    );
    check(
        &user,
        &["convert", "abstract.xml", "--to", "papyrus", "--out", "x"],
        &["papyrus", "bioc-xml", "pubtator"],
    );
    let lossy =
        user.command(&["convert", "abstracts", "--to", "pubannotation", "--out", "p.json"]).output().unwrap();
    assert!(String::from_utf8_lossy(&lossy.stderr).contains("left out: "), "{lossy:?}");
    // The same twice is one document, which is said.
    for name in ["one", "two"] {
        user.write(&format!("twins/{name}/case.txt"), "Lithium caused tremor.");
    }
    let output = user.command(&["convert", "twins", "--to", "jsonl", "--out", "t.jsonl"]).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("1 of 2 documents have the text and the annotations of another one"), "{told}");
    // A table whose text is in a column that nobody can guess.
    user.write("notes.csv", "code,finding\n1,Lithium caused tremor.\n2,Aspirin did not.\n");
    let convert = ["convert", "notes.csv", "--to", "jsonl", "--out", "notes.jsonl"];
    check(&user, &convert, &["code, finding", "Choose the column", "--column \"finding\""]);
    let _ = user.output(&[&convert[..], &["--column", "Finding"]].concat());
    let texts = user.read("notes.jsonl");
    assert!(texts.contains("Lithium caused tremor.") && texts.lines().count() == 2, "{texts}");
    check(&user, &[&convert[..], &["--column", "remark"]].concat(), &["no column named remark"]);
}

#[test]
fn batch_review_export_search_and_verify() {
    let user = user();
    let library = ["--library", "ward.osler", "--json"];
    let with = |arguments: &[&str]| user.lines(&[arguments, &library[..]].concat());
    let done = with(&["batch", "--task", "bc5cdr", "abstracts"]);
    assert_eq!(number(done.last().unwrap(), "/done"), 5.0);
    let listed = with(&["review", "list"]);
    let ids: Vec<&str> = listed.iter().map(|line| text(line, "/id")).collect();
    assert!(ids.len() >= 3, "{ids:?}");
    assert_eq!(number(&with(&["review", "accept", ids[0], ids[1]])[0], "/decided"), 2.0);
    let rejected = with(&["review", "reject", ids[2], "--reason", "not-in-text", "--comment", "no"]);
    assert_eq!(text(&rejected[0], "/step/summary"), "rejected 1 relation");
    assert_eq!(number(&with(&["review", "undo"])[0], "/decided"), 2.0);
    assert_eq!(number(&with(&["review", "redo"])[0], "/decided"), 3.0);
    assert_eq!(with(&["review", "list", "--undecided"]).len(), ids.len() - 3);
    assert_eq!(text(&with(&["review", "history"])[0], "/summary"), "rejected 1 relation");
    // Another curator sees two of the three the same way; what they say is compared, and so is what the model said.
    for arguments in [["accept", ids[0]], ["reject", ids[1]], ["reject", ids[2]]] {
        let arguments = [&["review"], &arguments[..], &library[..]].concat();
        let output = user.command(&arguments).env("USER", "ben").output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    let agreed = with(&["review", "agreement", "ada", "ben"]);
    let total = agreed.last().unwrap();
    assert_eq!((text(total, "/type"), &total["tally"]["both"]), ("all", &1.into()));
    assert_eq!((number(total, "/precision"), number(total, "/recall")), (1.0, 0.5));
    let modeled = with(&["review", "agreement", "ada", "--task", "bc5cdr"]);
    assert_eq!(
        number(modeled.last().unwrap(), "/recall"),
        1.0,
        "the model said all that was accepted: {modeled:?}"
    );
    let people = user.output(&["review", "agreement", "ada", "ben", "--library", "ward.osler"]);
    assert!(people.contains("all: both 1, only the first 1, only the second 0, neither 1"), "{people}");
    check(&user, &["review", "agreement", "ada", "carl", "--library", "ward.osler"], &["carl", "ada, ben"]);
    check(&user, &["review", "agreement", "ada", "--library", "ward.osler"], &["--task"]);
    assert!(!with(&["search", "warfarin"]).is_empty());
    let export = with(&["export", "--to", "jsonl", "--content", "curated", "--out", "ward.jsonl"]);
    assert_eq!(number(&export[0], "/documents"), 5.0);
    let verified = user.lines(&["verify", "ward.jsonl", "--json"]);
    assert!(!verified.is_empty() && verified.iter().all(|line| line["identical"] == true), "{verified:?}");

    check(
        &user,
        &["batch", "--task", "bc5cdr", "nowhere", "--library", "w.osler"],
        &["nowhere", "Check the name"],
    );
    check(&user, &["batch", "--resume", "--library", "ward.osler"], &["unfinished", "--task"]);
    check(&user, &["batch", "--task", "answer", "abstracts", "--library", "w.osler"], &["question"]);
    for command in [
        &["batch", "--resume"][..],
        &["review", "list"],
        &["search", "x"],
        &["export", "--to", "jsonl", "--out", "x.jsonl"],
    ] {
        check(&user, &[command, &["--library", "gone.osler"]].concat(), &["gone.osler", "batch"]);
    }
    check(&user, &["review", "accept", "F9999", "--library", "ward.osler"], &["9999", "not in this library"]);
    check(&user, &["review", "accept", "first", "--library", "ward.osler"], &["first", "F12"]);
    user.write("letter.osler", "Dear colleague, this is no library.");
    check(&user, &["search", "x", "--library", "letter.osler"], &["letter.osler", "not an Osler library"]);
    check(&user, &["verify", "abstract.xml"], &["abstract.xml", "no record", "BioC"]);
}

#[test]
fn terms() {
    let user = user();
    let built = user.lines(&["terms", "build", "names.tsv", "--out", "own.terms", "--json"]);
    assert_eq!(number(&built[0], "/names"), 2.0);
    let own = user.path("home/data/dictionaries/own.terms");
    std::fs::create_dir_all(own.parent().unwrap()).unwrap();
    std::fs::rename(user.path("own.terms"), own).unwrap();
    let found = user.lines(&["terms", "find", "Aspirin against ward-round fever", "--json"]);
    let names: Vec<&str> = found.iter().map(|line| text(line, "/text")).collect();
    assert_eq!(names, ["Aspirin", "ward-round fever"]);
    check(&user, &["terms", "build", "gone.tsv", "--out", "x.terms"], &["gone.tsv"]);
    user.write("bad.tsv", "heading\tsecond\nrow\tX:1\n");
    check(&user, &["terms", "build", "bad.tsv", "--out", "x.terms"], &["bad.tsv", "column", "tab-separated"]);
}

#[test]
fn definitions() {
    let user = user();
    let found = user.lines(&["define", "Xarelto", "--json"]);
    assert_eq!(text(&found[0], "/meanings/0/entries/0/source/name"), "ChEBI, roles");
    assert!(text(&found[0], "/meanings/0/entries/0/text").contains("anticoagulant"));
    let shown = user.output(&["define", "influenza"]);
    assert!(shown.contains("DOID:8469") && shown.contains("CC0 1.0"), "{shown}");

    let unknown = user.command(&["define", "blorfenazine", "--json"]).output().unwrap();
    assert_eq!(unknown.status.code(), Some(3), "{unknown:?}");
    let said: Value = serde_json::from_slice(&unknown.stdout).unwrap();
    assert_eq!(said["meanings"], serde_json::json!([]));
    let misspelt = user.command(&["define", "tocilizumb"]).output().unwrap();
    assert_eq!(misspelt.status.code(), Some(3));
    assert!(String::from_utf8(misspelt.stderr).unwrap().contains("tocilizumab"));

    user.write("ward.tsv", "term\tdefinition\nward-round fever\tWhat juniors have.\n");
    let built = user.lines(&["glossary", "build", "ward.tsv", "--out", "ward.glossary", "--json"]);
    assert_eq!(number(&built[0], "/texts"), 1.0);
    let own = user.path("home/data/dictionaries/ward.glossary");
    std::fs::create_dir_all(own.parent().unwrap()).unwrap();
    std::fs::rename(user.path("ward.glossary"), own).unwrap();
    assert!(user.output(&["define", "Ward-round fever"]).contains("What juniors have."));
    check(&user, &["glossary", "build", "gone.tsv", "--out", "x"], &["gone.tsv"]);
    user.write("bad.tsv", "name\tid\nrow\tX:1\n");
    check(
        &user,
        &["glossary", "build", "bad.tsv", "--out", "x"],
        &["bad.tsv", "definition", "tab-separated"],
    );
}

#[test]
fn models() {
    let user = user();
    assert_eq!(text(&user.lines(&["models", "list", "--json"])[0], "/id"), "starter");
    assert_eq!(user.lines(&["models", "verify", "starter", "--json"])[0]["intact"], true);
    write_published_model(&user.path("download"));
    let imported =
        user.lines(&["models", "import", "download", "--name", "My model", "--weights", "q8", "--json"]);
    assert_eq!(text(&imported[0], "/manifest/name"), "My model");
    let ids: Vec<String> =
        user.lines(&["models", "list", "--json"]).iter().map(|line| text(line, "/id").to_owned()).collect();
    assert_eq!(ids, ["starter", "my-model"]);
    assert_eq!(text(&user.lines(&["models", "show", "my-model", "--json"])[0], "/name"), "My model");
    let _ = user.output(&["describe", "asthma", "--model", "my-model", "--max-tokens", "3"]);

    let weights = user.path("home/data/models/my-model/model.bpk");
    let mut bytes = std::fs::read(&weights).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&weights, bytes).unwrap();
    check(&user, &["models", "verify", "my-model"], &["model.bpk", "sha256"]);
    assert_eq!(user.lines(&["models", "remove", "my-model", "--json"])[0]["removed"], "my-model");
    check(&user, &["models", "show", "my-model"], &["my-model", "Choose one of the list"]);
    check(&user, &["models", "verify", "no/such/folder"], &["no/such/folder", "models list"]);
    check(&user, &["models", "remove", "starter"], &["came with Osler"]);
    // A folder of ours is copied as it is, and written down as another model.
    let _ = user.output(&["models", "import", "download", "--to", "ours"]);
    let copied = user.lines(&["models", "import", "ours", "--name", "Copy", "--json"]);
    assert_eq!(
        (text(&copied[0], "/model/id"), &copied[0]["model"]["selfTest"]["passed"]),
        ("copy", &true.into())
    );
    check(&user, &["models", "import", "gone"], &["gone", "downloaded"]);
    check(&user, &["models", "import", "abstracts"], &["abstracts"]);
    user.write("evil/config.json", "{}");
    check(&user, &["models", "import", "evil"], &["config.json"]);
}

#[test]
fn inspect_encoders() {
    let user = user();
    osler_tests::write_published_encoder(&user.path("words"), "token-bert");
    osler_tests::write_published_encoder(&user.path("pairs"), "sequence-roberta");
    user.write("texts.jsonl", "{\"text\": \"Naïve mice\"}\n{\"text\": \"𝛼 rose\", \"pair\": \"in mice\"}\n");
    let mut tokenize = user.command(&["inspect", "tokenize", "--model", "words"]);
    let output = tokenize.stdin(std::fs::File::open(user.path("texts.jsonl")).unwrap()).output().unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let last = |line: &Value| {
        let offsets = line["offsets"].as_array().unwrap();
        offsets[offsets.len() - 2].clone()
    };
    assert_eq!(last(&lines[0])[1], 10);
    assert_eq!((last(&lines[1])[1].clone(), lines[1]["types"][0].clone()), (7.into(), 0.into()));
    assert_eq!(lines[1]["types"].as_array().unwrap().last().unwrap(), 1);
    let at = ["--device", "cpu", "--json", "--out", "logits.safetensors"];
    let with =
        |arguments: &[&str]| user.lines(&[&["inspect", "logits"], arguments, &at[..]].concat()).remove(0);
    let named = with(&["--model", "words", "--ids", "2,87,115,3"]);
    assert_eq!(
        (&named["logits"], &named["hidden"]),
        (&serde_json::json!([4, 5]), &serde_json::json!([4, 32]))
    );
    let pair = with(&["--model", "pairs", "--text", "Aspirin helps.", "--pair", "Does it?"]);
    assert_eq!(pair["logits"], serde_json::json!([3]));
    let ids = pair["ids"].as_array().unwrap().iter().map(Value::to_string).collect::<Vec<_>>().join(",");
    assert_eq!(with(&["--model", "pairs", "--ids", &ids])["logits"], serde_json::json!([3]));
    let typed = ["--model", "words", "--ids", "2,3", "--types", "0,2"];
    check(&user, &[&["inspect", "logits"], &typed[..], &at[3..]].concat(), &["segment 2", "0 to 1"]);
    let unknown = ["--model", "words", "--ids", "2,999"];
    check(&user, &[&["inspect", "logits"], &unknown[..], &at[3..]].concat(), &["token id 999", "0 to 149"]);
    let biogpt = ["--model", "starter", "--text", "a", "--pair", "b"];
    check(&user, &[&["inspect", "logits"], &biogpt[..], &at[3..]].concat(), &["--pair", "BioGPT"]);
    user.write("words/config.json", "{\"architectures\": [\"BertForQuestionAnswering\"]}");
    let refused = ["--model", "words", "--ids", "2"];
    check(
        &user,
        &[&["inspect", "logits"], &refused[..], &at[3..]].concat(),
        &["config.json", "BertForMaskedLM"],
    );
}

#[test]
fn inspect_devices_and_bench() {
    let user = user();
    let mut tokenize = user.command(&["inspect", "tokenize", "--model", "starter", "--json"]);
    let input = user.path("texts.jsonl");
    std::fs::write(&input, "{\"text\": \"Aspirin 𝛼\"}\n").unwrap();
    let output = tokenize.stdin(std::fs::File::open(&input).unwrap()).output().unwrap();
    let line: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(line["offsets"].as_array().unwrap().last().unwrap()[1], 9);
    let at = ["--model", "starter", "--device", "cpu", "--json", "--ids", "2,100,200"];
    let with = |arguments: &[&str]| user.lines(&[arguments, &at[..]].concat()).remove(0);
    let generated = with(&["inspect", "generate", "--greedy", "--max-length", "6"]);
    assert!(!generated["ids"].as_array().unwrap().is_empty(), "{generated}");
    let scored = with(&["inspect", "score", "--continuation", "8,9", "--continuation", "10"]);
    assert_eq!(scored["scores"].as_array().unwrap().len(), 2);
    let logits = with(&["inspect", "logits", "--out", "logits.safetensors"]);
    assert_eq!(logits["logits"][0], 3);
    assert!(user.path("logits.safetensors").is_file());
    let measured = user.lines(&["bench", "--random", "tiny", "--runs", "1", "--device", "cpu", "--json"]);
    assert!(number(&measured[0], "/load_s") > 0.0);
    // As on a server: no screen, and nobody who set up a session.
    let mut devices = user.command(&["devices", "--json"]);
    for name in ["XDG_RUNTIME_DIR", "WAYLAND_DISPLAY", "DISPLAY"] {
        devices.env_remove(name);
    }
    let output = devices.output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let listed = String::from_utf8(output.stdout).unwrap();
    let mut devices = listed.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    assert!(devices.any(|device| text(&device, "/id") == "cpu"), "{listed}");

    check(
        &user,
        &["inspect", "score", "--model", "starter", "--ids", "2", "--continuation", "x"],
        &["`x`", "token id"],
    );
    check(
        &user,
        &["inspect", "generate", "--model", "starter", "--ids", "99999", "--greedy"],
        &["99999", "vocabulary"],
    );
    let unwritable = ["inspect", "logits", "--model", "starter", "--ids", "2", "--out", "no/folder/x"];
    check(&user, &unwritable, &["no/folder/x"]);
    check(&user, &["inspect", "tokenize"], &["--model"]);
    check(&user, &["bench", "--model", "nobody"], &["nobody", "Choose one of the list"]);
    check(&user, &["devices", "--all"], &["--all"]);
    check(&user, &["fly"], &["fly"]);
}

#[test]
fn an_import_tells_what_is_there_already() {
    let user = user();
    user.write("one.nbib", "PMID- 1001\nTI  - Lithium and tremor.\nAB  - Lithium caused tremor.\n");
    user.write(
        "two.nbib",
        "PMID- 1001\nTI  - Lithium and tremor.\nAB  - Lithium caused tremor.\nJT  - J Test\n",
    );
    let import = |file: &'static str, choice: &'static str| {
        let arguments = ["library", "import", "ward.osler", file, "--duplicates", choice, "--json"];
        let output = user.command(&arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let done: Value = serde_json::from_slice(&output.stdout).unwrap();
        (number(&done, "/new"), number(&done, "/documents"), String::from_utf8(output.stderr).unwrap())
    };
    assert_eq!(import("one.nbib", "keep").0, 1.0);
    let (new, documents, told) = import("two.nbib", "skip");
    assert_eq!((new, documents), (0.0, 1.0));
    assert!(told.contains("has the PMID of 1001") && told.contains("is not imported"), "{told}");
    let (new, documents, told) = import("two.nbib", "update");
    assert_eq!((new, documents), (0.0, 1.0));
    assert!(told.contains("brought up to date"), "{told}");
    let exported = user.output(&["export", "--library", "ward.osler", "--to", "ris", "--out", "ward.ris"]);
    assert!(exported.contains("ward.ris"), "{exported}");
    let ris = std::fs::read_to_string(user.path("ward.ris")).unwrap();
    assert!(ris.contains("JO  - J Test") && ris.contains("AN  - 1001"), "{ris}");
    let checked = user.lines(&["library", "evidence", "ward.osler", "--json"]);
    assert_eq!(number(&checked[0], "/documents"), 1.0);
    check(
        &user,
        &["library", "import", "ward.osler", "one.nbib", "--duplicates", "perhaps"],
        &["keep, skip or update"],
    );
    check(&user, &["library", "evidence", "gone.osler"], &["gone.osler"]);
}

#[test]
fn two_curators_bring_their_libraries_together() {
    let user = user();
    let as_curator = |name: &str, arguments: &[&str]| {
        let output = user.command(arguments).env("USER", name).output().unwrap();
        assert!(output.status.success(), "osler-cli {arguments:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    for (name, library, verdict) in [("ada", "ada.osler", "accept"), ("ben", "ben.osler", "reject")] {
        let extract =
            ["extract", "--task", "bc5cdr", "--threshold", "0.01", "--library", library, "abstract.xml"];
        as_curator(name, &extract);
        as_curator(name, &["review", verdict, "F1", "--library", library]);
        as_curator(name, &["review", "accept", "F2", "--library", library]);
    }
    let merged = as_curator("ada", &["library", "merge", "ada.osler", "ben.osler", "--json"]);
    let merged: Value = serde_json::from_str(&merged).unwrap();
    assert_eq!(
        (number(&merged, "/merged/documentsMet"), number(&merged, "/merged/runsMet")),
        (2.0, 2.0),
        "{merged}"
    );
    assert_eq!((number(&merged, "/merged/decisions"), number(&merged, "/merged/documents")), (2.0, 0.0));
    assert_eq!(number(&merged, "/pairs/0/agreement"), 0.5, "{merged}");
    let told = as_curator("carla", &["review", "disagreements", "--library", "ada.osler"]);
    assert!(told.contains("ada accepted, ben rejected") && told.contains("agreement 0.50"), "{told}");
    as_curator("carla", &["review", "accept", "F1", "--library", "ada.osler"]);
    let told = as_curator("carla", &["review", "disagreements", "--library", "ada.osler"]);
    assert!(!told.contains("ada accepted, ben rejected"), "{told}");
    check(&user, &["library", "merge", "ada.osler", "ada.osler"], &["it is this library"]);
    check(&user, &["library", "merge", "ada.osler", "gone.osler"], &["gone.osler"]);
}
