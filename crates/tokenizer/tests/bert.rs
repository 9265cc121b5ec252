//! Encoders' tokenizers give the reference's ids, segments and offsets; what is damaged is refused with its place.
#![allow(clippy::unwrap_used)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tokenizer::bert::{BertEncoding, BertTokenizer};

/// The models that `crates/bert/tests/fixtures/make_fixtures.py` makes.
const FIXTURES: [&str; 3] = ["token-bert", "sequence-roberta", "masked-roberta"];

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../bert/tests/fixtures").join(name)
}

/// Text and number of a word, none for special tokens, and its place in code points.
type Word = (Option<(usize, u32)>, [usize; 2]);

struct Case {
    text: String,
    pair: Option<String>,
    expected: Value,
}

impl Case {
    fn texts(&self) -> [&str; 2] {
        [&self.text, self.pair.as_deref().unwrap_or("")]
    }

    fn numbers(&self, field: &str) -> Vec<u32> {
        serde_json::from_value(self.expected[field].clone()).unwrap()
    }

    fn offsets(&self) -> Vec<[usize; 2]> {
        serde_json::from_value(self.expected["offsets"].clone()).unwrap()
    }
}

fn cases(folder: &Path) -> (usize, Vec<Case>) {
    let file: Value = serde_json::from_slice(&fs::read(folder.join("cases.json")).unwrap()).unwrap();
    let cases = file["cases"].as_array().unwrap().iter().map(|case| Case {
        text: case["text"].as_str().unwrap().to_owned(),
        pair: case["pair"].as_str().map(str::to_owned),
        expected: case.clone(),
    });
    (file["max_length"].as_u64().unwrap() as usize, cases.collect())
}

/// Offsets in code points, as the reference gives them.
fn code_points(encoding: &BertEncoding, texts: [&str; 2]) -> Vec<[usize; 2]> {
    let offset = |source: &Option<tokenizer::bert::Source>| {
        source.as_ref().map_or([0, 0], |source| {
            let before = |byte: usize| texts[source.text][..byte].chars().count();
            [before(source.bytes.start), before(source.bytes.end)]
        })
    };
    encoding.sources.iter().map(offset).collect()
}

fn assert_parity(tokenizer: &BertTokenizer, folder: &Path) {
    let (limit, cases) = cases(folder);
    assert!(cases.len() >= 10);
    for case in cases {
        let encoding = tokenizer.encode(&case.text, case.pair.as_deref(), Some(limit)).unwrap();
        assert_eq!(encoding.ids, case.numbers("ids"), "{:?} {:?}", case.text, case.pair);
        assert_eq!(encoding.segments, case.numbers("types"), "{:?}", case.text);
        assert_eq!(code_points(&encoding, case.texts()), case.offsets(), "{:?}", case.text);
    }
}

#[test]
fn ids_segments_and_offsets_are_the_references() {
    for name in FIXTURES {
        let folder = fixture(name);
        let tokenizer = BertTokenizer::from_dir(&folder.join("hf")).unwrap();
        assert_parity(&tokenizer, &folder);
        let saved = tempfile::tempdir().unwrap();
        tokenizer.save(saved.path()).unwrap();
        let again = BertTokenizer::from_dir(saved.path()).unwrap();
        assert_eq!((again.vocab_size(), again.mask()), (tokenizer.vocab_size(), tokenizer.mask()));
        assert_eq!(again.padding(), tokenizer.padding());
        assert_parity(&again, &folder);
    }
}

/// The shared cases were made with a tokenizer that knew the five special tokens only (their maker passed `vocab_file`,
/// which transformers 5 ignores): each word is `[UNK]`. So ids are compared with that vocabulary, and the borders of words
/// with the whole one.
#[test]
fn the_shared_cases_agree_in_ids_segments_words_and_offsets() {
    for name in ["token-uncased", "sequence-cased", "mlm-uncased"] {
        let Some(folder) = common::shared(&format!("parity/bert/{name}")) else { return };
        for form in ["hf", "hf-bin"] {
            let published = folder.join(form);
            let whole = BertTokenizer::from_dir(&published).unwrap();
            let words = fs::read_to_string(published.join("vocab.txt")).unwrap();
            let few: String = words.split_inclusive('\n').take(5).collect();
            let cut = tempfile::tempdir().unwrap();
            fs::write(cut.path().join("vocab.txt"), few).unwrap();
            let settings = "tokenizer_config.json";
            fs::copy(published.join(settings), cut.path().join(settings)).unwrap();
            assert_parity(&BertTokenizer::from_dir(cut.path()).unwrap(), &folder);
            let (_, cases) = cases(&folder);
            for case in cases.iter().filter(|case| case.numbers("ids").len() < 128) {
                let encoding = whole.encode(&case.text, case.pair.as_deref(), None).unwrap();
                let mut words: Vec<Word> = Vec::new();
                for (source, at) in encoding.sources.iter().zip(code_points(&encoding, case.texts())) {
                    let word = source.as_ref().map(|source| (source.text, source.word));
                    match words.last_mut() {
                        Some((last, place)) if *last == word && word.is_some() => place[1] = at[1],
                        _ => words.push((word, at)),
                    }
                }
                let found: Vec<[usize; 2]> = words.into_iter().map(|(_, place)| place).collect();
                assert_eq!(found, case.offsets(), "{:?}", case.text);
            }
        }
    }
}

#[test]
fn a_pair_is_cut_where_it_is_longest() {
    let tokenizer = BertTokenizer::from_dir(&fixture("token-bert/hf")).unwrap();
    let own = |encoding: &BertEncoding, text: usize| {
        encoding.sources.iter().flatten().filter(|source| source.text == text).count()
    };
    let lengths = |limit| {
        let encoding = tokenizer.encode("in mice in mice in mice", Some("aspirin in"), Some(limit)).unwrap();
        [own(&encoding, 0), own(&encoding, 1)]
    };
    let [first, second] = lengths(100);
    assert!(first > 2 * second, "{first} {second}");
    assert_eq!(lengths(3 + 2 * second + 1), [second + 1, second]);
    assert_eq!(lengths(3 + 3), [2, 1]);
    assert!(tokenizer.encode("mice", None, Some(2)).unwrap_err().to_string().contains("no room"));
}

/// A folder with one file changed.
fn damaged(name: &str, file: &str, change: impl Fn(String) -> String) -> String {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(fixture(name).join("hf")).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.path().join(path.file_name().unwrap())).unwrap();
    }
    let path = folder.path().join(file);
    fs::write(&path, change(fs::read_to_string(&path).unwrap_or_default())).unwrap();
    let error = BertTokenizer::from_dir(folder.path()).unwrap_err().to_string();
    assert!(error.contains(file), "{error}");
    error
}

#[test]
fn what_is_wrong_is_told_with_file_and_place() {
    let has = |error: String, what: &str| assert!(error.contains(what), "{error}");
    has(damaged("token-bert", "vocab.txt", |text| text.replace("[CLS]\n", "cls\n")), "\"[CLS]\"");
    has(damaged("token-bert", "vocab.txt", |text| text.replace("[CLS]\n", "\n")), "line 3");
    has(damaged("token-bert", "vocab.txt", |text| text.replace("[MASK]\n", "[CLS]\n")), "line 5");
    has(damaged("token-bert", "tokenizer_config.json", |text| text[1..].to_owned()), "JSON");
    has(damaged("token-bert", "added_tokens.json", |_| "{\"[E1]\": 170}".to_owned()), "the next one is 150");
    has(
        damaged("token-bert", "added_tokens.json", |_| "{\"[E1]\": \"x\"}".to_owned()),
        "its id is no number",
    );
    has(damaged("sequence-roberta", "merges.txt", |text| text + "qq zz\n"), "is not in vocab.json");
    has(damaged("sequence-roberta", "vocab.json", |text| text.replace("\"<pad>\"", "\"<p>\"")), "\"<pad>\"");
    // A tokenizer may not bring a program of its own.
    let program = r#"{"model": {"type": "WordPiece"}, "normalizer": {"type": "Replace"}}"#;
    has(
        damaged("token-bert", "tokenizer.json", |_| program.to_owned()),
        "\"Replace\" is not one of an encoder's",
    );
    let nested = r#"{"model": {"type": "BPE"}, "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Split"}]}}"#;
    has(damaged("token-bert", "tokenizer.json", |_| nested.to_owned()), "pre_tokenizer, part 0");
    let empty = tempfile::tempdir().unwrap();
    has(BertTokenizer::from_dir(empty.path()).unwrap_err().to_string(), "vocab.txt (BERT)");
}

#[test]
fn the_tokens_of_each_text_of_a_pair_are_told_with_the_beginnings_of_words() {
    let tokenizer = BertTokenizer::from_dir(&fixture("token-bert/hf")).unwrap();
    let encoding = tokenizer.encode("Naïve mice", Some("TNF-α rose"), None).unwrap();
    let texts = ["Naïve mice", "TNF-α rose"];
    for (number, words) in [["Naïve", "mice"].as_slice(), &["TNF", "-", "α", "rose"]].into_iter().enumerate()
    {
        let own = encoding.own(number);
        assert_eq!(own.places.len(), own.offsets.len());
        let mut found: Vec<String> = Vec::new();
        for (offset, starts) in own.offsets.iter().zip(&own.starts) {
            if *starts {
                found.push(String::new());
            }
            found.last_mut().unwrap().push_str(&texts[number][offset.clone()]);
        }
        assert_eq!(found, words);
    }
    assert_eq!(encoding.own(0).places.start, 1);
    assert_eq!(encoding.own(1).places.end, encoding.ids.len() - 1);
    assert!(tokenizer.encode("", None, None).unwrap().own(0).offsets.is_empty());
}

#[test]
fn added_tokens_are_whole_tokens() {
    let folder = tempfile::tempdir().unwrap();
    for file in ["vocab.txt", "tokenizer_config.json"] {
        fs::copy(fixture("token-bert/hf").join(file), folder.path().join(file)).unwrap();
    }
    fs::write(folder.path().join("added_tokens.json"), "{\"@DRUG$\": 151, \"[E1]\": 150}").unwrap();
    let tokenizer = BertTokenizer::from_dir(folder.path()).unwrap();
    assert_eq!(tokenizer.vocab_size(), 152);
    let encoding = tokenizer.encode("[E1] @DRUG$ in mice", None, None).unwrap();
    assert_eq!(encoding.ids[1..3], [150, 151]);
    assert_eq!(encoding.sources[2].as_ref().unwrap().bytes, 5..11);
}
