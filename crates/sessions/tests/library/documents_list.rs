use documents::{Content, Document, Entity, Span};
use sessions::{
    DocumentFilter, DocumentId, DocumentOrder, Error, Imported, Judgement, Library, NewDocument, Subject,
    Verdict,
};

use crate::samples::{Scratch, TASK, accept, by, document, import, pair, reject, run};

fn list(
    library: &Library,
    order: DocumentOrder,
    filter: &DocumentFilter<'_>,
    limit: usize,
) -> Vec<DocumentId> {
    let mut ids = Vec::new();
    let mut after = None;
    loop {
        let (rows, next) = library.documents("ada", order, filter, after.as_ref(), limit).unwrap();
        ids.extend(rows.iter().map(|row| row.id));
        match next {
            Some(next) => after = Some(next),
            None => return ids,
        }
    }
}

#[test]
fn what_goes_in_comes_out_and_twice_is_once() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    let (text, mut other) = (document(1), document(1));
    other.entities[0].kind = "Drug".into();
    let new = |document| NewDocument { document, origin: "a.xml", format: "pubmed-xml" };
    let outcomes = library.import(by("ada", 1), &[new(&text), new(&text), new(&other)]).unwrap();
    let [Imported::New(first), Imported::Known(same), Imported::New(_)] = outcomes[..] else {
        panic!("{outcomes:?}")
    };
    assert_eq!(first, same);
    let stored = library.document(first).unwrap();
    assert_eq!(stored.document, text);
    assert_eq!(stored.title, "Case 1: naloxone and blood pressure");
    assert_eq!(stored.text_sha256.len(), 64);
    assert_eq!(library.document_text(first).unwrap(), text.text);
    assert!(matches!(library.document(DocumentId(99)), Err(Error::NotFound { what: "document", id: 99 })));
    // Known again after it was removed and came back, new while it is out of sight.
    library.remove_documents(by("ada", 2), &[first]).unwrap();
    assert!(matches!(library.import(by("ada", 3), &[new(&text)]).unwrap()[..], [Imported::New(_)]));
}

#[test]
fn an_annotation_outside_the_text_leaves_only_its_own_document_out() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    let mut broken = Document { id: "b".into(), text: "β-blocker".into(), ..Document::default() };
    broken.entities.push(Entity {
        id: "T1".into(),
        kind: "Chemical".into(),
        spans: vec![Span::new(0, 1)],
        text: "β".into(),
        concepts: vec![],
        note: None,
        score: None,
        infons: documents::Infons::new(),
    });
    let sound = document(1);
    let new = |document| NewDocument { document, origin: "a", format: "b" };
    let outcomes = library.import(by("ada", 1), &[new(&broken), new(&sound)]).unwrap();
    assert!(
        matches!(outcomes[..], [Imported::Broken(Span { start: 0, end: 1 }), Imported::New(_)]),
        "{outcomes:?}"
    );
    assert_eq!(library.counts("ada").unwrap().documents, 1);
}

#[test]
fn pages_of_any_size_give_the_whole_list_in_order() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    let mut ids = import(&mut library, "ada", 0, 23);
    library.remove_documents(by("ada", 1), &[ids[7]]).unwrap();
    ids.remove(7);
    for limit in [1, 5, 22, 100] {
        let filter = DocumentFilter::default();
        assert_eq!(list(&library, DocumentOrder::OldestFirst, &filter, limit), ids);
        assert_eq!(list(&library, DocumentOrder::SourceId, &filter, limit), ids);
        let newest: Vec<_> = ids.iter().rev().copied().collect();
        assert_eq!(list(&library, DocumentOrder::NewestFirst, &filter, limit), newest);
        let by_title = list(&library, DocumentOrder::Title, &filter, limit);
        assert_eq!(by_title, library.document_ids(DocumentOrder::Title, &filter).unwrap());
        let titles: Vec<_> = by_title.iter().map(|id| library.document(*id).unwrap().title).collect();
        assert!(titles.is_sorted(), "{titles:?}");
        assert_eq!(titles.len(), 22);
    }
}

#[test]
fn a_row_tells_how_far_the_curator_is() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    let ids = import(&mut library, "ada", 0, 3);
    let findings = run(&mut library, "ada", ids[1], "aaaa", &[("nausea", 0.9), ("pain", 0.2)]);
    library.decide(by("ada", 1), &[accept(findings[0])]).unwrap();
    let note = sessions::NewNote { document: Some(ids[1]), text: "odd dose", ..Default::default() };
    library.write_note(by("ada", 2), &note).unwrap();
    let (rows, _) =
        library.documents("ada", DocumentOrder::OldestFirst, &DocumentFilter::default(), None, 9).unwrap();
    // Two that the model found and one that came with the document.
    let row = &rows[1];
    assert_eq!((row.findings, row.decided, row.notes, row.source_id.as_str()), (3, 1, 1, "PMID00001"));
    assert_eq!(rows.iter().map(|row| row.runs).collect::<Vec<_>>(), [0, 1, 0]);
    assert_eq!(row.length, document(1).text.len() as u64);

    let undecided = |curator| DocumentFilter { undecided_by: Some(curator), ..DocumentFilter::default() };
    for id in [ids[0], ids[1]] {
        let given = library.document(id).unwrap().relation_ids[0];
        let judgement =
            Judgement { subject: Subject::Relation(given), verdict: Verdict::Accept, comment: String::new() };
        library.decide(by("ada", 3), &[judgement]).unwrap();
    }
    assert_eq!(list(&library, DocumentOrder::Title, &undecided("ada"), 5), [ids[1], ids[2]]);
    library.decide(by("ada", 3), &[accept(findings[1])]).unwrap();
    assert_eq!(list(&library, DocumentOrder::Title, &undecided("ada"), 5), [ids[2]]);
    assert_eq!(list(&library, DocumentOrder::Title, &undecided("ben"), 5), ids);
    let fresh = DocumentFilter { without_task: Some(TASK), ..DocumentFilter::default() };
    assert_eq!(list(&library, DocumentOrder::OldestFirst, &fresh, 5), [ids[0], ids[2]]);
    let elsewhere = DocumentFilter { origin: Some("other.xml"), ..DocumentFilter::default() };
    assert!(list(&library, DocumentOrder::OldestFirst, &elsewhere, 5).is_empty());
}

#[test]
fn a_row_counts_each_statement_of_the_latest_runs_once() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    let ids = import(&mut library, "ada", 0, 1);
    let figures = |library: &Library| {
        let all = DocumentFilter::default();
        let (rows, _) = library.documents("ada", DocumentOrder::OldestFirst, &all, None, 9).unwrap();
        (rows[0].findings, rows[0].decided)
    };
    let undecided = DocumentFilter { undecided_by: Some("ada"), ..DocumentFilter::default() };
    assert_eq!(figures(&library), (1, 0), "what came with the document");
    let first = run(&mut library, "ada", ids[0], "aaaa", &[("nausea", 0.9), ("pain", 0.2), ("shock", 0.3)]);
    assert_eq!(figures(&library), (4, 0));
    library.decide(by("ada", 1), &[accept(first[0]), reject(first[2])]).unwrap();
    assert_eq!(figures(&library), (4, 2));
    // The newer run says one of the decided ones again and another one not; what was not decided of the older one is gone.
    let second = run(&mut library, "ada", ids[0], "aaaa", &[("nausea", 0.8), ("rash", 0.4)]);
    assert_eq!(figures(&library), (4, 2));
    // Another model says the same and one thing more.
    run(&mut library, "ada", ids[0], "cccc", &[("rash", 0.6), ("fever", 0.6)]);
    assert_eq!(figures(&library), (5, 2));
    library.decide(by("ada", 2), &[accept(second[1]), accept(second[0])]).unwrap();
    assert_eq!(figures(&library), (5, 3));
    library.annotate(by("ada", 3), ids[0], &[pair("CID", "naloxone", "cough")]).unwrap();
    let label = Content::Label { label: "mine".into(), span: None };
    library.annotate(by("ada", 4), ids[0], &[label]).unwrap();
    assert_eq!(figures(&library), (6, 4), "a relation of one's own counts, a label does not");
    assert_eq!(list(&library, DocumentOrder::Title, &undecided, 5), ids);
}

#[test]
fn the_last_place_comes_back() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    let ids = import(&mut library, "ada", 0, 2);
    library.remember_place(by("ada", 1), ids[0], 40).unwrap();
    library.remember_place(by("ada", 2), ids[1], 7).unwrap();
    library.remember_place(by("ben", 3), ids[0], 1).unwrap();
    drop(library);
    let mut library = scratch.open();
    let place = library.last_place("ada", None).unwrap().unwrap();
    assert_eq!((place.document, place.top), (ids[1], 7));
    assert_eq!(library.last_place("ada", Some(ids[0])).unwrap().unwrap().top, 40);
    library.remove_documents(by("ada", 4), &[ids[1]]).unwrap();
    assert_eq!(library.last_place("ada", None).unwrap().unwrap().document, ids[0]);
    // A place is nothing to undo, and holds up no undo.
    while library.undo(by("ada", 5), sessions::Track::Curation).unwrap().is_some() {}
    assert_eq!(library.counts("ada").unwrap().documents, 0);
    assert_eq!(library.last_place("ada", None).unwrap(), None);
}
