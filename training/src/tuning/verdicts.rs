//! Deciding about given pairs of names, one after another: the data of the exhaustive mode.
//!
//! A target lists pairs in a random order, each with its verdict. What counts is the verdict; at use each pair is asked
//! alone, as the first of a list.

use tasks::RelationTask;
use tasks::verdicts::{question, statement};
use tokenizer::Tokenizer;

use super::tokens;
use crate::examples::{Example, Task};
use crate::windows::SplitMix;

/// A pair of names that could be related.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// The first name, in any of the forms it has in the text.
    pub heads: Vec<String>,
    /// The second.
    pub tails: Vec<String>,
    /// The relation that holds, if any.
    pub kind: Option<String>,
}

/// Documents with all their pairs.
pub struct Verdicts<'a> {
    name: String,
    task: RelationTask,
    tokenizer: &'a Tokenizer,
    prompt: Vec<u32>,
    documents: Vec<(String, Vec<Pair>)>,
}

/// Pairs of one example: a longer list would take the room of the text, and at use each pair is asked alone.
const MOST_PAIRS: usize = 8;
/// Related ones among them, where there are that many: few pairs are, and these say most.
const MOST_RELATED: usize = 4;
/// What a token before the verdict counts: names are given at use, so that writing them is only a help in learning.
const NAME_WEIGHT: f32 = 0.1;

impl<'a> Verdicts<'a> {
    /// Source texts with their pairs; documents without pairs are left out.
    #[must_use]
    pub fn new(
        task: RelationTask,
        tokenizer: &'a Tokenizer,
        prompt: Vec<u32>,
        mut documents: Vec<(String, Vec<Pair>)>,
    ) -> Self {
        documents.retain(|(_, pairs)| !pairs.is_empty());
        Self { name: format!("{}-pairs", task.name()), task, tokenizer, prompt, documents }
    }
}

fn pick<'t>(names: &'t [String], random: &mut SplitMix) -> &'t str {
    &names[(random.next() % names.len() as u64) as usize]
}

impl Task for Verdicts<'_> {
    fn name(&self) -> &str {
        &self.name
    }

    fn count(&self) -> usize {
        self.documents.len()
    }

    fn example(&self, number: usize, random: &mut SplitMix) -> Example {
        let (source, pairs) = &self.documents[number];
        // A random choice in a random order: every pair is the first of a list now and then.
        let mut order: Vec<&Pair> = pairs.iter().collect();
        for i in (1..order.len()).rev() {
            order.swap(i, (random.next() % (i as u64 + 1)) as usize);
        }
        let others = order.iter().filter(|pair| pair.kind.is_none()).count();
        let related = MOST_RELATED.max(MOST_PAIRS.saturating_sub(others)).min(order.len() - others);
        let mut room = [MOST_PAIRS - related, related];
        order.retain(|pair| {
            let room = &mut room[usize::from(pair.kind.is_some())];
            let kept = *room > 0;
            *room = room.saturating_sub(1);
            kept
        });
        let (mut target, mut weights) = (Vec::new(), Vec::new());
        let last = order.len() - 1;
        for (i, pair) in order.into_iter().enumerate() {
            let (head, tail) = (pick(&pair.heads, random), pick(&pair.tails, random));
            let asked = tokens(self.tokenizer, &question(self.task, head, tail));
            let end = if i == last { "." } else { ";" };
            let whole =
                tokens(self.tokenizer, &(statement(self.task, head, tail, pair.kind.as_deref()) + end));
            // The tokens of the question are a prefix of those of the statement, since both end between words.
            weights.extend((0..whole.len()).map(|at| if at < asked.len() { NAME_WEIGHT } else { 1.0 }));
            target.extend(whole);
        }
        weights.push(1.0);
        Example {
            source: tokens(self.tokenizer, source),
            prompt: self.prompt.clone(),
            target,
            weights,
            reading: None,
        }
    }
}
