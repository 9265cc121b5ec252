use workbench::Workbench;
use workbench::wire::{self, Content, ErrorCode, Judgement, Subject, Track};

use crate::samples::{Scratch, cut, extract, import, text};

const TEXT: &str =
    "The 𝛼₂-agonist clonidine caused hypotension; Clonidine also caused dry mouth. 👩‍⚕️ saw hypotension twice.";

fn furnished(scratch: &Scratch) -> (Workbench, wire::Id) {
    let workbench = scratch.open();
    let document = import(&workbench, &text("1", "Clonidine", TEXT))[0];
    (workbench, document)
}

/// The place of words in a text as JavaScript counts.
fn place(text: &str, words: &str) -> wire::Span {
    let start = text[..text.find(words).unwrap()].encode_utf16().count();
    wire::Span { start: start as u32, end: (start + words.encode_utf16().count()) as u32 }
}

fn mentions(marks: &wire::Marks) -> Vec<(String, Vec<wire::Span>)> {
    let of = |annotation: &wire::Annotation| match &annotation.content {
        Content::Entity { text, spans, .. } => Some((text.clone(), spans.clone())),
        _ => None,
    };
    marks.annotations.iter().filter_map(of).collect()
}

#[test]
fn a_selected_mention_is_where_it_was_selected() {
    let scratch = Scratch::new();
    let (workbench, document) = furnished(&scratch);
    let view = workbench.document(document).unwrap();
    for words in ["𝛼₂-agonist", "dry mouth", "👩‍⚕️", "twice"] {
        let span = place(&view.text, words);
        let content = Content::Entity {
            r#type: "Chemical".into(),
            spans: vec![span],
            text: "whatever the window says".into(),
            concepts: vec![],
        };
        let change = workbench.annotate(document, &[content]).unwrap();
        assert_eq!(change.step.summary, "added 1 mention");
        let added = mentions(&change.marks.unwrap()).pop().unwrap();
        assert_eq!(added, (words.to_owned(), vec![span]));
        assert_eq!(cut(&view.text, span), words);
    }
    let empty = Content::Entity {
        r#type: "Chemical".into(),
        spans: vec![wire::Span { start: 4, end: 4 }],
        text: String::new(),
        concepts: vec![],
    };
    let error = workbench.annotate(document, &[empty]).unwrap_err();
    assert_eq!(error.code, ErrorCode::BadInput);
    assert!(error.hint.contains("Select"), "{error:?}");
}

#[test]
fn every_occurrence_is_one_step_of_undo() {
    let scratch = Scratch::new();
    let (workbench, document) = furnished(&scratch);
    assert_eq!(workbench.count_occurrences(document, "clonidine").unwrap(), 3);
    let change = workbench.annotate_occurrences(document, "clonidine", "Chemical", &[]).unwrap();
    assert_eq!(change.step.summary, "added 3 mentions");
    assert_eq!(mentions(&change.marks.unwrap()).len(), 3);
    let change = workbench.undo(Track::Curation).unwrap().unwrap();
    assert_eq!(mentions(&change.marks.unwrap()).len(), 0);
    let error = workbench.annotate_occurrences(document, "warfarin", "Chemical", &[]).unwrap_err();
    assert_eq!(error.code, ErrorCode::NotFound);
}

#[test]
fn decisions_are_changed_and_taken_back() {
    let scratch = Scratch::new();
    let (workbench, document) = furnished(&scratch);
    let (found, _) =
        extract(&workbench, document, &[("clonidine", "hypotension", 0.8), ("clonidine", "dry mouth", 0.3)]);
    let subject = found[0].subject;
    let Content::Relation { participants, .. } = found[0].content.clone() else { panic!("{found:?}") };
    let edited = Content::Relation { r#type: "effect".into(), participants };
    let change = workbench.decide(&[Judgement::Edit { subject, content: edited.clone() }]).unwrap();
    assert_eq!(change.step.summary, "edited 1 relation");
    let annotation =
        change.marks.unwrap().annotations.into_iter().find(|one| one.subject == subject).unwrap();
    assert_eq!(annotation.content, edited);
    assert_eq!(annotation.prediction.unwrap().content, found[0].content, "what the model said stays");

    let change = workbench.withdraw(&[subject]).unwrap();
    assert_eq!(change.step.summary, "took back 1 relation");
    assert_eq!(change.library.decided, 0);
    assert_eq!(workbench.withdraw(&[subject]).unwrap_err().code, ErrorCode::NotFound);
    assert_eq!(workbench.decide(&[]).unwrap_err().code, ErrorCode::BadInput);
    let gone = Judgement::Accept { subject: Subject::Finding { id: 999 } };
    assert_eq!(workbench.decide(&[gone]).unwrap_err().code, ErrorCode::NotFound);

    let own = workbench.annotate(document, std::slice::from_ref(&edited)).unwrap().marks.unwrap();
    let own = own.annotations.into_iter().find(|one| matches!(one.subject, Subject::Added { .. })).unwrap();
    let Content::Relation { participants, .. } = edited else { unreachable!() };
    let renamed = Content::Relation { r#type: "mechanism".into(), participants };
    let change =
        workbench.decide(&[Judgement::Edit { subject: own.subject, content: renamed.clone() }]).unwrap();
    let now = change.marks.unwrap().annotations.into_iter().find(|one| one.subject == own.subject).unwrap();
    assert_eq!(now.content, renamed);
    let change = workbench
        .decide(&[Judgement::Reject { subject: own.subject, reason: None, comment: String::new() }])
        .unwrap();
    assert!(change.marks.unwrap().annotations.iter().all(|one| one.subject != own.subject));
}

#[test]
fn the_queue_goes_page_by_page() {
    let scratch = Scratch::new();
    let (workbench, document) = furnished(&scratch);
    let (found, _) = extract(
        &workbench,
        document,
        &[("clonidine", "hypotension", 0.95), ("clonidine", "dry mouth", 0.5), ("clonidine", "ulcer", 0.2)],
    );
    let filter = wire::QueueFilter { undecided: true, ..wire::QueueFilter::default() };
    let page = workbench.queue(wire::QueueOrder::Uncertainty, &filter, None, 2).unwrap();
    assert_eq!((page.total, page.entries.len()), (3, 2));
    assert_eq!(page.entries[0].annotation, found[1]);
    assert_eq!(page.entries[0].document_title, "Clonidine");
    let rest = workbench.queue(wire::QueueOrder::Uncertainty, &filter, page.next.as_deref(), 2).unwrap();
    assert_eq!(rest.entries.len(), 1);
    assert_eq!(rest.entries[0].annotation, found[0]);
    workbench.decide(&[Judgement::Accept { subject: found[0].subject }]).unwrap();
    let page = workbench.queue(wire::QueueOrder::Confidence, &filter, None, 10).unwrap();
    assert_eq!(page.total, 2);
    let strict = wire::QueueFilter { at_least: Some(0.4), ..filter };
    assert_eq!(workbench.queue(wire::QueueOrder::Confidence, &strict, None, 10).unwrap().total, 1);
    let error = workbench.queue(wire::QueueOrder::Confidence, &strict, Some("nowhere"), 10).unwrap_err();
    assert_eq!(error.code, ErrorCode::BadInput);
}

#[test]
fn notes_are_found_and_history_tells_who_did_what() {
    let scratch = Scratch::new();
    let (workbench, document) = furnished(&scratch);
    let view = workbench.document(document).unwrap();
    let span = place(&view.text, "dry mouth");
    let note = wire::NewNote { document, subject: None, span: Some(span), text: "ask the pharmacist".into() };
    let change = workbench.write_note(&note).unwrap();
    assert_eq!(change.library.notes, 1);
    let written = change.marks.unwrap().notes[0].clone();
    assert_eq!((written.span, written.author.as_str()), (Some(span), "ada"));
    workbench.edit_note(written.id, "asked the 𝛼 pharmacist").unwrap();
    let hits = workbench.search("pharmacist", 10).unwrap();
    let hit = hits.iter().find(|hit| hit.kind == wire::SearchHitKind::Note).unwrap();
    assert_eq!(cut(&hit.snippet, hit.highlights[0]), "pharmacist");
    workbench.remove_note(written.id).unwrap();

    // On an annotation of one's own.
    let change = workbench.annotate_occurrences(document, "dry mouth", "Disease", &[]).unwrap();
    let own = change.marks.unwrap().annotations.pop().unwrap().subject;
    let on_own = wire::NewNote { subject: Some(own), ..note };
    let change = workbench.write_note(&on_own).unwrap();
    assert_eq!(change.marks.unwrap().notes[0].subject, Some(own));
    workbench.undo(Track::Curation).unwrap();
    workbench.undo(Track::Curation).unwrap();
    let history = workbench.history(None, 10).unwrap();
    let history: Vec<_> =
        history.into_iter().filter(|entry| entry.state == wire::HistoryState::Done).collect();
    let item: Vec<&str> = history.iter().map(|entry| entry.summary.as_str()).collect();
    assert_eq!(item, ["removed a note", "changed a note", "wrote a note", "imported 1 document"]);
    assert!(history.iter().all(|entry| entry.author == "ada" && entry.state == wire::HistoryState::Done));
    assert_eq!(workbench.history(Some(history[1].event), 1).unwrap()[0], history[2]);

    let lines = workbench.concordance("hypotension", 1).unwrap();
    let line = &lines.lines[0];
    assert_eq!((lines.total, line.document, line.highlights.len()), (1, document, 2));
    for highlight in &line.highlights {
        assert_eq!(cut(&line.sentence, *highlight), "hypotension");
    }
}

#[test]
fn removed_documents_are_out_of_sight_until_undo() {
    let scratch = Scratch::new();
    let (workbench, document) = furnished(&scratch);
    let other = import(&workbench, &text("2", "Aspirin", "Aspirin caused ulcers."))[0];
    let all = wire::DocumentFilter::default();
    let change = workbench.remove_documents(&[document]).unwrap();
    assert_eq!((change.step.summary.as_str(), change.document), ("removed 1 document", None));
    assert_eq!(workbench.document_ids(wire::DocumentOrder::NewestFirst, &all).unwrap(), [other]);
    assert_eq!(workbench.document_summaries(&[document, other, 77]).unwrap().len(), 1);
    workbench.undo(Track::Curation).unwrap();
    assert_eq!(workbench.document_ids(wire::DocumentOrder::Title, &all).unwrap(), [other, document]);
    let rows = workbench.document_summaries(&[other, document]).unwrap();
    assert_eq!((rows[0].title.as_str(), rows[0].words, rows[1].id), ("Aspirin", 4, document));
    assert_eq!(workbench.document(77).unwrap_err().code, ErrorCode::NotFound);
}

#[test]
fn two_curators_are_compared() {
    let scratch = Scratch::new();
    let (workbench, document) = furnished(&scratch);
    let (found, _) =
        extract(&workbench, document, &[("clonidine", "hypotension", 0.8), ("clonidine", "dry mouth", 0.3)]);
    assert_eq!(workbench.agreement("ada", "ben").unwrap_err().code, ErrorCode::NotFound);
    let accept = |n: usize| Judgement::Accept { subject: found[n].subject };
    let reject =
        |n: usize| Judgement::Reject { subject: found[n].subject, reason: None, comment: String::new() };
    workbench.decide(&[accept(0), accept(1)]).unwrap();
    workbench.save_settings(&wire::Settings { curator: "ben".into(), ..workbench.settings() }).unwrap();
    assert_eq!(workbench.library().unwrap().decided, 0, "each curator sees their own decisions");
    workbench.decide(&[accept(0), reject(1)]).unwrap();
    let agreement = workbench.agreement("ada", "ben").unwrap();
    assert_eq!((agreement.total.both, agreement.total.only_first), (1, 1));
    let model = workbench.agreement_with_model("ben", wire::Task::Bc5cdr, &"aa".repeat(32), 0.5).unwrap();
    assert_eq!(model.total.precision(), Some(1.0));
}
