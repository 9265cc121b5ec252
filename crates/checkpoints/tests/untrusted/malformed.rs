//! Three hundred models, each wrong in one way, give three hundred clear errors.

use std::fs;
use std::path::Path;

use checkpoints::Checkpoint;
use serde_json::json;

use crate::allocation;
use crate::files::{FileForm, Model};
use crate::model::{Random, Setting, Tensor};

/// Ways to be wrong. `apply` damages a model or its written file and gives what the error has to mention.
#[derive(Debug, Clone, Copy)]
enum Mutation {
    CutOff,
    SomethingBehind,
    TensorMissing,
    TensorRenamed,
    TensorTooMany,
    OtherShape,
    HugeShape,
    OtherNumberType,
    NotANumber,
    Infinite,
    ClaimsMore,
    ClaimsFewer,
    HeadNotTied,
    ConfigValueMissing,
    ConfigValueOfOtherKind,
    ConfigContradiction,
    OtherArchitecture,
    StructureOverwritten,
    StartOverwritten,
    NotWeights,
}

const MUTATIONS: [Mutation; 20] = [
    Mutation::CutOff,
    Mutation::SomethingBehind,
    Mutation::TensorMissing,
    Mutation::TensorRenamed,
    Mutation::TensorTooMany,
    Mutation::OtherShape,
    Mutation::HugeShape,
    Mutation::OtherNumberType,
    Mutation::NotANumber,
    Mutation::Infinite,
    Mutation::ClaimsMore,
    Mutation::ClaimsFewer,
    Mutation::HeadNotTied,
    Mutation::ConfigValueMissing,
    Mutation::ConfigValueOfOtherKind,
    Mutation::ConfigContradiction,
    Mutation::OtherArchitecture,
    Mutation::StructureOverwritten,
    Mutation::StartOverwritten,
    Mutation::NotWeights,
];

/// Settings that both forms need: Hugging Face's name, fairseq's name.
const NEEDED: [(&str, &str); 5] = [
    ("hidden_size", "decoder_embed_dim"),
    ("num_hidden_layers", "decoder_layers"),
    ("num_attention_heads", "decoder_attention_heads"),
    ("intermediate_size", "decoder_ffn_embed_dim"),
    ("hidden_act", "activation_fn"),
];

impl Mutation {
    fn apply(self, form: FileForm, folder: &Path, random: &mut Random) -> Vec<String> {
        let mut model = Model::sound();
        let mentioned = self.damage_model(form, &mut model, random);
        let path = form.write(folder, &model);
        let mut bytes = fs::read(&path).unwrap();
        match self {
            Self::CutOff => bytes.truncate(random.below(bytes.len())),
            Self::SomethingBehind => {
                let length = 1 + random.below(64);
                bytes.extend((0..length).map(|_| random.next() as u8));
            }
            Self::StructureOverwritten => {
                // The first bytes after the header's length, the pickle's start, or the magic number's value.
                let at = match form {
                    FileForm::Safetensors => 8,
                    FileForm::Zipped => 46,
                    FileForm::Legacy => 4,
                };
                bytes[at..at + 2].copy_from_slice(&[0x00, random.next() as u8]);
            }
            Self::StartOverwritten => bytes[..8].copy_from_slice(&(random.next() | 1 << 40).to_le_bytes()),
            Self::NotWeights => {
                let others: [&[u8]; 3] =
                    [b"version https://git-lfs.github.com/spec/v1\n", b"<!DOCTYPE html><html>", b"hello"];
                bytes = others[random.below(3)].to_vec();
            }
            _ => return mentioned,
        }
        fs::write(&path, bytes).unwrap();
        mentioned
    }

    fn damage_model(self, form: FileForm, model: &mut Model, random: &mut Random) -> Vec<String> {
        let number = random.below(model.tensors.len());
        let name = model.tensors[number].name.clone();
        let stored = form.stored_name(&name);
        let tensor = &mut model.tensors[number];
        let mut mentioned = vec![form.file_name().to_owned(), stored];
        match self {
            Self::TensorMissing => drop(model.tensors.remove(number)),
            Self::TensorRenamed => {
                tensor.name.push_str("_old");
                mentioned.push(form.stored_name(&format!("{name}_old")));
            }
            Self::TensorTooMany => {
                let extra = Tensor { name: format!("{name}.lora_a"), ..tensor.clone() };
                mentioned = vec![form.file_name().to_owned(), form.stored_name(&extra.name)];
                model.tensors.push(extra);
            }
            Self::OtherShape => {
                let rows = 1 + random.below(3);
                let row = tensor.bytes.len() / tensor.shape[0];
                tensor.shape[0] += rows;
                tensor.bytes.extend(vec![0; row * rows]);
                if name == "embed_tokens.weight" && form == FileForm::Legacy {
                    // There the rows are the vocabulary: the file says nothing else, the dictionary does.
                    let dimension = tensor.shape.pop().unwrap();
                    tensor.shape.push(dimension / 2);
                }
            }
            Self::HugeShape => {
                let huge = [usize::MAX >> 1, 1 << 40, 1 << 61][random.below(3)];
                let dimension = random.below(tensor.shape.len());
                tensor.shape[dimension] = huge;
                if random.below(2) == 0 {
                    tensor.strides = Some(vec![0; tensor.shape.len()]);
                } else if form != FileForm::Safetensors {
                    tensor.strides = Some(vec![1; tensor.shape.len()]);
                }
            }
            Self::OtherNumberType => {
                let elements = tensor.bytes.len() / 4;
                tensor.dtype = ["F64", "I64", "I32", "U8"][random.below(4)];
                tensor.bytes = vec![1; elements * tensor.size()];
                mentioned.push(tensor.dtype.to_owned());
            }
            Self::NotANumber | Self::Infinite => {
                let value = if matches!(self, Self::Infinite) { f32::NEG_INFINITY } else { f32::NAN };
                let at = 4 * random.below(tensor.bytes.len() / 4);
                tensor.bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
            }
            Self::ClaimsMore => {
                let more = [1, 1000, u64::from(u32::MAX), 1 << 60][random.below(4)];
                tensor.claimed = Some(tensor.claimed_elements() + more);
            }
            Self::ClaimsFewer => tensor.claimed = Some(random.below(tensor.bytes.len() / 4) as u64),
            Self::HeadNotTied => {
                let mut head = model.tensors[0].clone();
                "output_projection.weight".clone_into(&mut head.name);
                let at = random.below(head.bytes.len());
                head.bytes[at] ^= 1 << random.below(6);
                mentioned = vec![form.file_name().to_owned(), form.stored_name(&head.name)];
                model.tensors.push(head);
            }
            Self::ConfigValueMissing | Self::ConfigValueOfOtherKind => {
                let (hugging_face, fairseq) = NEEDED[random.below(NEEDED.len())];
                model.config.remove(hugging_face);
                model.settings.retain(|(name, _)| *name != fairseq);
                if matches!(self, Self::ConfigValueOfOtherKind) {
                    let value = [json!([1]), json!(-2), json!(true), json!(0.5)][random.below(4)].clone();
                    model.config.insert(hugging_face.to_owned(), value);
                    let value =
                        [Setting::Flag(true), Setting::Integer(-2), Setting::Real(0.5)][random.below(3)];
                    model.settings.push((fairseq, value));
                }
                mentioned = vec![
                    config_file(form),
                    if form == FileForm::Legacy { fairseq } else { hugging_face }.to_owned(),
                ];
            }
            Self::ConfigContradiction => {
                let heads = [0, 3, 5, 1 << 30][random.below(4)];
                model.config.insert("num_attention_heads".to_owned(), json!(heads));
                model.settings.retain(|(name, _)| *name != "decoder_attention_heads");
                model.settings.push(("decoder_attention_heads", Setting::Integer(heads)));
                mentioned = vec![config_file(form), heads.to_string(), "heads".to_owned()];
            }
            Self::OtherArchitecture => {
                let other = ["gpt2", "opt", "bert"][random.below(3)];
                model.config.insert("model_type".to_owned(), json!(other));
                model.settings.push(("decoder_normalize_before", Setting::Flag(false)));
                model.settings.retain(|(name, value)| {
                    *name != "decoder_normalize_before" || matches!(value, Setting::Flag(false))
                });
                mentioned = vec![config_file(form), "BioGPT".to_owned()];
            }
            Self::CutOff
            | Self::SomethingBehind
            | Self::StructureOverwritten
            | Self::StartOverwritten
            | Self::NotWeights => mentioned = vec![form.file_name().to_owned()],
        }
        mentioned
    }
}

fn config_file(form: FileForm) -> String {
    if form == FileForm::Legacy { form.file_name() } else { "config.json" }.to_owned()
}

#[test]
fn three_hundred_malformed_models_give_three_hundred_clear_errors() {
    let mut refused = 0;
    for seed in 0..300_u64 {
        let form = FileForm::ALL[seed as usize % 3];
        let mutation = MUTATIONS[seed as usize / 3 % MUTATIONS.len()];
        let folder = tempfile::tempdir().unwrap();
        let mentioned = mutation.apply(form, folder.path(), &mut Random(seed));
        let outcome = Checkpoint::open(folder.path()).and_then(|checkpoint| checkpoint.verify());
        let Err(error) = outcome else { panic!("seed {seed}: {form:?} {mutation:?} was accepted") };
        let message = error.to_string();
        for words in mentioned {
            assert!(
                message.contains(&words),
                "seed {seed}: {form:?} {mutation:?}: no {words:?} in: {message}"
            );
        }
        refused += 1;
    }
    assert_eq!(refused, 300);
    assert!(allocation::largest() < 1 << 20, "{} bytes at once", allocation::largest());
}

#[test]
fn bytes_changed_anywhere_never_break_the_reader() {
    for form in FileForm::ALL {
        let folder = tempfile::tempdir().unwrap();
        let path = form.write(folder.path(), &Model::sound());
        let sound = fs::read(&path).unwrap();
        let mut random = Random(form as u64);
        for _ in 0..700 {
            let mut bytes = sound.clone();
            for _ in 0..=random.below(3) {
                // Half of the changes where the structure is: weights are most of a file.
                let end = if random.below(2) == 0 { bytes.len() } else { bytes.len().min(600) };
                let at = random.below(end);
                bytes[at] = [random.next() as u8, 0, 0xFF, bytes[at] ^ 1 << random.below(8)][random.below(4)];
            }
            fs::write(&path, &bytes).unwrap();
            // Either it is still a model or there is an error; what must not happen is a panic or a flood.
            if let Err(error) = Checkpoint::open(folder.path()).and_then(|checkpoint| checkpoint.verify()) {
                assert!(error.to_string().contains(form.file_name()), "{error}");
            }
        }
    }
    assert!(allocation::largest() < 1 << 20, "{} bytes at once", allocation::largest());
}
