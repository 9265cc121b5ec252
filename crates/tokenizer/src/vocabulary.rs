//! Tokens and merges: what the three file forms have in common.

use std::collections::{HashMap, HashSet};

use crate::Error;

/// What ends a token that ends a word.
pub const END_OF_WORD: &str = "</w>";
/// The special tokens, in the order of their ids in every BioGPT vocabulary.
pub const SPECIAL_TOKENS: [&str; 4] = ["<s>", "<pad>", "</s>", "<unk>"];
const LEARNED: &str = "learned";

/// One BPE merge: two adjacent tokens that become one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merge {
    /// The first token.
    pub left: String,
    /// The second token.
    pub right: String,
    /// How often the pair was seen when the merges were made; 0 if that is not known.
    pub count: u64,
}

/// The tokens by id and the merges by rank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vocabulary {
    /// Place = id; tokens that end a word end in `</w>`. Starts with `<s>`, `<pad>`, `</s>`, `<unk>`.
    pub tokens: Vec<String>,
    /// Likeliest first.
    pub merges: Vec<Merge>,
}

impl Vocabulary {
    /// Fails if a special token is missing or a token occurs twice.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let broken =
            |place: String, problem: &str| Error::Inconsistent { place, problem: problem.to_owned() };
        for (id, special) in SPECIAL_TOKENS.iter().enumerate() {
            if self.tokens.get(id).is_none_or(|token| token != special) {
                return Err(broken(format!("token {id}"), &format!("BioGPT has {special} there")));
            }
        }
        let mut seen = HashSet::with_capacity(self.tokens.len());
        for (id, token) in self.tokens.iter().enumerate() {
            if !seen.insert(token.as_str()) {
                return Err(broken(format!("token {id}"), &format!("{token:?} is there twice")));
            }
        }
        for (rank, merge) in self.merges.iter().enumerate() {
            if merge.left.is_empty() || merge.right.is_empty() {
                return Err(broken(format!("merge {}", rank + 1), "one side is empty"));
            }
        }
        Ok(())
    }

    /// Ids of `learned1`, `learned2`, ... as far as they go: the virtual tokens between a task's source and target.
    pub(crate) fn learned_prompts(&self) -> Vec<u32> {
        let ids: HashMap<&str, u32> = self.tokens.iter().map(String::as_str).zip(0..).collect();
        (1..).map_while(|n| ids.get(learned_prompt(n).as_str()).copied()).collect()
    }

    /// Adds `learned` tokens at the end until there are `count`.
    pub fn reserve_learned_prompts(&mut self, count: usize) {
        for n in self.learned_prompts().len() + 1..=count {
            self.tokens.push(learned_prompt(n));
        }
    }
}

fn learned_prompt(n: usize) -> String {
    format!("{LEARNED}{n}{END_OF_WORD}")
}
