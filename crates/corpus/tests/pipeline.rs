//! From a small hand-written corpus to shards and back.

#![allow(clippy::unwrap_used)] // also in the functions that the tests share

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use corpus::{Collected, Document, Error, Licences, Selection, Settings, Shards, Stream, collect};
use tokenizer::Tokenizer;

/// Tokens that even the smaller part of the corpus gives.
const SIZE: usize = 520;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/corpora")
}

fn kept() -> Collected {
    collect(&fixtures(), Selection { lowercase: 0.0, ..Selection::default() }).unwrap()
}

fn dropped(collected: &Collected) -> BTreeMap<String, u64> {
    let mut all = BTreeMap::new();
    for (reason, count) in collected.tallies.iter().flat_map(|tally| &tally.dropped) {
        *all.entry(reason.clone()).or_default() += count;
    }
    all
}

fn holds(collected: &Collected, words: &str) -> bool {
    collected.documents.iter().any(|document| document.text.contains(words))
}

fn trained(collected: &Collected) -> Tokenizer {
    Tokenizer::new(corpus::train_vocabulary(&collected.training_texts(), SIZE, 9).unwrap().vocabulary)
        .unwrap()
}

#[test]
fn what_may_not_be_trained_on_is_left_out_and_counted() {
    let collected = kept();
    let expected = BTreeMap::from(
        [
            ("exact duplicate", 2), // the reworded-by-case title, and gout defined twice
            ("in a test set (id)", 1),
            ("in a test set (word runs)", 1),
            ("licence", 2),
            ("near duplicate", 1),
            ("says too little", 1), // water has formula H2O
            ("too short", 1),
        ]
        .map(|(reason, count)| (reason.to_owned(), count)),
    );
    let mut found = dropped(&collected);
    let formulaic = found.remove("formulaic").unwrap_or(0);
    assert!(formulaic <= 1);
    assert_eq!(found, expected);
    for absent in ["may not be sold", "Hepatitis", "number of a test document", "doctors ask about it now"] {
        assert!(!holds(&collected, absent), "{absent}");
    }
    for present in ["clinicians ask about thirst", "A dry cough is", "Doxycycline"] {
        assert!(holds(&collected, present), "{present}");
    }
    assert_eq!(collected.held_out, 2);
    assert_eq!(collected.tallies.iter().map(|tally| tally.repeated_paragraphs).sum::<u64>(), 1);
}

#[test]
fn every_licence_passes_when_asked_for() {
    let all = collect(&fixtures(), Selection { licences: Licences::All, ..Selection::default() }).unwrap();
    assert!(!dropped(&all).contains_key("licence"));
    assert_eq!(all.documents.len(), kept().documents.len() + 2);
}

#[test]
fn definitions_and_answers_read_as_prose() {
    let collected = kept();
    for text in [
        "Gout is a form of arthritis in which crystals of uric acid settle in the joints. It is also known as podagra.",
        "Oedema is the presence of too much fluid between the cells of a tissue. It is also known as edema or swelling.",
        "Glucose binding means interacting selectively and non-covalently with glucose.",
        "Gout is a kind of arthritis. It begins when",
        "What causes Gout?\nGout is caused by",
    ] {
        assert!(holds(&collected, text), "{text}");
    }
}

#[test]
fn a_share_is_in_lower_case_and_all_of_a_term_is_on_one_side() {
    let half =
        collect(&fixtures(), Selection { lowercase: 0.5, validation: 0.4, ..Selection::default() }).unwrap();
    let lowered: Vec<&Document> = half.documents.iter().filter(|document| document.lowercased).collect();
    assert!((half.documents.len() / 5..=half.documents.len() * 4 / 5).contains(&lowered.len()));
    assert!(lowered.iter().all(|document| document.text == document.text.to_lowercase()));
    let on_gout: Vec<bool> = half
        .documents
        .iter()
        .filter(|document| document.text.to_lowercase().contains("gout is"))
        .map(|document| document.validation)
        .collect();
    assert_eq!(on_gout.len(), 3);
    assert!(on_gout.iter().all(|&side| side == on_gout[0]), "{on_gout:?}");
    let share = half.documents.iter().filter(|document| document.validation).count();
    assert!(share > 0 && share < half.documents.len() * 7 / 10);
}

#[test]
fn shards_give_back_the_documents() {
    let collected = collect(&fixtures(), Selection { validation: 0.3, ..Selection::default() }).unwrap();
    let tokenizer = trained(&collected);
    let out = tempfile::tempdir().unwrap();
    let corpora = fixtures();
    let settings = Settings { corpora: &corpora, out: out.path(), selection: Selection::default() };
    let manifest = corpus::prepare(&collected, &tokenizer, settings).unwrap();
    assert_eq!(manifest.vocabulary, SIZE);
    assert_eq!(manifest.token_bytes, 2);
    assert_eq!(manifest.inputs.len(), 3);

    let shards = Shards::open(out.path()).unwrap();
    assert_eq!(shards.manifest(), &manifest);
    let saved = Tokenizer::from_dir(&Shards::tokenizer_dir(out.path())).unwrap();
    assert_eq!(saved.vocabulary(), tokenizer.vocabulary());

    let mut read: Vec<(Stream, bool, String, bool, String)> = Vec::new();
    let mut tokens = Vec::new();
    for part in &manifest.parts {
        let shard = shards.shard(part.stream, part.validation).unwrap();
        assert_eq!(shard.count() as u64, part.documents);
        assert_eq!(shard.tokens() as u64, part.tokens);
        for document in 0..shard.count() {
            tokens.clear();
            shard.append(document, &mut tokens);
            assert_eq!(tokens.len(), shard.length(document));
            assert!(!tokens.contains(&tokenizer.end_of_text()));
            let source = manifest.tallies[shard.source(document)].source.clone();
            let lowercased = shard.lowercased(document);
            read.push((part.stream, part.validation, tokenizer.decode(&tokens), lowercased, source));
        }
    }
    let mut written: Vec<_> = collected
        .documents
        .iter()
        .map(|document| {
            let text = tokenizer.decode(&tokenizer.encode(&document.text).ids);
            let source = collected.tallies[document.source].source.clone();
            (document.stream, document.validation, text, document.lowercased, source)
        })
        .collect();
    written.sort();
    read.sort();
    assert_eq!(read, written);
}

#[test]
fn preparing_again_gives_the_same_bytes() {
    let hashes = || {
        let collected = collect(&fixtures(), Selection::default()).unwrap();
        let out = tempfile::tempdir().unwrap();
        let corpora = fixtures();
        let settings = Settings { corpora: &corpora, out: out.path(), selection: Selection::default() };
        corpus::prepare(&collected, &trained(&collected), settings).unwrap()
    };
    assert_eq!(hashes(), hashes());
}

#[test]
fn damaged_shards_are_refused_by_name() {
    let collected = kept();
    let out = tempfile::tempdir().unwrap();
    let corpora = fixtures();
    let settings = Settings { corpora: &corpora, out: out.path(), selection: Selection::default() };
    corpus::prepare(&collected, &trained(&collected), settings).unwrap();
    let tokens = out.path().join("prose-train.tokens");
    let whole = std::fs::read(&tokens).unwrap();
    std::fs::write(&tokens, &whole[..whole.len() - 2]).unwrap();
    let error = Shards::open(out.path()).unwrap_err();
    assert!(matches!(error, Error::Malformed { .. }), "{error}");
    assert!(error.to_string().contains("prose-train.tokens"), "{error}");
    std::fs::remove_file(out.path().join("manifest.json")).unwrap();
    assert!(Shards::open(out.path()).unwrap_err().to_string().contains("manifest.json"));
}

const TASKS: [&str; 9] = [
    "bc5cdr/valid.json",
    "bc5cdr/test.json",
    "ddi/valid.json",
    "ddi/test.json",
    "kd-dti/valid.json",
    "kd-dti/test.json",
    "pubmedqa/pqal_fold0/dev_set.json",
    "pubmedqa/test_set.json",
    "hoc/documents.jsonl",
];

/// A folder of corpora in which nothing is held out, and which says so.
fn corpora_without_tests() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for task in TASKS {
        let path = folder.path().join("tasks").join(task);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, if task.ends_with(".jsonl") { "" } else { "{}" }).unwrap();
    }
    folder
}

#[test]
fn a_set_that_cannot_be_held_out_is_an_error() {
    for task in TASKS {
        let folder = corpora_without_tests();
        std::fs::remove_file(folder.path().join("tasks").join(task)).unwrap();
        let error = collect(folder.path(), Selection::default()).unwrap_err();
        assert!(matches!(error, Error::NothingHeldOut { .. }), "{error}");
        assert!(error.to_string().contains(task), "{error}");
    }
}

#[test]
fn broken_lines_are_named() {
    let folder = corpora_without_tests();
    std::fs::create_dir(folder.path().join("prose")).unwrap();
    std::fs::write(folder.path().join("prose/x.jsonl"), "{\"id\": 1}\n").unwrap();
    let error = collect(folder.path(), Selection::default()).unwrap_err().to_string();
    assert!(error.contains("x.jsonl") && error.contains("line 1"), "{error}");
    std::fs::write(folder.path().join("prose/x.jsonl"), "").unwrap();
    assert!(matches!(collect(folder.path(), Selection::default()).unwrap_err(), Error::Empty { .. }));
}

#[test]
fn what_the_prose_names_often_is_defined_as_people_write_it() {
    let folder = corpora_without_tests();
    std::fs::create_dir(folder.path().join("prose")).unwrap();
    let line = |place: usize| {
        format!(
            r#"{{"id":"{place}","source":"s","kind":"abstract","licence":"CC0","text":"Report {place}: in week {place} a cough was seen by clinician {place} in the clinic of the city, and it went away again after {place} days of rest."}}"#
        )
    };
    let prose: Vec<String> = (0..25).map(line).collect();
    std::fs::write(folder.path().join("prose/x.jsonl"), prose.join("\n")).unwrap();
    let definition = |term: &str, meaning: &str| {
        format!(r#"{{"term":"{term}","definition":"{meaning}","source":"s","licence":"CC0"}}"#)
    };
    let definitions = [
        definition("cough", "A sudden expulsion of air from the lungs."),
        definition("gout", "A form of arthritis with crystals in the joints."),
    ];
    std::fs::write(folder.path().join("definitions.jsonl"), definitions.join("\n")).unwrap();
    let all = collect(folder.path(), Selection { lowercase: 1.0, ..Selection::default() }).unwrap();
    let of = |stream: Stream| -> Vec<&str> {
        all.documents.iter().filter(|d| d.stream == stream).map(|d| d.text.as_str()).collect()
    };
    let cough = "ough is a sudden expulsion of air from the lungs.";
    assert_eq!(of(Stream::Common), [format!("c{cough}"), format!("C{cough}")]);
    assert_eq!(of(Stream::Definitions), ["gout is a form of arthritis with crystals in the joints."]);
}

#[test]
fn what_texts_say_a_common_term_is_is_learned_instead_of_its_structure() {
    let corpora = corpora_without_tests();
    let write = |name: &str, text: &str| {
        let path = corpora.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let record = |number: usize| {
        let said = "Warfarin is an anticoagulant that hinders the making of clotting factors in the liver.";
        let text = match number {
            0 => format!("{said} Nurse number {number} weighs it each morning before the patients wake up."),
            _ => format!(
                "Patient {number} of ward {} took warfarin for {number} weeks, bled on day {}, and recovered at home with \
                 iron, rest, cousin {number} and soup number {}.",
                number * 7,
                number * 3,
                number * 11
            ),
        };
        format!(
            r#"{{"id": "{number}", "source": "s", "kind": "abstract", "licence": "CC BY", "text": "{text}"}}"#
        )
    };
    write("prose/abstracts.jsonl", &(0..25).map(record).collect::<Vec<_>>().join("\n"));
    let structure = "A hydroxycoumarin that is substituted at position 3 by a group of four atoms.";
    write(
        "definitions.jsonl",
        &format!(
            r#"{{"term": "warfarin", "definition": "{structure}", "source": "chebi-x", "licence": "CC BY", "synonyms": ["Coumadin"]}}"#
        ),
    );
    write("terms.tsv", "name\tid\ttype\tsource\nWarfarin\tD1\tchemical\tmesh\n");
    let selection = Selection { lowercase: 0.0, validation: 0.0, ..Selection::default() };
    let collected = collect(corpora.path(), selection).unwrap();
    let of = |stream: Stream| -> Vec<&str> {
        let documents = collected.documents.iter().filter(|document| document.stream == stream);
        documents.map(|document| document.text.as_str()).collect()
    };
    let said = "arfarin is an anticoagulant that hinders the making of clotting factors in the liver.";
    assert_eq!(of(Stream::Common), [format!("w{said}"), format!("W{said}")]);
    let defined = "Warfarin is a hydroxycoumarin that is substituted at position 3 by a group of four atoms. \
                   It is also known as Coumadin.";
    assert_eq!(of(Stream::Definitions), [defined]);
}
