//! The shared reference models: the same weights in three published forms, and what their configuration must be.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking and says what it skips"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use checkpoints::{Activation, Checkpoint, CheckpointError, Config, Dtype, Form, HuggingFaceWriter};
use serde_json::Value;

/// Folders of the reference models, or none with a note when they are not on this machine.
fn models() -> Vec<PathBuf> {
    let shared = std::env::var_os("OSLER_SHARED").map(PathBuf::from);
    let shared = shared.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"));
    let Ok(entries) = shared.join("parity/models").read_dir() else {
        assert_ne!(
            std::env::var("CI").as_deref(),
            Ok("true"),
            "parity/models not found, and CI skips nothing"
        );
        eprintln!("skipped: parity/models not found");
        return Vec::new();
    };
    let mut models: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    models.sort();
    models
}

/// Every tensor's sizes and bytes, by name.
fn contents(checkpoint: &Checkpoint) -> BTreeMap<String, (Vec<usize>, Vec<u8>)> {
    let mut contents = BTreeMap::new();
    checkpoint
        .for_each_tensor(|name, tensor| {
            contents.insert(name.to_owned(), (tensor.shape.to_vec(), tensor.bytes.to_vec()));
            Ok::<(), CheckpointError>(())
        })
        .unwrap();
    contents
}

#[test]
fn the_three_forms_hold_identical_tensors() {
    for model in models() {
        let [safetensors, pickle, fairseq] =
            ["hf", "hf-bin", "fairseq"].map(|form| Checkpoint::open(&model.join(form)).unwrap());
        assert_eq!(safetensors.form(), Form::HuggingFace);
        assert_eq!(fairseq.form(), Form::Fairseq);
        let expected = contents(&safetensors);
        assert_eq!(expected.len(), safetensors.names().count());
        assert!(contents(&pickle) == expected, "{}: hf-bin differs", model.display());
        assert!(contents(&fairseq) == expected, "{}: fairseq differs", model.display());
        assert_eq!(fairseq.report().ignored, ["decoder.version"]);
        assert_eq!(safetensors.config(), pickle.config());
    }
}

#[test]
fn every_form_gives_the_reference_configuration() {
    for model in models() {
        let cases: Value = serde_json::from_slice(&std::fs::read(model.join("cases.json")).unwrap()).unwrap();
        let expected = &cases["config"];
        for form in ["hf", "hf-bin", "fairseq"] {
            let checkpoint = Checkpoint::open(&model.join(form)).unwrap();
            let config = checkpoint.config();
            let number = |field: &str| expected[field].as_u64().map(|value| value as usize);
            let found = [
                ("layers", config.layers),
                ("d", config.hidden_size),
                ("heads", config.heads),
                ("ffn", config.feed_forward_size),
                ("vocab", config.vocab_size),
                ("learned_prompt", config.learned_prompt),
                ("max_positions", config.max_positions),
            ];
            for (field, value) in found {
                assert_eq!(Some(value), number(field), "{} {form}: {field}", model.display());
            }
            assert_eq!(expected["scale_embedding"], config.scale_embedding);
            assert_eq!(expected["tied"], config.tied_head);
            assert_eq!(expected["effective_layer_norm_eps"], Config::LAYER_NORM_EPSILON);
            let activation = if config.activation == Activation::Gelu { "gelu" } else { "relu" };
            assert_eq!(expected["activation"], activation);
            assert_eq!((config.bos_id, config.pad_id, config.eos_id, config.unk_id), (0, 1, 2, 3));
            assert_eq!((config.dropout.hidden, config.dropout.attention), (0.1, 0.1));
        }
    }
}

#[test]
fn a_model_that_is_written_again_is_the_same_model() {
    for model in models() {
        let original = Checkpoint::open(&model.join("fairseq")).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut writer = HuggingFaceWriter::create(folder.path(), original.config(), Dtype::F32).unwrap();
        original.for_each_tensor(|name, tensor| writer.write(name, &tensor.to_f32())).unwrap();
        assert!(matches!(Checkpoint::open(folder.path()), Err(CheckpointError::NoWeights { .. })));
        writer.finish().unwrap();
        let written = Checkpoint::open(folder.path()).unwrap();
        assert_eq!(written.config(), original.config());
        assert!(contents(&written) == contents(&original), "{} differs", model.display());
        for name in original.names() {
            assert_eq!(original.load_f32(name).unwrap(), written.tensor(name).unwrap().to_f32());
        }
    }
}
