//! A record that is brought up to date: what is known of the article changes, and what curators did stays.

use documents::Infons;
use sessions::{DocumentFilter, DocumentOrder, Error, Imported, Incoming, Library, Track};

use crate::samples::{MODEL, Scratch, accept, assert_sound, by, document, import, run};

fn infons(pairs: &[(&str, &str)]) -> Infons {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn take_in(library: &mut Library, who: &str, incoming: &[Incoming<'_>]) -> Vec<Imported> {
    library.take_in(by(who, 500), incoming, &mut |_| ()).unwrap()
}

#[test]
fn an_update_changes_the_record_and_nothing_else() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    let ids = import(&mut library, "ada", 0, 2);
    let findings = run(&mut library, "ada", ids[0], MODEL, &[("hypotension", 0.9)]);
    library.decide(by("ada", 400), &[accept(findings[0])]).unwrap();
    let before = library.document(ids[0]).unwrap();

    let record = infons(&[("doi", "10.1000/x"), ("journal", "Journal of Tests")]);
    let added = document(9);
    let new = sessions::NewDocument { document: &added, origin: "new.xml", format: "pubmed-xml" };
    let incoming = [Incoming::Update { known: ids[0], record: &record }, Incoming::New(new)];
    let done = take_in(&mut library, "ada", &incoming);
    assert!(matches!(done[..], [Imported::Updated(id), Imported::New(_)] if id == ids[0]), "{done:?}");
    let after = library.document(ids[0]).unwrap();
    assert_eq!(after.document.infons["journal"], "Journal of Tests");
    assert_eq!(after.document.infons["doi"], "10.1000/x");
    assert_eq!(after.document.infons["authors"], "Osler W0", "what the new record does not speak of stays");
    assert_eq!((&after.document.text, &after.text_sha256), (&before.document.text, &before.text_sha256));
    assert_eq!(after.entity_ids, before.entity_ids);
    assert_eq!(library.decisions(ids[0]).unwrap().len(), 1);
    assert_eq!(
        library.search("Journal of Tests", 9).unwrap().documents.len(),
        1,
        "the search knows the new words"
    );
    let (done, _) = library.next_events("ada", Track::Curation).unwrap();
    let event = done.unwrap();
    assert_eq!(library.summary(event.id, event.action).unwrap(), "imported 1 document and updated 1 record");
    // The same record again changes nothing, and is no step.
    let again = [Incoming::Update { known: ids[0], record: &record }];
    assert_eq!(take_in(&mut library, "ada", &again), [Imported::Known(ids[0])]);
    assert_eq!(library.next_events("ada", Track::Curation).unwrap().0.unwrap().id, event.id);
    // The document as it is now is known when it comes again.
    assert_eq!(library.known(&after.document).unwrap(), Some(ids[0]));

    library.undo(by("ada", 600), Track::Curation).unwrap();
    let undone = library.document(ids[0]).unwrap();
    assert_eq!(undone, before);
    assert_eq!(library.search("Journal of Tests", 9).unwrap().documents.len(), 0);
    assert_eq!(library.document_ids(DocumentOrder::OldestFirst, &DocumentFilter::default()).unwrap(), ids);
    library.redo(by("ada", 700), Track::Curation).unwrap();
    assert_eq!(library.document(ids[0]).unwrap(), after);
    assert_sound(&library);
    // From the last action to the first all of it can be taken back.
    while library.undo(by("ada", 800), Track::Curation).unwrap().is_some() {}
    assert!(library.document_ids(DocumentOrder::OldestFirst, &DocumentFilter::default()).unwrap().is_empty());
    assert_sound(&library);
}

#[test]
fn what_colleagues_did_stays_theirs() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    let ids = import(&mut library, "ada", 0, 1);
    let record = infons(&[("doi", "10.1000/x")]);
    take_in(&mut library, "ben", &[Incoming::Update { known: ids[0], record: &record }]);
    // Ada's import cannot go while Ben's update rests on it.
    let refusal = library.undo(by("ada", 600), Track::Curation).unwrap_err();
    assert!(matches!(refusal, Error::Overtaken { .. } | Error::BuiltUpon { .. }), "{refusal}");
    // Ben can take his update back though Ada has decided since.
    let findings = run(&mut library, "ada", ids[0], MODEL, &[("hypotension", 0.9)]);
    library.decide(by("ada", 700), &[accept(findings[0])]).unwrap();
    library.undo(by("ben", 800), Track::Curation).unwrap();
    assert!(!library.document(ids[0]).unwrap().document.infons.contains_key("doi"));
    assert_eq!(library.decisions(ids[0]).unwrap().len(), 1);
    assert_sound(&library);
}

#[test]
fn a_document_that_is_not_there_is_not_updated() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    let record = infons(&[("doi", "10.1000/x")]);
    let incoming = [Incoming::Update { known: sessions::DocumentId(7), record: &record }];
    let error = library.take_in(by("ada", 500), &incoming, &mut |_| ()).unwrap_err();
    assert!(matches!(error, Error::NotFound { what: "document", id: 7 }), "{error}");
}
