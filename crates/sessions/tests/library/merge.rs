//! Two curators work apart, and their libraries become one.

use documents::Content;
use sessions::{DocumentFilter, DocumentOrder, Error, Library, NewNote, Track, Verdict};

use crate::samples::{MODEL, Scratch, accept, assert_sound, by, import, pair, reject, run};

fn documents(library: &Library) -> Vec<sessions::DocumentId> {
    library.document_ids(DocumentOrder::OldestFirst, &DocumentFilter::default()).unwrap()
}

const FOUND: [(&str, f64); 3] = [("hypotension", 0.9), ("nausea", 0.6), ("rash", 0.4)];

/// Ada and Ben have two documents in common, on which the same model found the same; Ben has one more.
fn apart() -> (Scratch, Scratch, Library, Library) {
    let (here, there) = (Scratch::new(), Scratch::new());
    let (mut ada, mut ben) = (here.create(), there.create());
    let ours = import(&mut ada, "ada", 0, 2);
    // Ben's library numbers them otherwise.
    let theirs = import(&mut ben, "ben", 5, 6);
    let theirs = [import(&mut ben, "ben", 0, 2), theirs].concat();
    let found = run(&mut ada, "ada", ours[0], MODEL, &FOUND);
    let again = run(&mut ben, "ben", theirs[0], MODEL, &FOUND);
    run(&mut ben, "ben", theirs[1], MODEL, &FOUND);
    ada.decide(by("ada", 400), &[accept(found[0]), accept(found[1]), reject(found[2])]).unwrap();
    ben.decide(by("ben", 401), &[accept(again[0]), reject(again[1]), reject(again[2])]).unwrap();
    ben.annotate(by("ben", 402), theirs[0], &[pair("CID", "naloxone", "vertigo")]).unwrap();
    ben.write_note(
        by("ben", 403),
        &NewNote { document: Some(theirs[0]), text: "unsure of nausea", ..NewNote::default() },
    )
    .unwrap();
    (here, there, ada, ben)
}

#[test]
fn the_same_texts_and_findings_meet_and_disagreements_are_told() {
    let (_here, _there, mut ada, ben) = apart();
    let before = ada.dump().unwrap();
    let mut steps = Vec::new();
    let merged = ada.merge(by("ada", 500), &ben, None, &mut |done, all| steps.push((done, all))).unwrap();
    assert_eq!((merged.documents, merged.documents_met), (1, 2));
    assert_eq!((merged.runs, merged.runs_met), (1, 1));
    assert_eq!((merged.decisions, merged.decisions_met, merged.notes), (4, 0, 1));
    assert_eq!(steps, [(1, 3), (2, 3), (3, 3)]);
    let ids = documents(&ada);
    assert_eq!(ids.len(), 3);
    assert_eq!(ada.runs(ids[0]).unwrap().len(), 1, "the same run is there once");
    assert_eq!(ada.curators().unwrap(), ["ada", "ben"]);
    let of_ben = ada.decisions(ids[0]).unwrap();
    let of_ben: Vec<_> = of_ben.iter().filter(|decision| decision.curator == "ben").collect();
    assert_eq!((of_ben.len(), of_ben[0].made_at.0), (4, 401), "who and when stay");

    let agreement = ada.agreement("ada", "ben").unwrap();
    let total = agreement.total;
    assert_eq!((total.both, total.neither, total.only_first, total.only_second), (1, 1, 1, 1));
    assert_eq!((total.raw(), total.kappa()), (Some(0.5), Some(0.0)));

    let open = ada.disagreements("carla").unwrap();
    let told: Vec<(String, Vec<(&str, &str)>)> = open
        .iter()
        .map(|one| {
            let voices = one.voices.iter().map(|voice| (voice.curator.as_str(), voice.word)).collect();
            (one.content.names(), voices)
        })
        .collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].0.contains("nausea"), "{told:?}");
    assert_eq!(told[0].1, [("ada", "accepted"), ("ben", "rejected")]);
    assert_eq!(told[1].1, [("ada", "did not add"), ("ben", "added")]);
    // Carla settles the first one; for Ada, who is a party to it, it stays open.
    let subject = open[0].subject.unwrap();
    let verdict = sessions::Judgement { subject, verdict: Verdict::Accept, comment: String::new() };
    ada.decide(by("carla", 600), &[verdict]).unwrap();
    assert_eq!(ada.disagreements("carla").unwrap().len(), 1);
    assert!(ada.disagreements("dora").unwrap().len() == 2);

    assert_sound(&ada);
    ada.undo(by("carla", 700), Track::Curation).unwrap();
    assert_eq!(
        ada.summary(ada.next_events("ada", Track::Curation).unwrap().0.unwrap().id, sessions::Action::Merge)
            .unwrap(),
        "merged a library: 1 document and 4 decisions"
    );
    ada.undo(by("ada", 800), Track::Curation).unwrap();
    assert_eq!(documents(&ada).len(), 2);
    assert_eq!(ada.curators().unwrap(), ["ada"]);
    assert_sound(&ada);
    ada.redo(by("ada", 900), Track::Curation).unwrap();
    assert_eq!(ada.curators().unwrap(), ["ada", "ben"]);
    assert_ne!(ada.dump().unwrap(), before);
}

#[test]
fn a_second_merge_brings_only_what_is_new() {
    let (_here, _there, mut ada, mut ben) = apart();
    ada.merge(by("ada", 500), &ben, None, &mut |_, _| ()).unwrap();
    let again = ada.merge(by("ada", 510), &ben, None, &mut |_, _| ()).unwrap();
    assert_eq!((again.documents, again.runs, again.decisions, again.notes), (0, 0, 0, 0), "{again:?}");
    // Ben changes his mind and adds a note: the newer word counts.
    let document = documents(&ben)[1];
    let found = ben.findings_of_document(document).unwrap();
    ben.decide(by("ben", 520), &[accept(found[1].id)]).unwrap();
    ada.merge(by("ada", 530), &ben, None, &mut |_, _| ()).unwrap();
    let open = ada.disagreements("carla").unwrap();
    assert_eq!(open.len(), 1, "{open:?}");
    assert_eq!(ada.agreement("ada", "ben").unwrap().total.both, 2);
    assert_sound(&ada);
}

#[test]
fn people_of_one_name_are_kept_apart_and_what_came_with_documents_meets() {
    let (here, there) = (Scratch::new(), Scratch::new());
    let (mut ours, mut theirs) = (here.create(), there.create());
    let id = import(&mut ours, "unnamed", 0, 1)[0];
    let same = import(&mut theirs, "unnamed", 0, 1)[0];
    let (own, other) = (ours.document(id).unwrap(), theirs.document(same).unwrap());
    let judge = |subject, verdict| sessions::Judgement { subject, verdict, comment: String::new() };
    let relation = sessions::Subject::Relation(own.relation_ids[0]);
    ours.decide(by("unnamed", 400), &[judge(relation, Verdict::Accept)]).unwrap();
    let relation = sessions::Subject::Relation(other.relation_ids[0]);
    theirs.decide(by("unnamed", 401), &[judge(relation, Verdict::Reject(None))]).unwrap();
    let merged = ours.merge(by("unnamed", 500), &theirs, Some("ben"), &mut |_, _| ()).unwrap();
    assert_eq!((merged.decisions, merged.decisions_met), (1, 0));
    let open = ours.disagreements("").unwrap();
    assert!(matches!(&open[..], [one] if matches!(one.content, Content::Relation { .. })), "{open:?}");
    assert_eq!(
        open[0].voices.iter().map(|voice| voice.curator.as_str()).collect::<Vec<_>>(),
        ["ben", "unnamed"]
    );
}

#[test]
fn what_cannot_be_merged_is_refused_and_changes_nothing() {
    let (here, _there, mut ada, ben) = apart();
    let twin = here.open();
    let before = ada.dump().unwrap();
    let error = ada.merge(by("ada", 500), &twin, None, &mut |_, _| ()).unwrap_err();
    assert!(
        matches!(error, Error::CannotMerge { .. }) && error.to_string().contains("it is this library"),
        "{error}"
    );
    ada.merge(by("ada", 500), &ben, None, &mut |_, _| ()).unwrap();
    ada.undo(by("ada", 501), Track::Curation).unwrap();
    let mut ben = ben;
    ben.merge(by("ben", 500), &ada, None, &mut |_, _| ()).unwrap();
    let error = ada.merge(by("ada", 502), &ben, Some("ben"), &mut |_, _| ()).unwrap_err();
    assert!(error.to_string().contains("several curators"), "{error}");
    assert_eq!(documents(&ada).len(), 2);
    assert!(!before.is_empty());
}
