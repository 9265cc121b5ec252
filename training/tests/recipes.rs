//! The recipes of this folder: each is whole, and nothing in it is passed over.

#![allow(clippy::unwrap_used, reason = "a failing helper fails the test")]

use std::path::PathBuf;

use training::recipe::{Data, Recipe, Schedule};

fn recipes() -> Vec<(String, PathBuf)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/recipes");
    let mut found: Vec<(String, PathBuf)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), path))
        .collect();
    found.sort();
    found
}

/// Every value of `given` is in `kept`, under the same name; paths are resolved and compared by their ends.
fn assert_kept(name: &str, given: &toml::Value, kept: &toml::Value) {
    match (given, kept) {
        (toml::Value::Table(given), toml::Value::Table(kept)) => {
            for (key, value) in given {
                let found = kept.get(key);
                assert!(found.is_some(), "{name}: `{key}` is not kept");
                assert_kept(&format!("{name}.{key}"), value, found.unwrap());
            }
        }
        (toml::Value::String(given), toml::Value::String(kept)) => {
            assert!(kept.ends_with(given.as_str()), "{name}: {given} became {kept}");
        }
        (toml::Value::Integer(given), toml::Value::Float(kept)) => assert_eq!(*given as f64, *kept, "{name}"),
        // Shares are kept in single precision.
        (toml::Value::Float(given), toml::Value::Float(kept)) => {
            assert!((given - kept).abs() <= 1e-6 * given.abs(), "{name}: {given} became {kept}");
        }
        _ => assert_eq!(given, kept, "{name}"),
    }
}

#[test]
fn every_recipe_is_read_and_every_value_in_it_is_kept() {
    let recipes = recipes();
    for expected in [
        "dc-hoc",
        "encoder-bc2gm",
        "encoder-bc5cdr-chemical",
        "encoder-bc5cdr-disease",
        "encoder-chemprot",
        "encoder-ddi",
        "encoder-hoc",
        "encoder-ncbi-disease",
        "encoder-pubmedqa",
        "pretrain-base",
        "pretrain-large",
        "qa-pubmedqa",
        "re-bc5cdr",
        "re-ddi",
        "re-kd-dti",
        "smoke",
        "smoke-encoder",
        "starter",
        "starter-common",
        "starter-heads",
        "starter-pretrain",
    ] {
        assert!(recipes.iter().any(|(name, _)| name == expected), "there is no recipe {expected}");
    }
    for (name, path) in recipes {
        let recipe = Recipe::read(&path).unwrap_or_else(|error| unreachable!("{error}"));
        let given: toml::Value = toml::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let kept: toml::Value = toml::from_str(&toml::to_string(&recipe).unwrap()).unwrap();
        assert_kept(&name, &given, &kept);
    }
}

fn read(name: &str) -> Recipe {
    Recipe::read(&recipes().into_iter().find(|(found, _)| found == name).unwrap().1).unwrap()
}

/// Of BioLinkBERT base for BLURB, as its repository has them, and what Gu et al. 2021 have in common.
#[test]
fn the_recipes_of_encoders_have_the_published_numbers() {
    for (task, rate, texts, epochs, length) in [
        ("bc5cdr-chemical", 5e-5, 32, 20, 512),
        ("bc5cdr-disease", 5e-5, 16, 8, 512),
        ("ncbi-disease", 5e-5, 32, 20, 512),
        ("bc2gm", 6e-5, 32, 50, 512),
        ("chemprot", 3e-5, 32, 10, 256),
        ("ddi", 2e-5, 32, 5, 256),
        ("hoc", 4e-5, 32, 40, 512),
        ("pubmedqa", 2e-5, 16, 30, 512),
    ] {
        let recipe = read(&format!("encoder-{task}"));
        let o = &recipe.optimizer;
        assert_eq!((o.learning_rate, o.epochs, recipe.batch.texts), (rate, epochs, texts), "{task}");
        assert_eq!((o.schedule, o.warmup_share, o.betas), (Schedule::Linear, 0.1, [0.9, 0.999]), "{task}");
        assert_eq!((o.weight_decay, o.clip, o.epsilon), (0.0, 1.0, 1e-8), "{task}");
        assert_eq!((recipe.dropout.hidden, recipe.dropout.attention), (0.1, 0.1), "{task}");
        let Data::Encoder { task: own, longest, .. } = &recipe.data else { unreachable!("{task}") };
        assert_eq!((own.as_str(), *longest), (task, length));
    }
}

#[test]
fn the_published_recipes_have_the_published_numbers() {
    for (name, rate, warmup, source, epochs) in [
        ("re-bc5cdr", 1e-5, 100, 640, 100),
        ("re-ddi", 1e-4, 500, 640, 100),
        ("re-kd-dti", 1e-5, 100, 640, 30),
        ("qa-pubmedqa", 1e-5, 100, 900, 100),
        ("dc-hoc", 1e-5, 1000, 900, 0),
    ] {
        let recipe = read(name);
        let o = &recipe.optimizer;
        assert_eq!(
            (o.learning_rate, o.warmup, o.epochs, o.warmup_from),
            (rate, warmup, epochs, 1e-7),
            "{name}"
        );
        assert_eq!((o.betas, o.weight_decay, o.clip), ([0.9, 0.98], 0.01, 0.0), "{name}");
        assert_eq!(o.schedule, Schedule::InverseSquareRoot);
        assert_eq!(recipe.batch.tokens, 32 * 1024);
        let dropout = recipe.dropout;
        assert_eq!((dropout.hidden, dropout.attention, dropout.activation), (0.1, 0.1, 0.0), "{name}");
        let longest = matches!(recipe.data, Data::Tune { longest_source, .. } if longest_source == source);
        assert!(longest, "{name}");
        assert_eq!(recipe.output.keep, 5);
    }
    let base = read("pretrain-base");
    assert_eq!(
        (base.batch.tokens, base.optimizer.updates, base.optimizer.warmup),
        (524_288, 200_000, 20_000)
    );
    assert_eq!(base.optimizer.learning_rate, 2e-4);
}
