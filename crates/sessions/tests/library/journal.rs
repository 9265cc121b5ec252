use proptest::prelude::*;
use sessions::{Action, DraftText, Error, GeneratedSpan, Library, NewNote, State, Track};

use crate::actions::{AUTHORS, TRACKS, perform, perform_or_turn};
use crate::samples::{Scratch, accept, assert_sound, by, import, reject, run};

/// Undoes everything of everyone, in whatever order is possible; says how many steps.
fn undo_all(library: &mut Library) -> usize {
    let mut steps = 0;
    loop {
        let before = steps;
        let mut refused = 0;
        for who in AUTHORS {
            for track in TRACKS {
                match library.undo(by(who, 1), track) {
                    Ok(undone) => steps += usize::from(undone.is_some()),
                    Err(Error::BuiltUpon { .. } | Error::Overtaken { .. }) => refused += 1,
                    Err(error) => panic!("{error}"),
                }
            }
        }
        if steps == before {
            assert_eq!(refused, 0, "the authors block each other");
            return steps;
        }
    }
}

/// Redoes everything of everyone in the order in which it was done; says how many steps.
fn redo_all(library: &mut Library) -> usize {
    let mut steps = 0;
    while let Some(first) = library
        .history(None, usize::MAX >> 1)
        .unwrap()
        .into_iter()
        .rfind(|event| event.state == State::Undone)
    {
        let step = library.redo(by(&first.author, 1), first.action.track()).unwrap();
        assert_eq!(step.map(|step| step.event), Some(first.id));
        steps += 1;
    }
    steps
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn undoing_all_gives_the_beginning_and_redoing_all_the_end(rolls in prop::collection::vec(any::<u64>(), 1..60)) {
        let scratch = Scratch::new();
        let mut library = scratch.create();
        let beginning = library.dump().unwrap();
        for (n, roll) in rolls.iter().enumerate() {
            // Seconds between some, minutes between others: drafts are saved into one step and into several.
            perform(&mut library, *roll, 1_000 + n as i64 * 4_000);
        }
        let end = library.dump().unwrap();
        assert_sound(&library);

        let undone = undo_all(&mut library);
        prop_assert_eq!(library.dump().unwrap(), beginning);
        assert_sound(&library);

        // The stacks outlive the program.
        drop(library);
        let mut library = scratch.open();
        prop_assert_eq!(redo_all(&mut library), undone);
        prop_assert_eq!(library.dump().unwrap(), end);
        assert_sound(&library);
    }

    #[test]
    fn undo_and_redo_are_each_others_inverse_anywhere(rolls in prop::collection::vec(any::<u64>(), 1..50)) {
        let scratch = Scratch::new();
        let mut library = scratch.create();
        for (n, roll) in rolls.iter().enumerate() {
            perform_or_turn(&mut library, *roll, 1_000 + n as i64 * 4_000);
            let now = library.dump().unwrap();
            for who in AUTHORS {
                for track in TRACKS {
                    if let Ok(Some(undone)) = library.undo(by(who, 1), track) {
                        prop_assert_ne!(&library.dump().unwrap(), &now);
                        let redone = library.redo(by(who, 1), track).unwrap();
                        prop_assert_eq!(Some(undone), redone);
                        prop_assert_eq!(&library.dump().unwrap(), &now);
                    }
                }
            }
        }
        assert_sound(&library);
    }
}

#[test]
fn a_bulk_decision_is_one_step_and_changing_ones_mind_another() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    let document = import(&mut library, "ada", 0, 1)[0];
    let findings =
        run(&mut library, "ada", document, "aaaa", &[("nausea", 0.9), ("pain", 0.4), ("shock", 0.2)]);
    let all: Vec<_> = findings.iter().map(|id| accept(*id)).collect();
    library.decide(by("ada", 1), &all).unwrap();
    let accepted = library.dump().unwrap();
    library.decide(by("ada", 2), &[reject(findings[1])]).unwrap();
    // The same verdict again is no action.
    library.decide(by("ada", 3), &[reject(findings[1])]).unwrap();
    assert_eq!(library.decisions(document).unwrap().len(), 3);

    let step = library.undo(by("ada", 4), Track::Curation).unwrap().unwrap();
    assert_eq!((step.action, step.document, step.changes), (Action::Decide, Some(document), 1));
    assert_eq!(library.dump().unwrap(), accepted);
    let step = library.undo(by("ada", 5), Track::Curation).unwrap().unwrap();
    assert_eq!(step.changes, 3);
    assert!(library.decisions(document).unwrap().is_empty());
    assert_eq!(
        library.next_steps("ada", Track::Curation).unwrap(),
        (Some(Action::Run), Some(Action::Decide))
    );

    // Going on differently gives the redo up, and the history says so.
    library.decide(by("ada", 6), &[accept(findings[0])]).unwrap();
    assert_eq!(library.redo(by("ada", 7), Track::Curation).unwrap(), None);
    let states: Vec<_> = library.history(None, 3).unwrap().iter().map(|event| event.state).collect();
    assert_eq!(states, [State::Done, State::Abandoned, State::Abandoned]);
}

#[test]
fn undo_takes_back_what_i_did_and_not_what_a_colleague_did() {
    let scratch = Scratch::new();
    let mut ada = scratch.create();
    let document = import(&mut ada, "ada", 0, 1)[0];
    let finding = run(&mut ada, "ada", document, "aaaa", &[("nausea", 0.9)])[0];
    ada.decide(by("ada", 1), &[accept(finding)]).unwrap();

    let mut ben = scratch.open();
    ben.decide(by("ben", 2), &[reject(finding)]).unwrap();

    // Ada's last action is her own, though Ben's is later.
    ada.undo(by("ada", 3), Track::Curation).unwrap().unwrap();
    let left = ada.decisions(document).unwrap();
    assert_eq!(left.iter().map(|one| one.curator.as_str()).collect::<Vec<_>>(), ["ben"]);
    // His decision rests on her run: she cannot take it away under him.
    let before = ada.dump().unwrap();
    let error = ada.undo(by("ada", 4), Track::Curation).unwrap_err();
    assert!(matches!(error, Error::BuiltUpon { action: Action::Run }), "{error}");
    assert!(error.to_string().contains("another author"), "{error}");
    assert_eq!(ada.dump().unwrap(), before);
    // When he has, she can.
    ben.undo(by("ben", 5), Track::Curation).unwrap().unwrap();
    ada.undo(by("ada", 6), Track::Curation).unwrap().unwrap();
    assert!(ada.findings_of_document(document).unwrap().is_empty());
}

#[test]
fn undo_does_not_overwrite_what_a_colleague_wrote_since() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    library.describe(by("ada", 1), "first", "").unwrap();
    library.describe(by("ada", 2), "second", "").unwrap();
    library.describe(by("ben", 3), "Ben's", "").unwrap();
    let error = library.undo(by("ada", 4), Track::Curation).unwrap_err();
    assert!(matches!(error, Error::Overtaken { action: Action::DescribeLibrary }), "{error}");
    assert_eq!(library.details().unwrap().name, "Ben's");
    library.undo(by("ben", 5), Track::Curation).unwrap().unwrap();
    library.undo(by("ada", 6), Track::Curation).unwrap().unwrap();
    assert_eq!(library.details().unwrap().name, "first");
}

#[test]
fn a_result_that_comes_after_the_undo_is_refused() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    let document = import(&mut library, "ada", 0, 1)[0];
    let record = crate::samples::record(&library, document, "answer", "aaaa");
    let run = library.begin_run(by("ada", 1), document, &record).unwrap();
    library.undo(by("ada", 2), Track::Curation).unwrap().unwrap();
    let error = library.add_findings(run, &[]).unwrap_err();
    assert!(matches!(error, Error::NotFound { what: "run", .. }), "{error}");
    assert!(library.finish_run(run, &crate::samples::finished()).is_err());
}

#[test]
fn saves_of_a_draft_are_one_step_while_the_author_types_and_leave_curation_alone() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    let text = |text: &str| DraftText { title: "Letter".into(), text: text.into(), generated: vec![] };
    let draft = library.begin_draft(by("ada", 0), &text("")).unwrap();
    for (at, written) in [(20_000, "D"), (21_000, "De"), (29_000, "Dear"), (31_000, "Dear colleague")] {
        library.save_draft(by("ada", at), draft, &text(written)).unwrap();
    }
    library.write_note(by("ada", 32_000), &NewNote { text: "beside it", ..NewNote::default() }).unwrap();

    let mut undo = |expected: &str| {
        library.undo(by("ada", 40_000), Track::Writing).unwrap().unwrap();
        assert_eq!(library.draft(draft).unwrap().content.text, expected);
        assert_eq!(library.notes(None).unwrap().len(), 1);
    };
    undo("Dear");
    undo("");
    library.redo(by("ada", 41_000), Track::Writing).unwrap().unwrap();
    assert_eq!(library.draft(draft).unwrap().content.text, "Dear");
    // Typing on after an undo begins a step of its own: the first one can still be undone.
    library.save_draft(by("ada", 22_000), draft, &text("Dear all")).unwrap();
    library.undo(by("ada", 42_000), Track::Writing).unwrap().unwrap();
    assert_eq!(library.draft(draft).unwrap().content.text, "Dear");

    let outside = DraftText {
        generated: vec![GeneratedSpan {
            span: documents::Span::new(0, 9),
            model: "starter".into(),
            seed: None,
            support: None,
            mark: String::new(),
        }],
        ..text("Dear")
    };
    assert!(matches!(
        library.save_draft(by("ada", 50_000), draft, &outside),
        Err(Error::OutsideDraft { .. })
    ));
}

#[test]
fn an_undone_import_can_be_redone_with_everything_built_on_it() {
    let scratch = Scratch::new();
    let mut library = scratch.create();
    let document = import(&mut library, "ada", 0, 3)[1];
    let finding = run(&mut library, "ada", document, "aaaa", &[("nausea", 0.123_456_789_012_345_67)])[0];
    library.decide(by("ada", 1), &[accept(finding)]).unwrap();
    library.remove_documents(by("ada", 2), &[document]).unwrap();
    let end = library.dump().unwrap();
    let mut actions = Vec::new();
    while let Some(step) = library.undo(by("ada", 3), Track::Curation).unwrap() {
        actions.push(step.action);
    }
    assert_eq!(actions, [Action::RemoveDocuments, Action::Decide, Action::Run, Action::Import]);
    assert_eq!(library.counts("ada").unwrap().documents, 0);
    assert!(library.search("naloxone", 5).unwrap().documents.is_empty());
    while library.redo(by("ada", 4), Track::Curation).unwrap().is_some() {}
    assert_eq!(library.dump().unwrap(), end);
    assert_eq!(library.search("naloxone", 5).unwrap().documents.len(), 2);
}
