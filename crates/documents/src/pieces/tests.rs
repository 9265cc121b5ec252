use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;
use crate::Document;

fn pieces(bytes: &[u8], file: &str, records: usize) -> Vec<Piece> {
    let mut pieces = Vec::new();
    each(bytes, file, records, &mut |piece| {
        pieces.push(piece);
        ControlFlow::Continue(())
    })
    .unwrap();
    pieces
}

fn documents(pieces: &[Piece]) -> Vec<Document> {
    pieces
        .iter()
        .flat_map(|piece| piece.read().map_or_else(|_| Vec::new(), |import| import.documents))
        .collect()
}

fn places(pieces: &[Piece]) -> Vec<String> {
    let issues = pieces.iter().flat_map(|piece| match piece.read() {
        Ok(import) => import.issues,
        Err(ReadError::NoDocument { issues, .. }) => issues,
        Err(other) => panic!("{other}"),
    });
    issues.map(|issue| issue.place).collect()
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn pubmed(records: usize) -> String {
    let record = |n: usize| match n % 7 {
        5 => format!(
            "<PubmedArticle><MedlineCitation><PMID>{n}</PMID><Article></Article></MedlineCitation></PubmedArticle>\n"
        ),
        _ => format!(
            "<PubmedArticle><MedlineCitation><PMID>{n}</PMID><Article>\n<ArticleTitle>Title {n} &lt; é.</ArticleTitle></Article></MedlineCitation></PubmedArticle>\n"
        ),
    };
    let records: String = (1..=records).map(record).collect();
    format!(
        "<?xml version=\"1.0\"?>\n<!DOCTYPE PubmedArticleSet PUBLIC \"-//NLM//DTD\" \"pubmed.dtd\">\n<PubmedArticleSet>\n{records}</PubmedArticleSet>\n"
    )
}

fn jsonl(records: usize) -> String {
    let line = |n: usize| {
        if n % 5 == 3 { "{\"id\": broken\n".to_owned() } else { format!("{{\"text\": \"Aspirin {n}.\"}}\n") }
    };
    (1..=records).map(line).collect()
}

fn pubtator(records: usize) -> String {
    let record = |n: usize| {
        format!(
            "{n}|t|Naloxone {n}\n{n}|a|It helps.\n{n}\t0\t8\tNaloxone\tChemical\tD009270\n{n}\tnonsense\n\n"
        )
    };
    (1..=records).map(record).collect()
}

fn medline(records: usize) -> String {
    (1..=records).map(|n| format!("PMID- {n}\nTI  - Title {n}.\nAB  - Text.\n\n")).collect()
}

fn articles(records: usize) -> String {
    let article = |n: usize| {
        format!(
            "<article><front><article-meta><article-id pub-id-type=\"pmid\">{n}</article-id><title-group><article-title>Title {n}</article-title></title-group></article-meta></front><body><p>Text.</p></body></article>\n"
        )
    };
    format!("<articles>\n{}</articles>", (1..=records).map(article).collect::<String>())
}

#[test]
fn pieces_give_what_the_whole_file_gives() {
    for (name, text, is_cut) in [
        ("a.xml", pubmed(20), true),
        ("a.jsonl", jsonl(20), true),
        ("a.txt", pubtator(20), true),
        ("a.nbib", medline(20), true),
        ("b.xml", articles(20), true),
        ("b.txt", "Aspirin helps.\n\nIt bleeds.\n".repeat(20), false),
    ] {
        let whole = formats::read(text.as_bytes(), name).unwrap();
        for records in [1, 3, 4, 7, 19, 20, 21, 500] {
            for bytes in
                [text.clone().into_bytes(), packed(text.as_bytes()), packed(&packed(text.as_bytes()))]
            {
                let pieces = pieces(&bytes, name, records);
                assert_eq!(
                    pieces.len(),
                    if is_cut { 20_usize.div_ceil(records) } else { 1 },
                    "{name} by {records}"
                );
                let read = documents(&pieces);
                // Ids that the reader gives by place in the file count records that have no text, too.
                let texts = |all: &[Document]| all.iter().map(|one| one.text.clone()).collect::<Vec<_>>();
                assert_eq!(texts(&read), texts(&whole.documents), "{name} by {records}");
                if name != "a.jsonl" {
                    assert_eq!(read, whole.documents, "{name} by {records}");
                }
                let expected: Vec<String> = whole.issues.iter().map(|issue| issue.place.clone()).collect();
                assert_eq!(places(&pieces), expected, "{name} by {records}");
            }
        }
    }
}

#[test]
fn ids_that_a_reader_gives_are_unique_in_the_file() {
    let text = jsonl(40);
    let read = documents(&pieces(text.as_bytes(), "a.jsonl", 3));
    let ids: std::collections::BTreeSet<&str> = read.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids.len(), read.len());
}

#[test]
fn a_file_of_one_line_is_cut_too() {
    let text = pubmed(2_000).replace('\n', "");
    assert!(text.len() > HEAD);
    let pieces = pieces(text.as_bytes(), "a.xml", 100);
    assert_eq!(pieces.len(), 20);
    assert_eq!(documents(&pieces), formats::read(text.as_bytes(), "a.xml").unwrap().documents);
}

#[test]
fn withdrawn_citations_behind_the_last_record_are_told() {
    let text = pubmed(4)
        .replace("</PubmedArticleSet>", "<DeleteCitation><PMID>9</PMID></DeleteCitation></PubmedArticleSet>");
    assert_eq!(places(&pieces(text.as_bytes(), "a.xml", 2)), ["line 12"]);
}

#[test]
fn a_file_that_breaks_off_is_an_error_after_what_came_before() {
    let text = pubmed(4_000);
    let whole = packed(text.as_bytes());
    let mut count = 0;
    let error = each(&whole[..whole.len() / 2], "cut.xml.gz", 10, &mut |_| {
        count += 1;
        ControlFlow::Continue(())
    })
    .unwrap_err();
    assert!(count > 10, "{count}");
    assert!(error.to_string().starts_with("cut.xml.gz cannot be unpacked"), "{error}");
}

#[test]
fn what_has_no_end_of_a_record_is_not_kept_without_bound() {
    let line = io::repeat(b'x');
    let head = b"{\"text\": \"a\"}\n{\"text\": \"".chain(line);
    let error = each(head, "endless.jsonl", 10, &mut |_| ControlFlow::Continue(())).unwrap_err();
    assert!(matches!(error, ReadError::TooLarge { .. }), "{error}");
}

#[test]
fn an_archive_gives_its_articles() {
    let mut archive = tar::Builder::new(Vec::new());
    for (path, text) in
        [("PMC1.xml", articles(1)), ("licence.txt", "Free.".to_owned()), ("a/PMC2.nxml", articles(1))]
    {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, path, text.as_bytes()).unwrap();
    }
    let bytes = archive.into_inner().unwrap();
    for bytes in [packed(&bytes), bytes] {
        let pieces = pieces(&bytes, "pmc.tar.gz", 10);
        let files: Vec<&str> = pieces.iter().map(|piece| piece.file.as_str()).collect();
        assert_eq!(files, ["pmc.tar.gz: PMC1.xml", "pmc.tar.gz: a/PMC2.nxml"]);
        assert_eq!(documents(&pieces).len(), 2);
    }
}

#[test]
fn stops_when_nobody_wants_more() {
    let mut count = 0;
    let text = pubmed(50);
    each(text.as_bytes(), "a.xml", 1, &mut |_| {
        count += 1;
        if count == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
    .unwrap();
    assert_eq!(count, 3);
}
