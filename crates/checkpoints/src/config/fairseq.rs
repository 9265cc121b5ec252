//! The settings that fairseq keeps in a checkpoint: `args` (a namespace, or a dict) or `cfg` (nested dicts,
//! namespaces or omegaconf containers).

use std::path::Path;

use super::fields::{Fields, Scalar};
use super::{Activation, Config, ConfigError, Dropout};
use crate::error::CheckpointError;
use crate::pickle::{Tree, Value};
use crate::stored::WeightFile;

/// `<s>`, `<pad>`, `</s>`, `<unk>`: a fairseq dictionary begins with them without naming them.
const SPECIAL_SYMBOLS: usize = 4;

/// The configuration of a checkpoint whose pickle is `tree` and whose embedding has `vocab_size` rows.
pub(crate) fn config(tree: &Tree, vocab_size: usize) -> Result<Config, ConfigError> {
    let (model, task) = settings(tree)?;
    let hidden_size = model.count("decoder_embed_dim")?;
    supported(&model, hidden_size)?;
    let activation = match model.text("activation_fn")?.as_str() {
        "gelu" => Activation::Gelu,
        "relu" => Activation::Relu,
        other => {
            let value = format!("{other:?}");
            return Err(ConfigError::Unsupported {
                field: "activation_fn",
                value,
                supported: "\"gelu\" or \"relu\"",
                model: "BioGPT",
            });
        }
    };
    let max_positions = match model.optional_count("max_target_positions")? {
        Some(positions) => positions,
        None => task.count("tokens_per_sample")?,
    };
    let config = Config {
        vocab_size,
        hidden_size,
        layers: model.count("decoder_layers")?,
        heads: model.count("decoder_attention_heads")?,
        feed_forward_size: model.count("decoder_ffn_embed_dim")?,
        max_positions,
        activation,
        scale_embedding: !model.flag("no_scale_embedding", false)?,
        tied_head: model.flag("share_decoder_input_output_embed", false)?,
        // Fine-tuning adds `learned1`, `learned2`, … at the end of the dictionary: BioGPT's language_modeling_prompt.
        learned_prompt: task.optional_count("learned_prompt")?.unwrap_or(0),
        bos_id: 0,
        pad_id: 1,
        eos_id: 2,
        unk_id: 3,
        dropout: Dropout {
            hidden: model.probability("dropout", 0.1)?,
            attention: model.probability("attention_dropout", 0.0)?,
            activation: model.probability("activation_dropout", 0.0)?,
            layer: model.probability("decoder_layerdrop", 0.0)?,
        },
    };
    config.validate()?;
    Ok(config)
}

/// Holds the embedding's rows against `dict.txt`, if it is in the folder of the checkpoint: the rows are the dictionary,
/// and the learned prompt where the dictionary does not name it.
pub(crate) fn check_dictionary(config: &Config, folder: &Path) -> Result<(), CheckpointError> {
    let path = folder.join("dict.txt");
    if !path.exists() {
        return Ok(());
    }
    let file = WeightFile::open(&path)?;
    let bytes = file.bytes(0, file.length.min(64 << 20))?;
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let entries = lines.count() + SPECIAL_SYMBOLS;
    if config.vocab_size != entries && config.vocab_size != entries + config.learned_prompt {
        let problem = format!(
            "the embedding has {} rows, but this dictionary gives {entries} symbols and the checkpoint {} learned \
             prompt tokens. Use the dictionary that was published with the checkpoint",
            config.vocab_size, config.learned_prompt
        );
        return Err(CheckpointError::config(&path)(ConfigError::Invalid(problem)));
    }
    Ok(())
}

/// Where the model's and the task's settings are. fairseq itself prefers `args` when both are there.
fn settings(tree: &Tree) -> Result<(Settings<'_>, Settings<'_>), ConfigError> {
    if let Some(value) = tree.get(tree.root, "args").filter(|value| *value != Value::None) {
        let settings = || Settings { tree, value, task: Value::None };
        return Ok((settings(), settings()));
    }
    let Some(nested) = tree.get(tree.root, "cfg").filter(|value| *value != Value::None) else {
        return Err(ConfigError::NotBioGpt("the checkpoint has neither `args` nor `cfg`".to_owned()));
    };
    let model = tree.get(nested, "model").ok_or(ConfigError::Missing { field: "cfg.model" })?;
    let task = tree.get(nested, "task").unwrap_or(Value::None);
    Ok((Settings { tree, value: model, task }, Settings { tree, value: task, task: Value::None }))
}

/// Variants of fairseq's language model that BioGPT does not use and that would silently give other numbers.
fn supported(model: &Settings<'_>, hidden_size: usize) -> Result<(), ConfigError> {
    let flags = [
        ("decoder_normalize_before", false, true, "true"),
        ("decoder_learned_pos", false, true, "true"),
        ("layernorm_embedding", false, false, "false"),
        ("no_token_positional_embeddings", false, false, "false"),
        ("no_decoder_final_norm", false, false, "false"),
        ("adaptive_input", false, false, "false"),
        ("character_embeddings", false, false, "false"),
        ("scale_fc", false, false, "false"),
        ("scale_attn", false, false, "false"),
        ("scale_heads", false, false, "false"),
        ("scale_resids", false, false, "false"),
    ];
    for (field, default, needed, supported) in flags {
        let value = model.flag(field, default)?;
        if value != needed {
            return Err(ConfigError::Unsupported {
                field,
                value: value.to_string(),
                supported,
                model: "BioGPT",
            });
        }
    }
    for field in ["decoder_input_dim", "decoder_output_dim"] {
        let value = model.optional_count(field)?.unwrap_or(hidden_size);
        if value != hidden_size {
            let supported = "the value of `decoder_embed_dim`";
            return Err(ConfigError::Unsupported {
                field,
                value: value.to_string(),
                supported,
                model: "BioGPT",
            });
        }
    }
    match model.scalar("adaptive_softmax_cutoff") {
        Scalar::Null => Ok(()),
        _ => Err(ConfigError::Unsupported {
            field: "adaptive_softmax_cutoff",
            value: "set".to_owned(),
            supported: "an absent value",
            model: "BioGPT",
        }),
    }
}

/// Values by name in a dict, a namespace or an omegaconf container.
struct Settings<'a> {
    tree: &'a Tree,
    value: Value,
    /// Where omegaconf's `${task.…}` points, which occurs in unresolved model settings.
    task: Value,
}

impl Fields for Settings<'_> {
    fn scalar(&self, field: &str) -> Scalar {
        match self.tree.get(self.value, field) {
            None | Some(Value::None) => Scalar::Null,
            Some(Value::Flag(value)) => Scalar::Flag(value),
            Some(Value::Integer(value)) => Scalar::Integer(value),
            Some(Value::Real(value)) => Scalar::Real(value),
            Some(value) => match self.tree.text(value) {
                Some(text) => match text.strip_prefix("${task.").and_then(|rest| rest.strip_suffix('}')) {
                    Some(target) => Settings { value: self.task, task: Value::None, ..*self }.scalar(target),
                    None => Scalar::Text(text.to_owned()),
                },
                None => Scalar::Other(self.tree.kind(value)),
            },
        }
    }
}
