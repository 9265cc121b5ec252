//! What holds for every text.

#![allow(clippy::unwrap_used)] // also in the functions that the tests share

mod common;

use std::sync::LazyLock;

use proptest::prelude::*;
use tokenizer::{Encoding, Tokenizer};

static MICRO: LazyLock<Tokenizer> = LazyLock::new(common::micro);
static WITH_PROMPTS: LazyLock<Tokenizer> = LazyLock::new(|| common::micro().with_learned_prompts(9).unwrap());

/// Any Unicode, and strings of what the rules look at.
fn text() -> impl Strategy<Value = String> {
    let pieces = vec![
        "a", "Ab", "s", " ", "  ", "'", ",", ".", "..", "-", "5", "&", "<", "\"", "[", "</s>", "<unk>", "é",
        "İ", "Σ", "²", "漢", "🙂", "\0", "\n", "DOTMULTI", "No.", "the", "learned1",
    ];
    prop_oneof![
        any::<String>(),
        "\\PC{0,40}",
        proptest::collection::vec(proptest::sample::select(pieces), 0..24).prop_map(|pieces| pieces.concat()),
    ]
}

fn assert_offsets_hold(encoding: &Encoding, text: &str) {
    assert_eq!(encoding.ids.len(), encoding.offsets.len());
    assert_eq!(encoding.offsets[0], 0..0);
    let mut last = 0..0;
    for range in &encoding.offsets[1..] {
        assert!(text.get(range.clone()).is_some_and(|slice| !slice.is_empty()), "{range:?} in {text:?}");
        assert!(last.start <= range.start && last.end <= range.end, "{last:?} then {range:?} in {text:?}");
        last = range.clone();
    }
}

fn assert_stream_is_decode(tokenizer: &Tokenizer, ids: &[u32]) {
    let mut stream = tokenizer.decode_stream();
    let mut committed_before = String::new();
    for (count, &id) in ids.iter().enumerate() {
        let decoded = stream.push(id);
        assert!(decoded.committed.starts_with(&committed_before), "{committed_before:?} was taken back");
        let whole = [decoded.committed, decoded.tentative].concat();
        assert_eq!(whole, tokenizer.decode(&ids[..=count]), "after {:?}", &ids[..=count]);
        committed_before = decoded.committed.to_owned();
    }
    assert_eq!(stream.finish(), tokenizer.decode(ids));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn offsets_are_ascending_and_on_character_boundaries(text in text()) {
        let tokenizer = &*MICRO;
        assert_offsets_hold(&tokenizer.encode(&text), &text);
        assert_offsets_hold(&tokenizer.encode_lowercase(&text), &text);
    }

    #[test]
    fn lower_case_is_that_of_the_lowered_text(text in text()) {
        let tokenizer = &*MICRO;
        prop_assert_eq!(tokenizer.encode_lowercase(&text).ids, tokenizer.encode(&text.to_lowercase()).ids);
    }

    #[test]
    fn every_word_of_the_text_is_under_some_token(text in text()) {
        let tokenizer = &*MICRO;
        let mut covered = vec![false; text.len()];
        for range in tokenizer.encode(&text).offsets {
            covered[range].fill(true);
        }
        for (at, character) in text.char_indices() {
            prop_assert!(covered[at] || character.is_whitespace() || character.is_ascii_control(), "{:?}", character);
        }
    }

    #[test]
    fn a_text_that_appears_bit_by_bit_ends_as_the_decoded_text(text in text()) {
        let tokenizer = &*MICRO;
        assert_stream_is_decode(tokenizer, &tokenizer.encode(&text).ids);
    }

    #[test]
    fn any_ids_decode_bit_by_bit(ids in proptest::collection::vec(0u32..600, 0..40)) {
        assert_stream_is_decode(&WITH_PROMPTS, &ids);
    }
}

#[test]
fn committed_text_comes_within_a_word() {
    let tokenizer = &*MICRO;
    let ids = tokenizer.encode("the serum - free of lithium (and (or) the dose) rose.").ids;
    let mut stream = tokenizer.decode_stream();
    let mut words = 0;
    for id in ids {
        let decoded = stream.push(id);
        words += usize::from(tokenizer.token(id).unwrap().ends_with("</w>"));
        let shown = decoded.committed.split_whitespace().count();
        assert!(shown + 8 >= words, "{decoded:?} after {words} words");
        assert!(words < 2 || !decoded.committed.is_empty());
    }
}

#[test]
fn learned_prompts_leave_no_trace_in_text() {
    let tokenizer = &*WITH_PROMPTS;
    assert_eq!(tokenizer.learned_prompt_ids().len(), 9);
    let mut ids = tokenizer.encode("the dose").ids;
    ids.extend(tokenizer.learned_prompt_ids());
    ids.extend(tokenizer.encode("rose.").without_start().ids);
    ids.push(tokenizer.end_of_text());
    assert_eq!(tokenizer.decode(&ids), "the dose rose.");
    // Nor does writing the name of one reach it.
    let written = tokenizer.encode("learned1");
    assert!(written.ids.iter().all(|id| !tokenizer.learned_prompt_ids().contains(id)));
    assert_eq!(tokenizer.decode(&written.ids), "learned1");
}

#[test]
fn offsets_give_back_the_authors_words() {
    let tokenizer = &*MICRO;
    let text = "Sjögren's IL-6 & İL <5%\0>";
    let slices = |encoding: Encoding| -> Vec<String> {
        let mut words = Vec::new();
        let mut open = None;
        for (id, range) in encoding.ids.iter().zip(encoding.offsets).skip(1) {
            let from = *open.get_or_insert(range.start);
            if *id == tokenizer.unknown() || tokenizer.token(*id).unwrap().ends_with("</w>") {
                words.push(text[from..range.end].to_owned());
                open = None;
            }
        }
        words
    };
    let expected = ["Sjögren", "'s", "IL", "-", "6", "&", "İL", "<", "5", "%", ">"];
    assert_eq!(slices(tokenizer.encode(text)), expected);
}
