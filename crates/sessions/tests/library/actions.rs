//! Every kind of action, chosen by dice: the same roll on the same library does the same. One roll is at most one action.

use documents::{Concept, Content, Span};
use sessions::{
    BatchItem, BatchState, DocumentFilter, DocumentId, DocumentOrder, DraftText, GeneratedSpan, ItemState,
    Judgement, Library, NewNote, Reason, RunState, Statement, Subject, Track, Verdict,
};

use crate::samples::{Dice, TASK, by, document, finished, pair, prediction, record};

pub const AUTHORS: [&str; 2] = ["ada", "ben"];
pub const TRACKS: [Track; 2] = [Track::Curation, Track::Writing];

/// Does one action, or nothing where the dice ask for something that is not there. `at` is the clock.
pub fn perform(library: &mut Library, roll: u64, at: i64) {
    let mut dice = Dice(roll);
    let who = AUTHORS[dice.below(2) as usize];
    let me = by(who, at);
    let documents = library.document_ids(DocumentOrder::OldestFirst, &DocumentFilter::default()).unwrap();
    match dice.below(20) {
        0 | 1 => {
            let first = dice.below(1_000);
            let texts: Vec<_> = (first..=first + dice.below(3)).map(document).collect();
            let new: Vec<_> = texts
                .iter()
                .map(|document| sessions::NewDocument { document, origin: "dice", format: "text" })
                .collect();
            library.import(me, &new).unwrap();
        }
        2 => {
            if let Some(document) = dice.pick(&documents) {
                library.remove_documents(me, &[document]).unwrap();
            }
        }
        3 => {
            if let Some(document) = dice.pick(&library.removed_documents().unwrap()) {
                library.restore_documents(me, &[document]).unwrap();
            }
        }
        4 | 5 => run(library, &mut dice, who, at, &documents),
        6..=9 => decide(library, &mut dice, who, at, &documents),
        10 => annotate(library, &mut dice, who, at, &documents),
        11 => withdraw_or_revise(library, &mut dice, who, at, &documents),
        12..=14 => note(library, &mut dice, who, at, &documents),
        15 => library.describe(me, &format!("Library {}", dice.below(3)), "").unwrap(),
        16 | 17 => draft(library, &mut dice, who, at),
        _ => batch(library, &mut dice, who, at, &documents),
    }
}

/// [`perform`], or one time in five undo or redo. Someone else's work in the way is no failure.
pub fn perform_or_turn(library: &mut Library, roll: u64, at: i64) {
    let mut dice = Dice(roll ^ 0x55AA);
    let who = AUTHORS[dice.below(2) as usize];
    let track = TRACKS[dice.below(2) as usize];
    match dice.below(10) {
        0 => drop(library.undo(by(who, at), track)),
        1 => drop(library.redo(by(who, at), track)),
        _ => perform(library, roll, at),
    }
}

fn run(library: &mut Library, dice: &mut Dice, who: &str, at: i64, documents: &[DocumentId]) {
    let Some(document) = dice.pick(documents) else { return };
    let model = ["aaaa", "cccc"][dice.below(2) as usize];
    let record = record(library, document, TASK, model);
    let predictions: Vec<_> = (0..dice.below(4))
        .map(|_| {
            let disease = ["hypotension", "nausea", "bradycardia"][dice.below(3) as usize];
            // A score whose last bits matter: undo must give back exactly this number.
            prediction(pair("CID", "naloxone", disease), dice.below(1 << 53) as f64 / (1u64 << 53) as f64)
        })
        .collect();
    let running = library.runs(document).unwrap().into_iter().find(|run| run.state == RunState::Running);
    match (running, dice.below(3)) {
        (Some(run), 0 | 1) => drop(library.add_findings(run.id, &predictions).unwrap()),
        (Some(run), _) => library.finish_run(run.id, &finished()).unwrap(),
        (None, 0) => drop(library.begin_run(by(who, at), document, &record).unwrap()),
        (None, _) => {
            library.record_run(by(who, at), document, &record, &finished(), &predictions).unwrap();
        }
    }
}

fn decide(library: &mut Library, dice: &mut Dice, who: &str, at: i64, documents: &[DocumentId]) {
    let Some(document) = dice.pick(documents) else { return };
    let stored = library.document(document).unwrap();
    let mut subjects: Vec<Subject> =
        library.findings_of_document(document).unwrap().iter().map(|one| Subject::Finding(one.id)).collect();
    subjects.extend(stored.entity_ids.iter().map(|id| Subject::Entity(*id)));
    subjects.extend(stored.relation_ids.iter().map(|id| Subject::Relation(*id)));
    let mut judgements = Vec::new();
    for _ in 0..=dice.below(4) {
        let Some(subject) = dice.pick(&subjects) else { continue };
        let verdict = match dice.below(3) {
            0 => Verdict::Accept,
            1 => Verdict::Reject(dice.pick(Reason::ALL)),
            _ => Verdict::Edit(pair("CID", "naloxone", "shock")),
        };
        let comment = ["", "unsure", "see table 2"][dice.below(3) as usize].into();
        judgements.push(Judgement { subject, verdict, comment });
    }
    library.decide(by(who, at), &judgements).unwrap();
}

fn annotate(library: &mut Library, dice: &mut Dice, who: &str, at: i64, documents: &[DocumentId]) {
    let Some(document) = dice.pick(documents) else { return };
    if dice.below(2) == 0 {
        let concepts = [Concept { vocabulary: "MESH".into(), id: "D001794".into() }];
        library.annotate_occurrences(by(who, at), document, "blood pressure", "Finding", &concepts).unwrap();
    } else {
        let mention = Content::Entity {
            kind: "Chemical".into(),
            spans: vec![Span::new(0, 4)],
            text: "Case".into(),
            concepts: vec![],
        };
        library.annotate(by(who, at), document, &[mention, pair("CID", "naloxone", "pain")]).unwrap();
    }
}

fn withdraw_or_revise(library: &mut Library, dice: &mut Dice, who: &str, at: i64, documents: &[DocumentId]) {
    let Some(document) = dice.pick(documents) else { return };
    let own: Vec<_> =
        library.decisions(document).unwrap().into_iter().filter(|one| one.curator == who).collect();
    let Some(decision) = dice.pick(&own) else { return };
    if matches!(decision.statement, Statement::Added(_)) && dice.below(2) == 0 {
        library.revise(by(who, at), decision.id, &pair("CID", "aspirin", "pain"), "revised").unwrap();
    } else {
        library.withdraw(by(who, at), &[decision.id]).unwrap();
    }
}

fn note(library: &mut Library, dice: &mut Dice, who: &str, at: i64, documents: &[DocumentId]) {
    let document = dice.pick(documents);
    let mut notes = library.notes(document).unwrap();
    notes.retain(|note| note.author == who);
    match (dice.below(3), dice.pick(&notes)) {
        (1, Some(note)) => library.edit_note(by(who, at), note.id, &format!("edited at {at}")).unwrap(),
        (2, Some(note)) => library.remove_note(by(who, at), note.id).unwrap(),
        _ => {
            let text = format!("noted at {at}");
            let span = document.map(|_| Span::new(0, 4));
            library.write_note(by(who, at), &NewNote { document, span, text: &text, subject: None }).unwrap();
        }
    }
}

fn draft(library: &mut Library, dice: &mut Dice, who: &str, at: i64) {
    let text = format!("A draft, as it is at {at}.");
    let content = DraftText {
        title: "Draft".into(),
        generated: vec![GeneratedSpan {
            span: Span::new(0, 7),
            model: "starter".into(),
            seed: Some(7),
            support: None,
            mark: String::new(),
        }],
        text,
    };
    match (dice.below(5), dice.pick(&library.drafts().unwrap())) {
        (1..=3, Some(draft)) => library.save_draft(by(who, at), draft.id, &content).unwrap(),
        (4, Some(draft)) => library.remove_draft(by(who, at), draft.id).unwrap(),
        _ => drop(library.begin_draft(by(who, at), &content).unwrap()),
    }
}

fn batch(library: &mut Library, dice: &mut Dice, who: &str, at: i64, documents: &[DocumentId]) {
    let Some(batch) = dice.pick(&library.batches().unwrap()) else {
        if !documents.is_empty() {
            library.start_batch(by(who, at), TASK, &serde_json::json!({ "beam": 5 }), documents).unwrap();
        }
        return;
    };
    match dice.below(8) {
        0 => drop(library.pause_batch(batch.id).unwrap()),
        1 => drop(library.resume_batch(batch.id).unwrap()),
        2 => drop(library.start_batch(by(who, at), TASK, &serde_json::Value::Null, documents).unwrap()),
        3 | 4 => {
            let worker = format!("worker at {at}");
            let claimed = library.claim_item(batch.id, &worker, sessions::Timestamp(at)).unwrap();
            let after = library.batch(batch.id).unwrap();
            // Nothing is given out of a running batch only while others, who were heard of lately, hold all that waits.
            let items = library.batch_items(batch.id, 0, 1_000).unwrap();
            let mut waiting = items.iter().filter(|item| item.state == ItemState::Waiting);
            let all_held = waiting.all(|item| item.worker.is_some());
            assert!(claimed.is_some() || after.state != BatchState::Running || all_held, "{after:?}");
        }
        kind => {
            let items = library.batch_items(batch.id, 0, 1_000).unwrap();
            let at_work = |item: &&BatchItem| item.state == ItemState::Waiting && item.worker.is_some();
            let Some(item) = items.iter().find(at_work) else { return };
            if kind == 5 {
                library.fail_item(batch.id, item.ordinal, "no text", sessions::Timestamp(at)).unwrap();
            } else {
                let record = record(library, item.document, TASK, "aaaa");
                let found = [prediction(pair("CID", "naloxone", "nausea"), 0.75)];
                library
                    .finish_item(by(who, at), batch.id, item.ordinal, &record, &finished(), &found)
                    .unwrap();
            }
        }
    }
}
