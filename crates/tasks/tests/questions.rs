//! How well Ask's evidence answers questions, over the sixty of `tests/questions` that were written before it, and over the
//! development cases that it was written with. `cargo test -p tasks --test questions -- --nocapture` prints the figures.

#![allow(clippy::unwrap_used, reason = "a failing helper fails the test")]
#![allow(clippy::print_stdout, reason = "the figures are what this is for")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use documents::{Document, Span};
use serde_json::Value;
use tasks::stance::{self, Stance};
use terms::{Dictionary, Terms};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn dictionary() -> Dictionary {
    Dictionary::new(vec![Arc::new(Terms::open(&root().join("models/terms/builtin.terms")).unwrap())])
}

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap()
}

#[derive(Debug, Default)]
struct Figures {
    /// Questions that the text answers, and of them those whose first sentence speaks about the question.
    answered: usize,
    first: usize,
    /// All questions, and those whose stance is right ("does not say" is one).
    questions: usize,
    stance: usize,
    /// Questions that the text does not answer, and of them those of which that is said.
    silent: usize,
    does_not_say: usize,
}

const NOT_STATED: &str = "not-stated";

fn word(stance: Option<Stance>) -> &'static str {
    match stance {
        Some(Stance::For) => "supports",
        Some(Stance::Against) => "contradicts",
        Some(Stance::Unclear) => "unclear",
        None => NOT_STATED,
    }
}

impl Figures {
    /// `relevant` are beginnings of sentences, or whole ones.
    fn count(&mut self, dictionary: &Dictionary, document: &Document, case: &Value, explain: bool) {
        let question = text(case, "question");
        let read = stance::read(question, document, dictionary);
        let relevant: Vec<&str> =
            case["relevant"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
        let first = read.evidence.first().map(|one| one.span.slice(&document.text).unwrap());
        let first_is_right = first.is_some_and(|first| relevant.iter().any(|one| first.starts_with(one)));
        let (wanted, given) = (text(case, "stance"), word(read.stance()));
        self.questions += 1;
        self.stance += usize::from(wanted == given);
        if wanted == NOT_STATED {
            self.silent += 1;
            self.does_not_say += usize::from(given == NOT_STATED);
        } else {
            self.answered += 1;
            self.first += usize::from(first_is_right);
        }
        if explain && (wanted != given || wanted != NOT_STATED && !first_is_right) {
            println!("{question}: {given} instead of {wanted}");
            for one in &read.evidence {
                println!("  {:?} ({}) {}", one.stance, one.reason, one.span.slice(&document.text).unwrap());
            }
            println!(
                "  sought: {:?}",
                read.sought.iter().map(|one| (&one.words, one.sentences)).collect::<Vec<_>>()
            );
        }
    }
}

#[test]
fn the_sixty_questions() {
    let dictionary = dictionary();
    let folder = root().join("tests/questions");
    let documents: Vec<(String, Document)> = lines(&folder.join("documents.jsonl"))
        .iter()
        .map(|one| {
            let parts = [("title", text(one, "title")), ("abstract", text(one, "text"))];
            (text(one, "id").to_owned(), Document::from_parts(text(one, "id"), &parts))
        })
        .collect();
    let (mut figures, mut others) = (Figures::default(), 0);
    for case in lines(&folder.join("questions.jsonl")) {
        let (own, document) = documents.iter().find(|(id, _)| id == text(&case, "document")).unwrap();
        figures.count(&dictionary, document, &case, false);
        for (_, other) in documents.iter().filter(|(id, _)| id != own) {
            let read = stance::read(text(&case, "question"), other, &dictionary);
            others += usize::from(!read.evidence.is_empty());
        }
    }
    let Figures { answered, first, questions, stance, silent, does_not_say } = figures;
    println!("first sentence: {first} of {answered} questions that the text answers are relevant;");
    println!(
        "  with the {does_not_say} of {silent} for which none is offered, as is right, {} of 60",
        first + does_not_say
    );
    println!("stance: {stance} of {questions} right; \"does not say\": {does_not_say} of {silent} right");
    println!("other documents that say something: {others} of {}", questions * (documents.len() - 1));
    assert_eq!((questions, answered, silent), (60, 40, 20));
    // The bars of issue 17.
    assert!(first + does_not_say >= 50 && stance >= 45 && does_not_say >= 18);
}

#[test]
fn the_development_cases() {
    let dictionary = dictionary();
    let mut figures = Figures::default();
    for one in lines(&root().join("crates/tasks/tests/questions/development.jsonl")) {
        let parts = [("title", text(&one, "title")), ("abstract", text(&one, "text"))];
        let document = Document::from_parts(text(&one, "id"), &parts);
        for case in one["questions"].as_array().unwrap() {
            figures.count(&dictionary, &document, case, true);
        }
    }
    println!("development: {figures:?}");
    assert!(figures.first >= 50 && figures.stance >= 73, "the rules know these cases: {figures:?}");
}

/// The cases that issue 17 names.
#[test]
fn evidence_is_what_speaks_about_the_question() {
    let dictionary = dictionary();
    let read = |question: &str, text: &str| {
        let document = Document::from_parts("1", &[("title", "A trial"), ("abstract", text)]);
        let read = stance::read(question, &document, &dictionary);
        let sentence = |span: Span| span.slice(&document.text).unwrap().to_owned();
        (
            read.stance(),
            read.evidence.iter().map(|one| (sentence(one.span), one.stance)).collect::<Vec<_>>(),
            read.sought,
        )
    };
    let azithromycin = "One hundred patients took part. Liver tests were done each month. No hepatitis was seen in patients given azithromycin. One patient in the placebo group had a rash.";
    let (stance, evidence, _) = read("Does azithromycin cause hepatitis?", azithromycin);
    assert_eq!(stance, Some(Stance::Against));
    assert_eq!(evidence[0].0, "No hepatitis was seen in patients given azithromycin.");
    let (stance, evidence, sought) = read("Does azithromycin cause hearing loss?", azithromycin);
    assert_eq!((stance, evidence.len()), (None, 0));
    assert_eq!(
        sought.iter().map(|one| one.words.as_str()).collect::<Vec<_>>(),
        ["azithromycin", "hearing loss"]
    );
    assert_eq!(sought.iter().map(|one| one.sentences).collect::<Vec<_>>(), [1, 0]);
    let both = "Both raise the concentration. Simvastatin should not be combined with clarithromycin. One volunteer who took clarithromycin and simvastatin had rhabdomyolysis.";
    let advised = |question: &str| read(question, both).0;
    assert_eq!(advised("Should simvastatin be combined with clarithromycin?"), Some(Stance::Against));
    assert_eq!(advised("Is simvastatin safe with clarithromycin?"), Some(Stance::Against));
    for nothing in ["", "Is it?", "Does the patient have it?", "?!"] {
        assert_eq!(read(nothing, azithromycin).0, None, "{nothing}");
    }
    let amiodarone = "Six patients who took amiodarone had liver injury. Acetylcysteine, apart from mild nausea, had no adverse effects. Amiodarone was stopped in all.";
    let (stance, evidence, _) = read("Does amiodarone harm the liver?", amiodarone);
    assert_eq!(stance, Some(Stance::For));
    assert!(
        evidence[0].0.starts_with("Six patients") && evidence.iter().all(|one| !one.0.contains("nausea")),
        "{evidence:?}"
    );
}
