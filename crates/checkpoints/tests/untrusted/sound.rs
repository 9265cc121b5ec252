//! Sound files of less usual making load, with the values that they hold.

use std::fs;
use std::path::Path;

use checkpoints::{Checkpoint, CheckpointError, Config, Dtype, HuggingFaceWriter};
use serde_json::json;

use crate::files::{self, FileForm, Model};
use crate::model::{D, Setting, Tensor, VOCABULARY, fairseq_settings};
use crate::pickle_writer::PickleWriter;

fn open(form: FileForm, model: &Model) -> Checkpoint {
    let folder = tempfile::tempdir().unwrap();
    form.write(folder.path(), model);
    // The checkpoint keeps its file open, so the folder may go.
    Checkpoint::open(folder.path()).unwrap()
}

fn values(model: &Model, name: &str) -> Vec<f32> {
    let tensor = model.tensors.iter().find(|tensor| tensor.name == name).unwrap();
    tensor.bytes.as_chunks().0.iter().map(|word| f32::from_le_bytes(*word)).collect()
}

#[test]
fn published_names_become_canonical_ones_in_every_form() {
    let model = Model::sound();
    for form in FileForm::ALL {
        let checkpoint = open(form, &model);
        let pairs = [
            ("embed_tokens", "embed_tokens.weight"),
            ("embed_positions", "embed_positions.weight"),
            ("layers.1.attention_norm.weight", "layers.1.self_attn_layer_norm.weight"),
            ("layers.1.query.weight", "layers.1.self_attn.q_proj.weight"),
            ("layers.1.key.bias", "layers.1.self_attn.k_proj.bias"),
            ("layers.0.value.weight", "layers.0.self_attn.v_proj.weight"),
            ("layers.0.output.bias", "layers.0.self_attn.out_proj.bias"),
            ("layers.0.feed_forward_norm.bias", "layers.0.final_layer_norm.bias"),
            ("layers.0.up.weight", "layers.0.fc1.weight"),
            ("layers.0.down.weight", "layers.0.fc2.weight"),
            ("final_norm.weight", "layer_norm.weight"),
        ];
        for (canonical, published) in pairs {
            assert_eq!(
                checkpoint.load_f32(canonical).unwrap(),
                values(&model, published),
                "{form:?} {canonical}"
            );
        }
        assert_eq!(checkpoint.names().count(), model.tensors.len());
        assert_eq!(checkpoint.names().last(), Some("final_norm.bias"));
        assert!(matches!(checkpoint.tensor("head"), Err(CheckpointError::UnknownTensor { .. })));
    }
}

#[test]
fn a_weight_file_can_be_named_itself() {
    let folder = tempfile::tempdir().unwrap();
    for form in FileForm::ALL {
        let path = form.write(folder.path(), &Model::sound());
        assert_eq!(Checkpoint::open(&path).unwrap().config().hidden_size, D);
    }
}

#[test]
fn half_precision_is_kept_and_widened() {
    for (dtype, kind) in [(Dtype::F16, "F16"), (Dtype::Bf16, "BF16")] {
        for form in FileForm::ALL {
            let mut model = Model::sound();
            let tensor = model.tensor("layer_norm.weight");
            tensor.dtype = kind;
            // 1.5 in both: only their exponents differ.
            let word: u16 = if kind == "F16" { 0x3E00 } else { 0x3FC0 };
            tensor.bytes = word.to_le_bytes().repeat(D);
            let checkpoint = open(form, &model);
            assert_eq!(checkpoint.tensor("final_norm.weight").unwrap().dtype, dtype);
            assert_eq!(checkpoint.load_f32("final_norm.weight").unwrap(), [1.5; D]);
        }
    }
}

#[test]
fn transposed_and_shifted_storages_of_pytorch_are_read_in_order() {
    for form in [FileForm::Zipped, FileForm::Legacy] {
        let mut model = Model::sound();
        let tensor = model.tensor("layers.0.fc1.weight");
        let [out, inputs] = *tensor.shape.as_slice() else { panic!("not a matrix") };
        // Stored column by column, after two elements of something else.
        let stored: Vec<f32> = (0..out * inputs + 2).map(|value| value as f32).collect();
        tensor.bytes = stored.iter().flat_map(|value| value.to_le_bytes()).collect();
        (tensor.strides, tensor.offset) = (Some(vec![1, out]), 2);
        let expected: Vec<f32> =
            (0..out * inputs).map(|at| (2 + at / inputs + at % inputs * out) as f32).collect();
        assert_eq!(open(form, &model).load_f32("layers.0.up.weight").unwrap(), expected);
    }
}

#[test]
fn a_stored_copy_of_the_tied_head_must_equal_the_embedding() {
    for form in FileForm::ALL {
        let mut model = Model::sound();
        let head = Tensor { name: "output_projection.weight".to_owned(), ..model.tensors[0].clone() };
        model.tensors.push(head);
        assert!(!open(form, &model).names().any(|name| name == "head"));
        model.tensor("output_projection.weight").bytes[77] ^= 1;
        let folder = tempfile::tempdir().unwrap();
        form.write(folder.path(), &model);
        let refused = Checkpoint::open(folder.path()).unwrap_err();
        assert!(matches!(refused, CheckpointError::NotTied { .. }), "{refused}");
        assert!(refused.to_string().contains("output_projection.weight"), "{refused}");
        // Said to be untied, it is a tensor of the model.
        model.config.insert("tie_word_embeddings".to_owned(), json!(false));
        let tie = model.settings.iter_mut().find(|(name, _)| name.starts_with("share_decoder")).unwrap();
        tie.1 = Setting::Flag(false);
        assert_eq!(open(form, &model).tensor("head").unwrap().shape, [VOCABULARY, D]);
    }
}

#[test]
fn parts_with_an_index_are_one_model() {
    let model = Model::sound();
    let folder = tempfile::tempdir().unwrap();
    FileForm::Safetensors.write(folder.path(), &model);
    fs::remove_file(folder.path().join("model.safetensors")).unwrap();
    let (first, second) = model.tensors.split_at(7);
    let mut map = serde_json::Map::new();
    for (file, tensors) in [("model-1.safetensors", first), ("model-2.safetensors", second)] {
        let named: Vec<_> = (tensors.iter())
            .map(|tensor| (FileForm::Safetensors.stored_name(&tensor.name), tensor))
            .collect();
        fs::write(folder.path().join(file), files::safetensors(&named)).unwrap();
        map.extend(named.iter().map(|(name, _)| (name.clone(), json!(file))));
    }
    let index = folder.path().join("model.safetensors.index.json");
    fs::write(&index, json!({ "weight_map": map }).to_string()).unwrap();
    let checkpoint = Checkpoint::open(folder.path()).unwrap();
    assert_eq!(checkpoint.load_f32("final_norm.bias").unwrap(), values(&model, "layer_norm.bias"));
    checkpoint.verify().unwrap();

    map.insert("x".to_owned(), json!("../elsewhere.safetensors"));
    fs::write(&index, json!({ "weight_map": map }).to_string()).unwrap();
    let refused = Checkpoint::open(folder.path()).unwrap_err().to_string();
    assert!(refused.contains("tensor x is not in a file of this folder"), "{refused}");
    fs::remove_file(folder.path().join("model-2.safetensors")).unwrap();
    map.remove("x");
    fs::write(&index, json!({ "weight_map": map }).to_string()).unwrap();
    let refused = Checkpoint::open(folder.path()).unwrap_err().to_string();
    assert!(refused.contains("model-2.safetensors: cannot be read"), "{refused}");
}

/// A fairseq checkpoint in zip form whose settings `write` makes.
fn fairseq(
    folder: &Path,
    model: &Model,
    write: impl FnOnce(PickleWriter) -> PickleWriter,
) -> CheckpointOrError {
    let named: Vec<_> = model.tensors.iter().map(|t| (FileForm::Legacy.stored_name(&t.name), t)).collect();
    let pickle = write(PickleWriter::new().dict()).text("model");
    let pickle = files::state_dict(pickle, &named, false).set_items().stop();
    fs::write(folder.join("checkpoint_best.pt"), files::zipped(&pickle, &model.tensors)).unwrap();
    Checkpoint::open(folder)
}

type CheckpointOrError = Result<Checkpoint, CheckpointError>;

#[test]
fn optimizer_state_is_ignored_by_name() {
    let model = Model::sound();
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = fairseq(folder.path(), &model, |pickle| {
        let pickle = pickle.text("args").object("argparse", "Namespace");
        let pickle = files::settings(pickle, &model.settings).attributes();
        let pickle = pickle.text("last_optimizer_state").dict().text("state").dict().integer(0).dict();
        let pickle = files::tensor_of_storage(pickle.text("exp_avg"), &model.tensors[0], 0, false);
        let pickle = pickle.set_items().set_items().set_items();
        // Statistics of training, as numpy leaves them.
        let pickle = pickle.text("extra_state").dict().text("val_loss");
        let pickle = pickle.global("numpy.core.multiarray", "scalar").global("numpy", "dtype");
        let pickle =
            pickle.mark().text("f8").flag(false).flag(true).tuple().raw(b"R").integers(&[3]).raw(b"b");
        let pickle = pickle.global("_codecs", "encode").text("\u{0}\u{ff}").text("latin1").raw(b"\x86R\x86R");
        pickle.set_items()
    });
    assert_eq!(checkpoint.unwrap().report().ignored, ["last_optimizer_state.state.0.exp_avg"]);
}

#[test]
fn settings_may_be_dicts_namespaces_or_omegaconf_containers() {
    let mut model = Model::sound();
    model.settings.retain(|(name, _)| *name != "max_target_positions");
    let references = [("max_target_positions", Setting::Text("${task.max_target_positions}"))];
    let task = [("max_target_positions", Setting::Integer(6)), ("learned_prompt", Setting::Integer(3))];
    let nested = |pickle: PickleWriter| pickle.text("args").none().text("cfg").dict().text("model");
    let folder = tempfile::tempdir().unwrap();
    let mixed = fairseq(folder.path(), &model, |pickle| {
        let pickle = files::settings(nested(pickle).object("argparse", "Namespace"), &fairseq_settings());
        let pickle = files::settings(pickle.attributes().text("task").dict(), &task);
        pickle.set_items().set_items()
    });
    let container = |pickle: PickleWriter, settings: &[(&str, Setting)]| {
        let pickle = pickle.object("omegaconf.dictconfig", "DictConfig").text("_content").dict();
        let pickle = settings.iter().fold(pickle, |pickle, (name, value)| {
            let node = pickle.text(name).object("omegaconf.nodes", "AnyNode").text("_val");
            value.write(node).attributes()
        });
        pickle.set_items().attributes()
    };
    let settings = [model.settings.as_slice(), &references].concat();
    let containers = fairseq(folder.path(), &model, |pickle| {
        let pickle = container(nested(pickle), &settings).text("task");
        container(pickle, &task).set_items()
    });
    let (mixed, containers) = (mixed.unwrap(), containers.unwrap());
    assert_eq!(mixed.config(), containers.config());
    assert_eq!((mixed.config().max_positions, mixed.config().learned_prompt), (6, 3));
}

#[test]
fn the_dictionary_must_explain_every_row() {
    let model = Model::sound();
    let folder = tempfile::tempdir().unwrap();
    let task = [("learned_prompt", Setting::Integer(3))];
    let settings = [model.settings.as_slice(), &task].concat();
    let open_with = |symbols: usize| {
        fs::write(folder.path().join("dict.txt"), "symbol 1\n".repeat(symbols)).unwrap();
        fairseq(folder.path(), &model, |pickle| {
            files::settings(pickle.text("args").dict(), &settings).set_items()
        })
    };
    // 16 rows: 4 special symbols, 9 words and 3 learned prompt tokens, named in the dictionary or not.
    assert_eq!(open_with(9).unwrap().config().learned_prompt, 3);
    assert_eq!(open_with(12).unwrap().config().learned_prompt, 3);
    let refused = open_with(10).unwrap_err().to_string();
    assert!(
        refused.contains("dict.txt: the embedding has 16 rows, but this dictionary gives 14"),
        "{refused}"
    );
}

#[test]
fn several_checkpoints_in_a_folder_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["checkpoint_best.pt", "checkpoint_last.pt"] {
        fs::write(folder.path().join(name), "x").unwrap();
    }
    let refused = Checkpoint::open(folder.path()).unwrap_err().to_string();
    assert!(refused.contains("several checkpoints (checkpoint_best.pt, checkpoint_last.pt)"), "{refused}");
}

#[test]
fn newer_pickle_protocols_name_classes_on_the_stack() {
    // collections.OrderedDict() by STACK_GLOBAL, in a frame, remembered by MEMOIZE.
    let mut pickle = b"\x80\x04\x95\x22\x00\x00\x00\x00\x00\x00\x00".to_vec();
    pickle.extend_from_slice(b"\x8c\x0bcollections\x94\x8c\x0bOrderedDict\x94\x93\x94)R\x94.");
    let folder = tempfile::tempdir().unwrap();
    FileForm::Zipped.write(folder.path(), &Model::sound());
    fs::write(folder.path().join("pytorch_model.bin"), files::zipped(&pickle, &[])).unwrap();
    match Checkpoint::open(folder.path()) {
        Err(CheckpointError::Mismatch { report, .. }) => {
            assert_eq!(report.missing.len(), Model::sound().tensors.len());
            assert!(report.to_string().contains("embed_tokens (biogpt.embed_tokens.weight)"), "{report}");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn archives_with_64_bit_lengths_are_read() {
    let model = Model::sound();
    let mut file = FileForm::Zipped.weights(&model);
    let end = file.split_off(file.len() - 22);
    let long_end = file.len() as u64;
    let (count, length, start) = (&end[8..10], &end[12..16], &end[16..20]);
    // The long end record and its locator, then the short one with nothing but marks.
    file.extend_from_slice(b"PK\x06\x06\x2c\x00\x00\x00\x00\x00\x00\x00\x2d\x00\x2d\x00");
    file.extend_from_slice(&[0; 8]);
    for _ in 0..2 {
        file.extend_from_slice(count);
        file.extend_from_slice(&[0; 6]);
    }
    for word in [length, start] {
        file.extend_from_slice(word);
        file.extend_from_slice(&[0; 4]);
    }
    file.extend_from_slice(b"PK\x06\x07\x00\x00\x00\x00");
    file.extend_from_slice(&long_end.to_le_bytes());
    file.extend_from_slice(&[1, 0, 0, 0]);
    file.extend_from_slice(b"PK\x05\x06\x00\x00\x00\x00");
    file.extend_from_slice(&[0xFF; 12]);
    file.extend_from_slice(&[0, 0]);
    let folder = tempfile::tempdir().unwrap();
    FileForm::Zipped.write(folder.path(), &model);
    fs::write(folder.path().join("pytorch_model.bin"), file).unwrap();
    Checkpoint::open(folder.path()).unwrap().verify().unwrap();
}

#[test]
fn a_written_model_is_rounded_once_and_complete_or_absent() {
    let config = Config { layers: 1, ..Config::tiny() };
    let folder = tempfile::tempdir().unwrap();
    let mut writer = HuggingFaceWriter::create(folder.path(), &config, Dtype::F16).unwrap();
    let tensors = checkpoints::canonical_tensors(&config);
    let refused = writer.write("final_norm.weight", &[0.0]).unwrap_err().to_string();
    assert!(refused.contains("embed_tokens"), "{refused}");
    assert!(writer.finish().unwrap_err().to_string().contains("was not written"));

    let mut writer = HuggingFaceWriter::create(folder.path(), &config, Dtype::F16).unwrap();
    for tensor in &tensors {
        writer.write(&tensor.name, &vec![1.0 / 3.0; tensor.shape.iter().product()]).unwrap();
    }
    writer.finish().unwrap();
    let checkpoint = Checkpoint::open(folder.path()).unwrap();
    assert_eq!(checkpoint.config(), &config);
    assert_eq!(checkpoint.load_f32("final_norm.bias").unwrap()[0], 0.33325195);

    let mut writer = HuggingFaceWriter::create(folder.path(), &config, Dtype::F16).unwrap();
    let mut values = vec![0.0; 512 * 64];
    values[70] = 1e6;
    let refused = writer.write("embed_tokens", &values).unwrap_err().to_string();
    assert!(refused.contains("tensor embed_tokens holds infinity at [70]"), "{refused}");
}
