//! `config.json` of Hugging Face's BERT and RoBERTa models.

use serde_json::{Map, Value, json};

use super::{BertConfig, Family, Head};
use crate::config::fields::{Fields, Scalar};
use crate::config::{Activation, ConfigError};
use crate::tensor::Dtype;

/// What is supported, by the name that the configuration gives.
const ARCHITECTURES: [(&str, Family, Head); 9] = [
    ("BertForTokenClassification", Family::Bert, Head::TokenClassification),
    ("BertForSequenceClassification", Family::Bert, Head::SequenceClassification),
    ("BertForMaskedLM", Family::Bert, Head::MaskedLanguageModel),
    ("BertForPreTraining", Family::Bert, Head::MaskedLanguageModel),
    ("BertModel", Family::Bert, Head::None),
    ("RobertaForTokenClassification", Family::Roberta, Head::TokenClassification),
    ("RobertaForSequenceClassification", Family::Roberta, Head::SequenceClassification),
    ("RobertaForMaskedLM", Family::Roberta, Head::MaskedLanguageModel),
    ("RobertaModel", Family::Roberta, Head::None),
];

/// The first architecture that a configuration names.
pub(super) fn architecture(object: &Map<String, Value>) -> Option<&str> {
    object.get("architectures")?.as_array()?.first()?.as_str()
}

/// The names of what is supported.
pub(crate) fn supported() -> String {
    ARCHITECTURES.map(|(name, ..)| name).join(", ")
}

pub(super) fn config(object: &Map<String, Value>) -> Result<BertConfig, ConfigError> {
    let unsupported = |found: String| Err(ConfigError::Architecture { found, supported: supported() });
    let Some(name) = architecture(object) else {
        return unsupported("no architecture is named in `architectures`".to_owned());
    };
    let Some((_, family, head)) = ARCHITECTURES.into_iter().find(|(known, ..)| *known == name) else {
        return unsupported(format!("the architecture {:.60?} is not supported", name));
    };
    let kind = match family {
        Family::Bert => "bert",
        Family::Roberta => "roberta",
    };
    match object.scalar("model_type") {
        Scalar::Null => {}
        Scalar::Text(found) if found == kind => {}
        found => {
            return unsupported(format!(
                "`model_type` is {} although the architecture is {name}",
                found.shown()
            ));
        }
    }
    for field in ["is_decoder", "add_cross_attention"] {
        if object.flag(field, false)? {
            return Err(refused(field, "true".to_owned(), "false"));
        }
    }
    match object.scalar("position_embedding_type") {
        Scalar::Null => {}
        Scalar::Text(kind) if kind == "absolute" => {}
        other => return Err(refused("position_embedding_type", other.shown(), "\"absolute\"")),
    }
    let multi_label = match object.scalar("problem_type") {
        Scalar::Null => false,
        Scalar::Text(kind) if kind == "single_label_classification" => false,
        Scalar::Text(kind) if kind == "multi_label_classification" => true,
        other => {
            let supported = "\"single_label_classification\" or \"multi_label_classification\"";
            return Err(refused("problem_type", other.shown(), supported));
        }
    };
    let activation = match object.text("hidden_act")?.as_str() {
        "gelu" => Activation::Gelu,
        "relu" => Activation::Relu,
        other => return Err(refused("hidden_act", format!("{other:.40?}"), "\"gelu\" or \"relu\"")),
    };
    // Sizes must be there; the rest has the defaults of the reference's configuration classes.
    let config = BertConfig {
        family,
        head,
        labels: if head.classifies() { labels(object)? } else { Vec::new() },
        multi_label: head == Head::SequenceClassification && multi_label,
        vocab_size: object.count("vocab_size")?,
        hidden_size: object.count("hidden_size")?,
        layers: object.count("num_hidden_layers")?,
        heads: object.count("num_attention_heads")?,
        feed_forward_size: object.count("intermediate_size")?,
        position_rows: object.count("max_position_embeddings")?,
        segments: object.optional_count("type_vocab_size")?.unwrap_or(2),
        activation,
        layer_norm_epsilon: object.probability("layer_norm_eps", 1e-12)?,
        pad_id: object.id("pad_token_id", if family == Family::Bert { 0 } else { 1 })?,
        tied_head: object.flag("tie_word_embeddings", true)?,
    };
    config.validate()?;
    Ok(config)
}

/// The `config.json` of Hugging Face's form, for weights of this type.
pub(super) fn json(config: &BertConfig, dtype: Dtype) -> String {
    let is_own = |own: &&(&str, Family, Head)| (own.1, own.2) == (config.family, config.head);
    let architecture = ARCHITECTURES.iter().find(is_own).map(|(name, ..)| *name);
    let mut object = json!({
        "architectures": [architecture],
        "model_type": if config.family == Family::Bert { "bert" } else { "roberta" },
        "torch_dtype": match dtype {
            Dtype::F32 => "float32",
            Dtype::F16 => "float16",
            Dtype::Bf16 => "bfloat16",
        },
        "vocab_size": config.vocab_size,
        "hidden_size": config.hidden_size,
        "num_hidden_layers": config.layers,
        "num_attention_heads": config.heads,
        "intermediate_size": config.feed_forward_size,
        "max_position_embeddings": config.position_rows,
        "type_vocab_size": config.segments,
        "hidden_act": if config.activation == Activation::Relu { "relu" } else { "gelu" },
        "layer_norm_eps": config.layer_norm_epsilon,
        "pad_token_id": config.pad_id,
        "tie_word_embeddings": config.tied_head,
    });
    if config.head.classifies() {
        let labels = || config.labels.iter().enumerate();
        object["id2label"] = labels().map(|(id, label)| (id.to_string(), json!(label))).collect();
        object["label2id"] = labels().map(|(id, label)| (label.clone(), json!(id))).collect();
    }
    if config.head == Head::SequenceClassification {
        let kind = if config.multi_label { "multi_label" } else { "single_label" };
        object["problem_type"] = json!(format!("{kind}_classification"));
    }
    format!("{object:#}\n")
}

fn refused(field: &'static str, value: String, supported: &'static str) -> ConfigError {
    ConfigError::Unsupported { field, value, supported, model: "BERT or RoBERTa" }
}

/// The classes' names by number; without any the reference calls two `LABEL_0` and `LABEL_1`.
fn labels(object: &Map<String, Value>) -> Result<Vec<String>, ConfigError> {
    const MOST: usize = 1 << 12;
    let invalid = |problem: String| Err(ConfigError::Invalid(problem));
    let names = match object.get("id2label") {
        None | Some(Value::Null) => {
            let count = object.optional_count("num_labels")?.unwrap_or(2);
            return Ok((0..count.min(MOST + 1)).map(|number| format!("LABEL_{number}")).collect());
        }
        Some(Value::Object(names)) if names.len() <= MOST => names,
        Some(Value::Object(names)) => {
            return invalid(format!("`id2label` has {} names, over {MOST}", names.len()));
        }
        Some(_) => return invalid("`id2label` should be an object of numbers and names".to_owned()),
    };
    let mut labels = Vec::with_capacity(names.len());
    for number in 0..names.len() {
        match names.get(&number.to_string()) {
            Some(Value::String(name)) => labels.push(name.clone()),
            Some(_) => return invalid(format!("`id2label` has no text for the class {number}")),
            None => {
                return invalid(format!(
                    "`id2label` has {} names but none for the class {number}",
                    names.len()
                ));
            }
        }
    }
    Ok(labels)
}
