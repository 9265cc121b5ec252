//! Configurations of other architectures are refused by the value that distinguishes them.

use checkpoints::{Checkpoint, Config};
use serde_json::json;

use crate::files::{FileForm, Model};
use crate::model::Setting;

fn refusal(form: FileForm, model: &Model) -> String {
    let folder = tempfile::tempdir().unwrap();
    form.write(folder.path(), model);
    Checkpoint::open(folder.path()).unwrap_err().to_string()
}

#[test]
fn fairseq_variants_that_compute_something_else_are_refused() {
    let cases = [
        (
            "decoder_normalize_before",
            Setting::Flag(false),
            "`decoder_normalize_before` is false, but only true",
        ),
        ("decoder_learned_pos", Setting::Absent, "`decoder_learned_pos` is false, but only true"),
        ("layernorm_embedding", Setting::Flag(true), "`layernorm_embedding` is true, but only false"),
        ("decoder_output_dim", Setting::Integer(4), "`decoder_output_dim` is 4, but only the value of"),
        ("adaptive_softmax_cutoff", Setting::Text("1,2"), "`adaptive_softmax_cutoff` is set"),
        ("activation_fn", Setting::Text("gelu_accurate"), "`activation_fn` is \"gelu_accurate\""),
        ("activation_fn", Setting::Absent, "the configuration has no `activation_fn`"),
        ("decoder_layers", Setting::Text("two"), "`decoder_layers` should be a whole number of 0 or more"),
        ("decoder_attention_heads", Setting::Integer(3), "the hidden size 8 cannot be divided among 3"),
        ("dropout", Setting::Real(f64::NAN), "the hidden dropout NaN is not between 0 and 1"),
    ];
    for (name, value, message) in cases {
        let mut model = Model::sound();
        model.settings.retain(|(field, _)| *field != name);
        model.settings.push((name, value));
        let refused = refusal(FileForm::Legacy, &model);
        assert!(refused.contains("checkpoint.pt: ") && refused.contains(message), "{name}: {refused}");
    }
}

#[test]
fn rows_of_the_embedding_beyond_the_vocabulary_are_the_learned_prompt() {
    let folder = tempfile::tempdir().unwrap();
    FileForm::Safetensors.write(folder.path(), &Model::sound());
    let write = |entries: usize| {
        let vocabulary: serde_json::Map<_, _> =
            (0..entries).map(|id| (format!("word{id}"), json!(id))).collect();
        std::fs::write(folder.path().join("vocab.json"), json!(vocabulary).to_string()).unwrap();
        Checkpoint::open(folder.path())
    };
    assert_eq!(write(13).unwrap().config().learned_prompt, 3);
    let refused = write(17).unwrap_err().to_string();
    assert!(refused.contains("`vocab_size` is 16, but vocab.json has 17 entries"), "{refused}");
}

#[test]
fn our_own_configuration_is_read_back_from_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.json");
    let config = Config { learned_prompt: 9, tied_head: false, ..Config::starter() };
    std::fs::write(&path, config.to_json()).unwrap();
    assert_eq!(Config::read(&path).unwrap(), config);
    std::fs::write(&path, config.to_json().replace("12288", "3")).unwrap();
    let refused = Config::read(&path).unwrap_err().to_string();
    assert!(refused.contains("config.json: the vocabulary is 3, outside of 4 to"), "{refused}");
}
