//! Encoders (BERT, RoBERTa) under `osler-cli inspect`.

use std::path::{Path, PathBuf};

use bert::{BertTokenizer, Head, Model, Tokens};
use safetensors::tensor::{Dtype, TensorView};
use serde_json::json;
use workbench::engine::encoder_need;

use super::Ids;
use super::tokenize::{Answer, Characters};
use crate::Failure;
use crate::device::DeviceOption;

/// What an encoder reads.
pub(super) enum Input<'a> {
    Ids { ids: &'a Ids, types: Option<&'a Ids> },
    Texts { text: &'a str, pair: Option<&'a str> },
}

/// Writes `logits` and `hidden` of one text.
pub(super) fn logits(
    folder: &Path,
    input: &Input,
    out: &PathBuf,
    device: &DeviceOption,
) -> Result<serde_json::Value, Failure> {
    let config = bert::model::configuration(folder)?;
    let device = device.open_for(encoder_need(folder, &config))?.0;
    let model = Model::load(folder, &device)?;
    let (ids, segments) = match input {
        Input::Ids { ids, types } => {
            let segments = types.map_or_else(|| vec![0; ids.0.len()], |types| types.0.clone());
            (ids.0.clone(), segments)
        }
        Input::Texts { text, pair } => {
            let encoding = model.tokenizer.encode(text, *pair, Some(model.config.max_positions()))?;
            (encoding.ids, encoding.segments)
        }
    };
    let tokens = [Tokens { ids: &ids, segments: &segments }];
    let bytes = |floats: &[f32]| floats.iter().flat_map(|float| float.to_le_bytes()).collect::<Vec<u8>>();
    let hidden = bytes(&model.hidden(&tokens)?.remove(0));
    let shape = vec![ids.len(), model.config.hidden_size];
    let mut shapes = json!({ "out": out, "ids": ids, "types": segments, "hidden": shape });
    let mut logits = (Vec::new(), Vec::new());
    if model.config.head != Head::None {
        let values = model.logits(&tokens)?.remove(0);
        let shape = match model.config.head {
            Head::SequenceClassification => vec![values.len()],
            _ => vec![ids.len(), values.len() / ids.len()],
        };
        shapes["logits"] = json!(shape);
        logits = (shape, bytes(&values));
    }
    let mut views = vec![("hidden", TensorView::new(Dtype::F32, shape, &hidden)?)];
    if !logits.0.is_empty() {
        views.push(("logits", TensorView::new(Dtype::F32, logits.0, &logits.1)?));
    }
    safetensors::serialize_to_file(views, None, out)
        .map_err(|cause| format!("could not write {}: {cause}. Choose another place", out.display()))?;
    Ok(shapes)
}

/// Ids, segments and offsets of a text or a pair, cut at the length that the model reads where a configuration tells it.
pub(super) fn tokenize(
    tokenizer: &BertTokenizer,
    text: &str,
    pair: Option<&str>,
    limit: Option<usize>,
) -> Result<Answer, Failure> {
    let encoding = tokenizer.encode(text, pair, limit)?;
    let characters = [Characters::new(text), Characters::new(pair.unwrap_or_default())];
    let offset = |source: &Option<bert::Source>| {
        source.as_ref().map_or([0, 0], |source| {
            let characters = &characters[source.text.min(1)];
            [characters.before(source.bytes.start), characters.before(source.bytes.end)]
        })
    };
    Ok(Answer {
        offsets: encoding.sources.iter().map(offset).collect(),
        ids: encoding.ids,
        types: Some(encoding.segments),
        decoded: None,
    })
}
