//! Files made to hang or fill the memory: each is refused by name, or read within bounds, in moments.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what these tests share is test code too"
)]

use std::io::Write;
use std::time::{Duration, Instant};

use documents::formats::{Import, ReadError, ReadOptions, read, read_brat, read_with};
use documents::limits::Limits;

fn limited(limits: Limits) -> ReadOptions {
    ReadOptions { limits, ..ReadOptions::default() }
}

/// Far more than any of these needs on a slow machine, far less than a hang.
fn soon<T>(work: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = work();
    let taken = start.elapsed();
    assert!(taken < Duration::from_secs(20), "it took {taken:?}");
    result
}

fn refusal(result: Result<Import, ReadError>) -> String {
    match result {
        Err(error) => error.to_string(),
        Ok(import) => panic!("{} documents were read", import.documents.len()),
    }
}

#[test]
fn a_large_file() {
    let options = limited(Limits { input_bytes: 1 << 20, ..Limits::default() });
    let text = vec![b'a'; (1 << 20) + 1];
    assert_eq!(
        refusal(soon(|| read_with(&text, "big.txt", &options))),
        "big.txt is larger than 1 MB. Split it and import the parts."
    );
    assert_eq!(documents::limits::INPUT_BYTES, 512 << 20, "what a caller checks before it loads a file");
}

#[test]
fn ten_million_lines() {
    let text = vec![b'\n'; 10_000_000];
    let mut lines = text.clone();
    lines[0] = b'a';
    assert!(matches!(soon(|| read(&text, "lines.txt")), Err(ReadError::Empty { .. })));
    assert!(matches!(soon(|| read(&lines, "lines.txt")), Err(ReadError::TooManyLines { .. })));
}

#[test]
fn one_endless_line() {
    for start in ["", "{\"text\": \"", "[[[[[[", "<a ", "1|t|", "TY  - ", "a,b\n"] {
        let mut line = start.as_bytes().to_vec();
        line.resize(4_000_000, b'x');
        let _ = soon(|| read(&line, "line.dat"));
    }
}

#[test]
fn nothing_but_nul() {
    assert!(matches!(soon(|| read(&vec![0; 10_000_000], "nul.txt")), Err(ReadError::Binary { .. })));
    let mut text = b"Aspirin".to_vec();
    text.resize(100_000, 0);
    assert!(matches!(soon(|| read(&text, "nul.txt")), Err(ReadError::Binary { .. })));
}

#[test]
fn a_billion_laughs() {
    let mut text = "<?xml version=\"1.0\"?>\n<!DOCTYPE lolz [\n<!ENTITY lol0 \"lol\">\n".to_owned();
    for number in 1..10 {
        let again = format!("&lol{};", number - 1).repeat(10);
        text.push_str(&format!("<!ENTITY lol{number} \"{again}\">\n"));
    }
    text.push_str("]>\n<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>1</PMID><Article>");
    text.push_str(
        "<ArticleTitle>&lol9;</ArticleTitle></Article></MedlineCitation></PubmedArticle></PubmedArticleSet>",
    );
    let refusal = refusal(soon(|| read(text.as_bytes(), "laughs.xml")));
    assert!(
        refusal.starts_with("laughs.xml, line 4: the file defines abbreviations (XML entities)"),
        "{refusal}"
    );
}

#[test]
fn deep_nesting() {
    let deep = 100_000;
    let xml = format!("<PubmedArticle>{}x{}</PubmedArticle>", "<b>".repeat(deep), "</b>".repeat(deep));
    assert!(refusal(soon(|| read(xml.as_bytes(), "deep.xml"))).contains("nested more than 200 deep"));
    for json in [format!("{{\"text\":{}{}}}", "[".repeat(deep), "]".repeat(deep)), "[".repeat(deep)] {
        let refusal = refusal(soon(|| read(json.as_bytes(), "deep.json")));
        assert!(refusal.starts_with("deep.json"), "{refusal}");
    }
}

#[test]
fn records_that_never_end() {
    // Each start could be read to the end of the file in vain.
    let mut xml = String::from("<PubmedArticleSet>");
    for _ in 0..190 {
        xml.push_str("<PubmedArticle>");
        xml.push_str(&"<a/>".repeat(2_000));
    }
    assert!(matches!(soon(|| read(xml.as_bytes(), "open.xml")), Err(ReadError::NoDocument { .. })));
    let tags = "<PubmedArticleSet>".to_owned() + &"<".repeat(2_000_000);
    let _ = soon(|| read(tags.as_bytes(), "tags.xml"));
    let entities = "<!DOCTYPE a [".to_owned() + &"<!ENTITY".repeat(300_000) + "]><PubmedArticle/>";
    let _ = soon(|| read(entities.as_bytes(), "entities.xml"));
}

#[test]
fn packed_bombs() {
    let packed = {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        let blanks = vec![b' '; 1 << 20];
        for _ in 0..64 {
            encoder.write_all(&blanks).unwrap();
        }
        encoder.finish().unwrap()
    };
    assert!(packed.len() < 100_000);
    assert!(matches!(soon(|| read(&packed, "bomb.gz")), Err(ReadError::Expands { .. })));
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    archive.start_file("word/document.xml", zip::write::SimpleFileOptions::default()).unwrap();
    archive.write_all(&vec![b' '; 64 << 20]).unwrap();
    let archive = archive.finish().unwrap().into_inner();
    assert!(archive.len() < 100_000);
    assert!(matches!(soon(|| read(&archive, "bomb.docx")), Err(ReadError::Expands { .. })));
}

#[test]
fn one_document_with_too_much() {
    let options = limited(Limits { document_bytes: 1000, annotations: 10, ..Limits::default() });
    let text = "word ".repeat(500);
    assert!(refusal(read_with(text.as_bytes(), "book.txt", &options)).contains("Split it into chapters"));
    let mentions = r#"{"start_offset": 0, "end_offset": 1, "label": "X"},"#.repeat(20);
    let line = format!(r#"{{"text": "word", "entities": [{}]}}"#, mentions.trim_end_matches(','));
    assert!(refusal(read_with(line.as_bytes(), "a.jsonl", &options)).contains("more than 10 annotations"));
}

#[test]
fn too_many_documents_and_issues() {
    let options = limited(Limits { documents: 100, issues: 5, ..Limits::default() });
    let lines = "{\"text\": \"word\"}\n".repeat(1000);
    let import = read_with(lines.as_bytes(), "a.jsonl", &options).unwrap();
    assert_eq!((import.documents.len(), import.issues.len()), (100, 1));
    assert!(import.issues[0].message.contains("more than 100 documents"));
    let lines = "{\"text\": \"word\"}\n".to_owned() + &"{\"text\": \n".repeat(1000);
    let import = read_with(lines.as_bytes(), "a.jsonl", &options).unwrap();
    assert_eq!(import.issues.len(), 5);
    assert_eq!(import.notices.last().unwrap().to_string(), "Further issues that are not listed: 995.");
}

#[test]
fn a_hundred_thousand_mentions_without_a_place() {
    // Neither looking for words nor giving out ids may take the square of their number.
    let mut pubtator = String::from("1|t|Title\n1|a|");
    pubtator.push_str(&"some words ".repeat(20_000));
    pubtator.push('\n');
    for number in 0..50_000 {
        pubtator.push_str(&format!("1\t{0}\t{1}\tabsent\tX\t-1\n", number * 4, number * 4 + 6));
    }
    let import = soon(|| read(pubtator.as_bytes(), "a.txt")).unwrap();
    assert_eq!(import.issues.len(), 1);
    let mentions = r#"{"id": "T1", "span": {"begin": 0, "end": 1}, "obj": "X"},"#.repeat(50_000);
    let attributes = r#"{"subj": "T1", "pred": "p", "obj": "q"},"#.repeat(2_000);
    let json = format!(
        r#"{{"text": "word", "denotations": [{}], "attributes": [{}]}}"#,
        mentions.trim_end_matches(','),
        attributes.trim_end_matches(',')
    );
    assert_eq!(soon(|| read(json.as_bytes(), "a.json")).unwrap().documents[0].entities.len(), 50_000);
    let annotations: String = (0..50_000).map(|number| format!("T1\tX {number} 9999999\tabsent\n")).collect();
    let _ = soon(|| read_brat(b"Some text.", annotations.as_bytes(), "a.txt"));
}
