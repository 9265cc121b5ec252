use documents::{
    Concept, Content, Document, EvidenceReading, EvidenceStance, Grade, Participant, Prediction, Span,
    SpeakingSentence, Stance, Target, Warning,
};
use sessions::{DocumentId, Judgement, Library, NewNote, NoteSubject, Reason, Subject, Verdict, Which};

use crate::samples::{
    MODEL, Scratch, TASK, accept, by, document, finished, import, pair, prediction, record, run,
};

/// Every argument points at an entity that is there, every span at its words, every id is one thing's.
fn assert_whole(document: &Document) {
    let mut ids: Vec<&str> = document.entities.iter().map(|one| one.id.as_str()).collect();
    for entity in &document.entities {
        let words: Vec<&str> = entity.spans.iter().map(|span| span.slice(&document.text).unwrap()).collect();
        assert_eq!(words.join(" "), entity.text);
    }
    for argument in document.relations.iter().flat_map(|relation| &relation.arguments) {
        if let Target::Entity(id) = &argument.target {
            assert!(ids.contains(&id.as_str()), "{id}");
        }
    }
    ids.extend(document.relations.iter().map(|one| one.id.as_str()));
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
}

fn grounded(text: &str) -> Content {
    let place = |words: &str| {
        let start = text.rfind(words).unwrap();
        Span::new(start, start + words.len())
    };
    let one = |role: &str, name: &str, spans, concept: &str| Participant {
        role: role.into(),
        name: name.into(),
        spans,
        concepts: vec![Concept { vocabulary: "MESH".into(), id: concept.into() }],
        grade: Grade::Exact,
    };
    Content::Relation {
        kind: "CID".into(),
        participants: vec![
            one("Chemical", "Naloxone", vec![place("Naloxone"), place("naloxone")], "D009270"),
            one("Disease", "low blood pressure", vec![], "D007022"),
        ],
    }
}

fn library_with_everything(scratch: &Scratch) -> (Library, DocumentId) {
    let mut library = scratch.create();
    let id = import(&mut library, "ada", 7, 8)[0];
    let text = library.document_text(id).unwrap();
    let grounded = Prediction {
        evidence: vec![Span::new(0, 6)],
        grade: Grade::Alias,
        readings: vec![EvidenceReading {
            stance: EvidenceStance::Contradicts,
            place: "abstract".into(),
            reason: "denied by “was not”".into(),
        }],
        warnings: vec![Warning { kind: "negation".into(), span: None, text: "was not".into() }],
        ..prediction(grounded(&text), 0.8125)
    };
    let record_one = record(&library, id, TASK, MODEL);
    let found = [grounded, prediction(pair("CID", "naloxone", "nausea"), 0.25)];
    let first = library.record_run(by("ada", 1), id, &record_one, &finished(), &found).unwrap();
    let findings = library.findings_of_run(first).unwrap();
    let stored = library.document(id).unwrap();
    let judge = |subject, verdict, comment: &str| Judgement { subject, verdict, comment: comment.into() };
    library
        .decide(
            by("ada", 1_767_225_600_000),
            &[
                judge(Subject::Finding(findings[0].id), Verdict::Accept, ""),
                judge(
                    Subject::Finding(findings[1].id),
                    Verdict::Edit(pair("CID", "naloxone", "pain")),
                    "typo",
                ),
                judge(
                    Subject::Relation(stored.relation_ids[0]),
                    Verdict::Reject(Some(Reason::Negated)),
                    "see the end",
                ),
            ],
        )
        .unwrap();
    library
        .decide(by("ben", 2), &[judge(Subject::Finding(findings[0].id), Verdict::Reject(None), "")])
        .unwrap();
    library.annotate_occurrences(by("ada", 3), id, "blood pressure", "Finding", &[]).unwrap();
    let note = NewNote {
        document: Some(id),
        subject: Some(NoteSubject::Given(Subject::Finding(findings[0].id))),
        text: "check the dose",
        span: None,
    };
    library.write_note(by("ada", 4), &note).unwrap();
    library
        .write_note(by("ada", 5), &NewNote { document: Some(id), text: "nice case", ..NewNote::default() })
        .unwrap();
    (library, id)
}

#[test]
fn as_imported_is_the_import() {
    let scratch = Scratch::new();
    let (library, id) = library_with_everything(&scratch);
    assert_eq!(library.annotated(id, Which::Imported).unwrap(), document(7));
}

#[test]
fn predictions_carry_scores_places_and_the_record_of_their_run() {
    let scratch = Scratch::new();
    let (library, id) = library_with_everything(&scratch);
    let out = library.annotated(id, Which::Predicted { run: None }).unwrap();
    assert_whole(&out);
    assert_eq!(out.text, document(7).text);
    assert_eq!(out.relations[0], document(7).relations[0]);
    let relation = out.relations.iter().find(|one| one.id == "F1").unwrap();
    assert_eq!((relation.score, relation.evidence.as_slice()), (Some(0.8125), &[Span::new(0, 6)][..]));
    assert_eq!(relation.note.as_deref(), Some("check the dose"));
    let infon = |name: &str| relation.infons.get(name).map(String::as_str);
    assert_eq!(infon("origin"), Some("model"));
    assert_eq!(infon("grade"), Some("alias"));
    assert_eq!(infon("warnings"), Some("negation: was not"));
    assert_eq!((infon("masked_mass"), infon("masked_masses")), (Some("0.0625"), Some("0 0.125")));
    assert_eq!(infon("decision.ada"), None);
    // The mention that was imported is used, the other one made; a name that is not in the text is its concept.
    assert_eq!(relation.arguments[0].target, Target::Entity("T1".into()));
    let concept = Concept { vocabulary: "MESH".into(), id: "D007022".into() };
    assert_eq!(relation.arguments[1].target, Target::Concept(concept));
    assert_eq!(infon("name.Disease"), Some("low blood pressure"));
    let made: Vec<_> = out.entities.iter().filter(|one| one.id.starts_with('M')).collect();
    assert_eq!((made.len(), made[0].text.as_str(), made[0].kind.as_str()), (1, "naloxone", "Chemical"));

    let record: serde_json::Value = serde_json::from_str(&out.infons["run.1"]).unwrap();
    assert_eq!(record["seed"], u64::MAX);
    assert_eq!(record["model_sha256"], MODEL);
    assert_eq!(record["text_sha256"], out.infons["text_sha256"].as_str());
    assert_eq!(record["output"], finished().output.unwrap());
    assert_eq!(out.infons["note.2"], "ada: nice case");
    assert_eq!(out.infons["journal"], "J Test");
}

#[test]
fn what_a_curator_left_is_what_they_meant() {
    let scratch = Scratch::new();
    let (library, id) = library_with_everything(&scratch);
    let out = library.annotated(id, Which::Curated { curator: "ada" }).unwrap();
    assert_whole(&out);
    let relations: Vec<_> = out.relations.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(relations, ["F1", "D2"]);
    assert_eq!(out.relations[0].infons["decision.ada"], "accept");
    assert_eq!(out.relations[0].infons["decided_at.ada"], "2026-01-01T00:00:00.000Z");
    let edited = &out.relations[1].infons;
    assert_eq!((edited["edit_of"].as_str(), edited["origin"].as_str()), ("F2", "curator"));
    assert_eq!(edited["comment.ada"], "typo");
    let added: Vec<_> =
        out.entities.iter().filter(|one| one.kind == "Finding").map(|one| one.text.as_str()).collect();
    assert_eq!(added, ["blood pressure", "blood pressure"]);
    assert!(out.infons.contains_key("run.1"));
    // Ben rejected the finding and decided nothing else: the import stays.
    let out = library.annotated(id, Which::Curated { curator: "ben" }).unwrap();
    assert_eq!(out.relations, document(7).relations);
    assert_eq!(out.entities, document(7).entities);
}

#[test]
fn an_edited_mention_keeps_its_id_and_a_rejected_one_stays_while_it_is_needed() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    let id = import(&mut library, "ada", 0, 1)[0];
    let stored = library.document(id).unwrap();
    let judge = |subject, verdict| Judgement { subject, verdict, comment: String::new() };
    let Content::Entity { spans, text, .. } = Content::of_entity(&stored.document.entities[0]) else {
        panic!()
    };
    let drug = Content::Entity { kind: "Drug".into(), spans, text, concepts: vec![] };
    library
        .decide(
            by("ada", 1),
            &[
                judge(Subject::Entity(stored.entity_ids[0]), Verdict::Edit(drug)),
                judge(Subject::Entity(stored.entity_ids[1]), Verdict::Reject(None)),
            ],
        )
        .unwrap();
    let out = library.annotated(id, Which::Curated { curator: "ada" }).unwrap();
    assert_whole(&out);
    let kinds: Vec<_> = out.entities.iter().map(|one| (one.id.as_str(), one.kind.as_str())).collect();
    assert_eq!(kinds, [("T1", "Drug"), ("T2", "Disease")]);
    library
        .decide(by("ada", 2), &[judge(Subject::Relation(stored.relation_ids[0]), Verdict::Reject(None))])
        .unwrap();
    let out = library.annotated(id, Which::Curated { curator: "ada" }).unwrap();
    assert_eq!((out.entities.len(), out.relations.len()), (1, 0));
}

#[test]
fn everything_is_side_by_side() {
    let scratch = Scratch::new();
    let (library, id) = library_with_everything(&scratch);
    let out = library.annotated(id, Which::Everything).unwrap();
    assert_whole(&out);
    let relations: Vec<_> = out.relations.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(relations, ["R1", "F1", "F2", "D2"]);
    let rejected = &out.relations[0].infons;
    assert_eq!((rejected["decision.ada"].as_str(), rejected["reason.ada"].as_str()), ("reject", "negated"));
    let finding = &out.relations[1].infons;
    assert_eq!((finding["decision.ada"].as_str(), finding["decision.ben"].as_str()), ("accept", "reject"));
    assert_eq!(out.relations[2].infons["decision.ada"], "edit");
}

#[test]
fn answers_and_labels_of_the_document_are_its_infons() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    let id = import(&mut library, "ada", 0, 1)[0];
    let answer = Content::Answer {
        question: "Does it?".into(),
        verdict: "maybe".into(),
        probabilities: [("yes".into(), 0.25), ("no".into(), 0.25), ("maybe".into(), 0.5)].into(),
        evidence: vec![SpeakingSentence {
            span: Span::new(0, 4),
            stance: Stance::Against,
            reason: "denied by “no”".into(),
        }],
    };
    let label = |span| Content::Label { label: "cellular energetics".into(), span };
    let found = [answer, label(None), label(Some(Span::new(0, 4)))].map(|content| prediction(content, 0.5));
    let record = record(&library, id, "classify", MODEL);
    let run_id = library.record_run(by("ada", 1), id, &record, &finished(), &found).unwrap();
    let findings = library.findings_of_run(run_id).unwrap();
    library.decide(by("ada", 2), &[accept(findings[0].id)]).unwrap();
    let out = library.annotated(id, Which::Everything).unwrap();
    assert_whole(&out);
    assert_eq!(out.infons["answer.F1"], "maybe");
    assert_eq!(out.infons["answer.F1.question"], "Does it?");
    assert_eq!(out.infons["answer.F1.probability.maybe"], "0.5");
    assert_eq!(out.infons["answer.F1.evidence.01"], "against: Case");
    assert_eq!(out.infons["answer.F1.reason.01"], "denied by “no”");
    assert_eq!(out.infons["answer.F1.decision.ada"], "accept");
    assert_eq!(out.infons["label.F2"], "cellular energetics");
    let sentence = out.entities.iter().find(|one| one.id == "F3").unwrap();
    assert_eq!((sentence.kind.as_str(), sentence.text.as_str()), ("cellular energetics", "Case"));
}

#[test]
fn the_same_accepted_in_two_runs_is_written_once() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    let id = import(&mut library, "ada", 0, 1)[0];
    let first = run(&mut library, "ada", id, MODEL, &[("nausea", 0.5)]);
    let second = run(&mut library, "ada", id, "cccc", &[("nausea", 0.6)]);
    library.decide(by("ada", 1), &[accept(first[0]), accept(second[0])]).unwrap();
    let out = library.annotated(id, Which::Curated { curator: "ada" }).unwrap();
    assert_eq!(out.relations.iter().filter(|one| one.id.starts_with('F')).count(), 1);
    let out = library.annotated(id, Which::Predicted { run: None }).unwrap();
    assert_eq!(out.relations.iter().filter(|one| one.id.starts_with('F')).count(), 2);
}

/// Relations of a curated export by what they say, and how far the curator's words agree with a model that says all of them.
fn curated(library: &Library, id: DocumentId) -> Vec<String> {
    let out = library.annotated(id, Which::Curated { curator: "ada" }).unwrap();
    assert_whole(&out);
    let mut said: Vec<String> = out
        .relations
        .iter()
        .filter(|one| one.id != "R1")
        .map(|one| format!("{} {}", one.id, one.infons["name.Disease"]))
        .collect();
    said.sort_unstable();
    said
}

#[test]
fn the_last_word_on_a_statement_counts_whichever_run_it_was_said_on() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    let id = import(&mut library, "ada", 0, 1)[0];
    let first = run(&mut library, "ada", id, MODEL, &[("nausea", 0.5)])[0];
    let second = run(&mut library, "ada", id, MODEL, &[("nausea", 0.6)])[0];
    let judge =
        |finding, verdict| Judgement { subject: Subject::Finding(finding), verdict, comment: String::new() };
    // A clock that was set back changes no order.
    library.decide(by("ada", 90), &[accept(first)]).unwrap();
    assert_eq!(curated(&library, id), ["F1 nausea"]);
    library.decide(by("ada", 10), &[judge(second, Verdict::Reject(None))]).unwrap();
    assert_eq!(curated(&library, id), Vec::<String>::new());
    let agrees = |library: &Library| library.agreement("ada", "ben").unwrap();
    let ben = sessions::By::new("ben", sessions::Timestamp(1));
    library.decide(ben, &[judge(first, Verdict::Reject(None))]).unwrap();
    assert_eq!((agrees(&library).total.neither, agrees(&library).total.both), (1, 0));
    // An edit of the newer one takes the older one's place, too.
    library.decide(by("ada", 11), &[accept(second)]).unwrap();
    library.decide(by("ada", 12), &[judge(second, Verdict::Edit(pair("CID", "naloxone", "pain")))]).unwrap();
    assert_eq!(curated(&library, id).len(), 1);
    assert!(curated(&library, id)[0].ends_with("pain"));
    // What is rejected because it is there twice stays once.
    library.decide(by("ada", 13), &[accept(first)]).unwrap();
    library.decide(by("ada", 14), &[judge(second, Verdict::Reject(Some(Reason::Duplicate)))]).unwrap();
    assert_eq!(curated(&library, id), ["F1 nausea"]);
    // What was taken back by hand is undone like the rest.
    library.undo(by("ada", 15), sessions::Track::Curation).unwrap().unwrap();
    library.undo(by("ada", 16), sessions::Track::Curation).unwrap().unwrap();
    assert!(curated(&library, id)[0].ends_with("pain"), "{:?}", curated(&library, id));
}
