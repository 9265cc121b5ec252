//! Every task with a scripted model and with an untrained one.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "what these tests share is test code too"
)]

mod corpora;
mod encoders;
mod heads;

use std::sync::Arc;

use ::biogpt::model::{HeadsFile, Manifest, TaskPrompt};
use ::biogpt::{Config, Model, Network, Tokenizer};
use documents::{Content, Document, Grade, Prediction};
use proptest::prelude::*;
use tasks::RelationTask;
use tasks::guidance::Guidance;
use terms::Terms;

use inference::*;

const TASKS: [&str; 8] =
    ["bc5cdr", "bc5cdr-pairs", "ddi", "ddi-pairs", "kd-dti", "kd-dti-pairs", "pubmedqa", "hoc"];

/// A tiny model with random weights that claims to be tuned for everything.
fn untrained() -> Box<dyn LanguageModel> {
    untrained_for(&TASKS)
}

fn untrained_for(tuned: &[&str]) -> Box<dyn LanguageModel> {
    Box::new(biogpt(tuned, Vec::new(), Guidance::default()))
}

/// The same with heads, whose weights are random too.
fn biogpt(tuned: &[&str], heads: Vec<HeadsFile>, guidance: Guidance) -> BioGpt {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tokenizer/tests/fixtures/micro/hugging-face");
    let tokenizer = Tokenizer::from_dir(folder.as_ref()).unwrap().with_learned_prompts(9).unwrap();
    let config = Config {
        vocab_size: tokenizer.vocab_size(),
        max_positions: 1024,
        hidden_size: 16,
        heads: 2,
        feed_forward_size: 32,
        layers: 1,
        learned_prompt: 9,
        ..Config::tiny()
    };
    let cpu = devices::list().pop().unwrap();
    let device = devices::open(&cpu).unwrap();
    let prompt = TaskPrompt { prompt: tokenizer.learned_prompt_ids().to_vec() };
    let manifest = Manifest {
        format: 1,
        name: "Untrained".to_owned(),
        source: String::new(),
        licence: String::new(),
        parameters: config.parameters(),
        tasks: tuned.iter().map(|task| ((*task).to_owned(), prompt.clone())).collect(),
        metrics: Default::default(),
        training: Vec::new(),
        heads,
        files: Default::default(),
    };
    let shapes: Vec<_> = manifest.heads.iter().map(|file| file.shape.clone()).collect();
    let mut network = Network::init(&config, 5, &device);
    network.heads = ::biogpt::heads::init(&shapes, config.hidden_size, 5, &device);
    let model = Model { config, tokenizer, network, manifest, device, mapping: Default::default() };
    let checksums = Checksums { weights: "w".into(), tokenizer: "t".into(), guidance: "g".into() };
    BioGpt::new(model, "untrained", "the processor".into(), checksums, guidance)
}

fn finders() -> Finders {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../models/terms/builtin.terms");
    Finders::new(vec![Arc::new(Terms::open(path.as_ref()).unwrap())])
}

fn with<R>(model: fn() -> Box<dyn LanguageModel>, work: impl FnOnce(&mut TaskContext<'_>) -> R) -> R {
    work(&mut TaskContext::new(&mut *model()))
}

/// All pairs count.
const ALL_PAIRS: Mode = Mode::Exhaustive { threshold: Some(0.0) };

fn scripted() -> Box<dyn LanguageModel> {
    Box::new(Scripted::default())
}

fn abstract_() -> Document {
    Document::from_parts(
        "1",
        &[
            ("title", "Lithium-induced nausea."),
            ("abstract", "Lithium carbonate may cause nausea. Aspirin did not cause renal failure in rats."),
        ],
    )
}

fn extraction<'a>(
    task: RelationTask,
    mode: Mode,
    document: &'a Document,
    finder: &'a tasks::Finder,
) -> Extraction<'a> {
    Extraction { task, mode, document, finder }
}

/// What every finding must be, whatever the model.
fn check(task: RelationTask, document: &Document, outcome: &TaskOutcome) {
    let parts: Vec<&str> = outcome.output.split('\n').filter(|part| !part.is_empty()).collect();
    for part in parts {
        let reading = task.read(part);
        assert!(!reading.is_failed() && reading.unread.is_empty(), "unreadable: {part}");
    }
    for prediction in &outcome.predictions {
        let Prediction { content: Content::Relation { participants, .. }, .. } = prediction else {
            panic!("not a relation: {prediction:?}")
        };
        for one in participants {
            assert!(!one.spans.is_empty() || task == RelationTask::KdDti, "ungrounded: {one:?}");
            assert!(one.grade != Grade::Absent || task == RelationTask::KdDti);
            for span in &one.spans {
                assert!(span.slice(&document.text).is_some());
            }
        }
        assert!(prediction.score.is_none_or(|score| (0.0..=1.0).contains(&score)));
        let masses = &prediction.masked_masses;
        assert!(masses.iter().all(|mass| (0.0..=1.0).contains(mass)), "{masses:?}");
        let mean = masses.iter().sum::<f64>() / masses.len() as f64;
        let told = prediction.masked_mass.unwrap_or(f64::NAN);
        assert!(masses.is_empty() == told.is_nan() && (masses.is_empty() || (told - mean).abs() < 1e-12));
        prediction.evidence.iter().for_each(|span| assert!(span.slice(&document.text).is_some()));
    }
}

#[test]
fn every_task_says_something_with_and_without_a_model() {
    for generator in [scripted, untrained] {
        with(generator, |context| {
            let (document, finders) = (abstract_(), finders());
            for task in RelationTask::ALL {
                for mode in [Mode::Generate, ALL_PAIRS] {
                    let mut steps = Vec::new();
                    let request = extraction(task, mode, &document, finders.dictionaries());
                    let outcome = extract(context, &request, &mut |step| steps.push(step)).unwrap();
                    check(task, &document, &outcome);
                    assert!(matches!(steps[0], ExtractionStep::Started { parts: 1, .. }));
                    let told = steps.iter().filter(|step| matches!(step, ExtractionStep::Found(_))).count();
                    assert_eq!(told, outcome.predictions.len());
                    assert!(task != RelationTask::Bc5cdr || mode != ALL_PAIRS || told >= 4, "{told}");
                    let again = extract(context, &request, &mut |_| ()).unwrap();
                    assert_eq!(again, outcome);
                }
            }
            let question = Question { question: "Is it?", document: &document, abstain_below: 0.0 };
            let answered = answer(context, &question).unwrap();
            assert!((answered.probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            let influence = influence(context, &question, &answered).unwrap();
            assert_eq!(influence.len(), 3);
            assert!(influence.iter().all(|one| (one.without.iter().sum::<f64>() - 1.0).abs() < 1e-9));
            let classified =
                classify(context, &document, &mut |_, scores| assert_eq!(scores.len(), 10)).unwrap();
            assert_eq!((classified.sentences.len(), classified.labels.len()), (3, 10));
        });
    }
}

#[test]
fn descriptions_are_streamed_and_the_same_for_the_same_seed() {
    for generator in [scripted, untrained] {
        with(generator, |context| {
            for decoding in [Decoding::Careful, Decoding::Varied { temperature: 1.0, seed: 11 }] {
                let request = Description {
                    term: "insulin".to_owned(),
                    candidates: 2,
                    decoding,
                    beginning: String::new(),
                    max_tokens: 12,
                };
                let mut streamed = vec![String::new(); 2];
                let mut tell = |step: DescribeStep| {
                    if let DescribeStep::Delta { candidate, delta } = step {
                        streamed[candidate].extend(delta.tokens.iter().map(|token| token.text.as_str()));
                    }
                };
                let candidates = describe(context, &request, &mut tell).unwrap();
                let texts: Vec<String> = candidates.iter().map(|one| one.generation.text()).collect();
                assert_eq!(texts, streamed);
                assert_eq!(describe(context, &request, &mut |_| ()).unwrap(), candidates);
            }
        });
    }
}

#[test]
fn warnings_and_the_authors_case_stand_beside_a_finding() {
    with(scripted, |context| {
        let (document, finders) = (abstract_(), finders());
        let request = extraction(RelationTask::Bc5cdr, ALL_PAIRS, &document, finders.dictionaries());
        let found = extract(context, &request, &mut |_| ()).unwrap().predictions;
        let denied = found
            .iter()
            .find(|one| {
                one.content.names().contains("Aspirin") && one.content.names().contains("renal failure")
            })
            .unwrap();
        assert_eq!(denied.warnings[0].kind, "negation");
        assert_eq!(denied.evidence.len(), 1);
    });
}

#[test]
fn a_long_text_is_read_in_parts_and_says_so() {
    with(
        || Box::new(Scripted::default().with_positions(64)),
        |context| {
            let sentence = "Lithium carbonate may cause nausea in some of the patients. ";
            let document = Document::from_parts("1", &[("abstract", &sentence.repeat(20))]);
            let finders = finders();
            let request = extraction(RelationTask::Bc5cdr, Mode::Generate, &document, finders.dictionaries());
            let outcome = extract(context, &request, &mut |_| ()).unwrap();
            assert!(outcome.notices[0].contains("parts that overlap"), "{:?}", outcome.notices);
            check(RelationTask::Bc5cdr, &document, &outcome);
        },
    );
}

#[test]
fn a_model_that_was_not_tuned_says_so() {
    with(
        || untrained_for(&[]),
        |context| {
            let (document, finder) = (abstract_(), tasks::Finder::default());
            let request = extraction(RelationTask::Ddi, Mode::Generate, &document, &finder);
            let error = extract(context, &request, &mut |_| ()).unwrap_err().to_string();
            assert!(error.contains("Untrained was not tuned for interactions between drugs"), "{error}");
            let request = Question { question: "Is it?", document: &document, abstain_below: 0.5 };
            assert!(
                answer(context, &request).is_err() && classify(context, &document, &mut |_, _| ()).is_err()
            );
        },
    );
}

/// The development part of BC5CDR, where it is at hand.
fn development() -> Option<Vec<Document>> {
    let path = osler_tests::shared("corpora/tasks/bc5cdr/CDR_DevelopmentSet.PubTator.txt")?;
    let bytes = std::fs::read(path).unwrap();
    Some(documents::formats::read(&bytes, "CDR_DevelopmentSet.PubTator.txt").unwrap().documents)
}

#[test]
fn an_untrained_model_says_nothing_that_cannot_be_read_or_found_in_500_abstracts() {
    let Some(documents) = development() else { return };
    assert_eq!(documents.len(), 500);
    let (stated, masked) = with(untrained, |context| {
        let finders = finders();
        let (mut stated, mut masked) = (0, 0.0);
        for document in documents {
            let bare = Document { entities: Vec::new(), relations: Vec::new(), ..document };
            let request = extraction(RelationTask::Bc5cdr, Mode::Generate, &bare, finders.dictionaries());
            let outcome = extract(context, &request, &mut |_| ()).unwrap();
            check(RelationTask::Bc5cdr, &bare, &outcome);
            stated += outcome.predictions.len();
            masked += outcome.predictions.iter().filter_map(|one| one.masked_mass).sum::<f64>();
        }
        (stated, masked)
    });
    eprintln!("{stated} relations, mean masked mass {:.3}", masked / stated.max(1) as f64);
    assert!(stated > 0);
}

/// Texts that try to break out: fragments of names, of the templates, of other scripts, and of nonsense.
fn adversarial() -> impl Strategy<Value = String> {
    let fragment = prop_oneof![
        Just("Lithium".to_owned()),
        Just("nausea and vomiting".to_owned()),
        Just("the relation between aspirin and pain exists;".to_owned()),
        Just("there is no interaction.".to_owned()),
        Just("learned1 we have that".to_owned()),
        Just("</s> <unk> &apos; &lt;b&gt;".to_owned()),
        Just("α-tocopherol\u{301} 日本語 🧪".to_owned()),
        Just("IL-6 (interleukin-6), COX-2\r\n\r\n".to_owned()),
        "\\PC{0,40}",
        "[a-z]{1,12} (induced|caused) [a-z]{1,12}\\.",
    ];
    proptest::collection::vec(fragment, 0..12).prop_map(|parts| parts.join(" "))
}

/// How many of them are tried. The full 2,000 take minutes in a development build: ask for them with `OSLER_TEXTS`.
fn adversarial_texts() -> u32 {
    std::env::var("OSLER_TEXTS").ok().and_then(|count| count.parse().ok()).unwrap_or(250)
}

#[test]
fn whatever_a_text_says_nothing_unreadable_and_nothing_ungrounded_comes_of_it() {
    with(untrained, |context| {
        let (finders, context) = (finders(), std::cell::RefCell::new(context));
        let config = proptest::test_runner::Config {
            cases: adversarial_texts(),
            failure_persistence: None,
            ..Default::default()
        };
        let mut runner = proptest::test_runner::TestRunner::new(config);
        runner
            .run(&adversarial(), |text| {
                let context = &mut **context.borrow_mut();
                let document = Document { id: "1".to_owned(), text, ..Document::default() };
                for task in RelationTask::ALL {
                    for mode in [Mode::Generate, Mode::Exhaustive { threshold: None }] {
                        let request = extraction(task, mode, &document, finders.dictionaries());
                        let outcome = extract(context, &request, &mut |_| ()).unwrap();
                        check(task, &document, &outcome);
                    }
                }
                let question = Question { question: &document.text, document: &document, abstain_below: 0.5 };
                match answer(context, &question) {
                    Ok(_) | Err(InferenceError::TooLong { .. }) => Ok(()),
                    Err(error) => panic!("{error}"),
                }
            })
            .unwrap();
    });
}

#[test]
fn a_batch_gives_each_document_what_it_would_get_alone() {
    for model in [scripted, untrained] {
        with(model, |context| {
            let finders = finders();
            let request = TaskRequest::Relations { task: RelationTask::Bc5cdr, mode: Mode::Generate };
            let documents: Vec<Arc<Document>> =
                ["Lithium caused nausea.", "Aspirin may cause asthma in adults.", "No names here."]
                    .map(|text| Arc::new(Document::from_parts("1", &[("abstract", text)])))
                    .into();
            let alone: Vec<TaskOutcome> =
                documents.iter().map(|one| request.run(context, one, &finders).unwrap()).collect();
            let mut batch = TaskBatch::new(request);
            let mut waiting: Vec<u64> = (0..documents.len() as u64).rev().collect();
            let mut together = vec![None; documents.len()];
            while together.contains(&None) {
                if batch.has_room(context)
                    && let Some(key) = waiting.pop()
                {
                    batch.add(key, Arc::clone(&documents[key as usize]));
                }
                for (key, outcome) in batch.turn(context, &finders, !waiting.is_empty()).unwrap() {
                    together[key as usize] = Some(outcome.unwrap());
                }
            }
            assert_eq!(together.into_iter().flatten().collect::<Vec<_>>(), alone);
        });
    }
}

#[test]
fn what_is_stopped_says_so_and_keeps_what_was_whole() {
    with(scripted, |context| {
        let (document, finders) = (abstract_(), finders());
        let request = extraction(RelationTask::Bc5cdr, Mode::Generate, &document, finders.dictionaries());
        let mut all = 0;
        let count = &mut |step| all += usize::from(matches!(step, ExtractionStep::Progress { .. }));
        let whole = extract(context, &request, count).unwrap();
        // At its last token; the last step is that of the window.
        let last = all - 1;
        let cancel = context.cancel.clone();
        let (mut steps, mut told) = (0, 0);
        let stopped = extract(context, &request, &mut |step| match step {
            ExtractionStep::Progress { .. } => {
                steps += 1;
                if steps == last {
                    cancel.cancel();
                }
            }
            ExtractionStep::Found(found) => {
                assert_eq!(found.score, None, "it was not weighed any more");
                told += 1;
            }
            ExtractionStep::Started { .. } => {}
        })
        .unwrap();
        assert!(stopped.stopped && whole.output == stopped.output, "{stopped:?}");
        assert_eq!((told, told), (stopped.predictions.len(), whole.predictions.len()));
        let question = Question { question: "Is it?", document: &document, abstain_below: 0.5 };
        assert_eq!(answer(context, &question).unwrap_err(), InferenceError::Cancelled);
        let classified = classify(context, &document, &mut |_, _| ()).unwrap();
        assert!(classified.outcome.stopped && classified.sentences.is_empty());
    });
}
