use std::sync::{Arc, Mutex};

use crate::wire::*;
use crate::{AppPaths, Workbench};

/// A workbench over a folder of its own, with the scripted generator.
pub(crate) fn bench() -> (tempfile::TempDir, Workbench) {
    let folder = tempfile::tempdir().unwrap();
    let mut places = AppPaths::below(folder.path());
    places.dictionaries = vec![concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/terms").into()];
    let workbench = Workbench::open(places).unwrap();
    workbench.use_model("scripted").unwrap();
    (folder, workbench)
}

/// Puts texts into the library; gives their ids.
pub(crate) fn import(workbench: &Workbench, texts: &[&str]) -> Vec<Id> {
    let documents: Vec<documents::Document> = texts
        .iter()
        .zip(1..)
        .map(|(text, number)| documents::Document::from_parts(&number.to_string(), &[("abstract", text)]))
        .collect();
    let opened = workbench.opened();
    let imported = opened
        .with(|library| {
            let new: Vec<sessions::NewDocument<'_>> = documents
                .iter()
                .map(|document| sessions::NewDocument { document, origin: "a test", format: "text" })
                .collect();
            library.import(sessions::By::new("Ada", opened.now()), &new)
        })
        .unwrap();
    imported
        .iter()
        .map(|one| match one {
            sessions::Imported::New(id) | sessions::Imported::Updated(id) | sessions::Imported::Known(id) => {
                id.0 as Id
            }
            sessions::Imported::Broken(span) => panic!("broken at {span:?}"),
        })
        .collect()
}

const TEXT: &str = "Lithium carbonate may cause nausea. Aspirin did not cause renal failure in rats.";

/// What a streamed call told, and how it ended.
fn heard<Event: Clone + Send + 'static>(call: impl FnOnce(crate::Sink<Event>)) -> (Vec<Event>, Ending) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let ear = Arc::clone(&heard);
    call(Arc::new(move |event: Streamed<Event>| ear.lock().unwrap().push(event)));
    let all = heard.lock().unwrap().clone();
    assert!(all.iter().zip(0..).all(|(event, seq)| event.seq == seq));
    let mut events = Vec::new();
    let mut endings = Vec::new();
    for event in all {
        match event.item {
            StreamItem::Event(event) => events.push(event),
            StreamItem::Ending(ending) => endings.push(ending),
        }
    }
    assert_eq!(endings.len(), 1);
    (events, endings.remove(0))
}

#[test]
fn relations_are_stored_as_suggestions_and_can_be_undone() {
    let (_folder, workbench) = bench();
    let document = import(&workbench, &[TEXT])[0];
    let request = ExtractRequest {
        document,
        task: RelationTask::Bc5cdr,
        mode: ExtractionMode::Generate,
        model_id: None,
    };
    let (events, ending) = heard(|sink| workbench.extract("1", &request, sink));
    assert_eq!(ending, Ending::Finished);
    assert!(matches!(events[0], ExtractEvent::Started { parts: 1, .. }), "{events:?}");
    let found = events.iter().filter(|event| matches!(event, ExtractEvent::Found { .. })).count();
    assert!(found > 0);
    assert!(matches!(events.last(), Some(ExtractEvent::Stored { .. })));
    let view = workbench.document(document).unwrap();
    assert_eq!(view.marks.annotations.len(), found);
    assert_eq!(
        (view.marks.runs[0].state, view.marks.runs[0].model_id.as_str()),
        (RunState::Finished, "scripted")
    );
    workbench.undo(Track::Curation).unwrap().unwrap();
    assert!(workbench.document(document).unwrap().marks.annotations.is_empty());
}

/// Stopped as soon as `until` says so; gives how it ended.
fn stopped(
    workbench: &Workbench,
    request: &ExtractRequest,
    until: impl Fn(&ExtractEvent) -> bool + Send + Sync + 'static,
) -> Ending {
    let jobs = workbench.jobs().clone();
    let endings = Arc::new(Mutex::new(Vec::new()));
    let ear = Arc::clone(&endings);
    workbench.extract(
        "job",
        request,
        Arc::new(move |event| match event.item {
            StreamItem::Event(event) if until(&event) => jobs.cancel("job"),
            StreamItem::Ending(ending) => ear.lock().unwrap().push(ending),
            StreamItem::Event(_) => {}
        }),
    );
    let mut endings = endings.lock().unwrap().clone();
    assert_eq!(endings.len(), 1);
    endings.remove(0)
}

#[test]
fn a_stopped_extraction_keeps_what_has_come_and_hides_nothing_of_an_earlier_one() {
    let (folder, workbench) = bench();
    let document = import(&workbench, &[TEXT])[0];
    let request = ExtractRequest {
        document,
        task: RelationTask::Bc5cdr,
        mode: ExtractionMode::Generate,
        model_id: None,
    };
    let ending = stopped(&workbench, &request, |event| matches!(event, ExtractEvent::Started { .. }));
    assert_eq!(ending, Ending::Stopped);
    let view = workbench.document(document).unwrap();
    assert_eq!(view.marks.runs[0].state, RunState::Stopped);
    // What it says that it found is there, be it nothing.
    assert_eq!(view.marks.annotations.len() as u32, view.marks.runs[0].findings);

    let (events, _) = heard(|sink| workbench.extract("whole", &request, sink));
    let found = events.iter().filter(|event| matches!(event, ExtractEvent::Found { .. })).count();
    assert!(found > 0);
    let predicted = || {
        let request = ExportRequest {
            scope: ExportScope::Library,
            format: "jsonl".to_owned(),
            content: ExportContent::Predicted,
        };
        let path = folder.path().join("predicted.jsonl");
        workbench.export_file(&request, &path, &[], &mut |_, _| true).unwrap().unwrap();
        let text = std::fs::read(&path).unwrap();
        documents::formats::read(&text, "predicted.jsonl").unwrap().documents[0].relations.len()
    };
    assert_eq!(predicted(), found);
    let ending = stopped(&workbench, &request, |event| matches!(event, ExtractEvent::Started { .. }));
    assert_eq!(ending, Ending::Stopped);
    assert_eq!(predicted(), found);
    let summary = &workbench.document_summaries(&[document]).unwrap()[0];
    assert_eq!((summary.findings as usize, summary.read), (found, true));
}

#[test]
fn a_question_is_answered_by_sentences_and_each_is_weighed_when_that_is_asked_for() {
    let (_folder, workbench) = bench();
    let documents = import(&workbench, &["Fever was common. No rash was seen in patients given aspirin."]);
    let missing = documents[0] + 100;
    let question = "Does aspirin cause rash?".to_owned();
    let scope = AskScope::Documents { documents: vec![missing, documents[0]] };
    let (events, ending) =
        heard(|sink| workbench.ask("1", &AskRequest { question: question.clone(), scope }, sink));
    assert_eq!((ending, events.len()), (Ending::Finished, 2));
    assert!(matches!(events[0], AskEvent::Unanswered { document, .. } if document == missing));
    let AskEvent::Answer { verdict, evidence, probabilities, .. } = &events[1] else { panic!("{events:?}") };
    assert_eq!(*verdict, Verdict::No);
    let [sentence] = &evidence[..] else { panic!("{evidence:?}") };
    assert_eq!(
        (sentence.text.as_str(), sentence.stance),
        ("No rash was seen in patients given aspirin.", Stance::Against)
    );
    assert!(sentence.reason.contains("“No”"), "{}", sentence.reason);
    assert!((probabilities.yes + probabilities.no + probabilities.maybe - 1.0).abs() < 1e-9);
    // What is stored says the same.
    let view = workbench.document(documents[0]).unwrap();
    let Content::Answer { verdict, evidence, .. } = &view.marks.annotations[0].content else { panic!() };
    assert_eq!((*verdict, evidence.len(), evidence[0].span), (Verdict::No, 1, sentence.span));

    let request = WeighRequest { question, document: documents[0] };
    let (events, ending) = heard(|sink| workbench.weigh("2", &request, sink));
    assert_eq!(ending, Ending::Finished);
    assert!(matches!(&events[..], [AskEvent::Influence { sentences, .. }] if sentences.len() == 2));
    assert_eq!(workbench.document(documents[0]).unwrap().marks.runs.len(), 1, "weighing stores nothing");
}

#[test]
fn a_text_that_does_not_say_gets_no_verdict_but_what_was_looked_for() {
    let (_folder, workbench) = bench();
    let documents = import(&workbench, &["No rash was seen in patients given aspirin."]);
    let request = AskRequest {
        question: "Does ibuprofen cause rash?".to_owned(),
        scope: AskScope::Documents { documents },
    };
    let (events, _) = heard(|sink| workbench.ask("1", &request, sink));
    let [AskEvent::Answer { verdict, evidence, sought, .. }] = &events[..] else { panic!("{events:?}") };
    assert_eq!((*verdict, evidence.len()), (Verdict::NotStated, 0));
    let sought: Vec<(&str, u32)> = sought.iter().map(|one| (one.words.as_str(), one.found)).collect();
    assert_eq!(sought, [("ibuprofen", 0), ("rash", 1)]);
}

#[test]
fn of_a_library_only_documents_that_say_something_answer() {
    let (_folder, workbench) = bench();
    let texts = [
        "No rash was seen in patients given aspirin.",
        "Rash was seen in three patients after aspirin.",
        "Aspirin was given to all. People with rash were excluded.",
        "Insulin was given.",
    ];
    let documents = import(&workbench, &texts);
    let request = AskRequest { question: "Does aspirin cause rash?".to_owned(), scope: AskScope::Library };
    let (events, ending) = heard(|sink| workbench.ask("1", &request, sink));
    assert_eq!(ending, Ending::Finished);
    assert!(matches!(&events[0], AskEvent::Searched { naming: 3, speaking: 2, .. }), "{events:?}");
    let answers: Vec<(Id, Verdict)> = events[1..]
        .iter()
        .map(|event| match event {
            AskEvent::Answer { document, verdict, .. } => (*document, *verdict),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(answers, [(documents[0], Verdict::No), (documents[1], Verdict::Yes)]);
    let request = AskRequest { question: "Does lithium cause rash?".to_owned(), scope: AskScope::Library };
    let (events, _) = heard(|sink| workbench.ask("1", &request, sink));
    assert!(matches!(&events[..], [AskEvent::Searched { naming: 0, speaking: 0, .. }]), "{events:?}");
}

#[test]
fn documents_are_classified_and_terms_described_and_prompts_shown() {
    let (_folder, workbench) = bench();
    let document = import(&workbench, &[TEXT])[0];
    let (events, _) =
        heard(|sink| workbench.classify("1", &ClassifyRequest { documents: vec![document] }, sink));
    assert!(matches!(&events[0], ClassifyEvent::Sentence { scores, .. } if scores.len() == 10));
    assert!(matches!(events.last(), Some(ClassifyEvent::Labels { .. })));

    let request = DescribeRequest {
        term: "insulin".to_owned(),
        candidates: 2,
        decoding: Decoding::Varied { temperature: 1.0, seed: 3 },
        beginning: String::new(),
        max_tokens: 40,
    };
    let (events, ending) = heard(|sink| workbench.describe("2", &request, sink));
    assert_eq!(ending, Ending::Finished);
    assert!(matches!(&events[0], DescribeEvent::Started { seeds, .. } if *seeds == [3, 4]));
    assert!(matches!(events.last(), Some(DescribeEvent::Candidate { candidate: 1, .. })));
    // Sixteen words each, which come faster than a window draws: all of them, in few messages.
    for wanted in 0..2 {
        let told: Vec<_> = events
            .iter()
            .filter_map(|event| match event {
                DescribeEvent::Tokens { candidate, tokens, .. } if *candidate == wanted => Some(tokens),
                _ => None,
            })
            .collect();
        let words: String = told.iter().copied().flatten().map(|token| token.text.as_str()).collect();
        assert_eq!(words.split_whitespace().count(), 16, "{words}");
        assert!(words.ends_with(" it.") && told.len() < 16, "{} messages", told.len());
    }

    let request = ContinueRequest { before: "It is".to_owned(), max_tokens: 5 };
    let (events, _) = heard(|sink| workbench.continue_text("3", &request, sink));
    let text: String = events
        .iter()
        .flat_map(|ContinueEvent::Tokens { tokens, .. }| tokens.iter().map(|token| token.text.as_str()))
        .collect();
    assert_eq!(text.split_whitespace().count(), 5, "{text}");

    let prompt = workbench.prompt(&PromptRequest::Extract { document, task: RelationTask::Ddi }).unwrap();
    assert_eq!(prompt.text, TEXT.to_lowercase());
    assert_eq!(prompt.learned_tokens, 1);
}

#[test]
fn without_a_model_everything_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let workbench = Workbench::open(AppPaths::below(folder.path())).unwrap();
    assert_eq!(workbench.engine_status().state, EngineState::Empty);
    let request = ContinueRequest { before: "It is".to_owned(), max_tokens: 5 };
    let (_, ending) = heard(|sink| workbench.continue_text("1", &request, sink));
    assert!(matches!(ending, Ending::Failed { error } if error.code == ErrorCode::NoModel));
}

#[test]
fn what_was_found_is_found_again() {
    let (folder, workbench) = bench();
    let document = import(&workbench, &[TEXT])[0];
    for mode in [ExtractionMode::Generate, ExtractionMode::Exhaustive] {
        let request = ExtractRequest { document, task: RelationTask::Bc5cdr, mode, model_id: None };
        heard(|sink| workbench.extract("1", &request, sink));
    }
    heard(|sink| workbench.classify("2", &ClassifyRequest { documents: vec![document] }, sink));
    let scope = AskScope::Documents { documents: vec![document] };
    let question = "Does aspirin cause asthma?".to_owned();
    heard(|sink| workbench.ask("3", &AskRequest { question, scope }, sink));
    let request = ExportRequest {
        scope: ExportScope::Library,
        format: "jsonl".to_owned(),
        content: ExportContent::Everything,
    };
    let path = folder.path().join("all.jsonl");
    workbench.export_file(&request, &path, &[], &mut |_, _| true).unwrap().unwrap();
    let runs = crate::recorded_runs(&path).unwrap().runs;
    assert_eq!(runs.len(), 4);
    for run in &runs {
        let verified = workbench.verify_recorded(run).unwrap();
        assert!(verified.identical, "{verified:?}");
        // Other words are another result.
        let mut other = run.clone();
        other.output = Some("the relation between aspirin and nothing exists.".to_owned());
        assert!(!workbench.verify_recorded(&other).unwrap().identical);
        // So are other dictionaries, where names were looked up.
        let mut other = run.clone();
        let Some(dictionary) = other.record.dictionaries.as_mut().and_then(|all| all.first_mut()) else {
            assert_eq!(run.record.task, "classify");
            continue;
        };
        dictionary.sha256 = "0".repeat(64);
        let verified = workbench.verify_recorded(&other).unwrap();
        assert!(verified.differences[0].starts_with("dictionaries: "), "{verified:?}");
    }
}
