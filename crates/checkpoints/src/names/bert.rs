//! The table of tensor names of encoders.
//!
//! Canonical names are those of the modules of `crates/bert`. Published files put `bert.` or `roberta.` before the names
//! of the encoder, or nothing where they hold no head; the first ones call weight and bias of a layer norm `gamma` and
//! `beta`.
//!
//! | canonical | BERT and RoBERTa |
//! |---|---|
//! | `embed_tokens` | `embeddings.word_embeddings.weight` |
//! | `embed_positions` | `embeddings.position_embeddings.weight` |
//! | `embed_segments` | `embeddings.token_type_embeddings.weight` |
//! | `embedding_norm.*` | `embeddings.LayerNorm.*` |
//! | `layers.N.query.*`, `key`, `value` | `encoder.layer.N.attention.self.query.*`, `key`, `value` |
//! | `layers.N.output.*` | `encoder.layer.N.attention.output.dense.*` |
//! | `layers.N.attention_norm.*` | `encoder.layer.N.attention.output.LayerNorm.*` |
//! | `layers.N.up.*` | `encoder.layer.N.intermediate.dense.*` |
//! | `layers.N.down.*` | `encoder.layer.N.output.dense.*` |
//! | `layers.N.feed_forward_norm.*` | `encoder.layer.N.output.LayerNorm.*` |
//! | `pooler.*` | `pooler.dense.*`; RoBERTa's classification head: `classifier.dense.*` |
//! | `classifier.*` | `classifier.*`; RoBERTa's classification head: `classifier.out_proj.*` |
//! | `transform.*` | `cls.predictions.transform.dense.*`; RoBERTa: `lm_head.dense.*` |
//! | `transform_norm.*` | `cls.predictions.transform.LayerNorm.*`; RoBERTa: `lm_head.layer_norm.*` |
//! | `decoder_bias` | `cls.predictions.bias`; RoBERTa: `lm_head.bias` |
//! | `decoder` | `cls.predictions.decoder.weight`; RoBERTa: `lm_head.decoder.weight` |
//!
//! Buffers (`position_ids`, `token_type_ids`), a pooler that the head does not use and the next-sentence head of
//! pre-training say nothing about the model and are ignored. Copies of tied tensors must equal the originals.

use super::{EMBED_TOKENS, Table, TensorSpec, Wanted};
use crate::bert::{BertConfig, Family, Head};
use crate::stored::StoredTensor;

/// Maps of a layer: canonical name, published name, outputs and inputs.
type Map = (&'static str, &'static str, fn(&BertConfig) -> [usize; 2]);

const SQUARE: fn(&BertConfig) -> [usize; 2] = |c| [c.hidden_size, c.hidden_size];

const MAPS: [Map; 6] = [
    ("query", "attention.self.query", SQUARE),
    ("key", "attention.self.key", SQUARE),
    ("value", "attention.self.value", SQUARE),
    ("output", "attention.output.dense", SQUARE),
    ("up", "intermediate.dense", |c| [c.feed_forward_size, c.hidden_size]),
    ("down", "output.dense", |c| [c.hidden_size, c.feed_forward_size]),
];

/// Norms of a layer.
const NORMS: [(&str, &str); 2] =
    [("attention_norm", "attention.output.LayerNorm"), ("feed_forward_norm", "output.LayerNorm")];

/// Every tensor of an encoder in canonical order.
pub fn canonical_tensors(config: &BertConfig) -> Vec<TensorSpec> {
    table(config).into_iter().map(|tensor| tensor.spec).collect()
}

/// What [`crate::HuggingFaceWriter`] calls each tensor, in canonical order.
pub(crate) fn hugging_face_names(config: &BertConfig) -> Vec<(TensorSpec, String)> {
    // A model without a head is the encoder itself, which no name begins with.
    let prefix = if config.head == Head::None { "" } else { prefix(config.family) };
    let name = |Published { spec, name, encoder }| {
        let name = if encoder { format!("{prefix}{name}") } else { name };
        (spec, name)
    };
    table(config).into_iter().map(name).collect()
}

/// What the names of the encoder begin with.
fn prefix(family: Family) -> &'static str {
    match family {
        Family::Bert => "bert.",
        Family::Roberta => "roberta.",
    }
}

/// A tensor and its published name.
struct Published {
    spec: TensorSpec,
    name: String,
    /// Whether it belongs to the encoder and not to the head.
    encoder: bool,
}

fn table(config: &BertConfig) -> Vec<Published> {
    let d = config.hidden_size;
    let mut table = Vec::new();
    let mut add = |encoder: bool, name: &str, published: &str, shape: Vec<usize>| {
        let spec = TensorSpec { name: name.to_owned(), shape };
        table.push(Published { spec, name: published.to_owned(), encoder });
    };
    add(true, EMBED_TOKENS, "embeddings.word_embeddings.weight", vec![config.vocab_size, d]);
    add(true, "embed_positions", "embeddings.position_embeddings.weight", vec![config.position_rows, d]);
    add(true, "embed_segments", "embeddings.token_type_embeddings.weight", vec![config.segments, d]);
    let mut affine = |encoder: bool, name: &str, published: &str, weight: Vec<usize>| {
        let bias = vec![weight[0]];
        add(encoder, &format!("{name}.weight"), &format!("{published}.weight"), weight);
        add(encoder, &format!("{name}.bias"), &format!("{published}.bias"), bias);
    };
    affine(true, "embedding_norm", "embeddings.LayerNorm", vec![d]);
    for layer in 0..config.layers {
        for (name, published, shape) in MAPS {
            let (name, published) =
                (format!("layers.{layer}.{name}"), format!("encoder.layer.{layer}.{published}"));
            affine(true, &name, &published, shape(config).to_vec());
        }
        for (name, published) in NORMS {
            let (name, published) =
                (format!("layers.{layer}.{name}"), format!("encoder.layer.{layer}.{published}"));
            affine(true, &name, &published, vec![d]);
        }
    }
    let classes = vec![config.labels.len(), d];
    match (config.head, config.family) {
        (Head::None, _) => {}
        (Head::TokenClassification, _) => affine(false, "classifier", "classifier", classes),
        (Head::SequenceClassification, Family::Bert) => {
            affine(true, "pooler", "pooler.dense", vec![d, d]);
            affine(false, "classifier", "classifier", classes);
        }
        (Head::SequenceClassification, Family::Roberta) => {
            affine(false, "pooler", "classifier.dense", vec![d, d]);
            affine(false, "classifier", "classifier.out_proj", classes);
        }
        (Head::MaskedLanguageModel, Family::Bert) => {
            affine(false, "transform", "cls.predictions.transform.dense", vec![d, d]);
            affine(false, "transform_norm", "cls.predictions.transform.LayerNorm", vec![d]);
        }
        (Head::MaskedLanguageModel, Family::Roberta) => {
            affine(false, "transform", "lm_head.dense", vec![d, d]);
            affine(false, "transform_norm", "lm_head.layer_norm", vec![d]);
        }
    }
    if config.head == Head::MaskedLanguageModel {
        let prefix = decoder_prefix(config.family);
        add(false, DECODER_BIAS, &format!("{prefix}.bias"), vec![config.vocab_size]);
        if !config.tied_head {
            add(false, DECODER, &format!("{prefix}.decoder.weight"), vec![config.vocab_size, d]);
        }
    }
    table
}

/// The projection to the vocabulary where it is not tied.
const DECODER: &str = "decoder";
const DECODER_BIAS: &str = "decoder_bias";

fn decoder_prefix(family: Family) -> &'static str {
    match family {
        Family::Bert => "cls.predictions",
        Family::Roberta => "lm_head",
    }
}

/// What the files must hold, given what they do hold: prefix and names of norms are theirs to choose.
pub(crate) fn published(
    config: &BertConfig,
    stored: Vec<(String, StoredTensor)>,
) -> (Table, Vec<(String, StoredTensor)>) {
    let has = |name: &str| stored.iter().any(|(stored, _)| stored == name);
    let prefix = prefix(config.family);
    let prefixed = stored.iter().any(|(name, _)| name.starts_with(prefix));
    let wanted = |Published { spec, name, encoder }: Published| {
        let name = if encoder && prefixed { format!("{prefix}{name}") } else { name };
        let old = name.strip_suffix("LayerNorm.weight").map(|start| format!("{start}LayerNorm.gamma"));
        let old =
            old.or_else(|| name.strip_suffix("LayerNorm.bias").map(|start| format!("{start}LayerNorm.beta")));
        let stored = old.filter(|old| !has(&name) && has(old)).unwrap_or(name);
        Wanted { spec, stored }
    };
    let copies = if config.head == Head::MaskedLanguageModel {
        let prefix = decoder_prefix(config.family);
        let copy = |of, name: &str, shape| {
            let spec = TensorSpec { name: name.to_owned(), shape };
            (
                Wanted {
                    spec,
                    stored: format!(
                        "{prefix}.decoder.{}",
                        if of == DECODER_BIAS { "bias" } else { "weight" }
                    ),
                },
                of,
            )
        };
        let bias = copy(DECODER_BIAS, "decoder.bias", vec![config.vocab_size]);
        let weight = copy(EMBED_TOKENS, DECODER, vec![config.vocab_size, config.hidden_size]);
        if config.tied_head { vec![bias, weight] } else { vec![bias] }
    } else {
        Vec::new()
    };
    let ignored: fn(&str) -> bool = if config.head == Head::None {
        |name| is_aside(name) || ["cls.", "lm_head."].iter().any(|head| name.starts_with(head))
    } else {
        is_aside
    };
    (Table { wanted: table(config).into_iter().map(wanted).collect(), copies, ignored }, stored)
}

/// What the files must hold of an encoder that gets another head: all below its head, and BERT's pooler if it is there.
pub(crate) fn body(
    config: &BertConfig,
    stored: Vec<(String, StoredTensor)>,
) -> (Table, Vec<(String, StoredTensor)>) {
    let (mut table, stored) = published(config, stored);
    table.ignored = |name| {
        is_aside(name) || ["cls.", "lm_head.", "classifier."].iter().any(|head| name.starts_with(head))
    };
    let d = config.hidden_size;
    let pooler = ["bert.pooler.dense", "pooler.dense"].into_iter().find(|pooler| {
        let has = |part| stored.iter().any(|(name, _)| *name == format!("{pooler}.{part}"));
        has("weight") && has("bias")
    });
    if let Some(pooler) = pooler.filter(|_| config.family == Family::Bert) {
        table.wanted.extend([("weight", vec![d, d]), ("bias", vec![d])].map(|(part, shape)| Wanted {
            spec: TensorSpec { name: format!("pooler.{part}"), shape },
            stored: format!("{pooler}.{part}"),
        }));
    }
    (table, stored)
}

/// Whether a stored tensor says nothing about the model. Those that the head needs were taken before.
fn is_aside(name: &str) -> bool {
    const ASIDE: [&str; 6] = [
        "embeddings.position_ids",
        "embeddings.token_type_ids",
        "pooler.dense.weight",
        "pooler.dense.bias",
        "cls.seq_relationship.weight",
        "cls.seq_relationship.bias",
    ];
    let bare = name.strip_prefix("bert.").or_else(|| name.strip_prefix("roberta.")).unwrap_or(name);
    ASIDE.contains(&bare)
}
