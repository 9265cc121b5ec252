//! Import, export, import: the same documents, or the difference is listed. Over generated documents, the shared files
//! and the gold corpora, in every format that is written and read.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what these tests share is test code too"
)]

mod shared;

use std::collections::BTreeMap;

use documents::corpora::{bc5cdr, ddi, hoc, kd_dti, pubmedqa};
use documents::formats::{Format, Loss, Lost, Records, Source, WriteOptions, pair, read, read_brat, write};
use documents::{Argument, Concept, Document, Entity, Infons, Passage, Relation, Span, Target};
use proptest::prelude::*;

/// The formats that are written and can be read again.
const FORMATS: [Format; 9] = [
    Format::BiocXml,
    Format::BiocJson,
    Format::PubTator,
    Format::Brat,
    Format::PubAnnotation,
    Format::Jsonl,
    Format::Ris,
    Format::Medline,
    Format::Training,
];

/// Writes and reads back; gives what came back and what was listed as lost.
fn through(documents: &[Document], format: Format) -> (Vec<Document>, Vec<Loss>) {
    let written = write(documents, format, &WriteOptions { task: "t".to_owned(), ..WriteOptions::default() })
        .unwrap_or_else(|error| panic!("{error}"));
    let names: Vec<&str> = written.files.iter().map(|(name, _)| name.as_str()).collect();
    let mut back = Vec::new();
    for source in pair(&names) {
        let import = match source {
            Source::File(index) => read(&written.files[index].1, names[index]),
            Source::Brat { text, annotations } => {
                read_brat(&written.files[text].1, &written.files[annotations[0]].1, names[text])
            }
        };
        match import {
            Ok(import) => {
                assert_eq!(
                    import.format,
                    format,
                    "{names:?}: {}",
                    String::from_utf8_lossy(&written.files[0].1).chars().take(300).collect::<String>()
                );
                back.extend(import.documents);
            }
            Err(error) => panic!("{} cannot be read back: {error}", format.name()),
        }
    }
    (back, written.losses)
}

/// Documents in the order of ids inside them: formats may put mentions by place.
fn sorted(documents: &[Document]) -> Vec<Document> {
    let mut documents = documents.to_vec();
    for document in &mut documents {
        document.entities.sort_by(|one, two| one.id.cmp(&two.id));
        document.relations.sort_by(|one, two| one.id.cmp(&two.id));
    }
    documents
}

/// What is not listed as lost is the same; and what came back goes through again unchanged.
fn check(documents: &[Document], format: Format) {
    let (mut back, losses) = through(documents, format);
    if matches!(format, Format::Ris | Format::Medline) {
        // Each record of a reference manager needs a number and an owner: what is added is no loss.
        for (one, two) in documents.iter().zip(&mut back) {
            two.infons.retain(|key, _| one.infons.contains_key(key));
        }
    }
    if losses.is_empty() {
        assert_eq!(sorted(&back), sorted(documents), "{}", format.name());
    }
    let lost = |what: Lost| losses.iter().any(|loss| loss.what == what);
    if !lost(Lost::Documents) {
        assert_eq!(back.len(), documents.len());
        for (one, two) in documents.iter().zip(&back) {
            assert!(lost(Lost::Text) || one.text == two.text);
            assert!(lost(Lost::Mentions) || one.entities.len() == two.entities.len());
            assert!(lost(Lost::Relations) || one.relations.len() == two.relations.len());
        }
    }
    let (back, _) = through(documents, format);
    let (again, losses) = through(&back, format);
    assert!(losses.is_empty(), "{} loses from its own: {losses:#?}", format.name());
    assert_eq!(sorted(&again), sorted(&back), "{}", format.name());
}

#[test]
fn formats_that_can_hold_everything_lose_nothing() {
    let document = full();
    for format in [Format::BiocXml, Format::BiocJson, Format::Jsonl, Format::Training] {
        let (back, losses) = through(std::slice::from_ref(&document), format);
        assert!(losses.is_empty(), "{}: {losses:#?}", format.name());
        assert_eq!(back[0], document, "{}", format.name());
    }
}

#[test]
fn formats_list_what_they_cannot_hold() {
    let document = full();
    let lost = |format: Format| -> Vec<Lost> {
        through(std::slice::from_ref(&document), format).1.iter().map(|loss| loss.what).collect()
    };
    assert_eq!(
        lost(Format::PubTator),
        [
            Lost::DocumentProperties,
            Lost::MentionIds,
            Lost::MentionPlaces,
            Lost::Relations,
            Lost::RelationIds,
            Lost::Participants,
            Lost::Roles,
            Lost::Evidence,
            Lost::Notes,
            Lost::Properties
        ]
    );
    assert_eq!(
        lost(Format::Brat),
        [Lost::Passages, Lost::DocumentProperties, Lost::MentionIds, Lost::RelationIds, Lost::Evidence]
    );
    assert_eq!(
        lost(Format::PubAnnotation),
        [Lost::DocumentProperties, Lost::Relations, Lost::Roles, Lost::Evidence]
    );
}

/// A document with something in every place of the model.
fn full() -> Document {
    let text = "Naïve β-blockers\nraise breast or ovarian cancer risk in rats.";
    let at = |words: &str| {
        let start = text.find(words).expect("the words stand in the text");
        Span::new(start, start + words.len())
    };
    let infons = |pairs: &[(&str, &str)]| -> Infons {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    };
    let passage =
        |words: &str, kind: &str| Passage { span: at(words), kind: kind.to_owned(), infons: Infons::new() };
    let entity = |id: &str, kind: &str, spans: Vec<Span>, words: &str, concepts: &[(&str, &str)]| Entity {
        id: id.to_owned(),
        kind: kind.to_owned(),
        spans,
        text: words.to_owned(),
        concepts: concepts
            .iter()
            .map(|(vocabulary, id)| Concept { vocabulary: (*vocabulary).to_owned(), id: (*id).to_owned() })
            .collect(),
        note: None,
        score: None,
        infons: Infons::new(),
    };
    let argument =
        |role: &str, id: &str| Argument { role: role.to_owned(), target: Target::Entity(id.to_owned()) };
    let mut drug = entity("e1", "Chemical", vec![at("β-blockers")], "β-blockers", &[("MESH", "D000319")]);
    drug.note = Some("a class".to_owned());
    drug.score = Some(0.1 + 0.2);
    let mut cancer = entity(
        "e2",
        "Disease",
        vec![at("breast"), at("cancer")],
        "breast cancer",
        &[("", "D001943"), ("OMIM", "1")],
    );
    cancer.infons = infons(&[("certainty", "low")]);
    let mut relation =
        Relation::new("r1", "CID", vec![argument("Chemical", "e1"), argument("Disease", "e2")]);
    relation.evidence = vec![at("raise breast or ovarian cancer risk")];
    relation.note = Some("weak".to_owned());
    relation.score = Some(1e-7);
    relation.infons = infons(&[("decision", "accepted"), ("run", "r-1")]);
    let nested = Relation::new(
        "r2",
        "Report",
        vec![
            Argument { role: "what".to_owned(), target: Target::Relation("r1".to_owned()) },
            argument("about", "e1"),
        ],
    );
    Document {
        id: "227508".to_owned(),
        text: text.to_owned(),
        passages: vec![
            passage("Naïve β-blockers", "title"),
            passage(&text[text.find("raise").unwrap()..], "abstract"),
        ],
        entities: vec![drug, cancer],
        relations: vec![relation, nested],
        infons: infons(&[("journal", "Gut & Liver"), ("year", "2001")]),
    }
}

/// Words with whatever makes formats stumble: marks of their syntax, combining and astral characters, line ends.
fn text() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        4 => "[a-zA-Z]{1,8}",
        1 => Just("naïve".to_owned()),
        1 => Just("TGF-β1".to_owned()),
        1 => Just("𝛼𝛽".to_owned()),
        1 => Just("e\u{301}te".to_owned()),
        1 => Just("<5%|&\"'\\".to_owned()),
        1 => Just("x\u{a0}y".to_owned()),
        1 => Just("T1".to_owned()),
        1 => Just("1|t|".to_owned()),
    ];
    let blank = prop_oneof![6 => Just(" "), 1 => Just("  "), 1 => Just("\n"), 1 => Just("\r\n"), 1 => Just("\t"), 1 => Just("\n\n")];
    prop::collection::vec((word, blank), 1..25).prop_map(|parts| {
        let text: String = parts.iter().flat_map(|(word, blank)| [word.as_str(), blank]).collect();
        format!("A{text}")
    })
}

fn id() -> impl Strategy<Value = String> {
    prop_oneof![3 => "[ERT][1-9]", 1 => "[a-z]{1,3}[0-9]?", 1 => Just("é:1".to_owned()), 1 => Just("*1".to_owned()), 1 => Just("a b".to_owned())]
}

fn word() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[A-Za-z_]{1,8}", 1 => Just("x y".to_owned()), 1 => Just("a:b|c".to_owned()), 1 => Just("β<&>".to_owned()), 1 => Just("true".to_owned())]
}

fn concept() -> impl Strategy<Value = Concept> {
    let vocabulary = prop_oneof![Just(""), Just("MESH"), Just("NCBI Gene"), Just("Own")];
    let id = prop_oneof![4 => "[A-Z][0-9]{3}", 1 => Just("a|b".to_owned()), 1 => Just("c:d".to_owned()), 1 => Just("-1".to_owned())];
    (vocabulary, id).prop_map(|(vocabulary, id)| Concept { vocabulary: vocabulary.to_owned(), id })
}

fn infons() -> impl Strategy<Value = Infons> {
    let key = prop_oneof![4 => word(), 1 => Just("type".to_owned()), 1 => Just("score".to_owned()), 1 => Just("decision".to_owned()), 1 => Just("osler".to_owned())];
    let value = prop_oneof![4 => word(), 1 => Just("0.5".to_owned()), 1 => Just(String::new()), 1 => Just("accepted".to_owned())];
    prop::collection::btree_map(key, value, 0..3)
}

/// A document that keeps the model's promises.
fn document() -> impl Strategy<Value = Document> {
    let entity = (
        id(),
        word(),
        prop::collection::vec((0usize..400, 1usize..30), 1..3),
        prop::collection::vec(concept(), 0..3),
        prop::option::of(word()),
        prop::option::of(0.0f64..1.0),
        infons(),
    );
    let relation = (
        id(),
        word(),
        prop::collection::vec(
            (prop_oneof![Just(String::new()), word()], 0usize..9, prop::option::of(concept())),
            1..4,
        ),
        prop::option::of((0usize..400, 1usize..30)),
        prop::option::of(word()),
        prop::option::of(0.0f64..1.0),
        infons(),
    );
    (
        text(),
        "[a-zA-Z0-9]{1,8}",
        prop::collection::vec(entity, 0..5),
        prop::collection::vec(relation, 0..4),
        infons(),
        any::<bool>(),
    )
        .prop_map(|(text, id, entities, relations, infons, titled)| {
            let mut document = Document { id, infons, ..Document::default() };
            document.passages = passages(&text, titled);
            let bytes = |start: usize, length: usize| -> Option<Span> {
                let mut places = text
                    .char_indices()
                    .map(|(at, _)| at)
                    .chain([text.len()])
                    .skip(start % text.chars().count());
                let start = places.next()?;
                let end = places.nth(length - 1)?;
                Some(Span::new(start, end))
            };
            for (id, kind, places, concepts, note, score, infons) in entities {
                let mut spans: Vec<Span> =
                    places.iter().filter_map(|(start, length)| bytes(*start, *length)).collect();
                spans.sort_unstable();
                spans.dedup_by(|next, last| next.start <= last.end);
                let is_new = !document.entities.iter().any(|entity| entity.id == id);
                if is_new && !spans.is_empty() {
                    let words: Vec<&str> = spans.iter().filter_map(|span| span.slice(&text)).collect();
                    let words = words.join(" ");
                    document.entities.push(Entity {
                        id,
                        kind,
                        spans,
                        text: words,
                        concepts,
                        note,
                        score,
                        infons,
                    });
                }
            }
            for (id, kind, arguments, evidence, note, score, infons) in relations {
                let is_new = !document.relations.iter().any(|relation| relation.id == id);
                let target = |number: usize, concept: Option<Concept>| match concept {
                    Some(concept) => Target::Concept(concept),
                    None if number == 8 && !document.relations.is_empty() => {
                        Target::Relation(document.relations[0].id.clone())
                    }
                    None if document.entities.is_empty() => {
                        Target::Concept(Concept { vocabulary: String::new(), id: "D1".to_owned() })
                    }
                    None => Target::Entity(document.entities[number % document.entities.len()].id.clone()),
                };
                if is_new {
                    let arguments = arguments
                        .into_iter()
                        .map(|(role, number, concept)| Argument { role, target: target(number, concept) });
                    let mut relation = Relation::new(id, kind, arguments.collect());
                    relation.evidence =
                        evidence.and_then(|(start, length)| bytes(start, length)).into_iter().collect();
                    (relation.note, relation.score, relation.infons) = (note, score, infons);
                    document.relations.push(relation);
                }
            }
            document.text = text;
            document
        })
}

/// An untouched export says what its record says, and the record holds it whole.
fn check_record(documents: &[Document], format: Format) {
    let runs = BTreeMap::from([("1".to_owned(), Infons::new())]);
    let options = WriteOptions { name: "ward".to_owned(), task: "t".to_owned(), runs };
    let written = write(documents, format, &options).unwrap();
    let records = Records::read(&written.files.last().unwrap().1, "ward").unwrap().unwrap();
    assert_eq!(records.documents, documents, "{}", format.name());
    let count = records.names().len().max(1);
    let files: Vec<Vec<u8>> = written.files.into_iter().take(count).map(|(_, bytes)| bytes).collect();
    let compared = records.compare(&files).unwrap();
    assert_eq!(compared.differences, Vec::<String>::new(), "{}", format.name());
    assert_eq!(compared.losses, written.losses);
}

/// A passage per line, or one for the whole text.
fn passages(text: &str, titled: bool) -> Vec<Passage> {
    let passage = |start: usize, end: usize, kind: &str| Passage {
        span: Span::new(start, end),
        kind: kind.to_owned(),
        infons: BTreeMap::new(),
    };
    if !titled {
        return vec![passage(0, text.len(), "abstract")];
    }
    let mut start = 0;
    let mut passages = Vec::new();
    for line in text.split_inclusive('\n') {
        let words = line.trim_end_matches('\n');
        if !words.is_empty() {
            passages.push(passage(start, start + words.len(), if start == 0 { "title" } else { "abstract" }));
        }
        start += line.len();
    }
    passages
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_not_listed_as_lost_comes_back(documents in prop::collection::vec(document(), 1..3)) {
        let mut documents = documents;
        for (number, document) in documents.iter_mut().enumerate() {
            document.id.push_str(&number.to_string());
        }
        for format in FORMATS {
            check(&documents, format);
        }
    }

    #[test]
    fn what_is_written_with_a_record_agrees_with_it(document in document()) {
        for format in
            [Format::PubTator, Format::Brat, Format::PubAnnotation, Format::Csv, Format::Tsv, Format::Html]
        {
            check_record(std::slice::from_ref(&document), format);
        }
    }

    #[test]
    fn bioc_and_json_lines_hold_every_document(document in document()) {
        for format in [Format::BiocXml, Format::BiocJson, Format::Jsonl, Format::Training] {
            let (back, losses) = through(std::slice::from_ref(&document), format);
            prop_assert!(losses.is_empty(), "{}: {:#?}", format.name(), losses);
            prop_assert_eq!(sorted(&back), sorted(std::slice::from_ref(&document)));
        }
    }
}

/// Every document that can be read of the shared folder `files`, whatever its format.
#[test]
fn shared_files_go_through_every_format() {
    let Some(directory) = shared::path("files") else { return };
    let mut folders: Vec<_> =
        std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|folder| folder.is_dir());
    folders.sort();
    let mut tried = 0;
    for folder in folders {
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path().to_string_lossy().into_owned())
            .collect();
        names.sort();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        for source in pair(&names) {
            let bytes = |index: usize| std::fs::read(names[index]).unwrap();
            let import = match source {
                Source::File(index) => read(&bytes(index), names[index]),
                Source::Brat { text, annotations } => {
                    read_brat(&bytes(text), &bytes(annotations[0]), names[text])
                }
            };
            // What is refused is listed in `files.rs`.
            let Ok(import) = import else { continue };
            for documents in import.documents.chunks(20) {
                for format in FORMATS {
                    check(documents, format);
                }
            }
            tried += import.documents.len();
        }
    }
    println!("{tried} documents");
    assert!(tried > 100, "{tried}");
}

/// Every document of the gold corpora, a batch at a time, as one exports a library.
fn check_corpus(name: &str, documents: impl Iterator<Item = Document>) {
    let mut tried = 0;
    let mut documents = documents.peekable();
    while documents.peek().is_some() {
        let mut batch: Vec<Document> = documents.by_ref().take(50).collect();
        // Some corpora have several records of one text; formats know documents by their ids.
        for (place, document) in batch.iter_mut().enumerate() {
            document.id = format!("{}{place}", document.id);
        }
        for format in FORMATS {
            check(&batch, format);
        }
        tried += batch.len();
    }
    println!("{name}: {tried} documents");
    assert!(tried > 0, "{name}");
}

#[test]
fn bc5cdr_goes_through_every_format() {
    for part in ["Training", "Development", "Test"] {
        let file = format!("CDR_{part}Set.PubTator.txt");
        let Some(text) = shared::text(&format!("corpora/tasks/bc5cdr/{file}")) else { return };
        check_corpus(&file, bc5cdr::read_pubtator(&text, &file).unwrap().documents.into_iter());
    }
}

#[test]
fn the_other_corpora_go_through_every_format() {
    for file in ["train.json", "valid.json", "test.json"] {
        let Some(json) = shared::text(&format!("corpora/tasks/ddi/{file}")) else { return };
        check_corpus("DDI", ddi::read(&json, file).unwrap().map(|record| record.unwrap().document()));
    }
    for file in ["valid.json", "test.json"] {
        let Some(json) = shared::text(&format!("corpora/tasks/kd-dti/{file}")) else { return };
        check_corpus("KD-DTI", kd_dti::read(&json, file).unwrap().map(|record| record.unwrap().document()));
    }
    let Some(json) = shared::text("corpora/tasks/pubmedqa/ori_pqal.json") else { return };
    let records = pubmedqa::read(&json, "ori_pqal.json").unwrap();
    check_corpus("PubMedQA", records.map(|record| record.unwrap().document()));
    let Some(jsonl) = shared::text("corpora/tasks/hoc/documents.jsonl") else { return };
    let records = hoc::read_documents(&jsonl, "documents.jsonl");
    check_corpus("HoC", records.map(|record| record.unwrap().document()));
}
