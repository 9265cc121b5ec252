//! A generator without a model: the same words for the same request, on any machine. Osler can be tried, shown and tested
//! with it; what it says means nothing, and says so.

use std::ops::ControlFlow;

use tasks::grammar::{Grammar, Tag};

use super::{
    Alternative, Choice, Continuation, Ended, Formal, FormalItem, Generator, GeneratorError, Growth, Profile,
    Progress, Prompt, Stub, Ticket, Token, Writing, Written,
};

/// The scripted generator.
#[derive(Debug, Clone)]
pub struct Scripted {
    profile: Profile,
    begun: Vec<Begun>,
}

/// An answer that was begun.
#[derive(Debug, Clone)]
struct Begun {
    stub: Stub,
    /// Steps until it is told.
    left: usize,
    formal: Formal,
    fails: bool,
}

fn failure() -> GeneratorError {
    GeneratorError::Device("the scripted generator was asked to fail".to_owned())
}

/// Its id in lists of models.
pub const ID: &str = "scripted";

/// It cannot write about a text with this word, to try what happens then.
pub(crate) const FAILS: &str = "scripted-failure";

/// Answers that it writes side by side.
const SIDE_BY_SIDE: usize = 3;

/// The tasks that it plays, by their names in a model's manifest.
const TASKS: [&str; 8] =
    ["bc5cdr", "bc5cdr-pairs", "ddi", "ddi-pairs", "kd-dti", "kd-dti-pairs", "pubmedqa", "hoc"];

impl Default for Scripted {
    fn default() -> Self {
        Self {
            profile: Profile {
                id: ID.to_owned(),
                name: "Scripted (no model)".to_owned(),
                sha256: "scripted-1".to_owned(),
                tokenizer_sha256: "words-1".to_owned(),
                guidance_sha256: "none".to_owned(),
                device: "no device".to_owned(),
                positions: 1024,
                tuned: TASKS.map(|task| (task.to_owned(), 1)).into(),
                ..Profile::default()
            },
            begun: Vec::new(),
        }
    }
}

impl Scripted {
    /// One that takes texts of another length, to try what happens to long ones.
    #[must_use]
    pub fn with_positions(mut self, positions: usize) -> Self {
        self.profile.positions = positions;
        self
    }

    fn formal(
        &self,
        prompt: &Prompt,
        grammar: &Grammar,
        on_token: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> Formal {
        let wanted = 1 + (draw(&[&prompt.text, "statements"], 0) * 3.0) as usize;
        let mut position = grammar.start();
        let mut formal = Formal { text: String::new(), items: Vec::new(), tokens: 0, complete: true };
        let (mut scores, mut masked) = (Vec::new(), Vec::new());
        while !grammar.is_final(&position) {
            let mut choices: Vec<_> = grammar.choices(&position).cloned().collect();
            if choices.iter().any(|choice| choice.tag == Tag::Again) {
                let last = formal.items.len() >= wanted;
                choices.retain(|choice| (choice.tag == Tag::Again) != last);
            } else if formal.tokens == 0 {
                // A statement rather than none, where there is something to state.
                choices.truncate(1);
            }
            let at = draw(&[&prompt.text, &formal.text], choices.len() as u64);
            let Some(chosen) = choices.get((at * choices.len() as f64) as usize) else { break };
            position = grammar.take(&position, chosen);
            if !chosen.glued && !formal.text.is_empty() {
                formal.text.push(' ');
            }
            formal.text.push_str(&chosen.text);
            formal.tokens += 1;
            scores.push(-0.05 - at);
            masked.push(at * 0.2);
            if position.items().len() > formal.items.len() {
                let item = position.items()[position.items().len() - 1];
                let (log_probabilities, masked) = (std::mem::take(&mut scores), std::mem::take(&mut masked));
                formal.items.push(FormalItem { item, log_probabilities, masked });
            }
            if on_token().is_break() {
                formal.complete = false;
                break;
            }
        }
        formal
    }
}

/// FNV-1a, then the finaliser of SplitMix64: the same everywhere and for ever.
fn draw(parts: &[&str], number: u64) -> f64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64 ^ number;
    for byte in parts.iter().flat_map(|part| part.bytes().chain([0])) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((hash ^ (hash >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

/// A word in each place of the sentence that is written; one of each is chosen.
const SENTENCE: [&[&str]; 16] = [
    &["a", "the"],
    &["placeholder", "sample", "stand-in"],
    &["text"],
    &["of"],
    &["the"],
    &["scripted"],
    &["generator,"],
    &["which"],
    &["needs", "uses"],
    &["no"],
    &["model"],
    &["and"],
    &["knows", "says"],
    &["nothing"],
    &["about"],
    &["it."],
];

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace()
}

impl Generator for Scripted {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    fn length(&self, prompt: &Prompt) -> usize {
        1 + self.tokens(&prompt.text) + usize::from(prompt.task.is_some())
    }

    fn tokens(&self, text: &str) -> usize {
        words(text).count()
    }

    fn forget(&mut self) {}

    fn write(
        &mut self,
        writing: &Writing,
        on_growth: &mut dyn FnMut(Growth) -> ControlFlow<()>,
    ) -> Result<Vec<Written>, GeneratorError> {
        let (rows, seed) = match writing.choice {
            Choice::Greedy => (1, 0),
            Choice::Beams { beams } => (beams.max(1), 0),
            Choice::Sampled { seed, .. } => (1, seed),
        };
        let glued = writing.before.is_empty() || writing.before.ends_with(char::is_whitespace);
        let mut candidates = Vec::new();
        for row in 0..rows as u64 {
            let mut written =
                Written { tokens: Vec::new(), mean_log_probability: 0.0, ended: Ended::Complete };
            let mut sum = 0.0;
            for (place, choices) in SENTENCE.iter().enumerate() {
                if place >= writing.most_tokens {
                    written.ended = Ended::Length;
                    break;
                }
                let at = draw(&[writing.before.trim_end(), choices[0]], seed.wrapping_add(row));
                let chosen = (at * choices.len() as f64) as usize % choices.len();
                let shown = |word: &str| {
                    if glued && place == 0 { word.to_owned() } else { format!(" {word}") }
                };
                let log_probability = -0.1 - at;
                sum += log_probability;
                let others = choices.iter().enumerate().filter(|(other, _)| *other != chosen);
                let token = Token {
                    text: shown(choices[chosen]),
                    log_probability,
                    alternatives: others
                        .take(writing.alternatives)
                        .map(|(_, word)| Alternative { text: shown(word), log_probability: -1.5 - at })
                        .collect(),
                };
                written.tokens.push(token.clone());
                if on_growth(Growth { tokens: vec![token], tentative: String::new() }).is_break() {
                    written.ended = Ended::Stopped;
                    break;
                }
            }
            written.mean_log_probability = sum / written.tokens.len().max(1) as f64;
            let stopped = written.ended == Ended::Stopped;
            candidates.push(written);
            if stopped {
                break;
            }
        }
        candidates.sort_by(|a, b| b.mean_log_probability.total_cmp(&a.mean_log_probability));
        Ok(candidates)
    }

    fn state(
        &mut self,
        prompt: &Prompt,
        grammar: &Grammar,
        on_token: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> Result<Formal, GeneratorError> {
        if prompt.text.contains(FAILS) {
            return Err(failure());
        }
        Ok(self.formal(prompt, grammar, on_token))
    }

    fn has_room(&self) -> bool {
        self.begun.len() < SIDE_BY_SIDE
    }

    fn begin(&mut self, prompt: &Prompt, grammar: &Grammar) -> Result<Ticket, GeneratorError> {
        let formal = self.formal(prompt, grammar, &mut || ControlFlow::Continue(()));
        let ticket = Ticket::default();
        let fails = prompt.text.contains(FAILS);
        self.begun.push(Begun { stub: ticket.stub(), left: formal.tokens, formal, fails });
        Ok(ticket)
    }

    fn advance(&mut self) -> Result<usize, GeneratorError> {
        self.begun.retain(|one| one.stub.is_wanted());
        if self.begun.iter().any(|one| one.fails) {
            self.begun.clear();
            return Err(failure());
        }
        let open = self.begun.iter_mut().filter(|one| one.left > 0);
        Ok(open.map(|one| one.left -= 1).count())
    }

    fn take(&mut self, ticket: &Ticket) -> Progress {
        match self.begun.iter().position(|one| one.stub.is_of(ticket)) {
            None => Progress::Lost,
            Some(place) if self.begun[place].left > 0 => Progress::UnderWay,
            Some(place) => Progress::Done(self.begun.remove(place).formal),
        }
    }

    fn score(
        &mut self,
        prompt: &Prompt,
        continuations: &[Continuation],
    ) -> Result<Vec<Vec<f64>>, GeneratorError> {
        Ok(continuations
            .iter()
            .map(|continuation| {
                let given = continuation.given.trim();
                words(&continuation.scored)
                    .map(|word| -0.05 - 2.0 * draw(&[&prompt.text, given, word], 1))
                    .collect()
            })
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_the_same_again_and_that_it_means_nothing() {
        let writing = Writing {
            before: "Insulin is".to_owned(),
            choice: Choice::Sampled { temperature: 1.0, seed: 7 },
            most_tokens: 40,
            no_repeat: 0,
            alternatives: 3,
        };
        let write = || Scripted::default().write(&writing, &mut |_| ControlFlow::Continue(())).unwrap();
        assert_eq!(write(), write());
        assert!(write()[0].text().starts_with(' ') && write()[0].text().contains("no model"));
        assert!(write()[0].tokens.iter().any(|token| !token.alternatives.is_empty()));
    }
}
