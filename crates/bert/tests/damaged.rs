//! Two hundred damaged model folders, made from ten kinds of damage, give two hundred errors that name the file, the place
//! and a remedy, ask for little memory, run nothing and leave nothing.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "../../checkpoints/tests/untrusted/allocation.rs"]
#[allow(dead_code, reason = "the other test program uses more of it")]
mod allocation;

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use bert::Model;
use bert::model::{Import, import_telling};
use burn::tensor::Device;
use serde_json::{Map, Value, json};

#[derive(Debug, Clone, Copy)]
enum Damage {
    WeightsCutOff,
    HeaderOverwritten,
    TensorMissing,
    TensorRenamed,
    OtherShape,
    NotANumber,
    Configuration,
    Architecture,
    Vocabulary,
    Pickle,
}

const KINDS: [Damage; 10] = [
    Damage::WeightsCutOff,
    Damage::HeaderOverwritten,
    Damage::TensorMissing,
    Damage::TensorRenamed,
    Damage::OtherShape,
    Damage::NotANumber,
    Damage::Configuration,
    Damage::Architecture,
    Damage::Vocabulary,
    Damage::Pickle,
];

/// splitmix64: the same seed damages in the same way for ever.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn one_of<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }
}

/// A sound model folder in the making.
struct Folder {
    at: tempfile::TempDir,
}

impl Folder {
    fn of(model: &str) -> Self {
        let at = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(fixture(model)).unwrap() {
            let path = entry.unwrap().path();
            fs::copy(&path, at.path().join(path.file_name().unwrap())).unwrap();
        }
        Self { at }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.at.path().join(name)
    }

    fn change(&self, name: &str, change: impl FnOnce(Vec<u8>) -> Vec<u8>) {
        let path = self.path(name);
        fs::write(&path, change(fs::read(&path).unwrap())).unwrap();
    }

    fn change_json(&self, name: &str, change: impl FnOnce(&mut Map<String, Value>)) {
        self.change(name, |bytes| {
            let mut object = serde_json::from_slice(&bytes).unwrap();
            change(&mut object);
            serde_json::to_vec(&object).unwrap()
        });
    }

    /// Changes the header of `model.safetensors`.
    fn change_header(&self, change: impl FnOnce(&mut Map<String, Value>)) {
        self.change("model.safetensors", |bytes| {
            let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
            let mut header = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
            change(&mut header);
            // Tensors lie one behind the other without a gap, also where one was taken out.
            let mut values = Vec::new();
            for tensor in
                header.iter_mut().filter(|(name, _)| *name != "__metadata__").map(|(_, tensor)| tensor)
            {
                let at = |i: usize| 8 + length + tensor["data_offsets"][i].as_u64().unwrap() as usize;
                let start = values.len();
                values.extend_from_slice(&bytes[at(0)..at(1)]);
                tensor["data_offsets"] = json!([start, values.len()]);
            }
            let header = serde_json::to_vec(&header).unwrap();
            [&(header.len() as u64).to_le_bytes(), header.as_slice(), &values].concat()
        });
    }
}

fn fixture(model: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(model)
}

fn tensors(header: &Map<String, Value>) -> Vec<String> {
    header.keys().filter(|name| *name != "__metadata__").cloned().collect()
}

const MODELS: [&str; 4] = ["token-bert/hf", "sequence-roberta/hf", "masked-roberta/hf", "token-bert/hf-bin"];

/// Damages a model and gives what the error has to mention.
fn damaged(kind: Damage, random: &mut Random, canary: &Path) -> (Folder, Vec<String>) {
    let safetensors = random.one_of(&MODELS[..3]);
    let any = random.one_of(&MODELS);
    let weights = if any.ends_with("bin") { "pytorch_model.bin" } else { "model.safetensors" };
    let mut mentioned = Vec::new();
    let folder = match kind {
        Damage::WeightsCutOff => {
            let folder = Folder::of(any);
            folder.change(weights, |mut bytes| {
                bytes.truncate(random.below(bytes.len()));
                bytes
            });
            mentioned.push(weights.to_owned());
            folder
        }
        Damage::HeaderOverwritten => {
            let folder = Folder::of(any);
            let others: [&[u8]; 2] =
                [b"version https://git-lfs.github.com/spec/v1\n", b"<!DOCTYPE html><html>"];
            folder.change(weights, |mut bytes| match random.below(3) {
                0 => {
                    bytes[..8].copy_from_slice(&(random.next() | 1 << 40).to_le_bytes());
                    bytes
                }
                other => others[other - 1].to_vec(),
            });
            mentioned.push(weights.to_owned());
            folder
        }
        Damage::TensorMissing | Damage::TensorRenamed | Damage::OtherShape => {
            let folder = Folder::of(safetensors);
            folder.change_header(|header| {
                let names = tensors(header);
                let name = random.one_of(&names.iter().map(String::as_str).collect::<Vec<_>>()).to_owned();
                mentioned.extend(["model.safetensors".to_owned(), name.clone()]);
                match kind {
                    Damage::OtherShape => {
                        let huge = [json!([1u64 << 40]), json!([7, 3]), json!([u64::MAX, u64::MAX])];
                        header[&name]["shape"] = huge[random.below(3)].clone();
                    }
                    Damage::TensorRenamed => {
                        let tensor = header.remove(&name).unwrap();
                        header.insert(format!("{name}.old"), tensor);
                        mentioned.push(format!("{name}.old"));
                    }
                    _ => drop(header.remove(&name)),
                }
            });
            folder
        }
        Damage::NotANumber => {
            let folder = Folder::of(safetensors);
            let bad = random.one_of(&[f32::NAN, f32::INFINITY, f32::NEG_INFINITY]);
            let at = random.next() as usize;
            folder.change("model.safetensors", |mut bytes| {
                let start = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
                let at = start + at % ((bytes.len() - start) / 4) * 4;
                bytes[at..at + 4].copy_from_slice(&bad.to_le_bytes());
                bytes
            });
            mentioned.extend(["model.safetensors".to_owned(), "holds".to_owned()]);
            folder
        }
        Damage::Configuration => {
            let folder = Folder::of(any);
            let field = random.one_of(&[
                "hidden_size",
                "num_hidden_layers",
                "num_attention_heads",
                "intermediate_size",
                "max_position_embeddings",
                "vocab_size",
            ]);
            let value = [json!(null), json!("many"), json!(-3), json!(u64::MAX), json!(0), json!([1])];
            let value = value[random.below(6)].clone();
            folder.change_json("config.json", |config| drop(config.insert(field.to_owned(), value)));
            mentioned.push("config.json".to_owned());
            folder
        }
        Damage::Architecture => {
            let folder = Folder::of(any);
            let (field, value) = [
                ("architectures", json!(["BertForQuestionAnswering"])),
                ("architectures", json!(["LlamaForCausalLM"])),
                ("architectures", json!(null)),
                ("model_type", json!("electra")),
                ("hidden_act", json!("gelu_new")),
                ("position_embedding_type", json!("relative_key")),
                ("is_decoder", json!(true)),
            ][random.below(7)]
            .clone();
            folder.change_json("config.json", |config| drop(config.insert(field.to_owned(), value)));
            mentioned.extend(["config.json".to_owned(), field.to_owned(), "supported".to_owned()]);
            if field == "architectures" {
                mentioned[1] = "BertForTokenClassification".to_owned();
            }
            folder
        }
        Damage::Vocabulary => vocabulary(random, &mut mentioned),
        Damage::Pickle => {
            let folder = Folder::of("token-bert/hf-bin");
            let (module, name) = random.one_of(&[
                ("os", "system"),
                ("posix", "system"),
                ("builtins", "eval"),
                ("subprocess", "check_call"),
                ("torch.hub", "load"),
            ]);
            let command = format!("touch {}", canary.join("ran").display());
            let pickle = format!("c{module}\n{name}\n(V{command}\ntR.");
            folder.change("pytorch_model.bin", |mut bytes| {
                if random.below(2) == 0 {
                    return [b"\x80\x02", pickle.as_bytes()].concat();
                }
                // In the place of the archive's own pickle, which is the first member.
                let start = bytes.windows(2).position(|window| window == b"\x80\x02").unwrap();
                bytes[start + 2..start + 2 + pickle.len()].copy_from_slice(pickle.as_bytes());
                bytes
            });
            mentioned.push("pytorch_model.bin".to_owned());
            folder
        }
    };
    (folder, mentioned)
}

fn vocabulary(random: &mut Random, mentioned: &mut Vec<String>) -> Folder {
    let word_piece = random.below(2) == 0;
    let folder = Folder::of(if word_piece { "token-bert/hf" } else { "masked-roberta/hf" });
    let way = random.below(4);
    let at = random.next() as usize;
    if word_piece {
        folder.change("vocab.txt", |bytes| {
            let text = String::from_utf8(bytes).unwrap();
            let mut lines: Vec<&str> = text.lines().collect();
            let at = at % (lines.len() - 1);
            match way {
                0 => lines.truncate(at),
                1 => lines[at + 1] = lines[at],
                2 => lines[at] = "",
                _ => return [text.as_bytes(), b"\xff\xfe"].concat(),
            }
            lines.join("\n").into_bytes()
        });
        mentioned.push(if way == 0 { "tokens" } else { "vocab.txt" }.to_owned());
    } else if way < 2 {
        folder.change("merges.txt", |bytes| {
            let line = if way == 0 { "one two three\n" } else { "qqq zzz\n" };
            [&bytes, line.as_bytes()].concat()
        });
        mentioned.push("merges.txt".to_owned());
    } else {
        folder.change_json("vocab.json", |tokens| {
            let token = tokens.keys().nth(at % tokens.len()).unwrap().clone();
            if way == 2 {
                tokens.insert(token, json!("first"));
            } else {
                tokens.remove(&token);
            }
        });
    }
    mentioned.push("the tokenizer in".to_owned());
    folder
}

/// What tells what to do.
const REMEDIES: [&str; 8] =
    ["Download", "Copy", "Take", "Use ", "Set ", "Supported are", "Check", "use another checkpoint"];

#[test]
fn two_hundred_damaged_folders_give_two_hundred_clear_errors() {
    let canary = tempfile::tempdir().unwrap();
    let mut refused = 0;
    for seed in 0..200_u64 {
        let kind = KINDS[seed as usize % KINDS.len()];
        let (folder, mentioned) = damaged(kind, &mut Random(seed), canary.path());
        let (outcome, peak) = allocation::peak_of(|| Model::load(folder.at.path(), &Device::flex()));
        let Err(error) = outcome else { panic!("seed {seed}: {kind:?} was accepted") };
        let message = error.to_string();
        for words in &mentioned {
            assert!(
                message.to_lowercase().contains(&words.to_lowercase()),
                "seed {seed}: {kind:?}: no {words:?} in: {message}"
            );
        }
        assert!(
            message.contains(&folder.at.path().display().to_string()),
            "seed {seed}: no folder in: {message}"
        );
        assert!(
            REMEDIES.iter().any(|remedy| message.contains(remedy)),
            "seed {seed}: no remedy in: {message}"
        );
        assert!(peak < 64 << 20, "seed {seed}: {kind:?} took {peak} bytes");
        let to = canary.path().join("converted");
        let how = Import::default();
        let converted = import_telling(folder.at.path(), &to, &how, |_| ControlFlow::Continue(()));
        assert!(converted.is_err() && !to.exists(), "seed {seed}: {kind:?} was converted");
        refused += 1;
    }
    assert_eq!(refused, 200);
    assert!(!canary.path().join("ran").exists(), "a pickle ran something");
}
