//! Reading and writing tokenizers.

#![allow(clippy::unwrap_used)] // also in the functions that the tests share

mod common;

use std::fs;
use std::path::Path;

use common::{fixtures, micro};
use tokenizer::{Error, Merge, Tokenizer, Vocabulary};

#[test]
fn what_is_saved_reads_back_the_same_in_our_form_and_in_hugging_faces() {
    let folder = tempfile::tempdir().unwrap();
    let [own, theirs] = ["own", "theirs"].map(|name| folder.path().join(name));
    let tokenizer = micro().with_learned_prompts(9).unwrap();
    tokenizer.save(&own).unwrap();
    tokenizer.save_hugging_face(&theirs, 256).unwrap();
    assert!(!theirs.join("tokenizer.json").exists(), "Hugging Face would take it for its own");
    for form in [&own, &theirs] {
        let read = Tokenizer::from_dir(form).unwrap();
        assert_eq!(read.vocabulary(), tokenizer.vocabulary());
        assert_eq!(read.learned_prompt_ids(), tokenizer.learned_prompt_ids());
    }
    let config: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(theirs.join("tokenizer_config.json")).unwrap()).unwrap();
    assert_eq!(config["tokenizer_class"], "BioGptTokenizer");
    assert_eq!(config["model_max_length"], 256);
}

#[test]
fn a_hugging_face_folder_with_another_tokenizer_json_is_read_from_its_vocabulary() {
    let folder = copy(&fixtures().join("micro/hugging-face"));
    fs::write(folder.path().join("tokenizer.json"), r#"{"version": "1.0", "model": {"type": "BPE"}}"#)
        .unwrap();
    assert_eq!(Tokenizer::from_dir(folder.path()).unwrap().vocabulary(), micro().vocabulary());
}

#[test]
fn learned_prompts_are_counted_once() {
    let nine = micro().with_learned_prompts(9).unwrap();
    let size = nine.vocab_size();
    assert_eq!(size, micro().vocab_size() + 9);
    assert_eq!(nine.with_learned_prompts(9).unwrap().vocab_size(), size);
    assert!(micro().learned_prompt_ids().is_empty());
}

#[test]
fn each_fault_names_the_file_and_the_place() {
    let nothing = tempfile::tempdir().unwrap();
    let error = Tokenizer::from_dir(nothing.path()).unwrap_err();
    assert!(matches!(error, Error::NotFound { .. }), "{error}");
    assert!(error.to_string().contains("vocab.json with merges.txt"), "{error}");

    let faults: [(&str, &str, &str, &str); 8] = [
        ("hugging-face", "vocab.json", "[1, 2]", "line 1"),
        ("hugging-face", "vocab.json", r#"{"<s>": 0, "<pad>": 1, "</s>": 2, "a": 7}"#, "\"a\""),
        ("hugging-face", "vocab.json", r#"{"<s>": 0, "<pad>": 0}"#, "there twice"),
        ("hugging-face", "vocab.json", r#"{"<s>": 0, "<unk>": 1}"#, "token 1"),
        ("hugging-face", "merges.txt", "a b 3\nlonely\n", "line 2"),
        ("fairseq", "dict.txt", "the 5\nof\n", "line 2"),
        ("fairseq", "dict.txt", "the 5\nthe 4\n", "token 5"),
        (
            "hugging-face",
            "tokenizer.json",
            r#"{"format": "osler-biogpt-tokenizer", "version": 99}"#,
            "version 99",
        ),
    ];
    for (form, file, contents, place) in faults {
        let folder = copy(&fixtures().join("micro").join(form));
        fs::write(folder.path().join(file), contents).unwrap();
        let error = Tokenizer::from_dir(folder.path()).unwrap_err().to_string();
        assert!(error.contains(file) && error.contains(place), "{contents}: {error}");
    }
    let folder = copy(&fixtures().join("micro/fairseq"));
    fs::write(folder.path().join("dict.txt"), b"\xff\xfe").unwrap();
    assert!(Tokenizer::from_dir(folder.path()).unwrap_err().to_string().contains("UTF-8"));
}

#[test]
fn a_vocabulary_made_in_memory_is_checked_too() {
    let merge = Merge { left: "a".to_owned(), right: String::new(), count: 1 };
    let mut vocabulary =
        Vocabulary { tokens: micro().vocabulary().tokens[..4].to_vec(), merges: vec![merge] };
    assert!(Tokenizer::new(vocabulary.clone()).unwrap_err().to_string().contains("merge 1"));
    vocabulary.merges.clear();
    // Nothing but special tokens: every character is unknown, none is lost.
    let empty = Tokenizer::new(vocabulary).unwrap();
    assert_eq!(empty.encode("ab").ids, [2, 3, 3]);
}

#[test]
fn published_vocabulary_survives_our_form() {
    let Some(folder) = common::shared("parity/biogpt-vocab") else {
        return;
    };
    let published = Tokenizer::from_dir(&folder).unwrap();
    let ours = tempfile::tempdir().unwrap();
    published.save(ours.path()).unwrap();
    let read = Tokenizer::from_dir(ours.path()).unwrap();
    assert_eq!(read.vocabulary(), published.vocabulary());
    assert_eq!(read.vocabulary().merges[0].count, 278_188_134);
}

fn copy(from: &Path) -> tempfile::TempDir {
    let to = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.path().join(entry.file_name())).unwrap();
    }
    to
}
