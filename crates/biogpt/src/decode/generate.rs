//! Greedy decoding and sampling.

mod batch;
mod sampling;

use std::ops::ControlFlow;

use burn::tensor::Tensor;

use super::random::uniform;
use super::reader::Prompt;
use super::rules::Legal;
use super::scores::{self, Request};
use super::{Constraint, DecodeError, Decoder, Prompts, Reader, Rules, Token};
use parameters::rows_of;

pub use self::batch::DecodingBatch;
use self::batch::Row;
pub use self::sampling::{Choice, Sampling};

/// What was written after a prompt.
#[derive(Debug, Clone, PartialEq)]
pub struct Generated {
    /// The tokens, `</s>` included.
    pub tokens: Vec<Token>,
    /// Why it ends.
    pub finish: Finish,
}

impl Generated {
    /// The ids, `</s>` included.
    #[must_use]
    pub fn ids(&self) -> Vec<u32> {
        self.tokens.iter().map(|token| token.id).collect()
    }
}

/// Tokens that a product takes hardly longer for than for one, as each weight is read once for all of them.
const AT_ONCE: usize = 8;

/// Why a text ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finish {
    /// `</s>`: BioGPT ends every paragraph with it, there is no line break in its vocabulary.
    EndOfText,
    /// [`Rules::max_length`] or the model's positions.
    Length,
    /// The caller stopped it.
    Stopped,
}

/// Bytes of keys and values that a batch may take.
const CACHE_BYTES: usize = 256 << 20;
/// Tokens that a sequence of a batch has room for before the cache is moved.
const ROOM: usize = 96;

/// A sequence of a batch that ended.
pub struct FinishedSequence<C> {
    /// Its number, in the order in which they joined.
    pub number: usize,
    /// What it had to be like.
    pub constraint: C,
    /// What was written.
    pub generated: Generated,
    /// Has read the prompt, if it joined the others unread ([`Decoder::join`]).
    pub reader: Option<Reader>,
}

impl Decoder<'_> {
    /// Sequences that can be decoded in one batch with each of them equal to what it would be alone, and without
    /// taking more than [`CACHE_BYTES`] bytes. On a CPU with quantized weights sums are exact; elsewhere they depend on the
    /// number of rows.
    #[must_use]
    pub fn max_batch(&self) -> usize {
        if !self.network.is_exact() {
            return 1;
        }
        let row = self.network.cache(self.config, 1).position_bytes() * self.config.max_positions / 2;
        (CACHE_BYTES / row).clamp(1, AT_ONCE)
    }

    /// Continues each prompt until `</s>`, the greatest length, or `on_token`, which is called with the number of the
    /// row and each token that is written there, says stop for that row.
    ///
    /// Tokens that the constraint forces are read together in one pass, not one by one; so are tokens that followed when
    /// the last ones came before, as names of a text do, and count as far as each is then chosen.
    ///
    /// # Errors
    /// If a prompt leaves no room, a setting makes no sense, nothing may be written, or the device fails.
    pub fn generate<C: Constraint>(
        &self,
        prompts: Prompts,
        rules: &Rules,
        choice: &Choice,
        constraints: &[C],
        mut on_token: impl FnMut(usize, &Token) -> ControlFlow<()>,
    ) -> Result<Vec<Generated>, DecodeError> {
        rules.check()?;
        let Prompts { cache, hidden, rows: prompts } = prompts;
        let total = prompts.len();
        if constraints.is_empty() || constraints.len() != 1 && constraints.len() != total {
            return Err(DecodeError::Constraints { rows: total, found: constraints.len() });
        }
        let mut writing = DecodingBatch::of(total);
        for (row, Prompt { tokens, sample }) in prompts.into_iter().enumerate() {
            let constraint = &constraints[row % constraints.len()];
            let row = Row { sample, states: row..row + 1, ..self.row(tokens, rules, constraint)? };
            writing.add(row);
        }
        (writing.cache, writing.hidden) = (Some(cache), Some(hidden));
        let mut done = Vec::new();
        while !writing.rows.is_empty() {
            done.extend(self.step(&mut writing, rules, choice, &mut on_token)?);
        }
        done.sort_by_key(|ended| ended.number);
        Ok(done.into_iter().map(|ended| ended.generated).collect())
    }

    /// Adds a prompt to what is written, and gives its number. It is read in the next steps, in the same batches as what the others
    /// write.
    ///
    /// # Errors
    /// If the prompt is empty, leaves no room or has unknown tokens, or a setting makes no sense.
    pub fn join<C: Constraint>(
        &self,
        writing: &mut DecodingBatch<C>,
        prompt: &[u32],
        rules: &Rules,
        constraint: C,
    ) -> Result<usize, DecodeError> {
        rules.check()?;
        self.check_prompt(prompt)?;
        let row = self.row(prompt.to_vec(), rules, constraint)?;
        let cache = writing.cache.get_or_insert_with(|| self.network.cache(self.config, 0));
        cache.add(writing.most, prompt.len() + ROOM.min(row.longest - prompt.len()));
        Ok(writing.add(Row { unread: prompt.len(), ..row }))
    }

    fn row<C: Constraint>(
        &self,
        tokens: Vec<u32>,
        rules: &Rules,
        constraint: C,
    ) -> Result<Row<C>, DecodeError> {
        Ok(Row {
            number: 0,
            state: constraint.start(),
            constraint,
            sample: 0,
            prompt: tokens.len(),
            unread: 0,
            states: 0..0,
            begins: None,
            longest: self.longest(rules, tokens.len())?,
            tokens,
            forced: 0,
            drafted: Vec::new(),
            written: Vec::new(),
        })
    }

    /// Extends each text by the tokens that one pass of the network yields, and returns those that ended. After
    /// an error all are given up.
    ///
    /// # Errors
    /// As [`Decoder::generate`].
    pub fn step<C: Constraint>(
        &self,
        writing: &mut DecodingBatch<C>,
        rules: &Rules,
        choice: &Choice,
        mut on_token: impl FnMut(usize, &Token) -> ControlFlow<()>,
    ) -> Result<Vec<FinishedSequence<C>>, DecodeError> {
        rules.check()?;
        if let Choice::Sampled(sampling) = choice {
            sampling.check()?;
        }
        let rows = std::mem::take(&mut writing.rows);
        let (cache, hidden) = (writing.cache.take(), writing.hidden.take());
        let Some(mut cache) = cache.filter(|_| !rows.is_empty()) else { return Ok(Vec::new()) };
        let mut tokens = match hidden {
            Some(hidden) => {
                let states: Vec<usize> = rows.iter().flat_map(|row| row.states.clone()).collect();
                let requests = self.requests(&rows, rules, choice)?;
                self.choose(rows_of(hidden, &states), &requests, rules, choice)?.into_iter()
            }
            None => Vec::new().into_iter(),
        };
        let mut done = Vec::new();
        let mut live = Vec::with_capacity(rows.len());
        let mut from = Vec::with_capacity(rows.len());
        let mut feeds: Vec<Vec<u32>> = Vec::with_capacity(rows.len());
        // One prompt at a time.
        let mut reads = false;
        // More rows at once take longer; on a graphics device even two do.
        let at_once =
            if operations::is_cpu(&self.network.device()) { AT_ONCE / rows.len().max(1) } else { 1 };
        let drafted = rules.lookup_tokens.min(at_once.saturating_sub(1));
        for (index, mut row) in rows.into_iter().enumerate() {
            if row.states.is_empty() {
                let part = if std::mem::replace(&mut reads, true) { 0 } else { self.tokens_at_once() };
                let first = row.tokens.len() - row.unread;
                feeds.push(row.tokens[first..][..part.min(row.unread)].to_vec());
                from.push(index);
                live.push(row);
                continue;
            }
            let new: Vec<Token> = tokens.by_ref().take(row.states.len()).collect();
            match self.take(&mut row, new, rules, &mut on_token)? {
                ControlFlow::Continue(mut feed) => {
                    // All but the last choice was read, and perhaps more.
                    cache.truncate(index, row.tokens.len() - row.forced - 1);
                    let most = drafted.min(AT_ONCE.saturating_sub(feed.len()));
                    row.drafted = self.draft_by_lookup(&row, rules, most);
                    feed.extend(&row.drafted);
                    feeds.push(feed);
                    from.push(index);
                    live.push(row);
                }
                ControlFlow::Break(finish) => {
                    let Row { number, constraint, begins, prompt, mut tokens, written, .. } = row;
                    tokens.truncate(prompt);
                    let begins = begins.and_then(|begins| Some((begins, cache.alone(index, prompt)?)));
                    let reader = begins.map(|(begins, cache)| Reader::at(cache, tokens, begins));
                    let generated = Generated { tokens: written, finish };
                    done.push(FinishedSequence { number, constraint, generated, reader });
                }
            }
        }
        if live.is_empty() {
            return Ok(done);
        }
        cache.select(&from);
        let fed: Vec<&[u32]> = feeds.iter().map(Vec::as_slice).collect();
        let hidden = self.network.extend(&fed, &mut cache);
        let mut end = 0;
        for (row, feed) in live.iter_mut().zip(&feeds) {
            let first = end;
            end += feed.len();
            if row.unread == 0 {
                row.states = first..end;
                continue;
            }
            row.unread -= feed.len();
            if row.unread == 0 {
                row.states = end - 1..end;
                row.begins = Some(rows_of(hidden.clone(), &[end - 1]));
            }
        }
        (writing.rows, writing.cache, writing.hidden) = (live, Some(cache), Some(hidden));
        Ok(done)
    }

    /// For each row its forced tokens, whose scores are not known yet, and the next choice.
    fn requests<C: Constraint>(
        &self,
        rows: &[Row<C>],
        rules: &Rules,
        choice: &Choice,
    ) -> Result<Vec<Request>, DecodeError> {
        let mut requests = Vec::new();
        for row in rows.iter().filter(|row| !row.states.is_empty()) {
            let known = &row.tokens[row.tokens.len() - row.forced..];
            requests.extend(known.iter().map(|token| Request::forced(*token)));
            let (mut state, mut tokens) = (row.state.clone(), row.tokens.clone());
            for draft in row.drafted.iter().copied().map(Some).chain([None]) {
                let legal = self.legal(rules, &row.constraint, &state, &tokens);
                if legal.is_nothing() {
                    return Err(DecodeError::NoLegalToken { position: tokens.len() });
                }
                let place = (tokens.len() - row.prompt) as u64;
                let uniform = match choice {
                    Choice::Greedy => 0.0,
                    Choice::Sampled(sampling) => uniform(sampling.seed, row.sample, place),
                };
                let read =
                    if rules.repetition_penalty == 1.0 { Vec::new() } else { scores::distinct(&tokens) };
                requests.push(Request { legal, read, uniform });
                if let Some(next) = draft.and_then(|draft| row.constraint.advance(&state, draft)) {
                    state = next;
                    tokens.extend(draft);
                }
            }
        }
        Ok(requests)
    }

    /// Tokens that may follow, as they did when the last three or two came before.
    fn draft_by_lookup<C: Constraint>(&self, row: &Row<C>, rules: &Rules, at_most: usize) -> Vec<u32> {
        let mut drafted = Vec::new();
        let proposed = followed(&row.tokens);
        let proposed = &proposed[..at_most.min(proposed.len())];
        if proposed.is_empty() {
            return drafted;
        }
        let (mut state, mut tokens) = (row.state.clone(), row.tokens.clone());
        let mut legal = self.legal(rules, &row.constraint, &state, &tokens);
        for draft in proposed.iter().copied() {
            if draft == self.config.eos_id || !legal.allows(draft) || tokens.len() + 1 >= row.longest {
                break;
            }
            let Some(next) = row.constraint.advance(&state, draft) else { break };
            state = next;
            tokens.push(draft);
            legal = self.legal(rules, &row.constraint, &state, &tokens);
            if legal.is_nothing() {
                break;
            }
            drafted.push(draft);
        }
        drafted
    }

    /// Tells a row's new tokens; gives what is to be read next, or why the row ends.
    fn take<C: Constraint>(
        &self,
        row: &mut Row<C>,
        new: Vec<Token>,
        rules: &Rules,
        on_token: &mut impl FnMut(usize, &Token) -> ControlFlow<()>,
    ) -> Result<ControlFlow<Finish, Vec<u32>>, DecodeError> {
        let mut drafted = std::mem::take(&mut row.drafted).into_iter();
        let forced = std::mem::take(&mut row.forced);
        for (i, token) in new.into_iter().enumerate() {
            let chosen = token.id;
            let go_on = on_token(row.number, &token);
            row.written.push(token);
            if go_on.is_break() && chosen != self.config.eos_id {
                return Ok(ControlFlow::Break(Finish::Stopped));
            }
            if i < forced {
                continue;
            }
            if chosen == self.config.eos_id {
                return Ok(ControlFlow::Break(Finish::EndOfText));
            }
            let position = row.tokens.len();
            row.tokens.push(chosen);
            if row.tokens.len() >= row.longest {
                return Ok(ControlFlow::Break(Finish::Length));
            }
            let next = row.constraint.advance(&row.state, chosen);
            row.state = next.ok_or(DecodeError::NoLegalToken { position })?;
            // What was drafted right has been read, and the next choice behind it.
            if drafted.next() != Some(chosen) {
                // No more at once than give the same to the bit as one after the other.
                let until = row.longest.min(row.tokens.len() + operations::FEW - 1);
                let run = self.forced_run(rules, &row.constraint, &mut row.state, &mut row.tokens, until);
                row.forced = run.len();
                return Ok(ControlFlow::Continue([vec![chosen], run].concat()));
            }
        }
        // There is one choice more than drafted tokens, so the loop has ended before.
        Err(DecodeError::NotANumber)
    }

    /// Chooses a token for each hidden state, holding a bounded number of logits.
    pub(super) fn choose(
        &self,
        hidden: Tensor<2>,
        requests: &[Request],
        rules: &Rules,
        choice: &Choice,
    ) -> Result<Vec<Token>, DecodeError> {
        let [_, d] = hidden.dims();
        let at_once = self.rows_at_once();
        let mut tokens = Vec::with_capacity(requests.len());
        for (chunk, requests) in requests.chunks(at_once).enumerate() {
            let from = chunk * at_once;
            let hidden = hidden.clone().slice([from..from + requests.len(), 0..d]);
            tokens.extend(scores::choose(self.network.logits(hidden), requests, rules, choice)?);
        }
        Ok(tokens)
    }
}

/// What followed when the last three tokens, or else two, came the last time before.
fn followed(tokens: &[u32]) -> &[u32] {
    for n in [3, 2] {
        let Some(before) = tokens.len().checked_sub(n) else { continue };
        if let Some(at) = (0..before).rev().find(|at| tokens[*at..at + n] == tokens[before..]) {
            return &tokens[at + n..];
        }
    }
    &[]
}

impl Request {
    /// The token that had to come.
    pub(super) fn forced(token: u32) -> Self {
        Self { legal: Legal::Only(vec![token]), read: Vec::new(), uniform: 0.0 }
    }
}
