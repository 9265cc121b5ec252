//! What a `tokenizer.json` may ask for. The format can describe any program of regular expressions and replacements;
//! encoders need few of its parts, and only these are run for a file of a stranger.

use serde_json::Value;

/// The parts of a tokenizer by their key, with the types that are known to be those of BERT and RoBERTa.
const PARTS: [(&str, &[&str]); 5] = [
    ("model", &["WordPiece", "BPE"]),
    (
        "normalizer",
        &["BertNormalizer", "Lowercase", "StripAccents", "NFC", "NFD", "NFKC", "NFKD", "Sequence"],
    ),
    (
        "pre_tokenizer",
        &["BertPreTokenizer", "ByteLevel", "Whitespace", "WhitespaceSplit", "Punctuation", "Sequence"],
    ),
    (
        "post_processor",
        &["TemplateProcessing", "BertProcessing", "RobertaProcessing", "ByteLevel", "Sequence"],
    ),
    ("decoder", &["WordPiece", "ByteLevel", "BPEDecoder", "Sequence"]),
];

/// The first part that is not allowed: where it is and what is wrong.
pub(super) fn refused(file: &Value) -> Option<(String, String)> {
    PARTS.iter().find_map(|(part, types)| match &file[part] {
        Value::Null if *part == "model" => Some(((*part).to_owned(), "it has none".to_owned())),
        // Old files do not name the model's type; the `tokenizers` crate then finds it out by its fields.
        Value::Object(model) if *part == "model" && !model.contains_key("type") => {
            let known = model.contains_key("merges") || model.contains_key("continuing_subword_prefix");
            (!known).then(|| ((*part).to_owned(), "it is neither WordPiece nor BPE".to_owned()))
        }
        value => refused_in(value, part, types, 0),
    })
}

fn refused_in(value: &Value, place: &str, types: &[&str], depth: usize) -> Option<(String, String)> {
    const DEEPEST: usize = 4;
    if value.is_null() {
        return None;
    }
    let found = value["type"].as_str().unwrap_or("none");
    if !types.contains(&found) || depth > DEEPEST {
        let problem = format!("the type {found:.40?} is not one of an encoder's: {}", types.join(", "));
        return Some((place.to_owned(), problem));
    }
    let inner = ["normalizers", "pretokenizers", "processors", "decoders"];
    let items = inner.iter().filter_map(|key| value[key].as_array()).flatten();
    items.enumerate().find_map(|(i, item)| refused_in(item, &format!("{place}, part {i}"), types, depth + 1))
}
