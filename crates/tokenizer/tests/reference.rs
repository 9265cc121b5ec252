//! The reference's answers: for the committed texts, and for the shared 1,803 where they are at hand.

#![allow(clippy::unwrap_used)] // also in the functions that the tests share

mod common;

use common::{fixtures, shared};
use serde::Deserialize;
use tokenizer::Tokenizer;

#[derive(Deserialize)]
struct Case {
    #[serde(default)]
    text: Option<String>,
    ids: Vec<u32>,
    decoded: String,
    #[serde(default)]
    lowercase_ids: Option<Vec<u32>>,
}

fn cases(path: &std::path::Path) -> Vec<Case> {
    let lines = std::fs::read_to_string(path).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn check(tokenizer: &Tokenizer, case: &Case) {
    assert_eq!(tokenizer.decode(&case.ids), case.decoded, "decoding {:?} of {:?}", case.ids, case.text);
    let Some(text) = &case.text else { return };
    let encoding = tokenizer.encode(text);
    assert_eq!(encoding.ids, case.ids, "ids of {text:?}");
    let lowered = case.lowercase_ids.as_ref().unwrap_or(&case.ids);
    assert_eq!(&tokenizer.encode_lowercase(text).ids, lowered, "ids in lower case of {text:?}");
    assert_eq!(encoding.clone().without_start().ids, case.ids[1..], "continuation {text:?}");
}

#[test]
fn committed_texts_get_the_references_ids_from_both_forms_of_the_vocabulary() {
    let cases = cases(&fixtures().join("cases.jsonl"));
    assert!(cases.len() > 600);
    for form in ["hugging-face", "fairseq"] {
        let tokenizer = Tokenizer::from_dir(&fixtures().join("micro").join(form)).unwrap();
        // Once with an empty cache of words, once with a filled one.
        for case in cases.iter().chain(&cases) {
            check(&tokenizer, case);
        }
    }
}

#[test]
fn shared_texts_get_the_references_ids_with_the_published_vocabulary() {
    let (Some(vocabulary), Some(texts)) = (shared("parity/biogpt-vocab"), shared("parity/tokenizer.jsonl"))
    else {
        return;
    };
    let tokenizer = Tokenizer::from_dir(&vocabulary).unwrap();
    assert_eq!(tokenizer.vocab_size(), 42_384);
    let cases = cases(&texts);
    assert_eq!(cases.len(), 1_803);
    for case in &cases {
        let text = case.text.as_ref().unwrap();
        let encoding = tokenizer.encode(text);
        assert_eq!(encoding.ids, case.ids, "ids of {text:?}");
        assert_eq!(tokenizer.decode(&case.ids), case.decoded, "decoding of {text:?}");
        for (&id, offsets) in encoding.ids.iter().zip(&encoding.offsets).skip(1) {
            let token = tokenizer.token(id).unwrap();
            common::assert_slice_is_token(token, &text[offsets.clone()], id == tokenizer.unknown());
        }
    }
}

#[test]
fn shared_models_read_the_same_from_each_form() {
    let Some(models) = shared("parity/models") else {
        return;
    };
    let text =
        "The relation between lithium and nephrogenic diabetes insipidus (p < 0.05) was patient-specific.";
    for model in std::fs::read_dir(models).unwrap() {
        let model = model.unwrap().path();
        let read = |form: &str| Tokenizer::from_dir(&model.join(form)).unwrap();
        let [hugging_face, fairseq] = [read("hf"), read("fairseq")];
        assert_eq!(hugging_face.vocabulary().tokens, fairseq.vocabulary().tokens, "{}", model.display());
        assert_eq!(hugging_face.encode(text), fairseq.encode(text));
    }
}
