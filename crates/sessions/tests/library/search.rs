use documents::Document;
use sessions::{DraftText, Judgement, Library, NewDocument, NewNote, Reason, Subject, Track, Verdict};

use crate::samples::{Scratch, by, import, run};

fn titles(library: &Library, typed: &str) -> Vec<String> {
    library.search(typed, 10).unwrap().documents.into_iter().map(|hit| hit.title).collect()
}

#[test]
fn everything_is_found_where_it_is() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    let ids = import(&mut library, "ada", 0, 3);
    let finding = run(&mut library, "ada", ids[1], "aaaa", &[("torsades de pointes", 0.9)])[0];
    let verdict = Verdict::Reject(Some(Reason::Speculative));
    let judgement =
        Judgement { subject: Subject::Finding(finding), verdict, comment: "only in the discussion".into() };
    library.decide(by("ada", 1), &[judgement]).unwrap();
    let note = NewNote { document: Some(ids[2]), text: "ask the pharmacist", ..NewNote::default() };
    library.write_note(by("ada", 2), &note).unwrap();
    let draft =
        DraftText { title: "Letter".into(), text: "We thank the pharmacist.".into(), generated: vec![] };
    library.begin_draft(by("ada", 3), &draft).unwrap();

    let hits = library.search("naloxone blood", 10).unwrap();
    assert_eq!(hits.documents.len(), 3);
    let hit = &hits.documents[0];
    let marked: Vec<&str> = hit.highlights.iter().map(|span| span.slice(&hit.snippet).unwrap()).collect();
    assert!(marked.contains(&"naloxone") || marked.contains(&"Naloxone"), "{marked:?} in {}", hit.snippet);
    assert!(!hit.snippet.contains(['\u{1}', '\u{2}', '\n']), "{:?}", hit.snippet);

    // Ids, source ids and bibliography are words too.
    assert_eq!(library.search("D009270", 10).unwrap().names.len(), 3);
    assert_eq!(titles(&library, "PMID00002"), ["Case 2: naloxone and blood pressure"]);
    assert_eq!(titles(&library, "osler w1"), ["Case 1: naloxone and blood pressure"]);
    let names = library.search("\"torsades de\"", 10).unwrap().names;
    assert_eq!(names.iter().map(|hit| hit.id).collect::<Vec<_>>(), [ids[1]]);
    assert_eq!(library.search("speculative", 10).unwrap().decisions[0].document, Some(ids[1]));
    assert_eq!(library.search("discussion", 10).unwrap().decisions.len(), 1);
    let hits = library.search("pharmac", 10).unwrap();
    assert_eq!((hits.notes.len(), hits.drafts.len(), hits.documents.len()), (1, 1, 0));
    assert_eq!(hits.notes[0].document, Some(ids[2]));
    assert_eq!(hits.drafts[0].title, "Letter");

    // What is undone or out of sight is not found, and is found again when it is back.
    library.undo(by("ada", 4), Track::Curation).unwrap().unwrap();
    assert!(library.search("pharmac", 10).unwrap().notes.is_empty());
    library.redo(by("ada", 5), Track::Curation).unwrap().unwrap();
    assert_eq!(library.search("pharmac", 10).unwrap().notes.len(), 1);
    library.remove_documents(by("ada", 6), &ids).unwrap();
    let hits = library.search("naloxone", 10).unwrap();
    assert!(hits.documents.is_empty() && hits.names.is_empty() && hits.decisions.is_empty());
}

#[test]
fn any_input_is_a_query() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    let text = "β-Blockers and IL-2: naïve patients' 5% (n=3) \"quoted\" response; C++ NOT* used";
    let document = Document { id: "x".into(), text: text.into(), ..Document::default() };
    library
        .import(by("ada", 1), &[NewDocument { document: &document, origin: "a", format: "text" }])
        .unwrap();
    for found in
        ["β-blocker", "il-2", "naive", "NAÏVE", "5%", "n=3", "\"and il\"", "not", "c++ not*", "patients'"]
    {
        assert_eq!(titles(&library, found).len(), 1, "{found}");
    }
    for typed in [
        "",
        "\"",
        "\"\"",
        "(",
        "*",
        "AND",
        "a OR",
        "col:x",
        "^",
        "NEAR(a b",
        "'; DROP TABLE notes; --",
        "\0",
        "-x",
    ] {
        library.search(typed, 10).unwrap_or_else(|error| panic!("{typed:?}: {error}"));
    }
    assert!(titles(&library, "il-20").is_empty());
}
