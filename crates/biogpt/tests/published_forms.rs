//! The reference's cases: every published form of every model gives the reference's logits and hidden states, before
//! and after import into our own form.

use std::path::{Path, PathBuf};

use biogpt::model::{self, Import, Model, WeightType};
use biogpt::{Cache, Training};
use burn::tensor::{Device, Int, Tensor, TensorData};
use safetensors::SafeTensors;

/// Models made by the reference implementation, if they are at hand.
fn models() -> Vec<PathBuf> {
    let shared = std::env::var_os("OSLER_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"), PathBuf::from);
    let folder = shared.join("parity/models");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        eprintln!("skipped: the reference models (parity/models) were not found");
        return Vec::new();
    };
    let mut found: Vec<_> = entries.filter_map(|e| Some(e.ok()?.path())).filter(|p| p.is_dir()).collect();
    found.sort();
    found
}

fn floats(tensors: &SafeTensors, name: &str) -> Vec<f32> {
    let view = tensors.tensor(name).unwrap();
    view.data().as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect()
}

fn ids(tensors: &SafeTensors, name: &str) -> Vec<u32> {
    let view = tensors.tensor(name).unwrap();
    view.data().as_chunks::<8>().0.iter().map(|b| i64::from_le_bytes(*b) as u32).collect()
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().convert::<f32>().try_to_vec().unwrap()
}

/// The largest difference of hidden states and logits over all cases, by whole sequences and token by token.
fn largest_errors(model: &Model, expected: &SafeTensors) -> [f32; 2] {
    let mut largest = [0.0f32; 2];
    for case in 0.. {
        let Ok(_) = expected.tensor(&format!("{case}.input_ids")) else { break };
        let ids = ids(expected, &format!("{case}.input_ids"));
        let wanted =
            [floats(expected, &format!("{case}.hidden")), floats(expected, &format!("{case}.logits"))];
        let d = model.config.hidden_size;
        let input: Vec<i32> = ids.iter().map(|i| *i as i32).collect();
        let input = Tensor::<2, Int>::from_data(TensorData::new(input, [1, ids.len()]), &model.device);
        let whole: Tensor<2> = model.network.forward(input, &Training::default()).reshape([ids.len(), d]);
        let mut cache = Cache::new(&model.config, 1, &model.device);
        let steps: Vec<Tensor<3>> =
            ids.iter().map(|id| model.network.extend(&[&[*id]], &mut cache)).collect();
        let steps: Tensor<2> = Tensor::cat(steps, 1).reshape([ids.len(), d]);
        for hidden in [whole, steps] {
            let found = [values(hidden.clone()), values(model.network.logits(hidden))];
            for ((largest, found), wanted) in largest.iter_mut().zip(&found).zip(&wanted) {
                assert_eq!(found.len(), wanted.len(), "case {case}");
                found.iter().zip(wanted).for_each(|(f, w)| *largest = largest.max((f - w).abs()));
            }
        }
    }
    largest
}

#[test]
fn every_form_gives_the_reference_logits() {
    let device = Device::flex();
    for folder in models() {
        let bytes = std::fs::read(folder.join("expected.safetensors")).unwrap();
        let expected = SafeTensors::deserialize(&bytes).unwrap();
        for form in ["hf", "hf-bin", "fairseq"] {
            let published = folder.join(form);
            let model = Model::load(&published, &device).unwrap();
            let [hidden, logits] = largest_errors(&model, &expected);
            eprintln!("{} {form}: hidden {hidden:.1e}, logits {logits:.1e}", folder.display());
            assert!(logits < 2e-4 && hidden < 2e-4, "{}: {hidden} {logits}", published.display());

            let own = tempfile::tempdir().unwrap();
            let own = own.path().join("model");
            let how = Import { name: "parity".into(), ..Import::default() };
            let manifest = model::import(&published, &own, &how, |_| {}).unwrap();
            manifest.verify(&own).unwrap();
            let imported = Model::load(&own, &device).unwrap();
            assert_eq!(imported.config, model.config);
            assert_eq!(
                largest_errors(&imported, &expected),
                [hidden, logits],
                "the import changed the weights"
            );
            let text = "Aspirin-induced asthma (0.5 mg/kg).";
            assert_eq!(imported.tokenizer.encode(text).ids, model.tokenizer.encode(text).ids);
        }
    }
}

#[test]
fn half_precision_imports_stay_close() {
    let device = Device::flex();
    for folder in models() {
        let bytes = std::fs::read(folder.join("expected.safetensors")).unwrap();
        let expected = SafeTensors::deserialize(&bytes).unwrap();
        for (weights, limit) in [(WeightType::F16, 0.2), (WeightType::Bf16, 1.6)] {
            let own = tempfile::tempdir().unwrap();
            let own = own.path().join("model");
            let how = Import { weights, ..Import::default() };
            model::import(&folder.join("hf"), &own, &how, |_| {}).unwrap();
            let [_, logits] = largest_errors(&Model::load(&own, &device).unwrap(), &expected);
            assert!(logits < limit, "{weights:?}: {logits}");
        }
    }
}
