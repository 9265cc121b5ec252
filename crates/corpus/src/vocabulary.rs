//! Training a Moses + BPE vocabulary.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use tokenizer::{END_OF_WORD, Merge, SPECIAL_TOKENS, Tokenizer, Vocabulary, moses};
use tokenizers::models::bpe::{BPE, BpeTrainer};
use tokenizers::{AddedToken, Model};

use crate::Error;

/// A character form that is rarer than this share of all words is left to `<unk>`.
const RAREST: f64 = 4e-7;
/// Never fewer than this, in small corpora.
const FEWEST: u64 = 2;
/// In every vocabulary, whatever the sample holds: Greek, and what is written between numbers.
const ALWAYS: &str = "αβγδεζηθικλμνξοπρςστυφχψωΓΔΘΛΞΠΣΦΨΩµ±×÷≤≥≠≈∼→←↑↓°²³¹½®™–—‘’“”•…·−′″‰€£åäöüéèáíóñçß";

/// A vocabulary and how it was made.
#[derive(Debug, Clone)]
pub struct Trained {
    /// Ready for [`Tokenizer::new`].
    pub vocabulary: Vocabulary,
    /// Single characters among its tokens, alone and at a word's end counted apart.
    pub characters: usize,
    /// Moses words that were counted.
    pub words: u64,
}

/// Trains a vocabulary of exactly `size` tokens on the texts: four special tokens, the characters that are frequent
/// enough, the likeliest merges, and `learned_prompts` virtual tokens at the end.
pub fn train_vocabulary(texts: &[&str], size: usize, learned_prompts: usize) -> Result<Trained, Error> {
    let counts = count_words(texts);
    let words = counts.values().sum();
    let characters = characters(&counts, words);
    let base = SPECIAL_TOKENS.len() + characters.len() + learned_prompts;
    if base >= size {
        let problem =
            format!("special tokens, characters and prompts alone are {base}; ask for more than that");
        return Err(Error::Vocabulary { size, problem });
    }
    let mut tokens: Vec<String> = SPECIAL_TOKENS.map(str::to_owned).into();
    tokens.extend(characters.iter().cloned());
    let mut known: HashSet<String> = characters.iter().cloned().collect();
    let trainable: HashMap<&String, u64> = counts
        .iter()
        .filter(|(word, _)| forms(word).all(|form| known.contains(&form)))
        .map(|(word, count)| (word, *count))
        .collect();

    let mut merges = Vec::new();
    for (left, right) in learn_merges(&trainable, &characters, size)? {
        if tokens.len() + learned_prompts == size {
            break;
        }
        let merged = format!("{left}{right}");
        if known.insert(merged.clone()) {
            tokens.push(merged);
        }
        merges.push(Merge { left, right, count: 0 });
    }
    if tokens.len() + learned_prompts < size {
        let problem = format!("the text gives {} only; train on more of it", tokens.len() + learned_prompts);
        return Err(Error::Vocabulary { size, problem });
    }
    let mut vocabulary = Vocabulary { tokens, merges };
    vocabulary.reserve_learned_prompts(learned_prompts);
    count_merges(&mut vocabulary, &trainable, size)?;
    Ok(Trained { vocabulary, characters: characters.len(), words })
}

/// How well a tokenizer covers texts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// Words between white space.
    pub words: u64,
    /// Characters.
    pub characters: u64,
    /// Tokens, without `</s>`.
    pub tokens: u64,
    /// Of these, `<unk>`.
    pub unknown: u64,
}

/// Counts the tokens of texts.
pub fn coverage(tokenizer: &Tokenizer, texts: &[&str]) -> Coverage {
    let of_one = |text: &&str| {
        let ids = tokenizer.encode(text).without_start().ids;
        Coverage {
            words: text.split_whitespace().count() as u64,
            characters: text.chars().count() as u64,
            tokens: ids.len() as u64,
            unknown: ids.iter().filter(|&&id| id == tokenizer.unknown()).count() as u64,
        }
    };
    texts.par_iter().map(of_one).reduce(Coverage::default, |a, b| Coverage {
        words: a.words + b.words,
        characters: a.characters + b.characters,
        tokens: a.tokens + b.tokens,
        unknown: a.unknown + b.unknown,
    })
}

/// Moses words with their numbers.
fn count_words(texts: &[&str]) -> HashMap<String, u64> {
    let merge = |a: HashMap<String, u64>, b: HashMap<String, u64>| {
        let (large, small) = if a.len() < b.len() { (b, a) } else { (a, b) };
        small.into_iter().fold(large, add)
    };
    texts
        .par_iter()
        .fold(HashMap::new, |counts, text| {
            moses::words(text).into_iter().map(|word| (word, 1)).fold(counts, add)
        })
        .reduce(HashMap::new, merge)
}

fn add(mut counts: HashMap<String, u64>, (word, count): (String, u64)) -> HashMap<String, u64> {
    *counts.entry(word).or_default() += count;
    counts
}

/// The symbols that a word is made of before any merge: characters, the last one with the end of the word.
fn forms(word: &str) -> impl Iterator<Item = String> + '_ {
    let last = word.chars().count().saturating_sub(1);
    word.chars().enumerate().map(move |(place, character)| {
        if place == last { format!("{character}{END_OF_WORD}") } else { character.into() }
    })
}

/// Character forms that are in the vocabulary: frequent ones, and what no biomedical text does without; ascending.
fn characters(counts: &HashMap<String, u64>, words: u64) -> Vec<String> {
    let mut forms_seen: HashMap<String, u64> = HashMap::new();
    for (word, count) in counts {
        for form in forms(word) {
            *forms_seen.entry(form).or_default() += count;
        }
    }
    let rarest = ((words as f64 * RAREST) as u64).max(FEWEST);
    let mut kept: Vec<String> =
        forms_seen.into_iter().filter(|(_, count)| *count >= rarest).map(|(form, _)| form).collect();
    // A character that is always a word of its own needs no form for inside a word; a comma is one between
    // letters, but not between numbers.
    for character in ('!'..='~').chain(ALWAYS.chars()) {
        for around in [["a", "a"], ["1", "1"], ["", ""]] {
            let words = moses::words(&around.join(&character.to_string()));
            kept.extend(words.iter().flat_map(|word| forms(word).collect::<Vec<_>>()));
        }
    }
    kept.sort();
    kept.dedup();
    kept
}

/// Pairs, likeliest first.
fn learn_merges(
    counts: &HashMap<&String, u64>,
    characters: &[String],
    size: usize,
) -> Result<Vec<(String, String)>, Error> {
    let fault = |problem: String| Error::Vocabulary { size, problem };
    // The characters go in as special tokens to fix their order: the trainer breaks ties between pairs by it, and
    // would otherwise number them as they come out of a hash table, differently each time.
    let trainer = BpeTrainer::builder()
        .vocab_size(size + characters.len())
        .min_frequency(2)
        .show_progress(false)
        .special_tokens(characters.iter().map(|form| AddedToken::from(form.clone(), true)).collect())
        .end_of_word_suffix(END_OF_WORD.to_owned())
        .build();
    let mut model = BPE::default();
    let counts = counts.iter().map(|(word, count)| (word.as_str().into(), *count)).collect();
    trainer.do_train(&counts, &mut model).map_err(|error| fault(error.to_string()))?;
    let mut model = serde_json::to_value(&model).map_err(|error| fault(error.to_string()))?;
    serde_json::from_value(model["merges"].take()).map_err(|error| fault(error.to_string()))
}

/// Sets how often each merge was made, as fastBPE writes it: the number of its tokens that are left, and of those that
/// later merges took.
fn count_merges(
    vocabulary: &mut Vocabulary,
    counts: &HashMap<&String, u64>,
    size: usize,
) -> Result<(), Error> {
    let fault = |error: tokenizers::Error| Error::Vocabulary { size, problem: error.to_string() };
    let model = BPE::builder()
        .vocab_and_merges(
            vocabulary.tokens.iter().cloned().zip(0..).collect::<tokenizers::models::bpe::Vocab>(),
            vocabulary.merges.iter().map(|merge| (merge.left.clone(), merge.right.clone())).collect(),
        )
        .end_of_word_suffix(END_OF_WORD.to_owned())
        .cache_capacity(0)
        .build()
        .map_err(fault)?;
    let mut occurrences: HashMap<String, u64> = HashMap::new();
    for (word, count) in counts {
        for token in model.tokenize(word).map_err(fault)? {
            *occurrences.entry(token.value).or_default() += count;
        }
    }
    for merge in vocabulary.merges.iter_mut().rev() {
        merge.count = occurrences.remove(&format!("{}{}", merge.left, merge.right)).unwrap_or(0);
        for part in [&merge.left, &merge.right] {
            *occurrences.entry(part.clone()).or_default() += merge.count;
        }
    }
    Ok(())
}
