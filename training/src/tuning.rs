//! The tasks of fine-tuning: gold sets as examples, each task with its own learned prompt.

mod answer;
mod classify;
mod conclusions;
mod corrections;
mod data;
mod entity_substitution;
pub mod marked;
mod mixture;
pub mod readings;
mod relations;
mod replay;
mod verdicts;

use std::collections::BTreeMap;

use tokenizer::Tokenizer;

pub use answer::Answers;
pub use classify::Hallmarks;
pub use conclusions::Conclusions;
pub use corrections::{Corrected, add_corrections};
pub use data::{DataError, Gold, Part, abstracts, hallmarks, lexicons, questions, read};
pub use entity_substitution::{OtherNames, add_swapped};
pub use mixture::mixture;
pub use relations::Relations;
pub use replay::Replay;
pub use verdicts::{Pair, Verdicts};

/// The tasks one model is tuned for, in the order of their learned tokens, and how many each has: as in BioGPT, nine, and
/// one for HoC. `*-pairs` decide about given pairs of names; `describe` needs none, it continues a sentence.
pub const PROMPTS: [(&str, usize); 8] = [
    ("bc5cdr", 9),
    ("bc5cdr-pairs", 9),
    ("ddi", 9),
    ("ddi-pairs", 9),
    ("kd-dti", 9),
    ("kd-dti-pairs", 9),
    ("pubmedqa", 9),
    ("hoc", 1),
];

/// What may be mixed in from running text: its streams, and questions made of it.
pub const REPLAYED: [&str; 4] = ["definitions", "common", "prose", "conclusions"];

/// Learned tokens of all tasks together.
#[must_use]
pub fn learned_tokens() -> usize {
    PROMPTS.iter().map(|(_, count)| count).sum()
}

/// The learned tokens of each task, from a tokenizer that has enough of them.
#[must_use]
pub fn prompts(tokenizer: &Tokenizer) -> BTreeMap<String, Vec<u32>> {
    let mut rest = tokenizer.learned_prompt_ids();
    let mut found = BTreeMap::new();
    for (task, count) in PROMPTS {
        let (own, after) = rest.split_at(count.min(rest.len()));
        found.insert(task.to_owned(), own.to_vec());
        rest = after;
    }
    found
}

/// Token ids of a text as it is, without the leading `</s>`.
fn tokens(tokenizer: &Tokenizer, text: &str) -> Vec<u32> {
    tokenizer.encode(text).without_start().ids
}
