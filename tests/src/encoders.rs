//! Very small encoders as one would download them, whose weights are set so that everybody can tell what they must find: a word
//! has the class that the table says.

use std::collections::BTreeMap;
use std::path::Path;

use safetensors::tensor::{Dtype, TensorView};
use serde_json::json;

/// An encoder that knows the classes of some words.
#[derive(Debug, Clone)]
pub struct KnownWords<'a> {
    /// `id2label`, by number.
    pub labels: &'a [&'a str],
    /// Tokens (`##` begins the rest of a word) with the number of their label.
    pub words: &'a [(&'a str, usize)],
    /// What it classifies.
    pub head: KnownHead,
    /// Tokens that it reads at once, with the two special ones.
    pub positions: usize,
}

/// What an encoder classifies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KnownHead {
    /// Each token: by its own class, and the first label otherwise.
    Tokens,
    /// Whole texts: a class is likely where the text has one of its words; the first label where it has none.
    Texts,
    /// The same, each class for itself.
    TextsOfManyClasses,
}

const WIDTH: usize = 32;
const INSIDE: usize = 32;
const SPECIAL: [&str; 5] = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];

impl KnownWords<'_> {
    /// Writes it in Hugging Face's form.
    pub fn write(&self, folder: &Path) {
        std::fs::create_dir_all(folder).unwrap();
        let write = |name: &str, text: String| std::fs::write(folder.join(name), text).unwrap();
        let tokens: Vec<&str> = SPECIAL.into_iter().chain(self.words.iter().map(|(word, _)| *word)).collect();
        write("vocab.txt", tokens.join("\n") + "\n");
        write("tokenizer_config.json", json!({ "do_lower_case": true }).to_string());
        let of_tokens = self.head == KnownHead::Tokens;
        let architecture =
            if of_tokens { "BertForTokenClassification" } else { "BertForSequenceClassification" };
        let labels: BTreeMap<String, &str> =
            self.labels.iter().enumerate().map(|(number, label)| (number.to_string(), *label)).collect();
        let mut config = json!({
            "architectures": [architecture], "model_type": "bert", "hidden_act": "gelu",
            "hidden_size": WIDTH, "intermediate_size": INSIDE, "num_attention_heads": 2,
            "num_hidden_layers": 1, "max_position_embeddings": self.positions, "type_vocab_size": 2,
            "vocab_size": tokens.len(), "pad_token_id": 0, "id2label": labels,
        });
        if self.head == KnownHead::TextsOfManyClasses {
            config["problem_type"] = json!("multi_label_classification");
        }
        write("config.json", config.to_string());
        let tensors = self.tensors(tokens.len());
        let bytes: Vec<Vec<u8>> = tensors
            .iter()
            .map(|(_, _, values)| values.iter().flat_map(|value| value.to_le_bytes()).collect())
            .collect();
        let views = tensors.iter().zip(&bytes).map(|((name, shape, _), bytes)| {
            (name.clone(), TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap())
        });
        safetensors::serialize_to_file(views, None, &folder.join("model.safetensors")).unwrap();
    }

    /// Words have one number that is not 0, that of their class. Behind a layer norm it stands out. A token sees nothing else where
    /// tokens are classified; else the first token sees the mean of all.
    fn tensors(&self, tokens: usize) -> Vec<(String, Vec<usize>, Vec<f32>)> {
        let of_texts = self.head != KnownHead::Tokens;
        let mut all: Vec<(String, Vec<usize>, Vec<f32>)> = Vec::new();
        let mut add = |name: &str, shape: &[usize], value: &dyn Fn(usize, usize) -> f32| {
            let columns = shape.last().copied().unwrap();
            let count: usize = shape.iter().product();
            let values = (0..count).map(|at| value(at / columns, at % columns)).collect();
            all.push((name.to_owned(), shape.to_vec(), values));
        };
        let none = |_: usize, _: usize| 0.0;
        let one = |_: usize, _: usize| 1.0;
        let same = |row: usize, column: usize| f32::from(u8::from(row == column));
        add("bert.embeddings.word_embeddings.weight", &[tokens, WIDTH], &|row, column| {
            let class = row.checked_sub(SPECIAL.len()).map(|word| self.words[word].1);
            // The first label is what everything else has.
            f32::from(u8::from(class.is_some_and(|class| class > 0 && class == column)))
        });
        add("bert.embeddings.position_embeddings.weight", &[self.positions, WIDTH], &none);
        add("bert.embeddings.token_type_embeddings.weight", &[2, WIDTH], &none);
        add("bert.embeddings.LayerNorm.weight", &[WIDTH], &one);
        add("bert.embeddings.LayerNorm.bias", &[WIDTH], &none);
        let layer = "bert.encoder.layer.0";
        for part in ["query", "key", "value"] {
            let sees = part == "value" && of_texts;
            let name = format!("{layer}.attention.self.{part}");
            add(&format!("{name}.weight"), &[WIDTH, WIDTH], if sees { &same } else { &none });
            add(&format!("{name}.bias"), &[WIDTH], &none);
        }
        let output = format!("{layer}.attention.output");
        add(&format!("{output}.dense.weight"), &[WIDTH, WIDTH], if of_texts { &same } else { &none });
        add(&format!("{output}.dense.bias"), &[WIDTH], &none);
        add(&format!("{output}.LayerNorm.weight"), &[WIDTH], &one);
        add(&format!("{output}.LayerNorm.bias"), &[WIDTH], &none);
        add(&format!("{layer}.intermediate.dense.weight"), &[INSIDE, WIDTH], &none);
        add(&format!("{layer}.intermediate.dense.bias"), &[INSIDE], &none);
        add(&format!("{layer}.output.dense.weight"), &[WIDTH, INSIDE], &none);
        add(&format!("{layer}.output.dense.bias"), &[WIDTH], &none);
        add(&format!("{layer}.output.LayerNorm.weight"), &[WIDTH], &one);
        add(&format!("{layer}.output.LayerNorm.bias"), &[WIDTH], &none);
        if of_texts {
            add("bert.pooler.dense.weight", &[WIDTH, WIDTH], &same);
            add("bert.pooler.dense.bias", &[WIDTH], &none);
        }
        let scale = if of_texts { 8.0 } else { 2.0 };
        let count = self.labels.len();
        add("classifier.weight", &[count, WIDTH], &|row, column| scale * same(row, column));
        // Without a word of its class a label is less likely than the first one.
        add("classifier.bias", &[count], &|_, label| if label == 0 { 0.0 } else { -4.0 });
        all
    }
}
