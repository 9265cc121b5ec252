//! BioGPT.

use std::ops::ControlFlow;
use std::path::Path;

use biogpt::decode::{
    self, BeamSearch, DecodeError, Finish, Free, Reader, Rules, Sampling, Stops, Text, Token as Decoded,
};
use biogpt::{Config, Decoder, Model};
use devices::{Kind, Need};
use tasks::grammar::Grammar;
use tasks::guidance::Guidance;

use super::form::Form;
use super::pieces::Pieces;
use super::sums::Sums;
use super::{
    Alternative, Choice, Continuation, Ended, Formal, FormalItem, Generator, GeneratorError, Growth, Profile,
    Progress, Prompt, Stub, Ticket, Token, Writing, Written,
};
use crate::engine::{Computing, EngineError, Source};

/// The entry of a manifest for a learned prompt whose task nobody told.
const UNKNOWN_TASK: &str = "tuned";

/// A BioGPT model on its device.
pub struct BioGpt {
    model: Model,
    profile: Profile,
    /// What was read last. The next prompt is only read from where it differs.
    reader: Option<Reader>,
    /// Answers side by side.
    answers: decode::Writing<Form>,
    /// Those of them that nobody has taken yet.
    begun: Vec<Begun>,
}

/// An answer that was begun.
struct Begun {
    stub: Stub,
    /// Its number among those that are written.
    number: usize,
    /// At the end, with what has read its prompt.
    done: Option<(Formal, Option<Reader>)>,
}

/// What the model of a folder asks of a device: its weights, packed as they are in the file or in single precision, and
/// half as much again to work.
#[must_use]
pub fn need(folder: &Path, config: &Config) -> Need {
    let floats = config.parameters() as u64 * 4;
    let file = folder.join("model.bpk").metadata().map_or(floats, |about| about.len());
    // Half precision is unpacked, less than that is not.
    if file * 8 < floats * 3 {
        return Need { largest_tensor: config.largest_tensor() as u64 * 17 / 16, total: file * 3 / 2 };
    }
    Need { largest_tensor: ::biogpt::largest_piece(config) as u64 * 4, total: floats * 3 / 2 }
}

impl BioGpt {
    /// Loads the model of a folder on the device that the source asks for, and says which before it opens it.
    ///
    /// # Errors
    /// If no device fits, or the folder cannot be read.
    pub fn load(source: &Source, folder: &Path, goes_to: &dyn Fn(Computing)) -> Result<Self, EngineError> {
        let load = |error: &dyn std::error::Error| EngineError::Load(error.to_string());
        let config = ::biogpt::model::configuration(folder).map_err(|error| load(&error))?;
        let device = |error: devices::DeviceError| EngineError::Device(error.to_string());
        let chosen =
            devices::choose(source.device, need(folder, &config), &devices::list()).map_err(device)?;
        tracing::info!(reason = chosen.reason, "device");
        goes_to(Computing {
            device: chosen.adapter.name.clone(),
            graphics: chosen.adapter.kind != Kind::Processor,
            reason: chosen.reason,
        });
        let opened = devices::open(&chosen.adapter).map_err(device)?;
        let model = Model::load(folder, &opened).map_err(|error| load(&error))?;
        let guidance = Guidance::read(folder).map_err(|error| load(&error))?;
        let sums = Sums::of(folder, &model.manifest.files).map_err(|error| load(&error))?;
        let mut source = source.clone();
        source.name.clone_from(&model.manifest.name);
        Ok(Self::new(model, &source, chosen.adapter.name, sums, guidance))
    }

    /// A model that is loaded already.
    #[must_use]
    pub fn new(model: Model, source: &Source, device: String, sums: Sums, guidance: Guidance) -> Self {
        let tasks = &model.manifest.tasks;
        let tuned = tasks.iter().map(|(task, prompt)| (task.clone(), prompt.prompt.len())).collect();
        let profile = Profile {
            id: source.id.clone(),
            name: source.name.clone(),
            sha256: sums.weights,
            tokenizer_sha256: sums.tokenizer,
            guidance_sha256: sums.guidance,
            device,
            positions: model.config.max_positions,
            memory: model.config.parameters() as u64 * 4,
            tuned_for_unknown: tasks.contains_key(UNKNOWN_TASK),
            tuned,
            guidance,
        };
        let answers = decode::Writing::of(Decoder::new(&model.network, &model.config).side_by_side());
        Self { model, profile, reader: None, answers, begun: Vec::new() }
    }

    /// `</s>`, the text, the learned tokens.
    fn prompt(&self, prompt: &Prompt) -> Vec<u32> {
        let mut ids = self.model.tokenizer.encode(&prompt.text).ids;
        let tasks = &self.model.manifest.tasks;
        let learned =
            prompt.task.as_ref().and_then(|task| tasks.get(task).or_else(|| tasks.get(UNKNOWN_TASK)));
        ids.extend(learned.iter().flat_map(|learned| &learned.prompt));
        ids
    }

    /// Forgets answers that nobody waits for; those that are written beside others end with the next step.
    fn drop_unwanted(&mut self) {
        self.begun.retain(|one| one.stub.is_wanted());
        if self.begun.iter().all(|one| one.done.is_some()) {
            self.answers.clear();
        }
    }

    /// The grammar over tokens, for what may follow a prompt.
    fn form(&self, grammar: &Grammar, prompt: &[u32]) -> Result<Form, GeneratorError> {
        // One place is for `</s>`.
        let room = self.profile.positions.saturating_sub(prompt.len() + 1);
        let too_long = GeneratorError::TooLong { length: prompt.len(), longest: self.profile.positions / 2 };
        Form::new(grammar, &self.model.tokenizer, room).ok_or(too_long)
    }

    fn read(&mut self, ids: &[u32]) -> Result<(), GeneratorError> {
        let decoder = Decoder::new(&self.model.network, &self.model.config);
        self.reader.get_or_insert_with(|| decoder.reader()).read(&decoder, ids)?;
        Ok(())
    }

    /// The decoder, and what was read.
    fn desk(&self) -> Result<(Decoder<'_>, &Reader), GeneratorError> {
        let decoder = Decoder::new(&self.model.network, &self.model.config);
        Ok((decoder, self.reader.as_ref().ok_or(GeneratorError::Empty)?))
    }

    /// What may have stood beside a token, behind the token `before`.
    fn told(&self, token: &Decoded, before: u32) -> Token {
        let alternatives = token.alternatives.iter().filter(|other| other.id != token.id);
        let text = |id: u32| {
            let tokenizer = &self.model.tokenizer;
            let (alone, both) = (tokenizer.decode(&[before]), tokenizer.decode(&[before, id]));
            both.strip_prefix(&alone).map_or_else(|| tokenizer.decode(&[id]), str::to_owned)
        };
        Token {
            text: String::new(),
            log_probability: f64::from(token.log_probability),
            alternatives: alternatives
                .map(|other| Alternative {
                    text: text(other.id),
                    log_probability: f64::from(other.log_probability),
                })
                .filter(|other| !other.text.is_empty())
                .collect(),
        }
    }
}

/// Prompt tokens that are decoded before the first written one, so that it gets its blank or joins a word.
const PRIMING: usize = 32;

/// A text behind a prompt while its tokens come.
struct Transcript<'m> {
    text: Text<'m>,
    pieces: Pieces,
    /// Whether the prompt ends with a blank of its own.
    trims: bool,
}

impl<'m> Transcript<'m> {
    fn new(model: &'m Model, prompt: &[u32], trims: bool) -> Self {
        let mut text = Text::new(&model.tokenizer, Stops::default());
        let (mut certain, mut open) = (0, 0);
        for id in &prompt[prompt.len().saturating_sub(PRIMING)..] {
            let piece = text.push(*id);
            certain += piece.committed.len();
            open = piece.tentative.len();
        }
        Self { text, pieces: Pieces::behind(certain, open), trims: trims || certain + open == 0 }
    }

    fn push(&mut self, id: u32, token: Token) -> Growth {
        let piece = self.text.push(id);
        let mut growth = self.pieces.push(token, &piece.committed, &piece.tentative);
        self.trim(&mut growth);
        growth
    }

    fn finish(self) -> Vec<Token> {
        let whole = self.text.finish().text;
        let rest = self.pieces.rest_of(&whole);
        let mut growth = Growth { tokens: self.pieces.finish(rest), tentative: String::new() };
        if self.trims
            && let Some(first) = growth.tokens.first_mut()
        {
            first.text = first.text.trim_start().to_owned();
        }
        growth.tokens
    }

    /// Takes the blank away that the author has written already.
    fn trim(&mut self, growth: &mut Growth) {
        if !self.trims {
            return;
        }
        match growth.tokens.first_mut() {
            Some(first) => {
                first.text = first.text.trim_start().to_owned();
                self.trims = false;
            }
            None => growth.tentative = growth.tentative.trim_start().to_owned(),
        }
    }
}

impl Generator for BioGpt {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    fn length(&self, prompt: &Prompt) -> usize {
        self.prompt(prompt).len()
    }

    fn tokens(&self, text: &str) -> usize {
        self.model.tokenizer.encode(text).ids.len().saturating_sub(1)
    }

    fn settle(&mut self) {
        // Nobody waits for it.
        drop(self.model.settle());
    }

    fn forget(&mut self) {
        self.reader = None;
        self.drop_unwanted();
    }

    fn write(
        &mut self,
        writing: &Writing,
        on_growth: &mut dyn FnMut(Growth) -> ControlFlow<()>,
    ) -> Result<Vec<Written>, GeneratorError> {
        let mut ids = self.model.tokenizer.encode(&writing.before).ids;
        let room = self.profile.positions.saturating_sub(writing.most_tokens).max(2);
        if ids.len() > room {
            // The end of a long text tells how it goes on.
            let cut = ids.len() - room;
            ids.drain(1..=cut);
        }
        self.read(&ids)?;
        let trims = writing.before.ends_with(char::is_whitespace);
        let rules = Rules {
            max_length: ids.len() + writing.most_tokens.max(1),
            no_repeat_ngram: writing.no_repeat,
            alternatives: if writing.alternatives == 0 { 0 } else { writing.alternatives + 1 },
            ..Rules::default()
        };
        let (decoder, reader) = self.desk()?;
        if let Choice::Beams { beams } = writing.choice {
            let search = BeamSearch { beams: beams.max(1), ..BeamSearch::default() };
            let found = decoder.beam_search(reader, &rules, &search, &Free, |progress| {
                let mut transcript = Transcript::new(&self.model, &ids, trims);
                let none = Token { text: String::new(), log_probability: 0.0, alternatives: Vec::new() };
                progress.best.iter().for_each(|id| drop(transcript.push(*id, none.clone())));
                let best = transcript.finish();
                let tentative = best.iter().map(|token| token.text.as_str()).collect();
                on_growth(Growth { tokens: Vec::new(), tentative })
            })?;
            return Ok(found
                .iter()
                .map(|one| self.written(&ids, trims, &one.tokens, ended(one.finish, false)))
                .collect());
        }
        let choice = match writing.choice {
            Choice::Sampled { temperature, seed } => decode::Choice::Sampled(Sampling {
                temperature: temperature as f32,
                seed,
                ..Sampling::default()
            }),
            Choice::Greedy | Choice::Beams { .. } => decode::Choice::Greedy,
        };
        let mut transcript = Transcript::new(&self.model, &ids, trims);
        let mut seen = vec![ids.last().copied().unwrap_or_default()];
        let mut circles = false;
        let end = self.model.config.eos_id;
        let found = decoder.generate(reader.prompts(1)?, &rules, &choice, &[Free], |_, token| {
            if token.id == end {
                return ControlFlow::Continue(());
            }
            let before = seen.last().copied().unwrap_or_default();
            seen.push(token.id);
            circles = goes_in_circles(&seen);
            on_growth(transcript.push(token.id, self.told(token, before)))?;
            if circles { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        Ok(found
            .iter()
            .map(|one| self.written(&ids, trims, &one.tokens, ended(one.finish, circles)))
            .collect())
    }

    fn state(
        &mut self,
        prompt: &Prompt,
        grammar: &Grammar,
        on_token: &mut dyn FnMut() -> ControlFlow<()>,
    ) -> Result<Formal, GeneratorError> {
        let ids = self.prompt(prompt);
        let form = self.form(grammar, &ids)?;
        // As among others, so that it is the same to the bit.
        let (rules, choice, mut alone) = (Rules::default(), decode::Choice::Greedy, decode::Writing::of(1));
        let decoder = Decoder::new(&self.model.network, &self.model.config);
        decoder.join(&mut alone, &ids, &rules, form)?;
        loop {
            let ended = decoder.step(&mut alone, &rules, &choice, |_, _| on_token())?;
            if let Some(ended) = ended.into_iter().next() {
                self.reader = ended.reader;
                return Ok(self.formal(&ended.constraint, &ended.generated));
            }
        }
    }

    fn has_room(&self) -> bool {
        self.answers.has_room()
    }

    fn begin(&mut self, prompt: &Prompt, grammar: &Grammar) -> Result<Ticket, GeneratorError> {
        let ids = self.prompt(prompt);
        let form = self.form(grammar, &ids)?;
        let decoder = Decoder::new(&self.model.network, &self.model.config);
        let number = decoder.join(&mut self.answers, &ids, &Rules::default(), form)?;
        let ticket = Ticket::default();
        self.begun.push(Begun { stub: ticket.stub(), number, done: None });
        Ok(ticket)
    }

    fn advance(&mut self) -> Result<usize, GeneratorError> {
        self.drop_unwanted();
        let decoder = Decoder::new(&self.model.network, &self.model.config);
        let begun = &self.begun;
        let mut tokens = 0;
        let count = |number: usize, _: &Decoded| {
            tokens += 1;
            let wanted = begun.iter().any(|one| one.number == number);
            if wanted { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        let ended = decoder.step(&mut self.answers, &Rules::default(), &decode::Choice::Greedy, count);
        let ended = ended.inspect_err(|_| self.begun.clear())?;
        for one in ended {
            let formal = self.formal(&one.constraint, &one.generated);
            if let Some(begun) = self.begun.iter_mut().find(|begun| begun.number == one.number) {
                begun.done = Some((formal, one.reader));
            }
        }
        Ok(tokens)
    }

    fn take(&mut self, ticket: &Ticket) -> Progress {
        let Some(place) = self.begun.iter().position(|one| one.stub.is_of(ticket)) else {
            return Progress::Lost;
        };
        match self.begun[place].done.take() {
            None => Progress::UnderWay,
            Some((formal, reader)) => {
                self.begun.remove(place);
                self.reader = reader;
                Progress::Done(formal)
            }
        }
    }

    fn score(
        &mut self,
        prompt: &Prompt,
        continuations: &[Continuation],
    ) -> Result<Vec<Vec<f64>>, GeneratorError> {
        let ids = self.prompt(prompt);
        self.read(&ids)?;
        let encode = |text: &str| self.model.tokenizer.encode(text).without_start().ids;
        let wholes: Vec<(Vec<u32>, usize)> = continuations
            .iter()
            .map(|continuation| {
                let whole = encode(&[continuation.given.as_str(), &continuation.scored].concat());
                let start = encode(&continuation.given);
                let given = whole.iter().zip(&start).take_while(|(a, b)| a == b).count();
                (whole, given)
            })
            .collect();
        let (decoder, reader) = self.desk()?;
        let wholes: Vec<_> =
            wholes.iter().map(|(tokens, given)| decode::Continuation { tokens, given: *given }).collect();
        let scores = decoder.score(reader, &wholes)?;
        Ok(scores.iter().map(|scores| scores.iter().copied().map(f64::from).collect()).collect())
    }
}

impl BioGpt {
    fn written(&self, prompt: &[u32], trims: bool, tokens: &[Decoded], ended: Ended) -> Written {
        let mut transcript = Transcript::new(&self.model, prompt, trims);
        let mut before = prompt.last().copied().unwrap_or_default();
        let mut told = Vec::new();
        for token in tokens.iter().filter(|token| token.id != self.model.config.eos_id) {
            told.extend(transcript.push(token.id, self.told(token, before)).tokens);
            before = token.id;
        }
        told.extend(transcript.finish());
        let scores: Vec<f64> = tokens.iter().map(|token| f64::from(token.log_probability)).collect();
        Written { tokens: told, mean_log_probability: tasks::scores::length_normalised(&scores), ended }
    }

    /// Which tokens state what.
    fn formal(&self, form: &Form, generated: &decode::Generated) -> Formal {
        let automaton = form.automaton();
        let mut state = automaton.start();
        let mut parts: Vec<(Vec<f64>, Vec<f64>)> = vec![(Vec::new(), Vec::new())];
        let mut ids = Vec::new();
        for token in &generated.tokens {
            if token.id == self.model.config.eos_id {
                break;
            }
            let whole = automaton.finished(&state) == parts.len();
            if whole && Some(token.id) == form.separator() {
                parts.push((Vec::new(), Vec::new()));
            } else if let Some((scores, masked)) = parts.last_mut() {
                scores.push(f64::from(token.log_probability));
                masked.push(f64::from(token.masked_mass));
            }
            ids.push(token.id);
            let Some(next) = automaton.advance(&state, token.id) else { break };
            state = next;
        }
        let complete = automaton.is_final(&state);
        let whole = automaton.items_so_far(&state);
        let items = whole
            .iter()
            .zip(parts)
            .map(|(item, (log_probabilities, masked))| FormalItem { item: *item, log_probabilities, masked })
            .collect();
        Formal { text: self.model.tokenizer.decode(&ids), items, tokens: generated.tokens.len(), complete }
    }
}

const fn ended(finish: Finish, circles: bool) -> Ended {
    match finish {
        Finish::EndOfText => Ended::Complete,
        Finish::Length => Ended::Length,
        Finish::Stopped if circles => Ended::Repetition,
        Finish::Stopped => Ended::Stopped,
    }
}

/// Whether a text ends with the same few tokens again and again.
fn goes_in_circles(tokens: &[u32]) -> bool {
    (1..=16).any(|period: usize| {
        let length = (3 * period).max(10);
        tokens.len() >= length && {
            let end = &tokens[tokens.len() - length..];
            end.iter().zip(&end[period..]).all(|(a, b)| a == b)
        }
    })
}

impl From<DecodeError> for GeneratorError {
    fn from(error: DecodeError) -> Self {
        match error {
            DecodeError::EmptyPrompt => Self::Empty,
            DecodeError::TooLong { length, longest } => Self::TooLong { length, longest },
            DecodeError::Device(_) | DecodeError::NotANumber => Self::Device(error.to_string()),
            other => Self::Decoding(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn circles_are_seen_and_lists_are_not() {
        assert!(goes_in_circles(&[7; 10]));
        assert!(!goes_in_circles(&[7; 9]));
        assert!(goes_in_circles(&[1, 2, 3, 4, 5, 4, 5, 4, 5, 4, 5, 4, 5]));
        let list: Vec<u32> = (0..40).flat_map(|n| [n + 100, 6]).collect();
        assert!(!goes_in_circles(&list));
    }
}
