use documents::Content;
use sessions::{DocumentId, Judgement, ModelChoice, Subject, Tally, Verdict};

use crate::samples::{MODEL, Scratch, TASK, accept, by, import, pair, reject, run};

fn tally(both: u64, only_first: u64, only_second: u64, neither: u64) -> Tally {
    Tally { both, only_first, only_second, neither }
}

#[test]
fn two_curators_are_compared_where_both_have_worked() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    let ids = import(&mut library, "ada", 0, 3);
    let said = [("nausea", 0.9), ("pain", 0.5), ("rash", 0.4), ("shock", 0.3), ("fever", 0.2)];
    let f = run(&mut library, "ada", ids[0], MODEL, &said);
    let alone = run(&mut library, "ada", ids[1], MODEL, &[("nausea", 0.9)]);
    let edit = |finding, content| Judgement {
        subject: Subject::Finding(finding),
        verdict: Verdict::Edit(content),
        comment: String::new(),
    };
    library
        .decide(
            by("ada", 1),
            &[accept(f[0]), accept(f[1]), reject(f[2]), edit(f[3], pair("CID", "naloxone", "collapse"))],
        )
        .unwrap();
    library.decide(by("ada", 2), &[accept(alone[0])]).unwrap();
    library
        .decide(by("ben", 3), &[accept(f[0]), reject(f[1]), reject(f[2]), accept(f[3]), reject(f[4])])
        .unwrap();
    // Ben adds what Ada wrote in her edit, and something of his own; and a mention.
    library
        .annotate(
            by("ben", 4),
            ids[0],
            &[pair("CID", "Naloxone", "Collapse"), pair("CID", "naloxone", "cough")],
        )
        .unwrap();
    let mention = Content::Entity {
        kind: "Disease".into(),
        spans: vec![documents::Span::new(0, 4)],
        text: "Case".into(),
        concepts: vec![],
    };
    library.annotate(by("ben", 5), ids[0], &[mention]).unwrap();

    let agreement = library.agreement("ada", "ben").unwrap();
    // Both: nausea, collapse. Only Ada: pain. Only Ben: shock (she edited it away), cough. Neither: rash. Fever only Ben
    // has decided.
    assert_eq!(agreement.by_kind["CID"], tally(2, 1, 2, 1));
    assert_eq!(agreement.by_kind["Disease"], tally(0, 0, 1, 0));
    assert_eq!(agreement.total, tally(2, 1, 3, 1));
    assert_eq!((agreement.documents, agreement.left_out), (1, 1));
    // The other way round is the same with the sides exchanged.
    let other = library.agreement("ben", "ada").unwrap();
    assert_eq!(other.total, tally(2, 3, 1, 1));
    assert_eq!(other.total.f1(), agreement.total.f1());
    assert_eq!(other.total.kappa(), agreement.total.kappa());
    assert_eq!(library.agreement("ada", "nobody").unwrap().total, Tally::default());
}

#[test]
fn a_model_is_compared_with_a_curator_at_a_threshold() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    let ids = import(&mut library, "ada", 0, 3);
    // An older run says more; the latest counts.
    run(&mut library, "ada", ids[0], MODEL, &[("nausea", 0.9), ("itch", 0.9)]);
    let f = run(
        &mut library,
        "ada",
        ids[0],
        MODEL,
        &[("nausea", 0.9), ("pain", 0.6), ("rash", 0.3), ("shock", 0.2), ("fever", 0.8)],
    );
    let other = run(&mut library, "ada", ids[0], "cccc", &[("cough", 0.9)]);
    library
        .decide(by("ada", 1), &[accept(f[0]), reject(f[1]), accept(f[2]), reject(f[3]), accept(other[0])])
        .unwrap();
    library
        .annotate(by("ada", 2), ids[0], &[pair("CID", "naloxone", "tremor"), pair("effect", "a", "b")])
        .unwrap();
    // Another task's types are not held against this one.
    another_task(&mut library, ids[2]);

    let choice = |threshold| ModelChoice { task: TASK, model_sha256: MODEL, threshold };
    let agreement = library.agreement_with_model("ada", &choice(0.5)).unwrap();
    // Both: nausea. Model missed rash (below), cough, tremor. It said pain, which is wrong. Shock neither. Fever undecided.
    assert_eq!(agreement.total, tally(1, 3, 1, 1));
    assert_eq!(agreement.by_kind.keys().collect::<Vec<_>>(), ["CID"]);
    assert_eq!((agreement.documents, agreement.left_out), (1, 1));
    assert_eq!(agreement.total.precision(), Some(0.5));
    assert_eq!(agreement.total.recall(), Some(0.25));
    assert_eq!(library.agreement_with_model("ada", &choice(0.0)).unwrap().total, tally(2, 2, 2, 0));
    assert_eq!(library.agreement_with_model("ada", &choice(0.95)).unwrap().total, tally(0, 4, 0, 2));
    assert_eq!(library.agreement_with_model("ben", &choice(0.5)).unwrap().documents, 0);
}

fn another_task(library: &mut sessions::Library, document: DocumentId) {
    let record = crate::samples::record(library, document, "relations/ddi", MODEL);
    let found = [crate::samples::prediction(pair("effect", "a", "b"), 0.9)];
    library.record_run(by("ada", 3), document, &record, &crate::samples::finished(), &found).unwrap();
}
