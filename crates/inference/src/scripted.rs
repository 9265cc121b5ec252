//! A model without weights: the same words for the same request, on any machine. Osler can be tried, shown and tested with
//! it; what it says means nothing, and says so.

use std::ops::ControlFlow;

use tasks::grammar::{Grammar, Position, Tag};

use crate::constrained::{
    BatchKey, ConstrainedItem, ConstrainedOutput, RequestBatch, RequestId, RequestState,
};
use crate::{
    Alternative, Continuation, DecodingStrategy, FinishReason, Generation, GenerationRequest, InferenceError,
    LanguageModel, ModelProfile, Prompt, Token, TokenDelta,
};

/// The scripted model.
#[derive(Debug, Clone)]
pub struct Scripted {
    profile: ModelProfile,
    batches: Vec<Batch>,
}

/// What it keeps of a batch.
#[derive(Debug, Clone)]
struct Batch {
    key: BatchKey,
    requests: Vec<(RequestId, Answer)>,
    submitted: usize,
}

/// An answer under a grammar while it is written.
#[derive(Debug, Clone)]
struct Answer {
    prompt: String,
    grammar: Grammar,
    position: Position,
    output: ConstrainedOutput,
    log_probabilities: Vec<f64>,
    masked: Vec<f64>,
    done: bool,
}

fn failure() -> InferenceError {
    InferenceError::Device(biogpt::decode::DecodeError::Device(
        "the scripted generator was asked to fail".to_owned(),
    ))
}

/// Its id in lists of models.
pub const ID: &str = "scripted";

/// It cannot write about a text with this word, to try what happens then.
pub const FAILS: &str = "scripted-failure";

/// Answers that it writes together.
const MAX_BATCH: usize = 3;

/// The tasks that it plays, by their names in a model's manifest.
const TASKS: [&str; 8] =
    ["bc5cdr", "bc5cdr-pairs", "ddi", "ddi-pairs", "kd-dti", "kd-dti-pairs", "pubmedqa", "hoc"];

impl Default for Scripted {
    fn default() -> Self {
        Self {
            profile: ModelProfile {
                id: ID.to_owned(),
                name: "Scripted (no model)".to_owned(),
                sha256: "scripted-1".to_owned(),
                tokenizer_sha256: "words-1".to_owned(),
                guidance_sha256: "none".to_owned(),
                device: "no device".to_owned(),
                positions: 1024,
                tuned: TASKS.map(|task| (task.to_owned(), 1)).into(),
                ..ModelProfile::default()
            },
            batches: Vec::new(),
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

    fn batch(&self, batch: &RequestBatch) -> Option<&Batch> {
        self.batches.iter().find(|one| one.key.is_of(batch))
    }
}

impl Answer {
    fn new(prompt: &Prompt, grammar: &Grammar) -> Self {
        let output = ConstrainedOutput { text: String::new(), items: Vec::new(), tokens: 0, complete: true };
        let position = grammar.start();
        Self {
            prompt: prompt.text.clone(),
            grammar: grammar.clone(),
            done: grammar.is_final(&position),
            position,
            output,
            log_probabilities: Vec::new(),
            masked: Vec::new(),
        }
    }

    /// Writes the next word.
    fn write(&mut self) {
        let Self { prompt, grammar, output, .. } = self;
        let wanted = 1 + (draw(&[prompt.as_str(), "statements"], 0) * 3.0) as usize;
        let mut choices: Vec<_> = grammar.choices(&self.position).cloned().collect();
        if choices.iter().any(|choice| choice.tag == Tag::Again) {
            let last = output.items.len() >= wanted;
            choices.retain(|choice| (choice.tag == Tag::Again) != last);
        } else if output.tokens == 0 {
            // A statement rather than none, where there is something to state.
            choices.truncate(1);
        }
        let at = draw(&[prompt.as_str(), output.text.as_str()], choices.len() as u64);
        let Some(chosen) = choices.get((at * choices.len() as f64) as usize) else {
            self.done = true;
            return;
        };
        self.position = grammar.take(&self.position, chosen);
        if !chosen.glued && !output.text.is_empty() {
            output.text.push(' ');
        }
        output.text.push_str(&chosen.text);
        output.tokens += 1;
        self.log_probabilities.push(-0.05 - at);
        self.masked.push(at * 0.2);
        if self.position.items().len() > output.items.len() {
            let item = self.position.items()[self.position.items().len() - 1];
            let log_probabilities = std::mem::take(&mut self.log_probabilities);
            let masked = std::mem::take(&mut self.masked);
            output.items.push(ConstrainedItem { item, log_probabilities, masked });
        }
        self.done = grammar.is_final(&self.position);
    }
}

/// FNV-1a, then the finalizer of SplitMix64: the same everywhere and for ever.
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

impl LanguageModel for Scripted {
    fn profile(&self) -> &ModelProfile {
        &self.profile
    }

    fn prompt_length(&self, prompt: &Prompt) -> usize {
        1 + self.count_tokens(&prompt.text) + usize::from(prompt.task.is_some())
    }

    fn count_tokens(&self, text: &str) -> usize {
        words(text).count()
    }

    fn reset(&mut self) {
        self.batches.retain(|batch| batch.key.is_wanted());
    }

    fn generate(
        &mut self,
        request: &GenerationRequest,
        on_delta: &mut dyn FnMut(TokenDelta) -> ControlFlow<()>,
    ) -> Result<Vec<Generation>, InferenceError> {
        let (rows, seed) = match request.strategy {
            DecodingStrategy::Greedy => (1, 0),
            DecodingStrategy::BeamSearch { beams } => (beams.max(1), 0),
            DecodingStrategy::Sampling { seed, .. } => (1, seed),
        };
        let glued = request.prefix.is_empty() || request.prefix.ends_with(char::is_whitespace);
        let mut candidates = Vec::new();
        for row in 0..rows as u64 {
            let mut generation = Generation {
                tokens: Vec::new(),
                mean_log_probability: 0.0,
                finish_reason: FinishReason::EndOfText,
            };
            let mut sum = 0.0;
            for (place, choices) in SENTENCE.iter().enumerate() {
                if place >= request.max_tokens {
                    generation.finish_reason = FinishReason::Length;
                    break;
                }
                let at = draw(&[request.prefix.trim_end(), choices[0]], seed.wrapping_add(row));
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
                        .take(request.alternatives)
                        .map(|(_, word)| Alternative { text: shown(word), log_probability: -1.5 - at })
                        .collect(),
                };
                generation.tokens.push(token.clone());
                if on_delta(TokenDelta { tokens: vec![token], tentative: String::new() }).is_break() {
                    generation.finish_reason = FinishReason::Stopped;
                    break;
                }
            }
            generation.mean_log_probability = sum / generation.tokens.len().max(1) as f64;
            let stopped = generation.finish_reason == FinishReason::Stopped;
            candidates.push(generation);
            if stopped {
                break;
            }
        }
        candidates.sort_by(|a, b| b.mean_log_probability.total_cmp(&a.mean_log_probability));
        Ok(candidates)
    }

    fn max_batch(&self) -> usize {
        MAX_BATCH
    }

    fn has_room(&self, batch: &RequestBatch) -> bool {
        self.batch(batch).map_or(0, |one| one.requests.len()) < batch.capacity().min(MAX_BATCH)
    }

    fn submit(
        &mut self,
        batch: &RequestBatch,
        prompt: &Prompt,
        grammar: &Grammar,
    ) -> Result<RequestId, InferenceError> {
        self.batches.retain(|one| one.key.is_wanted());
        let place = self.batches.iter().position(|one| one.key.is_of(batch)).unwrap_or_else(|| {
            self.batches.push(Batch { key: batch.key(), requests: Vec::new(), submitted: 0 });
            self.batches.len() - 1
        });
        let own = &mut self.batches[place];
        let id = RequestId(own.submitted);
        own.submitted += 1;
        own.requests.push((id, Answer::new(prompt, grammar)));
        Ok(id)
    }

    fn step(
        &mut self,
        batch: &RequestBatch,
        on_token: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> Result<(), InferenceError> {
        let Some(place) = self.batches.iter().position(|one| one.key.is_of(batch)) else { return Ok(()) };
        let requests = &mut self.batches[place].requests;
        if requests.iter().any(|(_, answer)| answer.prompt.contains(FAILS)) {
            self.batches.remove(place);
            return Err(failure());
        }
        for (_, answer) in requests.iter_mut().filter(|(_, answer)| !answer.done) {
            answer.write();
            if on_token().is_break() {
                answer.output.complete = false;
                answer.done = true;
            }
        }
        Ok(())
    }

    fn poll(&mut self, batch: &RequestBatch, request: RequestId) -> RequestState {
        let own = self.batches.iter_mut().find(|one| one.key.is_of(batch));
        let Some(own) = own else { return RequestState::Unknown };
        match own.requests.iter().position(|(id, _)| *id == request) {
            None => RequestState::Unknown,
            Some(place) if !own.requests[place].1.done => RequestState::InProgress,
            Some(place) => RequestState::Done(own.requests.remove(place).1.output),
        }
    }

    fn score(
        &mut self,
        prompt: &Prompt,
        continuations: &[Continuation],
    ) -> Result<Vec<Vec<f64>>, InferenceError> {
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
        let request = GenerationRequest {
            prefix: "Insulin is".to_owned(),
            strategy: DecodingStrategy::Sampling { temperature: 1.0, seed: 7 },
            max_tokens: 40,
            no_repeat_ngram: 0,
            alternatives: 3,
        };
        let generate = || Scripted::default().generate(&request, &mut |_| ControlFlow::Continue(())).unwrap();
        assert_eq!(generate(), generate());
        assert!(generate()[0].text().starts_with(' ') && generate()[0].text().contains("no model"));
        assert!(generate()[0].tokens.iter().any(|token| !token.alternatives.is_empty()));
    }
}
