//! Encoders are tuned as a user does it: a recipe, a run, a folder that the app's own path loads.

#![allow(clippy::unwrap_used, reason = "a failing helper fails the test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use bert::Model;
use bert::model::NewHead;
use burn::module::{Module, ModuleMapper, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};
use devices::Request;
use documents::Document;
use inference::{Encoder, LanguageModel, TaskContext, find_mentions};
use operations::{Precision, Training};
use safetensors::SafeTensors;
use tasks::Finder;
use training::encoders::{self, Batch, EncoderTask, Example, Gold, Targets, Text};
use training::step::{self, Trained};
use training::tuning::Part;

const PROGRAM: &str = env!("CARGO_BIN_EXE_training");
const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn fixture(name: &str) -> PathBuf {
    Path::new(ROOT).join("../crates/bert/tests/fixtures").join(name).join("hf")
}

/// The smoke recipe with other values, in a folder of its own.
fn recipe(folder: &Path, changes: &[(&str, &str, toml::Value)]) -> PathBuf {
    let text = fs::read_to_string(Path::new(ROOT).join("recipes/smoke-encoder.toml")).unwrap();
    let mut recipe: toml::Table = text.parse().unwrap();
    let data = Path::new(ROOT).join("tests/fixtures/encoders");
    let mut set = |table: &str, key: &str, value: toml::Value| {
        recipe[table].as_table_mut().unwrap().insert(key.to_owned(), value);
    };
    set("model", "from", fixture("token-bert").to_str().unwrap().into());
    set("data", "tasks", data.join("tasks").to_str().unwrap().into());
    set("data", "labelled", data.join("labelled").to_str().unwrap().into());
    for (table, key, value) in changes {
        set(table, key, value.clone());
    }
    let path = folder.join("recipe.toml");
    fs::write(&path, toml::to_string(&recipe).unwrap()).unwrap();
    path
}

fn program(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).args(arguments).output().unwrap()
}

fn succeed(arguments: &[&str]) -> String {
    let answer = program(arguments);
    let log = String::from_utf8_lossy(&answer.stderr).into_owned();
    assert!(answer.status.success(), "{arguments:?}: {log}");
    log
}

fn refused(arguments: &[&str]) -> String {
    let answer = program(arguments);
    assert!(!answer.status.success(), "{arguments:?}");
    String::from_utf8_lossy(&answer.stderr).into_owned()
}

fn words(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn figures(run: &Path) -> BTreeMap<String, f64> {
    serde_json::from_slice(&fs::read(run.join("figures.json")).unwrap()).unwrap()
}

#[test]
fn the_smoke_recipe_learns_names_that_the_app_then_finds() {
    let folder = tempfile::tempdir().unwrap();
    let (run, model) = (folder.path().join("run"), folder.path().join("model"));
    succeed(&["finetune", words(&recipe(folder.path(), &[])), "--out", words(&run)]);
    let curve = fs::read_to_string(run.join("curve.csv")).unwrap();
    let losses: Vec<f64> =
        curve.lines().filter_map(|line| line.split(',').nth(3).and_then(|loss| loss.parse().ok())).collect();
    assert!(*losses.last().unwrap() < 0.1 * losses[0], "{losses:?}");
    let f1 = figures(&run)["ncbi-disease.dev_f1"];
    assert!(f1 >= 50.0, "a few sentences teach something about others: {f1}");
    for file in ["recipe.toml", "environment.json", "history.json", "tokenizer.json", "tasks.json"] {
        assert!(run.join(file).is_file(), "{file} is missing");
    }

    succeed(&["export", words(&run), "--out", words(&model), "--name", "Tiny", "--weights", "q8"]);
    let mut encoder = Encoder::load("tiny", &model, Request::Cpu, &|_| ()).unwrap();
    let text = "TNF rose in mice with diabetes and in mice with lung cancer.";
    let document = Document::from_parts("1", &[("abstract", text)]);
    let found = find_mentions(&mut TaskContext::new(&mut encoder), &document, &Finder::default()).unwrap();
    let names: Vec<(&str, &str)> =
        found.mentions.iter().map(|(mention, _)| (mention.kind.name(), mention.text.as_str())).collect();
    assert_eq!(names, [("Disease", "diabetes"), ("Disease", "lung cancer")]);

    let manifest = Model::load(&model, &Device::flex()).unwrap().manifest;
    manifest.verify(&model).unwrap();
    assert_eq!(manifest.metrics["ncbi-disease.dev_f1"], f1);
    let stage = &manifest.training[0];
    assert_eq!((stage.recipe.as_str(), stage.updates), ("smoke-encoder", 180));
    assert_eq!(stage.data[0].name, "NCBI disease corpus, train");

    // The published form of the same weights says the same.
    let published = folder.path().join("published");
    succeed(&[
        "export",
        words(&run),
        "--form",
        "hugging-face",
        "--out",
        words(&published),
        "--weights",
        "f32",
    ]);
    let (whole, theirs) = (folder.path().join("whole"), Model::load(&published, &Device::flex()).unwrap());
    succeed(&["export", words(&run), "--out", words(&whole), "--weights", "f32"]);
    let ours = Model::load(&whole, &Device::flex()).unwrap();
    let logits = |model: &Model| {
        let encoding = model.tokenizer.encode(text, None, None).unwrap();
        model.logits(&[bert::Tokens::from(&encoding)]).unwrap()
    };
    assert_eq!((logits(&ours), &ours.config), (logits(&theirs), &theirs.config));

    succeed(&["card", words(&model)]);
    let card = fs::read_to_string(model.join("README.md")).unwrap();
    assert!(
        card.contains("| tasks | mentions (Disease) |") && card.contains("ncbi-disease.dev_f1"),
        "{card}"
    );

    // A model that was tuned is measured on what it is named for, and goes on to another task.
    let data = Path::new(ROOT).join("tests/fixtures/encoders");
    let (tasks, labelled) = (data.join("tasks"), data.join("labelled"));
    let measure = |only: &'static str| {
        [
            "evaluate",
            words(&model),
            "--only",
            only,
            "--dev",
            "--tasks",
            words(&tasks),
            "--labelled",
            words(&labelled),
        ]
        .map(str::to_owned)
    };
    let measured = |only: &'static str| program(&measure(only).each_ref().map(String::as_str));
    let answer = measured("ncbi-disease");
    let told = String::from_utf8_lossy(&answer.stdout).into_owned();
    assert!(answer.status.success() && told.contains("ncbi-disease.dev_f1"), "{told}");
    let answer = measured("hoc");
    let told = String::from_utf8_lossy(&answer.stderr).into_owned();
    assert!(!answer.status.success() && told.contains("B-Disease"), "{told}");
}

#[test]
fn a_run_that_stops_goes_on_to_the_bit() {
    let folder = tempfile::tempdir().unwrap();
    let recipe = recipe(folder.path(), &[("optimizer", "epochs", 3.into())]);
    let (straight, parted) = (folder.path().join("straight"), folder.path().join("parted"));
    let run = |out: &Path, more: &[&str]| {
        succeed(&[&["finetune", words(&recipe), "--out", words(out)], more].concat());
    };
    run(&straight, &[]);
    run(&parted, &["--stop-after", "4"]);
    assert!(!parted.join("figures.json").exists(), "a run has figures when it is at its end");
    run(&parted, &[]);
    let tensors = |run: &Path| {
        let bytes = fs::read(run.join("state.safetensors")).unwrap();
        let state = SafeTensors::deserialize(&bytes).unwrap();
        let mut all: Vec<(String, Vec<u8>)> =
            state.tensors().into_iter().map(|(name, view)| (name, view.data().to_vec())).collect();
        all.sort();
        all
    };
    assert!(tensors(&straight) == tensors(&parted), "weights and moments differ");
    assert_eq!(figures(&straight), figures(&parted));
}

/// Of BERT and of RoBERTa: hallmarks of sentences, relations of masked pairs, answers from pairs of texts.
#[test]
fn texts_and_pairs_are_learned_by_both_families() {
    let folder = tempfile::tempdir().unwrap();
    // Of ten hallmarks the sentences show two: what never holds is learned first.
    for (task, from, figure, least, epochs) in [
        ("hoc", "token-bert", "hoc.dev_micro_f1", 80.0, 700),
        ("ddi", "sequence-roberta", "ddi.dev_micro_f1", 99.0, 150),
        ("pubmedqa", "sequence-roberta", "pubmedqa.dev_accuracy", 99.0, 150),
    ] {
        let changes = [
            ("model", "from", words(&fixture(from)).into()),
            ("data", "task", task.into()),
            ("optimizer", "epochs", epochs.into()),
            ("batch", "texts", 18.into()),
            ("batch", "pass_tokens", 720.into()),
            ("dropout", "hidden", 0.0.into()),
            ("dropout", "attention", 0.0.into()),
        ];
        let (run, model) = (folder.path().join(task), folder.path().join(format!("{task}-model")));
        let log = succeed(&["finetune", words(&recipe(folder.path(), &changes)), "--out", words(&run)]);
        let found = figures(&run)[figure];
        assert!(found >= least, "{task}: {found}\n{log}");
        succeed(&["export", words(&run), "--out", words(&model)]);
        let mut encoder = Encoder::load(task, &model, Request::Cpu, &|_| ()).unwrap();
        match task {
            "ddi" => {
                assert!(encoder.judges_pairs(tasks::RelationTask::Ddi));
                let p = encoder.class_probabilities("Do not give @DRUG$ with @DRUG$.").unwrap().unwrap();
                let labels = EncoderTask::Ddi.labels();
                let likeliest = p.iter().zip(&labels).max_by(|a, b| a.0.total_cmp(b.0)).unwrap().1;
                assert_eq!(likeliest, "advise");
            }
            _ => {
                let classes = encoder.classes().unwrap();
                assert_eq!(classes.exclusive, task == "pubmedqa");
                let labels: Vec<&str> = classes.labels.iter().flatten().map(String::as_str).collect();
                assert_eq!(labels.len(), if task == "hoc" { 10 } else { 3 }, "{labels:?}");
            }
        }
    }
}

#[test]
fn a_damaged_recipe_names_file_place_and_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let said = |changes: &[(&str, &str, toml::Value)]| {
        let log = refused(&["finetune", words(&recipe(folder.path(), changes)), "--out", words(&out)]);
        assert!(log.contains("recipe.toml") && log.contains("line "), "{log}");
        log
    };
    let log = said(&[("data", "task", "bc5cdr".into())]);
    assert!(log.contains("`data.task`") && log.contains("bc5cdr-chemical, bc5cdr-disease"), "{log}");
    let log = said(&[("data", "longest", 41.into()), ("batch", "pass_tokens", 400.into())]);
    assert!(log.contains("`data.longest`") && log.contains("write 40 or less"), "{log}");
    let log = said(&[("batch", "tokens", 512.into())]);
    assert!(log.contains("`batch.tokens`") && log.contains("batch.texts"), "{log}");
    let log = said(&[("optimizer", "warmup", 10.into())]);
    assert!(log.contains("`optimizer.warmup`") && log.contains("warmup_share"), "{log}");
    let log = said(&[("data", "epochs", 10.into())]);
    assert!(log.contains("unknown field `epochs`") && log.contains("Mend that line"), "{log}");

    let path = recipe(folder.path(), &[]);
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("epochs = ", "epochs = = ")).unwrap();
    let log = refused(&["finetune", words(&path), "--out", words(&out)]);
    let line = text.lines().position(|line| line.starts_with("epochs")).unwrap() + 1;
    assert!(log.contains("recipe.toml") && log.contains(&format!("line {line}")), "{log}");
}

/// So many texts, of which so many teach something: names, relations, hallmarks, an answer.
#[test]
fn every_task_reads_its_corpus() {
    let shared = std::env::var_os("OSLER_SHARED").map(PathBuf::from);
    let corpora = shared.unwrap_or_else(|| Path::new(ROOT).join("../../shared")).join("corpora");
    if !corpora.is_dir() {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "corpora not found, and CI skips nothing");
        eprintln!("skipped: corpora not found");
        return;
    }
    let read = |task: EncoderTask, part| {
        let read = encoders::read(task, &corpora.join("tasks"), &corpora.join("labelled"), part).unwrap();
        let teaches = |text: &Text| match &text.gold {
            Gold::Names { names, .. } => names.len(),
            Gold::Classes(own) if task.relations().is_some() => {
                own.iter().filter(|class| **class > 0).count()
            }
            Gold::Classes(own) => own.len(),
        };
        (read.len(), read.iter().map(teaches).sum::<usize>())
    };
    let found = EncoderTask::ALL.map(|task| (task.name(), read(task, Part::Train), read(task, Part::Dev)));
    let expected = [
        ("bc5cdr-chemical", (500, 5203), (500, 5347)),
        ("bc5cdr-disease", (500, 4182), (500, 4244)),
        ("ncbi-disease", (5424, 5134), (923, 787)),
        ("bc2gm", (12569, 15187), (2519, 3061)),
        ("chemprot", (4702, 3789), (2701, 2183)),
        ("ddi", (44607, 3699), (1524, 320)),
        ("hoc", (9002, 3123), (948, 336)),
        ("pubmedqa", (450, 450), (50, 50)),
    ];
    assert_eq!(found, expected);
    assert_eq!(read(EncoderTask::Bc5cdrDisease, Part::Test), (500, 4424));
    assert_eq!(read(EncoderTask::Hoc, Part::Test).0, 4947);
    assert_eq!(read(EncoderTask::Pubmedqa, Part::Test), (500, 500));
    let none =
        encoders::read(EncoderTask::Ddi, &corpora.join("tasks"), &corpora.join("labelled"), Part::Test);
    let error = none.unwrap_err().to_string();
    assert!(error.contains("no test part of ddi") && error.contains("--dev"), "{error}");
}

/// The kinds of head, with a batch of texts of unequal length for each.
fn heads() -> Vec<(&'static str, NewHead, Batch)> {
    let example = |length: u32, targets: Targets| Example {
        ids: (0..length).map(|i| 5 + (i * 7 + length) % 90).collect(),
        segments: vec![0; length as usize],
        targets,
    };
    let classes =
        |length: usize| (0..length).map(|i| (i % 4 > 0).then_some(i % 3)).collect::<Vec<Option<usize>>>();
    let batch = |targets: [Targets; 3]| {
        let texts = [12, 7, 9].into_iter().zip(targets).map(|(length, own)| example(length, own));
        Batch { texts: texts.collect() }
    };
    vec![
        (
            "token-bert",
            EncoderTask::NcbiDisease.head(),
            batch([12, 7, 9].map(|length| Targets::Tokens(classes(length)))),
        ),
        ("token-bert", EncoderTask::Ddi.head(), batch([0, 3, 1].map(Targets::Class))),
        (
            "token-bert",
            EncoderTask::Hoc.head(),
            batch(
                [1, 2, 5]
                    .map(|holds| Targets::Classes((0..10).map(|class| class % 5 == holds % 5).collect())),
            ),
        ),
        ("sequence-roberta", EncoderTask::Ddi.head(), batch([4, 0, 2].map(Targets::Class))),
        (
            "sequence-roberta",
            EncoderTask::Bc2gm.head(),
            batch([12, 7, 9].map(|length| Targets::Tokens(classes(length)))),
        ),
    ]
}

fn network(from: &str, head: &NewHead, device: &Device) -> bert::Network {
    Model::load_to_tune(&fixture(from), head, 3, device).unwrap().network.map(&mut Leaves)
}

struct Leaves;

impl ModuleMapper for Leaves {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(Tensor::require_grad)
    }
}

/// Moves some of the weights, those of one module, against their gradients.
struct Move<'a> {
    gradients: &'a GradientsParams,
    by: f64,
    within: &'static str,
    path: Vec<String>,
    /// The square of their gradients' norm.
    square: f64,
}

impl ModuleMapper for Move<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let own = self.path.join(".").contains(self.within);
        let Some(gradient) = self.gradients.get::<D>(param.id).filter(|_| own) else { return param };
        self.square += f64::from(gradient.clone().square().sum().into_scalar::<f32>());
        let by = self.by;
        param.map(|w| Tensor::from_inner(w.inner() - gradient * by).require_grad())
    }
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }
    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }
}

/// Along the gradient of each part of the network the loss changes as much as the gradient says, with the same dropout masks: central
/// differences of the whole loss.
#[test]
fn gradients_of_both_heads_are_those_of_finite_differences() {
    let device = Device::flex().autodiff();
    let training = Training {
        hidden_dropout: 0.1,
        attention_dropout: 0.1,
        activation_dropout: 0.1,
        seed: 9,
        precision: Precision::F32,
    };
    for (from, head, batch) in heads() {
        let network = network(from, &head, &device);
        let (_, gradients) = step::gradients(&network, &batch, &training, &device);
        let mut parts = vec![
            "embed_tokens",
            "embed_positions",
            "embed_segments",
            "embedding_norm",
            "layers.0.query_key_value",
            "layers.0.output",
            "layers.1.attention_norm",
            "layers.1.up",
            "layers.0.down",
            "layers.1.feed_forward_norm",
            "classifier",
        ];
        if head.head == bert::Head::SequenceClassification {
            parts.push("pooler");
        }
        for within in parts {
            let moved = |by: f64| {
                let mut mover = Move { gradients: &gradients, by, within, path: Vec::new(), square: 0.0 };
                let network = network.clone().map(&mut mover);
                (step::value(network.loss(&batch, &training, &device)), mover.square)
            };
            let square = moved(0.0).1;
            assert!(square > 0.0, "{from} {within} has a gradient");
            let h = 2e-2 / square.sqrt();
            let found = (moved(-h).0 - moved(h).0) / (2.0 * h);
            assert!((found / square - 1.0).abs() < 0.02, "{from} {within}: {found} instead of {square}");
        }
    }
}

/// Without dropout the logits of training are those of use, whatever lies beside a text.
#[test]
fn training_computes_what_use_computes() {
    let device = Device::flex().autodiff();
    for (from, head, batch) in heads() {
        let network = network(from, &head, &device);
        let used = network.valid();
        let training = Training { precision: Precision::F32, ..Training::default() };
        let tokens: Vec<bert::Tokens> = (batch.texts.iter())
            .map(|text| bert::Tokens { ids: &text.ids, segments: &text.segments })
            .collect();
        let lengths: Vec<usize> = batch.texts.iter().map(|text| text.ids.len()).collect();
        let expected = used.logits(used.hidden(&tokens), &lengths).unwrap();
        let found = network.logits_in_training(&tokens, &training).unwrap().inner();
        let tolerance = burn::tensor::Tolerance::<f32>::absolute(1e-5);
        found.into_data().assert_approx_eq(&expected.into_data(), tolerance);
    }
}
