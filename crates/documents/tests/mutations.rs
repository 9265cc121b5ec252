//! Sound files of every format, damaged at random: each is read or refused, never a panic, and what is read keeps the
//! promises of the document model. `PROPTEST_CASES` makes it a fuzzer; `fuzz/` holds the ones with coverage.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what these tests share is test code too"
)]

use std::collections::HashSet;

use documents::formats::{Format, Import, WriteOptions, read, read_brat, write};
use documents::{Argument, Concept, Document, Entity, Infons, Relation, Span, Target};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

const PUBMED: &str = r#"<?xml version="1.0"?><!DOCTYPE PubmedArticleSet [<!ENTITY x "y">]><PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>1</PMID><Article><ArticleTitle>On <i>X</i> &amp; &x;</ArticleTitle><Abstract><AbstractText Label="AIM">To see.</AbstractText></Abstract></Article></MedlineCitation></PubmedArticle><PubmedArticle><MedlineCitation><PMID>2</PMID><Article><ArticleTitle>Two</ArticleTitle></Article></MedlineCitation></PubmedArticle></PubmedArticleSet>"#;
const JATS: &str = r#"<article><front><article-meta><article-id pub-id-type="pmid">5</article-id><title-group><article-title>T</article-title></title-group><abstract><p>A &#946; b.</p></abstract></article-meta></front><body><sec><title>M</title><p>We <xref>1</xref>.<fig><label>F</label><caption><p>C</p></caption></fig></p></sec></body></article>"#;
const MEDLINE: &str =
    "PMID- 1\nTI  - A title\n      goes on.\nAB  - Text.\nFAU - Doe, J\n\nPMID- 2\nTI  - B\n";
const RIS: &str = "TY  - JOUR\nTI  - A\nN2  - B\nmore\nER  - \nTY  - JOUR\nT1  - C\nER  - \n";
const PUBTATOR: &str = "1|t|Naïve rats\n1|a|eat β-blockers.\n1\t6\t10\trats\tSpecies\t10090\n1\t15\t25\tβ-blockers\tChemical\tMESH:D1|D2\n1\tCID\tD1\tD2\t0.5\n\n2|t|B\n2|a|C\n";
const CSV: &str = "id,title,abstract\n1,\"A, b\",\"C \"\"d\"\"\ne\"\n2,F,G\n";
const JSONL: &str = "{\"text\":\"β a b\",\"label\":[[0,1,\"X\"]]}\n{\"id\":1,\"text\":\"c d\",\"entities\":[{\"id\":0,\"start_offset\":0,\"end_offset\":1,\"label\":\"Y\"}],\"relations\":[{\"from_id\":0,\"to_id\":0,\"type\":\"r\"}]}\n";
const PUBANNOTATION: &str = r#"{"sourceid":"1","text":"a β c","denotations":[{"id":"T1","span":{"begin":0,"end":1},"obj":"X"},{"id":"T2","span":[{"begin":2,"end":3},{"begin":4,"end":5}],"obj":"Y"}],"relations":[{"id":"R1","subj":"T1","pred":"p","obj":"T2"}],"attributes":[{"subj":"R1","pred":"score","obj":0.5}],"blocks":[{"span":{"begin":0,"end":5},"obj":"p"}]}"#;
const TEXT: &str = "TNF-α does not raise cancer risk.\n\nIt was seen.";
const ANN: &str = "T1\tProtein 0 5\tTNF-α\nT2\tDisease 21 27;28 32\tcancer risk\nR1\tr Arg1:T1 Arg2:T2\nE1\tX:T2 Theme:T1\nA1\tNegation E1\nN1\tReference T1 MESH:D1\tx\n#1\tAnnotatorNotes T1\tnote\n*\tEquiv T1 T2\n";

/// The text seeds, and Osler's own files in every format.
fn seeds() -> Vec<Vec<u8>> {
    let mut document =
        Document::from_parts("7", &[("title", "Naïve β-blockers"), ("abstract", "harm rats.")]);
    let entity = |id: &str, start: usize, end: usize, text: &str| Entity {
        id: id.to_owned(),
        kind: "Chemical".to_owned(),
        spans: vec![Span::new(start, end)],
        text: text.to_owned(),
        concepts: vec![Concept { vocabulary: "MESH".to_owned(), id: "D1".to_owned() }],
        note: Some("n".to_owned()),
        score: Some(0.5),
        infons: Infons::from([("k".to_owned(), "v".to_owned())]),
    };
    document.entities = vec![entity("T1", 7, 18, "β-blockers"), entity("T2", 24, 28, "rats")];
    let argument = |id: &str| Argument { role: "r".to_owned(), target: Target::Entity(id.to_owned()) };
    document.relations = vec![Relation::new("R1", "CID", vec![argument("T1"), argument("T2")])];
    let options = WriteOptions { task: "bc5cdr".to_owned(), ..WriteOptions::default() };
    let own = [Format::BiocXml, Format::BiocJson, Format::Jsonl, Format::Training].map(|format| {
        write(std::slice::from_ref(&document), format, &options)
            .map(|written| written.files[0].1.clone())
            .unwrap_or_default()
    });
    let texts = [PUBMED, JATS, MEDLINE, RIS, PUBTATOR, CSV, JSONL, PUBANNOTATION, TEXT];
    let utf16 = PUBTATOR.encode_utf16().flat_map(u16::to_le_bytes).collect();
    texts.iter().map(|text| text.as_bytes().to_vec()).chain(own).chain([utf16]).collect()
}

#[derive(Debug, Clone)]
enum Damage {
    Set(usize, u8),
    Cut(usize, usize),
    Repeat(usize, usize, usize),
    Insert(usize, Vec<u8>),
    Splice(usize, usize, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    let place = 0usize..4000;
    let marks = prop_oneof![
        Just(b"<".to_vec()),
        Just(b"</".to_vec()),
        Just(b"&".to_vec()),
        Just(b"]]>".to_vec()),
        Just(b"\"".to_vec()),
        Just(b"\n".to_vec()),
        Just(b"\t".to_vec()),
        Just(b"-1".to_vec()),
        Just(b"99999999999999999999".to_vec()),
        Just(b"9223372036854775807".to_vec()),
        Just("\u{1d6fc}".as_bytes().to_vec()),
        Just(vec![0xff, 0xfe]),
        Just(vec![0]),
        Just(b"{".to_vec()),
        Just(b"[".to_vec()),
        Just(b"|".to_vec()),
        Just(b";".to_vec()),
        Just(b"e999".to_vec()),
        Just(b"null".to_vec()),
    ];
    prop_oneof![
        (place.clone(), any::<u8>()).prop_map(|(at, byte)| Damage::Set(at, byte)),
        (place.clone(), 1usize..40).prop_map(|(at, length)| Damage::Cut(at, length)),
        (place.clone(), 1usize..60, 1usize..5)
            .prop_map(|(at, length, times)| Damage::Repeat(at, length, times)),
        (place.clone(), marks).prop_map(|(at, mark)| Damage::Insert(at, mark)),
        (place.clone(), place, 1usize..80).prop_map(|(from, to, length)| Damage::Splice(from, to, length)),
    ]
}

fn apply(bytes: &mut Vec<u8>, damage: &Damage) {
    if bytes.is_empty() {
        return;
    }
    let size = bytes.len();
    let stretch = |at: usize, length: usize| at % size..(at % size + length).min(size);
    match damage {
        Damage::Set(at, byte) => bytes[at % size] = *byte,
        Damage::Cut(at, length) => drop(bytes.drain(stretch(*at, *length))),
        Damage::Repeat(at, length, times) => {
            let part = bytes[stretch(*at, *length)].repeat(*times);
            let at = at % size;
            bytes.splice(at..at, part);
        }
        Damage::Insert(at, mark) => drop(bytes.splice(at % size..at % size, mark.iter().copied())),
        Damage::Splice(from, to, length) => {
            let part = bytes[stretch(*from, *length)].to_vec();
            let to = to % size;
            bytes.splice(to..to, part);
        }
    }
}

fn check(import: &Import) {
    for document in &import.documents {
        assert!(!document.id.is_empty());
        assert!(document.passages.iter().all(|passage| passage.span.slice(&document.text).is_some()));
        let mut ids = HashSet::new();
        for entity in &document.entities {
            assert!(ids.insert(entity.id.as_str()));
            assert!(!entity.spans.is_empty());
            assert!(entity.spans.iter().all(|span| !span.is_empty() && span.slice(&document.text).is_some()));
        }
        for relation in &document.relations {
            assert!(relation.evidence.iter().all(|span| span.slice(&document.text).is_some()));
            for argument in &relation.arguments {
                if let Target::Entity(id) = &argument.target {
                    assert!(ids.contains(id.as_str()), "{id}");
                }
            }
        }
    }
    // And it can be written again, whatever it is.
    for format in Format::ALL.into_iter().filter(|format| format.is_written()) {
        let written = write(&import.documents, format, &WriteOptions::default());
        assert!(written.is_ok_and(|written| !written.files.is_empty()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::Off)),
        ..ProptestConfig::default()
    })]

    #[test]
    fn damaged_files_are_read_or_refused(seed in 0usize..14, damages in prop::collection::vec(damage(), 1..8)) {
        let mut bytes = seeds().swap_remove(seed);
        damages.iter().for_each(|damage| apply(&mut bytes, damage));
        if let Ok(import) = read(&bytes, "file.dat") {
            check(&import);
        }
    }

    #[test]
    fn damaged_annotations_are_read_or_refused(damages in prop::collection::vec(damage(), 1..8)) {
        let mut annotations = ANN.as_bytes().to_vec();
        damages.iter().for_each(|damage| apply(&mut annotations, damage));
        if let Ok(import) = read_brat(TEXT.as_bytes(), &annotations, "file.txt") {
            check(&import);
        }
    }
}
