//! Encoders as they are published: with and without a prefix, old names, buffers, copies of tied tensors; and what is
//! refused.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use checkpoints::bert::{BertConfig, Family, Head};
use checkpoints::{Checkpoint, CheckpointError, HuggingFaceWriter};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};

/// Tensors by name: type, shape, bytes.
type Tensors = BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../bert/tests/fixtures").join(name)
}

/// A model of the fixtures with changed tensors.
fn changed(
    name: &str,
    change: impl FnOnce(&mut Tensors),
) -> (tempfile::TempDir, Result<Checkpoint<BertConfig>, CheckpointError>) {
    let bytes = fs::read(fixture(name).join("model.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let of = |name: &str, view: TensorView| {
        (name.to_owned(), (view.dtype(), view.shape().to_vec(), view.data().to_vec()))
    };
    let mut tensors: Tensors = file.iter().map(|(name, view)| of(name, view)).collect();
    change(&mut tensors);
    let views = tensors.iter().map(|(name, (dtype, shape, bytes))| {
        (name.clone(), TensorView::new(*dtype, shape.clone(), bytes).unwrap())
    });
    let folder = tempfile::tempdir().unwrap();
    safetensors::serialize_to_file(views, None, &folder.path().join("model.safetensors")).unwrap();
    fs::copy(fixture(name).join("config.json"), folder.path().join("config.json")).unwrap();
    let opened = Checkpoint::open_bert(folder.path());
    (folder, opened)
}

/// Every value of a model, by canonical name.
fn values(checkpoint: &Checkpoint<BertConfig>) -> BTreeMap<String, Vec<f32>> {
    checkpoint.names().map(|name| (name.to_owned(), checkpoint.load_f32(name).unwrap())).collect()
}

fn original(name: &str) -> Checkpoint<BertConfig> {
    Checkpoint::open_bert(&fixture(name)).unwrap()
}

#[test]
fn both_file_forms_hold_the_same_values_whatever_norms_are_called() {
    let [safetensors, pickle] = ["token-bert/hf", "token-bert/hf-bin"].map(original);
    assert!(values(&safetensors) == values(&pickle));
    assert_eq!(pickle.report().ignored, ["bert.embeddings.position_ids"]);
    let config = pickle.config();
    assert_eq!(
        (config.family, config.head, config.labels.len()),
        (Family::Bert, Head::TokenClassification, 5)
    );
}

#[test]
fn a_prefix_may_be_absent_and_what_the_head_does_not_use_is_ignored() {
    let (_folder, opened) = changed("token-bert/hf", |tensors| {
        *tensors = std::mem::take(tensors)
            .into_iter()
            .map(|(name, tensor)| (name.strip_prefix("bert.").unwrap_or(&name).to_owned(), tensor))
            .collect();
        tensors.insert("pooler.dense.weight".into(), (Dtype::F32, vec![32, 32], vec![0; 4096]));
        tensors.insert("pooler.dense.bias".into(), (Dtype::F32, vec![32], vec![0; 128]));
        tensors.insert("embeddings.position_ids".into(), (Dtype::I64, vec![1, 40], vec![0; 320]));
    });
    let opened = opened.unwrap();
    assert!(values(&opened) == values(&original("token-bert/hf")));
    assert_eq!(
        opened.report().ignored,
        ["embeddings.position_ids", "pooler.dense.bias", "pooler.dense.weight"]
    );
}

#[test]
fn a_stored_copy_of_a_tied_tensor_must_equal_it() {
    let copies = [
        ("lm_head.decoder.weight", "roberta.embeddings.word_embeddings.weight"),
        ("lm_head.decoder.bias", "lm_head.bias"),
    ];
    for (copy, of) in copies {
        let (_folder, opened) = changed("masked-roberta/hf", |tensors| {
            tensors.insert(copy.to_owned(), tensors[of].clone());
        });
        assert!(values(&opened.unwrap()) == values(&original("masked-roberta/hf")));
        let (_folder, opened) = changed("masked-roberta/hf", |tensors| {
            let mut different = tensors[of].clone();
            different.2[0] ^= 1;
            tensors.insert(copy.to_owned(), different);
        });
        let refused = opened.unwrap_err();
        assert!(matches!(refused, CheckpointError::NotTied { .. }), "{refused}");
        assert!(refused.to_string().contains(copy) && refused.to_string().contains(of), "{refused}");
    }
}

#[test]
fn what_is_missing_unused_or_misshapen_is_told_at_once() {
    let (_folder, opened) = changed("sequence-roberta/hf", |tensors| {
        tensors.remove("classifier.dense.bias").unwrap();
        let norm = tensors["roberta.embeddings.LayerNorm.weight"].clone();
        tensors.insert("roberta.embeddings.LayerNorm.gamma".into(), norm);
        let classes = tensors.get_mut("classifier.out_proj.bias").unwrap();
        *classes = (Dtype::F32, vec![4], vec![0; 16]);
    });
    let refused = opened.unwrap_err();
    let CheckpointError::Mismatch { report, .. } = &refused else { panic!("{refused}") };
    assert_eq!(report.missing, ["pooler.bias (classifier.dense.bias)"]);
    assert_eq!(report.unused, ["roberta.embeddings.LayerNorm.gamma"]);
    assert_eq!(report.wrong_shape[0].tensor, "classifier.bias (classifier.out_proj.bias)");
    assert_eq!((&report.wrong_shape[0].expected[..], &report.wrong_shape[0].found[..]), (&[3][..], &[4][..]));
}

/// A model of another kind says so, in both directions.
#[test]
fn encoders_are_told_from_other_models() {
    assert!(BertConfig::is_named_in(&fixture("token-bert/hf")));
    let folder = tempfile::tempdir().unwrap();
    assert!(!BertConfig::is_named_in(folder.path()));
    fs::write(folder.path().join("config.json"), checkpoints::Config::tiny().to_json()).unwrap();
    assert!(!BertConfig::is_named_in(folder.path()));
    fs::write(folder.path().join("config.json"), original("token-bert/hf").config().to_json()).unwrap();
    assert!(BertConfig::is_named_in(folder.path()));
    let refused = checkpoints::Config::read(&fixture("token-bert/hf/config.json")).unwrap_err().to_string();
    assert!(refused.contains("`model_type` is \"bert\""), "{refused}");
}

#[test]
fn an_encoder_for_another_head_keeps_all_below_its_own_and_the_pooler() {
    for name in ["token-bert/hf", "sequence-roberta/hf", "masked-roberta/hf"] {
        let (whole, body) = (values(&original(name)), Checkpoint::open_bert_body(&fixture(name)).unwrap());
        assert_eq!((body.config().head, body.config().labels.len()), (Head::None, 0));
        let body = values(&body);
        assert!(body.iter().all(|(tensor, values)| whole[tensor] == *values), "{name}");
        let left_out = whole.keys().filter(|tensor| !body.contains_key(*tensor));
        let of_heads = ["pooler", "classifier", "transform", "decoder"];
        let mut left_out = left_out.peekable();
        assert!(left_out.peek().is_some());
        assert!(left_out.all(|tensor| of_heads.iter().any(|head| tensor.starts_with(head))), "{name}");
    }
    let (folder, _) = changed("token-bert/hf", |tensors| {
        tensors.insert("bert.pooler.dense.weight".into(), (Dtype::F32, vec![32, 32], vec![0; 4096]));
        tensors.insert("bert.pooler.dense.bias".into(), (Dtype::F32, vec![32], vec![0; 128]));
    });
    let pooled = Checkpoint::open_bert_body(folder.path()).unwrap();
    assert_eq!(pooled.load_f32("pooler.weight").unwrap().len(), 1024);
}

#[test]
fn what_is_written_in_the_published_form_is_read_back() {
    for name in ["token-bert/hf", "sequence-roberta/hf", "masked-roberta/hf"] {
        let original = original(name);
        let folder = tempfile::tempdir().unwrap();
        let mut writer =
            HuggingFaceWriter::create_bert(folder.path(), original.config(), checkpoints::Dtype::F32)
                .unwrap();
        for (tensor, values) in original.names().map(|name| (name, original.load_f32(name).unwrap())) {
            writer.write(tensor, &values).unwrap();
        }
        writer.finish().unwrap();
        let again = Checkpoint::open_bert(folder.path()).unwrap();
        assert_eq!(again.config(), original.config());
        assert!(values(&again) == values(&original), "{name}");
        let stored = |folder: &Path| {
            let bytes = fs::read(folder.join("model.safetensors")).unwrap();
            let file = SafeTensors::deserialize(&bytes).unwrap();
            let mut names: Vec<String> = file.names().into_iter().map(str::to_owned).collect();
            names.sort();
            names
        };
        assert_eq!(stored(folder.path()), stored(&fixture(name)), "names are those of the reference");
    }
}
