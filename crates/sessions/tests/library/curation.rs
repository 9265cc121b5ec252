use documents::{Content, Span};
use sessions::{
    Counts, DocumentFilter, DocumentOrder, Error, Judgement, Library, ModelChoice, ModelOfTask, NewNote,
    NoteSubject, QueueFilter, QueueOrder, Reason, RunState, Statement, Subject, Track, Verdict, Which,
};

use crate::samples::{Scratch, TASK, accept, by, finished, import, pair, prediction, record, reject, run};

#[test]
fn prediction_and_decisions_stand_side_by_side() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    let document = import(&mut library, "ada", 0, 1)[0];
    let finding = run(&mut library, "ada", document, "aaaa", &[("nausea", 0.7)])[0];
    let before = library.finding(finding).unwrap();
    let edited = pair("CID", "naloxone", "hypotension");
    let judgement =
        |verdict| Judgement { subject: Subject::Finding(finding), verdict, comment: "p. 3".into() };
    library.decide(by("ada", 10), &[judgement(Verdict::Edit(edited.clone()))]).unwrap();
    library.decide(by("ben", 11), &[judgement(Verdict::Reject(Some(Reason::Negated)))]).unwrap();
    drop(library);

    let library = scratch.open();
    assert_eq!(library.finding(finding).unwrap(), before);
    let decisions = library.decisions(document).unwrap();
    let said: Vec<_> = decisions.iter().map(|one| (one.curator.as_str(), &one.statement)).collect();
    let judged = |verdict| Statement::Judged { subject: Subject::Finding(finding), verdict };
    assert_eq!(
        said,
        [("ada", &judged(Verdict::Edit(edited))), ("ben", &judged(Verdict::Reject(Some(Reason::Negated)))),]
    );
    assert_eq!(library.curators().unwrap(), ["ada", "ben"]);
}

#[test]
fn the_record_of_a_run_is_kept_to_the_last_bit() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    let document = import(&mut library, "ada", 0, 1)[0];
    let record = record(&library, document, "answer", "aaaa");
    let answer = Content::Answer {
        question: "Does naloxone cause hypotension?".into(),
        verdict: "no".into(),
        probabilities: [("yes".into(), 0.1), ("no".into(), 0.7), ("maybe".into(), 0.2)].into(),
        evidence: Vec::new(),
    };
    let run = library.begin_run(by("ada", 1), document, &record).unwrap();
    assert_eq!(library.run(run).unwrap().state, RunState::Running);
    let one = prediction(answer, 0.1 + 0.2);
    library.add_findings(run, std::slice::from_ref(&one)).unwrap();
    library.add_findings(run, std::slice::from_ref(&one)).unwrap();
    library.finish_run(run, &finished()).unwrap();
    let stored = library.run(run).unwrap();
    assert_eq!(
        (stored.record, stored.state, stored.output),
        (record.clone(), RunState::Finished, finished().output)
    );
    let findings = library.findings_of_run(run).unwrap();
    assert_eq!(findings.iter().map(|finding| finding.ordinal).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(findings[1].prediction, one);

    // What cannot belong here is refused, and nothing of it stays.
    let dump = library.dump().unwrap();
    let other = sessions::RunRecord { text_sha256: "00".into(), ..record.clone() };
    assert!(matches!(library.begin_run(by("ada", 2), document, &other), Err(Error::OtherText { .. })));
    let outside = documents::Prediction { evidence: vec![Span::new(0, 10_000)], ..one.clone() };
    let error = library
        .record_run(by("ada", 3), document, &record, &finished(), &[one.clone(), outside])
        .unwrap_err();
    assert!(matches!(error, Error::OutsideText { .. }), "{error}");
    for score in [1.5, -0.1, f64::NAN] {
        let wrong = documents::Prediction { score: Some(score), ..one.clone() };
        assert!(matches!(library.add_findings(run, &[wrong]), Err(Error::NotAProbability { .. })));
    }
    assert_eq!(library.dump().unwrap(), dump);
}

#[test]
fn all_occurrences_are_one_step() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    let document = import(&mut library, "ada", 0, 1)[0];
    let ids = library.annotate_occurrences(by("ada", 1), document, "naloxone", "Chemical", &[]).unwrap();
    assert_eq!(ids.len(), 2);
    let words: Vec<String> = library
        .decisions(document)
        .unwrap()
        .into_iter()
        .map(|one| match one.statement {
            Statement::Added(Content::Entity { text, .. }) => text,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(words, ["naloxone", "Naloxone"]);
    // Once more adds nothing and is no step; the other curator has their own.
    assert!(
        library.annotate_occurrences(by("ada", 2), document, "Naloxone", "Chemical", &[]).unwrap().is_empty()
    );
    assert_eq!(
        library.annotate_occurrences(by("ben", 2), document, "Naloxone", "Chemical", &[]).unwrap().len(),
        2
    );
    assert_eq!(library.undo(by("ada", 3), Track::Curation).unwrap().unwrap().changes, 2);
    assert_eq!(library.decisions(document).unwrap().len(), 2);
}

#[test]
fn a_curator_changes_only_their_own() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    let document = import(&mut library, "ada", 0, 1)[0];
    let added = library.annotate(by("ada", 1), document, &[pair("CID", "naloxone", "pain")]).unwrap()[0];
    let new = pair("CID", "naloxone", "nausea");
    assert!(matches!(library.revise(by("ben", 2), added, &new, ""), Err(Error::NotFound { .. })));
    assert!(matches!(library.withdraw(by("ben", 2), &[added]), Err(Error::NotFound { .. })));
    library.revise(by("ada", 3), added, &new, "was wrong").unwrap();
    assert_eq!(library.decisions(document).unwrap()[0].statement, Statement::Added(new));
    library.withdraw(by("ada", 4), &[added]).unwrap();
    assert!(library.decisions(document).unwrap().is_empty());
    let outside = Content::Label { label: "x".into(), span: Some(Span::new(5, 9_999)) };
    assert!(matches!(library.annotate(by("ada", 5), document, &[outside]), Err(Error::OutsideText { .. })));
}

#[test]
fn a_note_is_changed_and_removed_by_its_author_alone() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    let id =
        library.write_note(by("ada", 1), &NewNote { text: "what ada thinks", ..NewNote::default() }).unwrap();
    for refused in
        [library.edit_note(by("ben", 2), id, "what ben thinks"), library.remove_note(by("ben", 3), id)]
    {
        let error = refused.unwrap_err();
        assert!(matches!(&error, Error::OfAnother { author, .. } if author == "ada"), "{error}");
    }
    let notes = library.notes(None).unwrap();
    assert_eq!((notes[0].author.as_str(), notes[0].text.as_str()), ("ada", "what ada thinks"));
    library.edit_note(by("ada", 4), id, "what ada thinks now").unwrap();
    library.remove_note(by("ada", 5), id).unwrap();
}

#[test]
fn a_run_that_did_not_come_to_its_end_hides_nothing_of_an_earlier_one() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    let document = import(&mut library, "ada", 0, 1)[0];
    let first = run(&mut library, "ada", document, "aaaa", &[("nausea", 0.7), ("pain", 0.6)]);
    library.decide(by("ada", 5), &[accept(first[0]), accept(first[1])]).unwrap();
    let seen = |library: &Library| {
        let choice = ModelChoice { task: TASK, model_sha256: "aaaa", threshold: 0.5 };
        let list = library.documents("ada", DocumentOrder::default(), &DocumentFilter::default(), None, 9);
        let row = list.unwrap().0.remove(0);
        let predicted = library.annotated(document, Which::Predicted { run: None }).unwrap();
        (
            library.queue_ids(&QueueFilter::default()).unwrap(),
            (row.findings, row.decided, row.runs),
            predicted.relations.iter().filter(|one| one.id.starts_with('F')).count(),
            library.agreement_with_model("ada", &choice).unwrap().total.f1(),
        )
    };
    let before = seen(&library);
    assert_eq!((before.0.len(), before.2, before.3), (2, 2, Some(1.0)));
    // Killed: it says for ever that it runs. Stopped: by hand, before the first finding. Stopped after one.
    let record = record(&library, document, TASK, "aaaa");
    library.begin_run(by("ada", 6), document, &record).unwrap();
    assert_eq!(seen(&library), before);
    let stopped = sessions::Ending { state: RunState::Stopped, output: None, ..finished() };
    library.record_run(by("ada", 7), document, &record, &stopped, &[]).unwrap();
    let one = prediction(pair("CID", "naloxone", "nausea"), 0.2);
    library.record_run(by("ada", 7), document, &record, &stopped, std::slice::from_ref(&one)).unwrap();
    assert_eq!(seen(&library), before);
    // A document that has nothing else shows what there is, and does not count as read.
    let other = import(&mut library, "ada", 1, 2)[0];
    let record = sessions::RunRecord { text_sha256: library.document(other).unwrap().text_sha256, ..record };
    library.record_run(by("ada", 8), other, &record, &stopped, &[one]).unwrap();
    assert_eq!(
        library.queue_ids(&QueueFilter { document: Some(other), ..QueueFilter::default() }).unwrap().len(),
        1
    );
    let open = DocumentFilter { without_task: Some(TASK), ..DocumentFilter::default() };
    assert_eq!(library.document_ids(DocumentOrder::default(), &open).unwrap(), [other]);
    // A whole one takes the place of the first.
    run(&mut library, "ada", document, "aaaa", &[("nausea", 0.8)]);
    assert_eq!(seen(&library).2, 1);
}

#[test]
fn documents_with_results_of_another_model_are_found() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    let documents = import(&mut library, "ada", 0, 4);
    run(&mut library, "ada", documents[0], "old", &[("nausea", 0.7)]);
    run(&mut library, "ada", documents[1], "new", &[("nausea", 0.7)]);
    run(&mut library, "ada", documents[2], "old", &[("nausea", 0.7)]);
    let again = run(&mut library, "ada", documents[2], "new", &[("nausea", 0.9)]);
    let of = |guidance_sha256| DocumentFilter {
        not_of: Some(ModelOfTask { task: TASK, model_sha256: "new", guidance_sha256 }),
        ..DocumentFilter::default()
    };
    let found = |guidance| library.document_ids(DocumentOrder::default(), &of(guidance)).unwrap();
    assert_eq!(found("cccc"), [documents[0]]);
    // The same weights that were taught otherwise are another model, too.
    assert_eq!(found("taught anew"), documents[..3]);
    // What was decided once is not asked again because another model says it again.
    library.decide(by("ada", 5), &[accept(again[0])]).unwrap();
    let open = QueueFilter {
        undecided_by: Some("ada".into()),
        document: Some(documents[2]),
        ..QueueFilter::default()
    };
    assert_eq!(library.queue_count(&open).unwrap(), 0);
}

#[test]
fn notes_on_text_and_on_every_kind_of_annotation() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    let ids = import(&mut library, "ada", 0, 2);
    let finding = run(&mut library, "ada", ids[0], "aaaa", &[("nausea", 0.7)])[0];
    let stored = library.document(ids[0]).unwrap();
    let mine = Content::Label { label: "mine".into(), span: Some(Span::new(0, 4)) };
    let added = library.annotate(by("ada", 1), ids[0], &[mine]).unwrap()[0];
    let subjects = [
        NoteSubject::Given(Subject::Finding(finding)),
        NoteSubject::Given(Subject::Entity(stored.entity_ids[0])),
        NoteSubject::Given(Subject::Relation(stored.relation_ids[0])),
        NoteSubject::Added(added),
    ];
    for subject in subjects {
        let new = NewNote {
            document: Some(ids[0]),
            subject: Some(subject),
            span: Some(Span::new(0, 4)),
            text: "why?",
        };
        let id = library.write_note(by("ada", 1), &new).unwrap();
        let note = library.notes(Some(ids[0])).unwrap().pop().unwrap();
        assert_eq!((note.id, note.subject, note.span), (id, Some(subject), Some(Span::new(0, 4))));
        let elsewhere = NewNote { document: Some(ids[1]), ..new };
        assert!(matches!(library.write_note(by("ada", 2), &elsewhere), Err(Error::NotFound { .. })));
        let outside = NewNote { subject: None, span: Some(Span::new(0, 9_999)), ..new };
        assert!(matches!(library.write_note(by("ada", 2), &outside), Err(Error::OutsideText { .. })));
    }
    let out = library.annotated(ids[0], Which::Everything).unwrap();
    let noted = |id: &str| {
        let entity = out.entities.iter().find(|one| one.id == id).and_then(|one| one.note.as_deref());
        entity.or_else(|| out.relations.iter().find(|one| one.id == id).and_then(|one| one.note.as_deref()))
    };
    for id in ["F1", "T1", "R1", "D1"] {
        assert_eq!(noted(id), Some("why?"), "{id}");
    }

    // The note outlives its annotation, and finds it again.
    library.withdraw(by("ada", 3), &[added]).unwrap();
    assert_eq!(library.notes(Some(ids[0])).unwrap().len(), 4);
    library.undo(by("ada", 4), Track::Curation).unwrap().unwrap();
    let note = library.notes(Some(ids[0])).unwrap().pop().unwrap();
    assert_eq!(note.subject, Some(NoteSubject::Added(added)));
    library.remove_note(by("ada", 5), note.id).unwrap();
    assert_eq!(library.notes(Some(ids[0])).unwrap().len(), 3);
}

fn queue(library: &Library, order: QueueOrder, filter: &QueueFilter, limit: usize) -> Vec<i64> {
    let (mut ids, mut after) = (Vec::new(), None);
    loop {
        let (entries, next) = library.queue("ada", order, filter, after, limit).unwrap();
        ids.extend(entries.iter().map(|entry| entry.finding.id.0));
        match next {
            Some(next) => after = Some(next),
            None => return ids,
        }
    }
}

#[test]
fn the_queue_puts_first_what_needs_a_look() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    let ids = import(&mut library, "ada", 0, 3);
    // An older run of the same model, which no longer counts.
    run(&mut library, "ada", ids[0], "aaaa", &[("old", 0.5)]);
    let a = run(&mut library, "ada", ids[0], "aaaa", &[("nausea", 0.95), ("pain", 0.55), ("shock", 0.2)]);
    let b = run(&mut library, "ada", ids[1], "aaaa", &[("nausea", 0.7), ("rash", 0.9)]);
    let c = run(&mut library, "ada", ids[0], "cccc", &[("nausea", 0.6)]);
    let id = |finding: sessions::FindingId| finding.0;
    let all = QueueFilter::default();
    for limit in [1, 2, 100] {
        let order = queue(&library, QueueOrder::Uncertainty, &all, limit);
        assert_eq!(order, [a[1], c[0], b[0], a[2], b[1], a[0]].map(id), "{limit}");
        let order = queue(&library, QueueOrder::Confidence, &all, limit);
        assert_eq!(order, [a[0], b[1], b[0], c[0], a[1], a[2]].map(id));
        let order = queue(&library, QueueOrder::MaskedMass, &all, limit);
        assert_eq!(order, [a[2], a[1], c[0], b[0], b[1], a[0]].map(id));
        let order = queue(&library, QueueOrder::Reading, &all, limit);
        assert_eq!(order, [a[0], a[1], a[2], c[0], b[0], b[1]].map(id));
        // Nausea is said of two documents, everything else of one.
        let order = queue(&library, QueueOrder::Novelty, &all, limit);
        assert_eq!(order, [a[1], a[2], b[1], a[0], b[0], c[0]].map(id));
        // The other model saw neither pain nor shock.
        let order = queue(&library, QueueOrder::Disagreement, &all, limit);
        assert_eq!(order, [a[1], a[2], a[0], b[0], b[1], c[0]].map(id));
    }
    library.decide(by("ben", 5), &[reject(b[1]), accept(b[0])]).unwrap();
    assert_eq!(queue(&library, QueueOrder::Disagreement, &all, 9)[..3], [a[1], a[2], b[1]].map(id));

    library.decide(by("ada", 6), &[accept(a[0]), reject(a[1])]).unwrap();
    let undecided = QueueFilter { undecided_by: Some("ada".into()), ..QueueFilter::default() };
    // What the other model says of nausea is decided with it; of another document it is another statement.
    assert_eq!(queue(&library, QueueOrder::Uncertainty, &undecided, 9), [b[0], a[2], b[1]].map(id));
    assert_eq!(library.queue_count(&undecided).unwrap(), 3);
    let above = QueueFilter { at_least: Some(0.6), below: Some(0.9), ..undecided.clone() };
    assert_eq!(library.queue_ids(&above).unwrap(), [b[0]]);
    assert_eq!(library.queue_count(&above).unwrap(), 1);
    // Read again, the document is asked about for what is new, and for what was not decided.
    let again = run(&mut library, "ada", ids[0], "aaaa", &[("nausea", 0.9), ("shock", 0.3), ("fever", 0.5)]);
    let order = queue(&library, QueueOrder::Uncertainty, &undecided, 9);
    assert_eq!(order, [again[2], b[0], again[1], b[1]].map(id));
    assert_eq!(library.undo(by("ada", 6), Track::Curation).unwrap().unwrap().action, sessions::Action::Run);
    let one =
        QueueFilter { document: Some(ids[0]), model_sha256: Some("cccc".into()), ..QueueFilter::default() };
    assert_eq!(queue(&library, QueueOrder::Uncertainty, &one, 9), [id(c[0])]);
    let none = QueueFilter { kind: Some("effect".into()), ..QueueFilter::default() };
    assert_eq!(library.queue_count(&none).unwrap(), 0);
    library.remove_documents(by("ada", 7), &[ids[0]]).unwrap();
    assert_eq!(library.queue_count(&all).unwrap(), 2);
}

#[test]
fn counts_are_of_what_is_in_sight() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    let ids = import(&mut library, "ada", 0, 2);
    let a = run(&mut library, "ada", ids[0], "aaaa", &[("nausea", 0.9), ("pain", 0.5)]);
    let b = run(&mut library, "ada", ids[1], "aaaa", &[("nausea", 0.9)]);
    library.decide(by("ada", 1), &[accept(a[0]), reject(b[0])]).unwrap();
    library.annotate(by("ada", 2), ids[0], &[pair("CID", "naloxone", "rash")]).unwrap();
    let all =
        Counts { documents: 2, findings: 3, undecided: 1, accepted: 1, rejected: 1, edited: 0, added: 1 };
    assert_eq!(library.counts("ada").unwrap(), all);
    assert_eq!(
        library.counts("ben").unwrap(),
        Counts { documents: 2, findings: 3, undecided: 3, ..Counts::default() }
    );
    library.decide(by("ada", 3), &[accept(b[0])]).unwrap();
    library.remove_documents(by("ada", 4), &[ids[0]]).unwrap();
    let left = Counts { documents: 1, findings: 1, undecided: 0, accepted: 1, ..Counts::default() };
    assert_eq!(library.counts("ada").unwrap(), left);
    library.restore_documents(by("ada", 5), &[ids[0]]).unwrap();
    assert_eq!(library.counts("ada").unwrap(), Counts { accepted: 2, rejected: 0, ..all });
}
