//! The reference's cases: every published form of every model gives the reference's logits and hidden states, before
//! and after import into our own form.

use biogpt::model::{self, Import, Model, WeightType};
use biogpt::{Training, Visibility};
use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::reference::{FORMS, Reference, largest_difference, models};

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().convert::<f32>().try_to_vec().unwrap()
}

/// The largest difference of hidden states and logits over all cases, by whole sequences and token by token.
fn largest_errors(model: &Model, reference: &Reference) -> [f32; 2] {
    let mut largest = [0.0f32; 2];
    for case in &reference.cases {
        let wanted = [reference.floats(case.id, "hidden"), reference.floats(case.id, "logits")];
        let (length, d) = (case.ids.len(), model.config.hidden_size);
        let input: Vec<i32> = case.ids.iter().map(|i| *i as i32).collect();
        let input = Tensor::<2, Int>::from_data(TensorData::new(input, [1, length]), &model.device);
        let whole: Tensor<2> =
            model.network.forward(input, &Visibility::Causal, &Training::default()).reshape([length, d]);
        let mut cache = model.network.cache(&model.config, 1);
        let steps: Vec<Tensor<2>> =
            case.ids.iter().map(|id| model.network.extend(&[&[*id]], &mut cache)).collect();
        let steps = Tensor::cat(steps, 0);
        for hidden in [whole, steps] {
            let found = [values(hidden.clone()), values(model.network.logits(hidden))];
            for ((largest, found), wanted) in largest.iter_mut().zip(&found).zip(&wanted) {
                *largest = largest.max(largest_difference(found, wanted));
            }
        }
    }
    largest
}

#[test]
fn every_form_gives_the_reference_logits() {
    let device = Device::flex();
    for expected in models() {
        let folder = &expected.folder;
        for form in FORMS {
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
    for expected in models() {
        let folder = &expected.folder;
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

#[test]
fn quantized_imports_equal_models_quantized_when_loaded() {
    let device = Device::flex();
    for expected in models() {
        let folder = &expected.folder;
        for weights in [WeightType::Q8, WeightType::Q4] {
            let own = tempfile::tempdir().unwrap();
            let own = own.path().join("model");
            let how = Import { weights, ..Import::default() };
            model::import(&folder.join("hf"), &own, &how, |_| {}).unwrap();
            let imported = largest_errors(&Model::load(&own, &device).unwrap(), &expected);
            let loaded = Model::load(&folder.join("hf"), &device).unwrap().quantize(weights);
            assert_eq!(imported, largest_errors(&loaded, &expected), "{weights:?}");
            eprintln!("{} {weights:?}: hidden, logits {imported:?}", folder.display());
            // The bound on random weights is in `quantized.rs`; these models differ from any real one in scale.
            assert!(imported.iter().all(|error| error.is_finite()));
        }
    }
}
