//! What is written is valid for the tools of its format, and what is told as lost is lost.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what these tests share is test code too"
)]

use documents::formats::{Format, Lost, WriteOptions, read, read_brat, write};
use documents::{Document, Entity, Infons, Passage, Span};
use serde_json::{Value, json};

/// A document with all that other tools are particular about.
fn particular() -> Document {
    let text = "Renal\nfailure, breast\tor ovarian cancer.\nβ-blockers and zinc.";
    let record = json!({
        "id": "p", "text": text,
        "passages": [
            {"start_offset": 0, "end_offset": 40, "type": "title", "infons": {"section": "A"}},
            {"start_offset": 0, "end_offset": 40, "type": "again"},
            {"start_offset": 41, "end_offset": 41, "type": "empty"},
            {"start_offset": 41, "end_offset": 61, "type": ""},
        ],
        "entities": [
            {"id": "0", "label": "Disease", "spans": [[0, 13]], "concepts": [{"vocabulary": "MESH", "id": "D1 a"}, {"vocabulary": "", "id": ""}, {"vocabulary": "MESH", "id": "D1 a"}]},
            {"id": "1", "label": "", "spans": [[15, 21], [33, 39]], "note": "two\u{2028}lines\tof it"},
            {"id": "2", "label": "Type two", "spans": [[15, 24], [20, 29]]},
            {"id": "3", "label": "Drug", "spans": [[41, 51]], "score": 0.5},
            {"id": "4", "label": "Drug", "spans": [[56, 60]]},
        ],
        "relations": [
            {"id": "0", "type": "with", "arguments": [{"role": "Drug", "target": {"entity": "3"}}, {"role": "Drug", "target": {"entity": "4"}}], "note": "n"},
            {"id": "three", "type": "x", "arguments": [{"role": "", "target": {"entity": "3"}}, {"role": "", "target": {"entity": "4"}}, {"role": "", "target": {"entity": "1"}}]},
            {"id": "on", "type": "", "arguments": [{"role": "", "target": {"entity": "3"}}, {"role": "", "target": {"relation": "0"}}]},
            {"id": "dangles", "type": "x", "arguments": [{"role": "", "target": {"relation": "three"}}, {"role": "", "target": {"entity": "3"}}]},
            {"id": "further", "type": "x", "arguments": [{"role": "", "target": {"relation": "dangles"}}, {"role": "", "target": {"entity": "3"}}]},
            {"id": "unnamed", "type": " ", "arguments": [{"role": "", "target": {"entity": "0"}}, {"role": "", "target": {"entity": "4"}}]},
        ],
    });
    let import = read(record.to_string().as_bytes(), "p.jsonl").unwrap();
    assert_eq!((import.issues, import.documents[0].relations.len()), (vec![], 6));
    let mut document = import.documents[0].clone();
    "beta-blockers".clone_into(&mut document.entities[3].text);
    document
}

fn written(document: &Document, format: Format) -> Vec<(String, Vec<u8>)> {
    write(std::slice::from_ref(document), format, &WriteOptions::default()).unwrap().files
}

/// The rules of brat's own parser (its `annotation.py`).
#[test]
fn brat_takes_every_line() {
    let files = written(&particular(), Format::Brat);
    let text: Vec<char> = String::from_utf8(files[0].1.clone()).unwrap().chars().collect();
    let annotations = String::from_utf8(files[1].1.clone()).unwrap();
    assert!(!annotations.contains(['\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}']));
    let ids: Vec<&str> = annotations.lines().map(|line| line.split('\t').next().unwrap()).collect();
    assert_eq!(ids.len(), ids.iter().collect::<std::collections::HashSet<_>>().len());
    for line in annotations.lines() {
        let (id, rest) = line.split_once('\t').unwrap();
        let (data, words) = rest.split_once('\t').unwrap_or((rest, ""));
        let parts: Vec<&str> = data.split(' ').collect();
        let is_known = |id: &&str| ids.contains(id);
        match &id[..1] {
            "T" => {
                let places = data.split_once(' ').unwrap().1;
                let pairs = places.split(';').map(|pair| pair.split_once(' ').unwrap());
                let spans: Vec<(usize, usize)> =
                    pairs.map(|(start, end)| (start.parse().unwrap(), end.parse().unwrap())).collect();
                assert!(spans.is_sorted_by(|one, two| one.1 <= two.0), "{line}");
                let stands = spans.iter().map(|(start, end)| text[*start..*end].iter().collect::<String>());
                assert_eq!(words, stands.collect::<Vec<_>>().join(" "));
            }
            "R" => {
                let [_, one, two] = parts[..] else { panic!("{line}") };
                let (one, two) = (one.split_once(':').unwrap(), two.split_once(':').unwrap());
                assert_ne!(one.0, two.0, "{line}");
                assert!([one.1, two.1].iter().all(is_known), "{line}");
            }
            "N" => {
                let [_, of, reference] = parts[..] else { panic!("{line}") };
                assert!(is_known(&of) && reference.split_once(':').is_some_and(|pair| !pair.1.is_empty()));
            }
            _ => assert!(parts.len() >= 2 && is_known(&parts[1]), "{line}"),
        }
    }
    let relations = ids.iter().filter(|id| id.starts_with('R')).count();
    assert_eq!(relations, 3, "with, on, unnamed");
}

/// The rules of PubAnnotation's server (its `normalize!`) and of TextAE: one bad item refuses the file.
#[test]
fn pubannotation_takes_every_item() {
    let files = written(&particular(), Format::PubAnnotation);
    let object: Value = serde_json::from_slice(&files[0].1).unwrap();
    let list = |key: &str| object[key].as_array().unwrap().clone();
    let id = |one: &Value| one["id"].as_str().unwrap().to_owned();
    let mentions: Vec<String> = list("denotations").iter().map(id).collect();
    let mut all = mentions.clone();
    all.extend(list("blocks").iter().map(id));
    all.extend(list("relations").iter().map(id));
    assert_eq!(all.len(), all.iter().collect::<std::collections::HashSet<_>>().len(), "{all:?}");
    for item in list("denotations").iter().chain(&list("blocks")) {
        assert!(!item["obj"].as_str().unwrap().trim().is_empty(), "{item}");
        let one = std::slice::from_ref(&item["span"]);
        for span in item["span"].as_array().map_or(one, Vec::as_slice) {
            assert!(span["begin"].as_u64() < span["end"].as_u64(), "{item}");
        }
    }
    let places: Vec<String> = list("blocks").iter().map(|block| block["span"].to_string()).collect();
    assert_eq!(places.len(), 2);
    for relation in list("relations") {
        assert!(!relation["pred"].as_str().unwrap().trim().is_empty());
        let is_mention = |key: &str| mentions.iter().any(|id| relation[key] == id.as_str());
        assert!(is_mention("subj") && is_mention("obj"), "{relation}");
    }
    assert_eq!(list("relations").len(), 2, "with, unnamed");
    let mut attributes: Vec<String> = list("attributes")
        .iter()
        .map(|one| {
            assert!(all.iter().any(|id| one["subj"] == id.as_str()) && one["obj"] != "", "{one}");
            format!("{} {} {}", one["subj"], one["pred"], one["obj"])
        })
        .collect();
    let count = attributes.len();
    attributes.sort();
    attributes.dedup();
    assert_eq!(attributes.len(), count, "{attributes:?}");
    // A relation's note is about the relation, although a mention has the same id here.
    let back = read(&files[0].1, "p.json").unwrap();
    let with = back.documents[0].relations.iter().find(|relation| relation.kind == "with").unwrap();
    assert_eq!(with.note.as_deref(), Some("n"));
    assert!(back.issues.is_empty(), "{:#?}", back.issues);
}

/// The rule of bconv, which refuses a file otherwise: an annotation's text is what stands at its locations, with a blank
/// between pieces.
#[test]
fn bioc_words_are_those_of_the_text() {
    let document = particular();
    let files = written(&document, Format::BiocJson);
    let collection: Value = serde_json::from_slice(&files[0].1).unwrap();
    let mut count = 0;
    for passage in collection["documents"][0]["passages"].as_array().unwrap() {
        let letters: Vec<char> = passage["text"].as_str().unwrap().chars().collect();
        let offset = passage["offset"].as_u64().unwrap();
        for annotation in passage["annotations"].as_array().unwrap() {
            let stands = annotation["locations"].as_array().unwrap().iter().map(|location| {
                let number = |key: &str| location[key].as_u64().unwrap();
                let start = usize::try_from(number("offset") - offset).unwrap();
                letters[start..start + usize::try_from(number("length")).unwrap()].iter().collect::<String>()
            });
            assert_eq!(annotation["text"], stands.collect::<Vec<_>>().join(" ").as_str());
            count += 1;
        }
    }
    assert_eq!(count, 5);
    for format in [Format::BiocJson, Format::BiocXml] {
        let (name, bytes) = &written(&document, format)[0];
        let back = read(bytes, name).unwrap();
        assert_eq!((&back.documents[0].entities, back.issues), (&document.entities, vec![]));
    }
}

/// The rules of bconv and of `bioc.pubtator`: words are those of the text, counted from the title on, which is not empty.
#[test]
fn pubtator_words_are_those_of_the_text() {
    let mut document = particular();
    for passages in [document.passages.clone(), Vec::new()] {
        document.passages = passages;
        let files = written(&document, Format::PubTator);
        let file = String::from_utf8(files[0].1.clone()).unwrap();
        let mut lines = file.lines();
        let (title, rest) = (lines.next().unwrap(), lines.next().unwrap());
        let text = format!("{} {}", title.strip_prefix("p|t|").unwrap(), rest.strip_prefix("p|a|").unwrap());
        let letters: Vec<char> = text.chars().collect();
        assert!(!title.ends_with('|'));
        let mut count = 0;
        for line in lines.filter(|line| !line.is_empty()) {
            let columns: Vec<&str> = line.split('\t').collect();
            if let (Ok(start), Ok(end)) = (columns[1].parse::<usize>(), columns[2].parse::<usize>()) {
                assert_eq!(columns[3], letters[start..end].iter().collect::<String>());
                count += 1;
            }
        }
        assert_eq!(count, 5);
    }
}

fn entity(id: &str, document: &Document, spans: &[(usize, usize)]) -> Entity {
    let spans: Vec<Span> = spans.iter().map(|(start, end)| Span::new(*start, *end)).collect();
    let words: Vec<&str> = spans.iter().map(|span| span.slice(&document.text).unwrap()).collect();
    Entity {
        id: id.to_owned(),
        kind: "Gene".to_owned(),
        text: words.join(" "),
        spans,
        concepts: Vec::new(),
        note: None,
        score: None,
        infons: Infons::new(),
    }
}

fn passage(start: usize, end: usize, kind: &str) -> Passage {
    Passage { span: Span::new(start, end), kind: kind.to_owned(), infons: Infons::new() }
}

#[test]
fn bioc_passages_hold_all_words_and_every_mention() {
    let text = "IRF-4 rose in mice. Later on, IRF-4 fell in men.\nIt caused\nanaemia β.";
    let mut document = Document { id: "b".to_owned(), text: text.to_owned(), ..Document::default() };
    document.passages =
        vec![passage(0, 19, "title"), passage(49, 58, "abstract"), passage(59, 70, "abstract")];
    document.entities = vec![
        entity("T1", &document, &[(0, 5)]),
        entity("T2", &document, &[(30, 35)]),
        entity("T3", &document, &[(52, 66)]),
    ];
    for format in [Format::BiocJson, Format::BiocXml] {
        let written = write(std::slice::from_ref(&document), format, &WriteOptions::default()).unwrap();
        assert!(written.losses.is_empty(), "{:#?}", written.losses);
        let (name, bytes) = &written.files[0];
        assert_eq!(read(bytes, name).unwrap().documents[0], document);
        if format == Format::BiocXml {
            continue;
        }
        let written: Value = serde_json::from_slice(bytes).unwrap();
        let mut words = String::new();
        for passage in written["documents"][0]["passages"].as_array().unwrap() {
            let offset = passage["offset"].as_u64().unwrap();
            let own: Vec<char> = passage["text"].as_str().unwrap().chars().collect();
            words.extend(&own);
            for annotation in passage["annotations"].as_array().unwrap() {
                for location in annotation["locations"].as_array().unwrap() {
                    let at = |key: &str| usize::try_from(location[key].as_u64().unwrap()).unwrap();
                    let start = at("offset") - usize::try_from(offset).unwrap();
                    let stands: String = own[start..start + at("length")].iter().collect();
                    assert_eq!(stands, annotation["text"].as_str().unwrap());
                }
            }
        }
        let bare = |text: &str| text.chars().filter(|letter| !letter.is_whitespace()).collect::<String>();
        assert_eq!(bare(&words), bare(text));
    }
}

#[test]
fn every_mention_of_a_long_shifted_note_stands_on_its_line() {
    let drug = |day: usize| if day.is_multiple_of(2) { "codeine" } else { "morphine" };
    let lines: Vec<String> = (1..=320)
        .map(|day| format!("Day {day}: pain {} of 10, given {} {day} mg.", day % 10, drug(day)))
        .collect();
    let (text, source) = (lines.join("\r\n"), lines.join("\n"));
    let mut annotations = String::new();
    let mut start = 0;
    for (number, line) in (1..).zip(&lines) {
        for (id, word) in [(2 * number - 1, drug(number)), (2 * number, "pain")] {
            let at = start + line.find(word).unwrap();
            annotations.push_str(&format!("T{id}\tX {at} {}\t{word}\n", at + word.len()));
        }
        start += line.len() + 1;
    }
    assert_eq!(start, source.len() + 1);
    let import = read_brat(text.as_bytes(), annotations.as_bytes(), "note.txt").unwrap();
    let document = &import.documents[0];
    assert_eq!(document.entities.len(), 640);
    for entity in &document.entities {
        let number: usize = entity.id[1..].parse().unwrap();
        let line = 1 + document.text[..entity.spans[0].start].matches('\n').count();
        assert_eq!(line, number.div_ceil(2), "{}", entity.id);
        assert_eq!(entity.spans[0].slice(&document.text), Some(entity.text.as_str()));
    }
    assert_eq!(import.issues.len(), 0);
    assert_eq!(
        import.notices[0].to_string(),
        "The file's offsets count a line break (CR and LF) as one character; they were converted."
    );
}

#[test]
fn losses_are_told_also_where_the_text_changes() {
    let json = r#"{"id": "p", "text": "Renal and hepatic failure.\nDrugs harm.\nRenal or hepatic failure came.", "passages": [{"start_offset": 0, "end_offset": 26, "type": "title"}, {"start_offset": 27, "end_offset": 38, "type": "abstract"}, {"start_offset": 39, "end_offset": 69, "type": "abstract"}],
        "entities": [{"id": "T2", "label": "Disease", "start_offset": 48, "end_offset": 63, "text": "hepatic failure", "concepts": [{"vocabulary": "MESH", "id": "D2"}]}, {"id": "T1", "label": "Disease", "spans": [[39, 44], [56, 63]], "text": "Renal failure", "concepts": [{"vocabulary": "MESH", "id": "D1"}]}],
        "relations": [{"id": "R1", "type": "with", "arguments": [{"role": "a", "target": {"entity": "T1"}}, {"role": "b", "target": {"entity": "T2"}}], "evidence": [[39, 69]]}]}"#.replace('\n', " ");
    let documents = read(json.as_bytes(), "in.jsonl").unwrap().documents;
    let written = write(&documents, Format::PubTator, &WriteOptions::default()).unwrap();
    let told = |what: Lost| written.losses.iter().find(|loss| loss.what == what).map(ToString::to_string);
    assert_eq!(
        told(Lost::MentionPlaces).unwrap(),
        "1 mention in pieces becomes one stretch in p (such as Renal failure)"
    );
    assert!(told(Lost::Evidence).is_some());
    // PubTator numbers mentions anew; they are the same ones all the same.
    for what in [Lost::Mentions, Lost::MentionTypes, Lost::Concepts, Lost::MentionMoves, Lost::MentionWords] {
        assert_eq!(told(what), None);
    }
    let table = write(&documents, Format::Csv, &WriteOptions::default()).unwrap();
    let lost: Vec<Lost> = table.losses.iter().map(|loss| loss.what).collect();
    assert!(lost.contains(&Lost::Texts) && !lost.contains(&Lost::Text), "{lost:?}");
    assert!(table.losses.iter().all(|loss| !loss.example.is_empty()));
}

/// What was accepted and added, with its evidence, reaches the reference manager; what was rejected or left open does not.
#[test]
fn a_reference_manager_gets_what_was_decided() {
    let record = json!({
        "id": "8701013", "text": "Lithium and tremor.\nLithium caused tremor; it was mild.\nNo rash was seen.",
        "passages": [
            {"start_offset": 0, "end_offset": 19, "type": "title"},
            {"start_offset": 20, "end_offset": 55, "type": "abstract"},
            {"start_offset": 56, "end_offset": 73, "type": "abstract"},
        ],
        "entities": [
            {"id": "M1", "label": "Chemical", "spans": [[20, 27]]},
            {"id": "M2", "label": "Disease", "spans": [[35, 41]]},
            {"id": "M3", "label": "Disease", "spans": [[59, 63]]},
        ],
        "relations": [
            {"id": "F1", "type": "CID", "arguments": [{"role": "Chemical", "target": {"entity": "M1"}}, {"role": "Disease", "target": {"entity": "M2"}}],
             "evidence": [[20, 55]], "note": "dose unknown",
             "infons": {"decision": "accepted", "decision.ada": "accept", "decided_at.ada": "2026-01-31T12:00:00.000Z"}},
            {"id": "F2", "type": "CID", "arguments": [{"role": "Chemical", "target": {"entity": "M1"}}, {"role": "Disease", "target": {"entity": "M3"}}],
             "infons": {"decision": "rejected", "decision.ada": "reject"}},
        ],
    });
    let mut document = read(record.to_string().as_bytes(), "p.jsonl").unwrap().documents.remove(0);
    for (key, value) in [
        ("authors", "Doe, Jane; Roe, Rick"),
        ("journal", "J Test"),
        ("year", "2001"),
        ("doi", "10.1000/x"),
        ("keywords", "mania; salts"),
        ("answer.F3", "yes"),
        ("answer.F3.question", "Does lithium cause tremor?"),
        ("answer.F3.decision.ben", "accept"),
        ("note.4", "ada: read again"),
    ] {
        document.infons.insert(key.to_owned(), value.to_owned());
    }
    let ris = String::from_utf8(written(&document, Format::Ris)[0].1.clone()).unwrap();
    assert_eq!(
        ris.replace("\r\n", "\n"),
        "TY  - JOUR\nTI  - Lithium and tremor.\nAU  - Doe, Jane\nAU  - Roe, Rick\nPY  - 2001\nJO  - J Test\nDO  - 10.1000/x\n\
         AN  - 8701013\nAB  - Lithium caused tremor; it was mild. No rash was seen.\nKW  - mania\nKW  - salts\n\
         KW  - CID: Lithium – tremor\nKW  - Does lithium cause tremor? yes\n\
         N1  - Osler: CID: Lithium – tremor (accepted by ada on 2026-01-31). Evidence: “Lithium caused tremor; it was mild.” Note: dose unknown\n\
         N1  - Osler: Does lithium cause tremor? yes (accepted by ben).\nN1  - Osler: ada: read again\nER  - \n\n"
    );
    assert!(ris.lines().count() == ris.matches("\r\n").count(), "each line ends as RIS asks for");
    let nbib = String::from_utf8(written(&document, Format::Medline)[0].1.clone()).unwrap();
    for line in [
        "PMID- 8701013",
        "TI  - Lithium and tremor.",
        "DP  - 2001",
        "LID - 10.1000/x [doi]",
        "AID - 10.1000/x [doi]",
        "FAU - Roe, Rick",
        "JT  - J Test",
        "OT  - salts",
        "OT  - CID: Lithium – tremor",
        "GN  - Osler: ada: read again",
    ] {
        assert!(nbib.lines().any(|one| one == line), "{line} is not in {nbib}");
    }
    assert!(!nbib.contains("rash –") && !ris.contains("– No rash"), "what was rejected stays here");
    // They come back as the references that they were.
    for (text, key) in [(&ris, "AN"), (&nbib, "PMID")] {
        let back = read(text.as_bytes(), "back").unwrap();
        assert_eq!((back.issues.len(), back.documents[0].id.as_str()), (0, "8701013"), "{key}");
        assert_eq!(back.documents[0].infons["authors"], "Doe, Jane; Roe, Rick");
        assert_eq!(back.documents[0].doi().as_deref(), Some("10.1000/x"));
        let keywords = &back.documents[0].infons["keywords"];
        assert_eq!(keywords, "mania; salts; CID: Lithium – tremor; Does lithium cause tremor? yes");
    }
    let lost: Vec<Lost> = write(std::slice::from_ref(&document), Format::Ris, &WriteOptions::default())
        .unwrap()
        .losses
        .iter()
        .map(|loss| loss.what)
        .collect();
    assert!(lost.contains(&Lost::Mentions) && lost.contains(&Lost::Relations), "{lost:?}");
}

/// A record without a title, or without a number of PubMed's, ends where the next one begins.
#[test]
fn records_of_all_sorts_stay_apart() {
    let plain =
        |id: &str, text: &str| Document { id: id.to_owned(), text: text.to_owned(), ..Document::default() };
    let documents = [
        plain("8701013", "Lithium caused tremor.\nTY  - no tag of ours"),
        plain("row-2", "Zinc harms."),
        Document::from_parts("row-3", &[("title", "Iron.")]),
        plain("8701014", "Salts\u{2028}of\u{b}gold."),
        plain("row-5", "Tin."),
    ];
    for format in [Format::Ris, Format::Medline] {
        let written = write(&documents, format, &WriteOptions::default()).unwrap();
        let back = read(&written.files[0].1, "back").unwrap();
        let texts: Vec<&str> = back.documents.iter().map(|document| document.text.as_str()).collect();
        let first = "Lithium caused tremor. TY - no tag of ours";
        assert_eq!(texts, [first, "Zinc harms.", "Iron.", "Salts of gold.", "Tin."], "{}", format.name());
        assert!(back.issues.is_empty(), "{:?}", back.issues);
    }
}
