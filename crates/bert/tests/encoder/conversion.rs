//! A converted model is the published one, as close as its numbers allow.

use std::ops::ControlFlow;
use std::path::Path;

use bert::model::{self, Import, Manifest, ModelError, WeightType};
use bert::{BertConfig, Family, Head, Model, Tokens};
use burn::tensor::Device;
use checkpoints::Activation;

use crate::reference::{fixture, fixtures, largest_difference};

fn converted(from: &Path, to: &Path, weights: WeightType) -> Manifest {
    let (name, source, licence) = ("tiny".into(), "a test".into(), "none".into());
    let how =
        Import { name, source, licence, weights, beside: [("tasks.json".into(), "{}\n".into())].into() };
    model::import_telling(from, to, &how, |_| ControlFlow::Continue(())).unwrap()
}

#[test]
fn a_converted_model_gives_the_same_numbers() {
    let folder = tempfile::tempdir().unwrap();
    for reference in fixtures() {
        let from = &reference.forms()[0];
        let published = Model::load(from, &Device::flex()).unwrap();
        let texts: Vec<Tokens> = reference.cases.iter().map(|case| case.tokens()).collect();
        let wanted = published.logits(&texts).unwrap();
        for (weights, close) in [(WeightType::F32, 0.0), (WeightType::F16, 0.02), (WeightType::Bf16, 0.2)] {
            let to = folder.path().join(format!("{}-{weights:?}", reference.name()));
            let manifest = converted(from, &to, weights);
            manifest.verify(&to).unwrap();
            assert_eq!(std::fs::read_to_string(to.join("tasks.json")).unwrap(), "{}\n");
            assert!(manifest.files.contains_key("tasks.json"));
            assert_eq!(manifest.parameters, published.config.parameters());
            let own = Model::load(&to, &Device::flex()).unwrap();
            assert_eq!(own.config, published.config);
            assert_eq!(own.manifest, manifest);
            for (found, wanted) in own.logits(&texts).unwrap().iter().zip(&wanted) {
                let off = largest_difference(found, wanted);
                assert!(off <= close, "{} {weights:?}: {off}", reference.name());
            }
        }
    }
}

#[test]
fn eight_bits_are_the_same_whether_made_at_import_or_at_load() {
    let folder = tempfile::tempdir().unwrap();
    for reference in fixtures() {
        let from = &reference.forms()[0];
        let to = folder.path().join(reference.name());
        converted(from, &to, WeightType::Q8);
        let own = Model::load(&to, &Device::flex()).unwrap();
        let made = Model::load(from, &Device::flex()).unwrap().quantize(WeightType::Q8);
        let texts: Vec<Tokens> = reference.cases.iter().map(|case| case.tokens()).collect();
        assert!(own.logits(&texts).unwrap() == made.logits(&texts).unwrap(), "{}", reference.name());
    }
}

fn random(layers: usize) -> BertConfig {
    BertConfig {
        family: Family::Bert,
        head: Head::TokenClassification,
        labels: ["O", "B-Chemical", "I-Chemical"].map(str::to_owned).to_vec(),
        multi_label: false,
        vocab_size: 600,
        hidden_size: 192,
        layers,
        heads: 6,
        feed_forward_size: 768,
        position_rows: 128,
        segments: 2,
        activation: Activation::Gelu,
        layer_norm_epsilon: 1e-12,
        pad_id: 0,
        tied_head: true,
    }
}

/// Rounding weights and activations to 8 bits in blocks of 32 moves a product by a relative 2^-8 or so: a step is the
/// largest of a block over 127, some 2.5 deviations / 127, and its error a step / √12, 0.6 % of a deviation, for each of the
/// two factors. Twelve layers of two blocks add up as √24 · 0.8 % ≈ 4 % at most of the deviation of the hidden states.
#[test]
fn eight_bits_stay_as_close_as_rounding_allows() {
    let folder = tempfile::tempdir().unwrap();
    let [whole, packed] = [WeightType::F32, WeightType::Q8].map(|weights| {
        let path = folder.path().join(format!("{weights:?}"));
        model::write_random(&path, &random(12), weights, 3).unwrap();
        Model::load(&path, &Device::flex()).unwrap()
    });
    let ids: Vec<u32> = (0..100).map(|i| (i * 7919 + 5) % 600).collect();
    let text = [Tokens { ids: &ids, segments: &[0; 100] }];
    let (wanted, found) = (&whole.hidden(&text).unwrap()[0], &packed.hidden(&text).unwrap()[0]);
    // Behind a layer norm the deviation is 1.
    let squares = found.iter().zip(wanted).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>();
    let off = (squares / found.len() as f64).sqrt();
    println!("relative error of 8 bits: {off:.4}");
    assert!(off > 0.0 && off < 0.04, "{off}");
}

#[test]
fn a_stopped_or_refused_conversion_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("model");
    let from = fixture("token-bert/hf");
    let stopped = model::import_telling(&from, &to, &Import::default(), |_| ControlFlow::Break(()));
    assert!(matches!(stopped, Err(ModelError::Stopped)));
    assert!(!to.exists());
    converted(&from, &to, WeightType::F32);
    let again = model::import_telling(&from, &to, &Import::default(), |_| ControlFlow::Continue(()));
    assert!(matches!(again, Err(ModelError::Exists { .. })));
}

#[test]
fn a_folder_of_ours_that_was_changed_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("model");
    let manifest = converted(&fixture("token-bert/hf"), &to, WeightType::Q8);
    let weights = to.join("model.bpk");
    let mut bytes = std::fs::read(&weights).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&weights, &bytes).unwrap();
    assert!(manifest.verify(&to).unwrap_err().to_string().contains("model.bpk"));
    std::fs::write(&weights, &bytes[..last]).unwrap();
    let error = Model::load(&to, &Device::flex()).unwrap_err().to_string();
    assert!(error.contains("model.bpk") && error.contains("Import the model again"), "{error}");
}
