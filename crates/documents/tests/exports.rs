//! What is written is valid for the tools of its format, and what is told as lost is lost.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what these tests share is test code too"
)]

use documents::formats::{Format, Lost, WriteOptions, read, read_brat, write};
use documents::{Document, Entity, Infons, Passage, Span};
use serde_json::Value;

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
