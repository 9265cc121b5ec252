//! Tasks with an encoder.

use documents::{Concept, Entity, Infons, Span};
use osler_tests::{KnownHead, KnownWords};
use tasks::labels::{LabelTask, Plan};
use tasks::marking::Marking;
use tasks::tagging::KINDS;

use super::*;

/// An encoder on the processor, used as its labels let guess or as `guidance` says.
fn encoder(
    known: &KnownWords<'_>,
    name: &str,
    guidance: &Guidance,
) -> Result<Box<dyn LanguageModel>, LoadError> {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join(name);
    known.write(&folder);
    if !guidance.0.is_empty() {
        guidance.write(&folder).unwrap();
    }
    load(name, &folder, devices::Request::Cpu, &|_| ())
}

const NAMES: KnownWords<'_> = KnownWords {
    labels: &["O", "B-Chemical", "I-Chemical", "B-DISEASE", "I-DISEASE", "B-Anatomy", "B-Species"],
    words: &[
        ("lithium", 1),
        ("carbonate", 2),
        ("nephro", 3),
        ("##toxicity", 0),
        ("renal", 3),
        ("failure", 4),
        ("kidney", 5),
        ("mice", 6),
        ("caused", 0),
    ],
    head: KnownHead::Tokens,
    positions: 40,
};

fn document(text: &str) -> Document {
    Document::from_parts("1", &[("abstract", text)])
}

fn names(model: &mut dyn LanguageModel, document: &Document) -> Vec<(String, String, Option<f64>)> {
    let mut context = TaskContext::new(model);
    let found = find_mentions(&mut context, document, finders().dictionaries()).unwrap().entities(document);
    found.into_iter().map(|name| (name.kind, name.text, name.score)).collect()
}

#[test]
fn an_encoder_finds_names_of_its_kinds_and_the_dictionaries_say_which_they_are() {
    let mut model = encoder(&NAMES, "names", &Guidance::default()).unwrap();
    let text = document(
        "Lithium carbonate caused nephrotoxicity and renal failure of the kidney in mice, but not nausea.",
    );
    let found = names(&mut *model, &text);
    let told: Vec<(&str, &str)> =
        found.iter().map(|(kind, name, _)| (kind.as_str(), name.as_str())).collect();
    // Nausea is a disease that the dictionaries know, but the model marks diseases, and not this one; anatomy is no kind of ours.
    assert_eq!(
        told,
        [
            ("Chemical", "Lithium carbonate"),
            ("Disease", "nephrotoxicity"),
            ("Disease", "renal failure"),
            ("Species", "mice")
        ]
    );
    assert!(
        found.iter().all(|(_, _, score)| score.is_some_and(|score| score > 0.9 && score < 1.0)),
        "{found:?}"
    );
    let mut context = TaskContext::new(&mut *model);
    let entities = find_mentions(&mut context, &text, finders().dictionaries()).unwrap().entities(&text);
    assert!(entities[0].concepts.iter().any(|concept| concept.id == "D016651"), "{:?}", entities[0]);
    assert_eq!(entities[0].infons["found by"], "tagger");
    // Names as findings say the same.
    let outcome = TaskRequest::Mentions.run(&mut context, &text, &finders()).unwrap();
    let contents: Vec<&Content> = outcome.predictions.iter().map(|one| &one.content).collect();
    assert_eq!(contents.len(), 4);
    assert!(matches!(contents[3], Content::Entity { kind, text, .. } if kind == "Species" && text == "mice"));
    assert_eq!(outcome.predictions[1].score, found[1].2);
}

#[test]
fn kinds_that_a_model_does_not_mark_are_the_dictionaries() {
    let known = KnownWords { labels: &["O", "B-DISEASE", "I-DISEASE"], words: &[("nausea", 1)], ..NAMES };
    let mut model = encoder(&known, "names", &Guidance::default()).unwrap();
    let found = names(&mut *model, &document("Lithium carbonate caused nausea and asthma."));
    let told: Vec<(&str, &str, bool)> =
        found.iter().map(|(kind, name, score)| (kind.as_str(), name.as_str(), score.is_some())).collect();
    assert_eq!(told, [("Chemical", "Lithium carbonate", false), ("Disease", "nausea", true)]);
}

#[test]
fn another_model_finds_the_names_for_one_that_knows_none() {
    let mut tagger = encoder(&NAMES, "names", &Guidance::default()).unwrap();
    let mut model = Scripted::default();
    let text = document("Lithium carbonate caused renal failure, but no nausea.");
    let mut context = TaskContext { names: Some(&mut *tagger), ..TaskContext::new(&mut model) };
    let outcome = TaskRequest::Mentions.run(&mut context, &text, &finders()).unwrap();
    assert_eq!(
        outcome.predictions.len(),
        2,
        "nausea is a disease of the dictionaries, but not of the tagger"
    );
    assert_eq!(context.profile().names.map(|names| names.id), Some("names".to_owned()));
    assert_eq!(context.profile().id, SCRIPTED);
}

#[test]
fn what_the_document_gives_stays_and_is_no_finding() {
    let mut model = encoder(&NAMES, "names", &Guidance::default()).unwrap();
    let mut text = document("Lithium carbonate caused renal failure.");
    text.entities.push(Entity {
        id: "T1".to_owned(),
        kind: "Chemical".to_owned(),
        spans: vec![Span::new(0, 7)],
        text: "Lithium".to_owned(),
        concepts: vec![Concept { vocabulary: "MESH".to_owned(), id: "D008094".to_owned() }],
        note: None,
        score: None,
        infons: Infons::new(),
    });
    let mut context = TaskContext::new(&mut *model);
    let outcome = TaskRequest::Mentions.run(&mut context, &text, &finders()).unwrap();
    assert_eq!(outcome.predictions.len(), 1);
    assert!(
        matches!(&outcome.predictions[0].content, Content::Entity { text, .. } if text == "renal failure")
    );
}

/// A long text in many windows finds what each sentence alone gives, and so does a sentence without an end.
#[test]
fn seams_of_long_texts_lose_nothing() {
    let mut model = encoder(&NAMES, "names", &Guidance::default()).unwrap();
    let sentence = "Lithium carbonate caused renal failure in some mice there. ";
    let endless = "lithium carbonate caused renal failure and nephrotoxicity of mice and ";
    for (part, each) in [(sentence, 3), (endless, 4)] {
        for times in [1, 9, 40] {
            let text = document(&part.repeat(times));
            let mut found = names(&mut *model, &text);
            found.retain(|(_, _, score)| score.is_some());
            assert_eq!(found.len(), each * times, "{times} times {part}: {found:?}");
        }
    }
}

#[test]
fn a_table_says_what_labels_mean() {
    let known = KnownWords {
        labels: &["LABEL_0", "LABEL_1", "LABEL_2"],
        words: &[("renal", 1), ("failure", 2)],
        ..NAMES
    };
    let error = encoder(&known, "names", &Guidance::default()).err().unwrap().to_string();
    assert!(error.contains("names") && error.contains("LABEL_1=B-Disease"), "{error}");
    let said = [("LABEL_0", "O"), ("LABEL_1", "B-Disease"), ("LABEL_2", "I-Disease")];
    let labels = said.iter().map(|(label, meaning)| ((*label).to_owned(), (*meaning).to_owned())).collect();
    let plan = Plan { task: LabelTask::Mentions, labels, marking: None };
    let mut model = encoder(&known, "names", &plan.guidance()).unwrap();
    let found = names(&mut *model, &document("He had renal failure."));
    assert_eq!((found.len(), found[0].0.as_str(), found[0].1.as_str()), (1, KINDS[1], "renal failure"));
}

const CLASSES: KnownWords<'_> = KnownWords {
    labels: &["none", "inducing angiogenesis", "resisting cell death"],
    words: &[("vessels", 1), ("apoptosis", 2), ("cells", 0)],
    head: KnownHead::Texts,
    positions: 40,
};

fn labels_of(predictions: &[Prediction]) -> Vec<(String, Option<Span>)> {
    let label = |one: &Prediction| match &one.content {
        Content::Label { label, span } => Some((label.clone(), *span)),
        _ => None,
    };
    predictions.iter().filter_map(label).collect()
}

#[test]
fn an_encoder_classifies_sentences_by_one_class_or_by_many() {
    let text = document("New vessels grew. Cells lived. Vessels showed apoptosis.");
    let mut one = encoder(&CLASSES, "classes", &Guidance::default()).unwrap();
    let found = classify(&mut TaskContext::new(&mut *one), &text, &mut |_, _| ()).unwrap();
    assert!(found.sentences.iter().all(|(_, scores)| scores.len() == 2), "none is no label to show");
    let sentences: Vec<_> =
        labels_of(&found.outcome.predictions).into_iter().filter(|one| one.1.is_some()).collect();
    assert_eq!(sentences.len(), 2, "each sentence that has a class has one: {sentences:?}");
    let known = KnownWords { head: KnownHead::TextsOfManyClasses, ..CLASSES };
    let mut many = encoder(&known, "classes", &Guidance::default()).unwrap();
    let found = classify(&mut TaskContext::new(&mut *many), &text, &mut |_, _| ()).unwrap();
    let all = labels_of(&found.outcome.predictions);
    let of = |start: usize| -> Vec<&str> {
        all.iter()
            .filter(|one| one.1.is_some_and(|span| span.start == start))
            .map(|one| one.0.as_str())
            .collect()
    };
    assert_eq!((of(0), of(18)), (vec!["inducing angiogenesis"], vec![]));
    assert_eq!(of(31), ["inducing angiogenesis", "resisting cell death"]);
    assert_eq!(
        all.iter().filter(|one| one.1.is_none()).count(),
        2,
        "the document has the labels of its sentences"
    );
}

#[test]
fn a_sentence_that_is_too_long_is_left_out_and_told() {
    let mut model = encoder(&CLASSES, "classes", &Guidance::default()).unwrap();
    let text = document(&format!("New vessels grew. They {} apoptosis.", "and ".repeat(60)));
    let found = classify(&mut TaskContext::new(&mut *model), &text, &mut |_, _| ()).unwrap();
    assert_eq!(found.sentences.len(), 1);
    assert!(found.outcome.notices[0].contains("left out"), "{:?}", found.outcome.notices);
}

/// "Induced" relates two names; "aspirin" does not, as long as it is masked.
const PAIRS: KnownWords<'_> = KnownWords {
    labels: &["false", "CID"],
    words: &[("induced", 1), ("##x", 0)],
    head: KnownHead::Texts,
    positions: 40,
};

fn relations(
    model: &mut dyn LanguageModel,
    task: RelationTask,
    text: &str,
) -> Result<Vec<(String, [String; 2])>, InferenceError> {
    let text = document(text);
    let finders = finders();
    let extraction = Extraction {
        task,
        mode: Mode::Exhaustive { threshold: None },
        document: &text,
        finder: finders.dictionaries(),
    };
    let found = extract(&mut TaskContext::new(model), &extraction, &mut |_| ())?;
    let relation = |one: &Prediction| match &one.content {
        Content::Relation { kind, participants } => {
            Some((kind.clone(), [0, 1].map(|place: usize| participants[place].name.to_lowercase())))
        }
        _ => None,
    };
    Ok(found.predictions.iter().filter_map(relation).collect())
}

fn pair(kind: &str, head: &str, tail: &str) -> (String, [String; 2]) {
    (kind.to_owned(), [head.to_owned(), tail.to_owned()])
}

#[test]
fn an_encoder_relates_names_by_what_it_reads_with_both_of_them_marked() {
    let mut model = encoder(&PAIRS, "cdr", &Guidance::default()).unwrap();
    let text = "Aspirin induced nausea. Metformin and asthma were seen.";
    let found = relations(&mut *model, RelationTask::Bc5cdr, text).unwrap();
    assert!(found.contains(&pair("CID", "aspirin", "nausea")), "{found:?}");
    assert!(!found.contains(&pair("CID", "metformin", "asthma")), "{found:?}");
}

#[test]
fn names_are_shown_as_the_plan_says_and_kinds_are_the_models_own() {
    let known = KnownWords {
        labels: &["false", "CPR:3", "DDI-effect"],
        words: &[("aspirin", 1), ("induced", 2)],
        ..PAIRS
    };
    let plan = |head: &str, tail: &str, second: Option<&str>| {
        let (head, tail, second) = (head.to_owned(), tail.to_owned(), second.map(str::to_owned));
        let marking = Some(Marking { head, tail, second, passages: false });
        let labels = [("false".to_owned(), "none".to_owned()), ("CPR:3".to_owned(), "CPR:3".to_owned())];
        Plan { task: LabelTask::Pairs(RelationTask::Ddi), labels: labels.into(), marking }
    };
    let text = "Aspirin and metformin were taken.";
    let found = |plan: Plan| {
        let mut model = encoder(&known, "ddi", &plan.guidance()).unwrap();
        relations(&mut *model, RelationTask::Ddi, text).unwrap()
    };
    assert_eq!(found(plan("@DRUG$", "@DRUG$", None)), [], "the word that speaks for it is masked");
    assert_eq!(found(plan("[E1] {} [/E1]", "[E2] {} [/E2]", None)), [pair("CPR:3", "aspirin", "metformin")]);
    let second = plan("@DRUG$", "@DRUG$", Some("{head} and {tail}"));
    assert_eq!(found(second), [pair("CPR:3", "aspirin", "metformin")]);
}

#[test]
fn an_encoder_says_that_it_does_not_write() {
    let mut names = encoder(&NAMES, "names", &Guidance::default()).unwrap();
    let text = document("Aspirin induced nausea.");
    let finders = finders();
    let mut context = TaskContext::new(&mut *names);
    let refused = [
        TaskRequest::Relations { task: RelationTask::Bc5cdr, mode: Mode::Exhaustive { threshold: None } }
            .run(&mut context, &text, &finders)
            .unwrap_err(),
        TaskRequest::Classify.run(&mut context, &text, &finders).unwrap_err(),
        continue_text(&mut context, "Aspirin", 5, &mut |_| ()).unwrap_err(),
    ];
    for error in refused {
        assert!(matches!(error, InferenceError::Encoder { .. }), "{error}");
        assert!(error.to_string().contains("is an encoder: it finds names"), "{error}");
    }
    assert!(self_test(&mut context).unwrap().passed);
    let mut pairs = encoder(&PAIRS, "cdr", &Guidance::default()).unwrap();
    let request = TaskRequest::Relations { task: RelationTask::Bc5cdr, mode: Mode::Generate };
    let error = request.run(&mut TaskContext::new(&mut *pairs), &text, &finders).unwrap_err().to_string();
    assert!(error.contains("does not write"), "{error}");
}
