//! Trained vocabularies.

#![allow(clippy::unwrap_used)] // also in the functions that the tests share

use corpus::{coverage, train_vocabulary};
use proptest::prelude::*;
use tokenizer::Tokenizer;

const TEXTS: [&str; 4] = [
    "Lithium is given to prevent mania. Patients on lithium are thirsty.",
    "Thirst went away when the dose of lithium was halved by the doctors.",
    "Doctors ask patients about thirst, and about the dose that they were given.",
    "lithium lithium lithium thirst thirst dose dose patients patients given given",
];

fn trained(size: usize) -> corpus::Trained {
    train_vocabulary(&TEXTS.repeat(3), size, 9).unwrap()
}

#[test]
fn the_size_is_exact_and_the_prompts_come_last() {
    let trained = trained(360);
    let tokens = &trained.vocabulary.tokens;
    assert_eq!(tokens.len(), 360);
    assert_eq!(tokens[..4], ["<s>", "<pad>", "</s>", "<unk>"]);
    assert_eq!(tokens[351], "learned1</w>");
    assert_eq!(tokens[359], "learned9</w>");
    let tokenizer = Tokenizer::new(trained.vocabulary).unwrap();
    assert_eq!(tokenizer.learned_prompt_ids(), (351..360).collect::<Vec<u32>>());
    assert_eq!(tokenizer.encode("lithium").ids.len(), 2, "the commonest word is one token");
}

#[test]
fn counts_are_those_of_the_text() {
    let vocabulary = trained(360).vocabulary;
    let counts: Vec<u64> = vocabulary.merges.iter().map(|merge| merge.count).collect();
    assert!(counts.is_sorted_by(|before, after| before >= after), "{counts:?}");
    // The first merge is of two letters: they are counted here once more, by looking at every word.
    let first = &vocabulary.merges[0];
    let pairs = TEXTS.iter().flat_map(|text| text.split(|c: char| !c.is_alphabetic())).flat_map(|word| {
        let mut letters: Vec<String> = word.chars().map(String::from).collect();
        if let Some(last) = letters.last_mut() {
            last.push_str("</w>");
        }
        letters.windows(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect::<Vec<_>>()
    });
    let seen = pairs.filter(|(left, right)| (left, right) == (&first.left, &first.right)).count() as u64;
    assert_eq!(first.count, 3 * seen, "{first:?}");
    assert!(seen > 0, "{first:?}");
}

#[test]
fn too_small_and_too_large_say_so() {
    let small = train_vocabulary(&TEXTS, 50, 9).unwrap_err().to_string();
    assert!(small.contains("ask for more"), "{small}");
    let large = train_vocabulary(&TEXTS, 50_000, 9).unwrap_err().to_string();
    assert!(large.contains("train on more"), "{large}");
}

#[test]
fn greek_letters_and_signs_are_known_without_having_been_seen() {
    let tokenizer = Tokenizer::new(trained(360).vocabulary).unwrap();
    let covered = coverage(
        &tokenizer,
        &["TNF-α ≥ 5 µg/mL ± 0.1, 37 °C; Δ9-THC → 17β (p ≤ 0.05) “naïve” [x] <y> & 50% – x²"],
    );
    assert_eq!(covered.unknown, 1, "only the ï of naïve: {covered:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn plain_text_has_no_unknown_tokens_and_comes_back(text in "[ -~αβ±≥]{0,60}") {
        prop_assume!(!text.contains("DOTMULTI") && !text.contains('<'));
        let tokenizer = Tokenizer::new(trained(360).vocabulary).unwrap();
        let encoding = tokenizer.encode(&text);
        prop_assert!(!encoding.ids.contains(&tokenizer.unknown()));
        let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
        prop_assert_eq!(letters(&tokenizer.decode(&encoding.ids)), letters(&text));
    }
}
