//! `config.json` of a Hugging Face `BioGptForCausalLM`.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::fields::{Fields, read_json_object};
use super::{Activation, Config, ConfigError, Dropout};
use crate::error::CheckpointError;
use crate::tensor::Dtype;

/// Our addition, which other software ignores: see [`Config::learned_prompt`].
const LEARNED_PROMPT: &str = "learned_prompt";

pub(crate) fn config(object: &Map<String, Value>) -> Result<Config, ConfigError> {
    match object.scalar("model_type") {
        super::fields::Scalar::Text(kind) if kind == "biogpt" => {}
        super::fields::Scalar::Text(kind) => {
            return Err(ConfigError::NotBioGpt(format!("`model_type` is {kind:?}")));
        }
        _ => return Err(ConfigError::Missing { field: "model_type" }),
    }
    let activation = match object.text("hidden_act")?.as_str() {
        "gelu" => Activation::Gelu,
        "relu" => Activation::Relu,
        other => {
            let value = format!("{other:?}");
            return Err(ConfigError::Unsupported {
                field: "hidden_act",
                value,
                supported: "\"gelu\" or \"relu\"",
                model: "BioGPT",
            });
        }
    };
    // Sizes must be there; the rest has the defaults of the reference's configuration class.
    let config = Config {
        vocab_size: object.count("vocab_size")?,
        hidden_size: object.count("hidden_size")?,
        layers: object.count("num_hidden_layers")?,
        heads: object.count("num_attention_heads")?,
        feed_forward_size: object.count("intermediate_size")?,
        max_positions: object.count("max_position_embeddings")?,
        activation,
        scale_embedding: object.flag("scale_embedding", true)?,
        tied_head: object.flag("tie_word_embeddings", true)?,
        learned_prompt: object.optional_count(LEARNED_PROMPT)?.unwrap_or(0),
        bos_id: object.id("bos_token_id", 0)?,
        pad_id: object.id("pad_token_id", 1)?,
        eos_id: object.id("eos_token_id", 2)?,
        unk_id: 3,
        dropout: Dropout {
            hidden: object.probability("hidden_dropout_prob", 0.1)?,
            attention: object.probability("attention_probs_dropout_prob", 0.1)?,
            activation: object.probability("activation_dropout", 0.0)?,
            layer: object.probability("layerdrop", 0.0)?,
        },
    };
    config.validate()?;
    Ok(config)
}

/// The configuration of a folder: `config.json`, and the learned prompt rows that `vocab.json` leaves over.
pub(crate) fn folder_config(folder: &Path) -> Result<Config, CheckpointError> {
    let path = folder.join("config.json");
    let object = read_json_object(&path)?;
    let mut config = config(&object).map_err(CheckpointError::config(&path))?;
    let vocabulary = folder.join("vocab.json");
    if !object.contains_key(LEARNED_PROMPT) && vocabulary.exists() {
        let entries = read_json_object(&vocabulary)?.len();
        let Some(learned) = config.vocab_size.checked_sub(entries) else {
            let problem =
                format!("`vocab_size` is {}, but vocab.json has {entries} entries", config.vocab_size);
            return Err(CheckpointError::config(&path)(ConfigError::Invalid(problem)));
        };
        config.learned_prompt = learned;
        config.validate().map_err(CheckpointError::config(&path))?;
    }
    Ok(config)
}

/// A `config.json` that the reference implementation and [`config`] read.
pub(crate) fn json(config: &Config, dtype: Dtype) -> String {
    let activation = match config.activation {
        Activation::Gelu => "gelu",
        Activation::Relu => "relu",
    };
    let dtype = match dtype {
        Dtype::F32 => "float32",
        Dtype::F16 => "float16",
        Dtype::Bf16 => "bfloat16",
    };
    let object = json!({
        "architectures": ["BioGptForCausalLM"],
        "model_type": "biogpt",
        "torch_dtype": dtype,
        "vocab_size": config.vocab_size,
        "hidden_size": config.hidden_size,
        "num_hidden_layers": config.layers,
        "num_attention_heads": config.heads,
        "intermediate_size": config.feed_forward_size,
        "max_position_embeddings": config.max_positions,
        "hidden_act": activation,
        "layer_norm_eps": Config::LAYER_NORM_EPSILON,
        "scale_embedding": config.scale_embedding,
        "tie_word_embeddings": config.tied_head,
        LEARNED_PROMPT: config.learned_prompt,
        "bos_token_id": config.bos_id,
        "pad_token_id": config.pad_id,
        "eos_token_id": config.eos_id,
        "hidden_dropout_prob": config.dropout.hidden,
        "attention_probs_dropout_prob": config.dropout.attention,
        "activation_dropout": config.dropout.activation,
        "layerdrop": config.dropout.layer,
        "use_cache": true,
    });
    format!("{object:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(change: impl FnOnce(&mut Map<String, Value>)) -> Result<Config, String> {
        let mut object = serde_json::from_str(&json(&Config::tiny(), Dtype::F32)).unwrap();
        change(&mut object);
        config(&object).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_written_is_read_back() {
        assert_eq!(read(|_| ()), Ok(Config::tiny()));
    }

    #[test]
    fn sizes_are_required_and_the_rest_has_the_references_defaults() {
        let missing = read(|object| drop(object.remove("hidden_size"))).unwrap_err();
        assert!(missing.starts_with("the configuration has no `hidden_size`"), "{missing}");
        let defaults = read(|object| {
            for field in
                ["tie_word_embeddings", "scale_embedding", "eos_token_id", "layerdrop", LEARNED_PROMPT]
            {
                object.remove(field);
            }
        });
        assert_eq!(defaults, Ok(Config::tiny()));
    }

    #[test]
    fn other_architectures_and_kinds_of_value_are_refused_by_name() {
        let cases = [
            ("model_type", json!("gpt2"), "`model_type` is \"gpt2\". Supported are BioGPT"),
            (
                "hidden_act",
                json!("gelu_new"),
                "`hidden_act` is \"gelu_new\", but only \"gelu\" or \"relu\" is supported",
            ),
            (
                "hidden_size",
                json!("wide"),
                "`hidden_size` should be a whole number of 0 or more but is \"wide\"",
            ),
            ("vocab_size", json!(-1), "`vocab_size` should be a whole number of 0 or more but is -1"),
            ("layerdrop", json!([]), "`layerdrop` should be a number between 0 and 1 but is a list"),
            ("hidden_dropout_prob", json!(1.5), "the hidden dropout 1.5 is not between 0 and 1"),
        ];
        for (field, value, message) in cases {
            let refused = read(|object| drop(object.insert(field.to_owned(), value))).unwrap_err();
            assert!(refused.starts_with(message), "{refused}");
        }
    }
}
