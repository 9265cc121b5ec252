//! Whole runs of the program, as a user starts them: the recipe in two minutes, a kill, a loss that is no number, and
//! what is made of the result.

#![allow(clippy::unwrap_used, reason = "a failing helper fails the test")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use biogpt::Visibility;
use biogpt::network::Training;
use biogpt::{Model, model::WeightType};
use burn::tensor::{Device, Int, Tensor, TensorData};
use safetensors::SafeTensors;
use training::export::{self, About};
use training::start::Start;

const PROGRAM: &str = env!("CARGO_BIN_EXE_training");

/// The recipe in two minutes with other numbers, in a folder of its own.
fn recipe(folder: &Path, change: impl Fn(&mut toml::Table)) -> PathBuf {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/recipes/smoke.toml")).unwrap();
    let mut recipe: toml::Table = text.parse().unwrap();
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/smoke");
    recipe["data"].as_table_mut().unwrap().insert("folder".to_owned(), data.into());
    change(&mut recipe);
    let path = folder.join("recipe.toml");
    fs::write(&path, toml::to_string(&recipe).unwrap()).unwrap();
    path
}

fn set(recipe: &mut toml::Table, table: &str, key: &str, value: impl Into<toml::Value>) {
    recipe[table].as_table_mut().unwrap().insert(key.to_owned(), value.into());
}

fn twenty_updates(folder: &Path) -> PathBuf {
    recipe(folder, |recipe| {
        set(recipe, "optimizer", "updates", 20);
        set(recipe, "output", "log_every", 1);
        set(recipe, "output", "checkpoint_minutes", 0.0);
    })
}

fn train(recipe: &Path, out: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    command.arg("train").arg(recipe).arg("--out").arg(out);
    command
}

/// Weights and moments, without the seconds that they took.
fn tensors(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let bytes = fs::read(folder.join("state.safetensors")).unwrap();
    let state = SafeTensors::deserialize(&bytes).unwrap();
    let mut all: Vec<(String, Vec<u8>)> =
        state.tensors().into_iter().map(|(name, view)| (name, view.data().to_vec())).collect();
    all.sort();
    all
}

#[test]
fn a_run_that_is_killed_goes_on_to_the_bit() {
    let folder = tempfile::tempdir().unwrap();
    let recipe = twenty_updates(folder.path());
    let (straight, killed) = (folder.path().join("straight"), folder.path().join("killed"));
    assert!(train(&recipe, &straight).output().unwrap().status.success());

    let mut child = train(&recipe, &killed).stderr(Stdio::piped()).spawn().unwrap();
    // A snapshot follows each update: when the eleventh is reported, the tenth is on disk.
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line.starts_with("update 11 ")), "it trains");
    child.kill().unwrap();
    child.wait().unwrap();
    let resumed = train(&recipe, &killed).output().unwrap();
    let log = String::from_utf8_lossy(&resumed.stderr).into_owned();
    assert!(resumed.status.success() && !log.contains("update 0 of 20"), "{log}");
    assert!(tensors(&straight) == tensors(&killed), "weights and moments differ");

    let curve = fs::read_to_string(killed.join("curve.csv")).unwrap();
    for update in 1..20 {
        let lines = curve.lines().filter(|line| line.starts_with(&format!("{update},"))).count();
        assert_eq!(lines, 1, "update {update} in {curve}");
    }
}

#[cfg(unix)]
#[test]
fn a_run_that_a_signal_asks_to_stop_writes_a_snapshot() {
    let folder = tempfile::tempdir().unwrap();
    let recipe = recipe(folder.path(), |recipe| {
        set(recipe, "output", "log_every", 1);
        set(recipe, "output", "checkpoint_minutes", 1000.0);
    });
    let out = folder.path().join("run");
    let mut child = train(&recipe, &out).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.starts_with("update 2 ")), "it trains");
    assert!(!out.join("state.safetensors").exists());
    assert!(Command::new("kill").arg("-INT").arg(child.id().to_string()).status().unwrap().success());
    let rest: Vec<String> = lines.collect();
    assert_eq!(child.wait().unwrap().code(), Some(1), "{rest:?}");
    assert!(rest.iter().any(|line| line.contains("with a snapshot")), "{rest:?}");
    assert!(!tensors(&out).is_empty());
}

#[test]
fn the_smoke_recipe_learns_and_says_where_it_was_made() {
    let folder = tempfile::tempdir().unwrap();
    let recipe = recipe(folder.path(), |recipe| set(recipe, "optimizer", "updates", 60));
    let out = folder.path().join("run");
    assert!(train(&recipe, &out).output().unwrap().status.success());
    let curve = fs::read_to_string(out.join("curve.csv")).unwrap();
    let losses: Vec<f64> =
        curve.lines().filter_map(|line| line.split(',').nth(3).and_then(|loss| loss.parse().ok())).collect();
    assert!(losses.last().unwrap() + 1.0 < losses[0], "{losses:?}");
    for file in
        ["recipe.toml", "config.json", "environment.json", "tokenizer.json", "history.json", "curve.svg"]
    {
        assert!(out.join(file).is_file(), "{file} is missing");
    }
}

#[test]
fn a_loss_that_is_no_number_stops_the_run_and_names_the_data() {
    let folder = tempfile::tempdir().unwrap();
    let recipe = recipe(folder.path(), |recipe| {
        set(recipe, "optimizer", "learning_rate", 1e30);
        set(recipe, "optimizer", "warmup", 1);
        set(recipe, "optimizer", "clip", 0.0);
    });
    let out = train(&recipe, &folder.path().join("run")).output().unwrap();
    let log = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(!out.status.success(), "{log}");
    assert!(
        log.contains("the loss of update") && log.contains("data from place") && log.contains("batch"),
        "{log}"
    );
}

#[test]
fn an_exported_model_gives_the_logits_of_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    assert!(train(&twenty_updates(folder.path()), &out).output().unwrap().status.success());
    let device = Device::flex();
    let start = Start::open(&out, &device.clone().autodiff()).unwrap();
    let (own, theirs) = (folder.path().join("own"), folder.path().join("theirs"));
    export::own(&start, &own, &About::default(), WeightType::F32).unwrap();
    export::hugging_face(&start, &theirs, checkpoints::Dtype::F32).unwrap();
    let logits = |network: &biogpt::Network, device: &Device| {
        let ids = TensorData::new(vec![2, 17, 40, 5, 300, 7], [1, 6]);
        let ids = Tensor::<2, Int>::from_data(ids, device);
        let hidden = network.forward(ids, &Visibility::Causal, &Training::default());
        let [rows, length, d] = hidden.dims();
        let logits = network.logits(hidden.reshape([rows * length, d]));
        logits.into_data().iter::<f32>().collect::<Vec<f32>>()
    };
    let expected = logits(&burn::module::Module::valid(&start.network), &device);
    for form in [&own, &theirs] {
        let loaded = Model::load(form, &device).unwrap();
        let found = logits(&loaded.network, &device);
        assert!(expected.iter().zip(&found).all(|(a, b)| (a - b).abs() < 1e-5), "{}", form.display());
    }
}

/// As from the starter: what packed weights stand for is trained on.
#[test]
fn a_run_goes_on_from_packed_weights() {
    let folder = tempfile::tempdir().unwrap();
    let wide = |updates: i64| {
        recipe(folder.path(), |recipe| {
            set(recipe, "model", "hidden_size", 64);
            set(recipe, "optimizer", "updates", updates);
        })
    };
    let (out, packed) = (folder.path().join("run"), folder.path().join("packed"));
    assert!(train(&wide(10), &out).output().unwrap().status.success());
    let device = Device::flex().autodiff();
    let start = Start::open(&out, &device).unwrap();
    export::own(&start, &packed, &About::default(), WeightType::Q8).unwrap();
    let before = training::weights::named(&start.network);
    let unpacked = training::weights::named(&Start::open(&packed, &device).unwrap().network);
    assert!(before.keys().eq(unpacked.keys()), "every weight is there");
    for (name, values) in &before {
        let largest = values.iter().fold(0.0f32, |a, b| a.max(b.abs()));
        let off = values.iter().zip(&unpacked[name]).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(off <= largest / 200.0, "{name}: {off} of {largest}");
    }
    let recipe = recipe(folder.path(), |recipe| {
        let from: toml::Table = [("from".to_owned(), packed.to_str().unwrap().into())].into_iter().collect();
        recipe.insert("model".to_owned(), from.into());
        set(recipe, "optimizer", "updates", 3);
    });
    let run = train(&recipe, &folder.path().join("on")).output().unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
}

#[test]
fn what_a_run_kept_becomes_a_model_with_figures_and_a_card() {
    let folder = tempfile::tempdir().unwrap();
    let recipe = recipe(folder.path(), |recipe| {
        set(recipe, "optimizer", "updates", 20);
        set(recipe, "output", "keep_every", 5);
        set(recipe, "output", "keep", 3);
    });
    let (out, model) = (folder.path().join("run"), folder.path().join("model"));
    assert!(train(&recipe, &out).output().unwrap().status.success());
    let kept: Vec<String> = training::snapshot::kept(&out)
        .unwrap()
        .iter()
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(kept, ["00000010", "00000015", "00000020"]);
    let run = |arguments: &[&str]| {
        let answer = Command::new(PROGRAM).args(arguments).output().unwrap();
        assert!(answer.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&answer.stderr));
    };
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    let (out, to) = (path(&out), path(&model));
    run(&["average", &out, "--last", "2", "--out", &to, "--name", "Small", "--licence", "MIT"]);
    let data = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/smoke");
    run(&["perplexity", &to, "--data", data]);
    run(&["card", &to]);
    let loaded = Model::load(&model, &Device::flex()).unwrap();
    let stage = &loaded.manifest.training[0];
    assert_eq!((stage.recipe.as_str(), stage.updates), ("smoke", 20));
    assert!(stage.data.iter().any(|data| data.licence == "CC BY"), "{:?}", stage.data);
    assert!(loaded.manifest.metrics["perplexity.prose"] > 1.0);
    assert!(loaded.manifest.tasks.is_empty(), "pre-training tunes for no task");
    let card = fs::read_to_string(model.join("README.md")).unwrap();
    let hash = &loaded.manifest.files["model.bpk"].sha256;
    for part in ["# Small", "| smoke | 20 |", "| perplexity.prose |", hash.as_str()] {
        assert!(card.contains(part), "{part} is not in {card}");
    }
    loaded.manifest.verify(&model).unwrap();
}

#[test]
fn a_setting_that_does_not_exist_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let recipe = recipe(folder.path(), |recipe| set(recipe, "optimizer", "label_smoothing", 0.1));
    let out = train(&recipe, &folder.path().join("run")).output().unwrap();
    let log = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(!out.status.success() && log.contains("label_smoothing") && log.contains("recipe.toml"), "{log}");
}
