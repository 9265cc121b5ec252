//! Beam search as the reference (transformers 5) does it.

use std::ops::ControlFlow;
use std::sync::Arc;

use burn::tensor::Tensor;

use super::rules::positive;
use super::scores::{self, Candidate, Request};
use super::{Choice, Constraint, DecodeError, Decoder, Finish, Reader, Rules, Token};
use parameters::rows_of;

/// Settings of a beam search.
#[derive(Debug, Clone, PartialEq)]
pub struct BeamSearch {
    /// Hypotheses followed side by side; also the most that come back.
    pub beams: usize,
    /// A finished hypothesis scores its log-probability divided by its length to this power: above 0 long ones gain.
    pub length_penalty: f32,
    /// Whether to end as soon as `beams` hypotheses are finished, or only when no open one promises more.
    pub early_stopping: bool,
}

impl Default for BeamSearch {
    fn default() -> Self {
        Self { beams: 5, length_penalty: 1.0, early_stopping: true }
    }
}

/// A finished hypothesis.
#[derive(Debug, Clone, PartialEq)]
pub struct Hypothesis {
    /// The tokens, `</s>` included.
    pub tokens: Vec<Token>,
    /// Sum of log-probabilities (after the repetition penalty) / number of tokens ^ length penalty.
    pub score: f32,
    /// Why it ends.
    pub finish: Finish,
}

impl Hypothesis {
    /// The ids, `</s>` included.
    #[must_use]
    pub fn ids(&self) -> Vec<u32> {
        self.tokens.iter().map(|token| token.id).collect()
    }
}

/// How far a beam search is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress<'p> {
    /// What the best open hypothesis has written.
    pub best: &'p [u32],
    /// Finished hypotheses.
    pub finished: usize,
}

/// An open hypothesis.
#[derive(Clone)]
struct Beam<S> {
    /// Prompt and all that was written.
    tokens: Vec<u32>,
    written: Path,
    sum: f32,
    state: S,
}

/// Written tokens from the last to the first; hypotheses share what they have in common.
type Path = Option<Arc<Step>>;

struct Step {
    token: Token,
    before: Path,
}

struct Finished {
    written: Path,
    score: f32,
    finish: Finish,
}

impl Decoder<'_> {
    /// The best continuations of what was read, best first. `on_step` may end the search: what is open then counts as
    /// it is.
    ///
    /// # Errors
    /// If nothing was read, it leaves no room, a setting makes no sense, nothing may be written, or the device fails.
    pub fn beam_search<C: Constraint>(
        &self,
        reader: &Reader,
        rules: &Rules,
        search: &BeamSearch,
        constraint: &C,
        mut on_step: impl FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Vec<Hypothesis>, DecodeError> {
        rules.check()?;
        search.check()?;
        let (mut cache, mut hidden) = reader.start()?;
        let prompt = reader.tokens().len();
        let longest = self.longest(rules, prompt)?;
        let first =
            Beam { tokens: reader.tokens().to_vec(), written: None, sum: 0.0, state: constraint.start() };
        let mut open = vec![first];
        let mut finished = Best { search, longest: longest - prompt, items: Vec::new(), improvable: true };
        loop {
            let candidates = self.candidates(hidden, &open, rules, search, constraint)?;
            let length = open[0].tokens.len() + 1 - prompt;
            let (mut next, mut parents) = (Vec::new(), Vec::new());
            for (place, candidate) in candidates.into_iter().enumerate() {
                let ended = candidate.token.id == self.config.eos_id;
                if ended || length == finished.longest {
                    // Those behind the first `beams` are only there to go on.
                    if place < search.beams {
                        let written = after(&open[candidate.beam].written, candidate.token);
                        let finish = if ended { Finish::EndOfText } else { Finish::Length };
                        finished.add(written, candidate.sum, length, finish);
                    }
                } else if next.len() < search.beams {
                    parents.push(candidate.beam);
                    next.push(follow(&open[candidate.beam], candidate, constraint)?);
                }
            }
            if next.is_empty() {
                // At the greatest length, after the last `</s>`, or in a dead end of the constraint.
                if finished.items.is_empty() {
                    return Err(DecodeError::NoLegalToken { position: open[0].tokens.len() });
                }
                break;
            }
            open = next;
            finished.compare(open[0].sum, length);
            if finished.is_settled() {
                break;
            }
            if on_step(Progress { best: &open[0].tokens[prompt..], finished: finished.items.len() })
                .is_break()
            {
                for beam in open {
                    finished.add(beam.written, beam.sum, length, Finish::Stopped);
                }
                break;
            }
            cache.select(&parents);
            let run = self.common_run(&mut open, rules, constraint, longest);
            let fed: Vec<&[u32]> = open.iter().map(|beam| &beam.tokens[prompt + length - 1..]).collect();
            let read = self.network.extend(&fed, &mut cache);
            self.tell_run(read.clone(), &mut open, run, rules, &mut finished, length)?;
            if finished.is_settled() {
                break;
            }
            // Each beam has read its last choice and the run.
            let last: Vec<usize> = (0..open.len()).map(|row| row * (run + 1) + run).collect();
            hidden = rows_of(read, &last);
        }
        Ok(finished.items.into_iter().map(hypothesis).collect())
    }

    /// Twice as many ways to go on as there may be beams, so that enough are left when each beam ends in one.
    fn candidates<C: Constraint>(
        &self,
        hidden: Tensor<2>,
        open: &[Beam<C::State>],
        rules: &Rules,
        search: &BeamSearch,
        constraint: &C,
    ) -> Result<Vec<Candidate>, DecodeError> {
        let request = |beam: &Beam<C::State>| Request {
            legal: self.legal(rules, constraint, &beam.state, &beam.tokens),
            read: if rules.repetition_penalty == 1.0 { Vec::new() } else { scores::distinct(&beam.tokens) },
            uniform: 0.0,
        };
        let requests: Vec<_> = open.iter().map(request).collect();
        let sums: Vec<_> = open.iter().map(|beam| beam.sum).collect();
        let logits = self.network.logits(hidden);
        scores::expand(logits, &requests, &sums, rules, 2 * search.beams)
    }

    /// Moves all beams on by as many tokens as every one of them has no choice in, and returns how many. Nothing can
    /// overtake meanwhile, so they are read in one pass.
    fn common_run<C: Constraint>(
        &self,
        open: &mut [Beam<C::State>],
        rules: &Rules,
        constraint: &C,
        longest: usize,
    ) -> usize {
        // The penalty would have to be worked into sums that are not known yet.
        let room = if rules.repetition_penalty == 1.0 { longest } else { 0 };
        let start = open[0].tokens.len();
        let mut common = room.saturating_sub(start);
        for beam in open.iter() {
            let (mut state, mut tokens) = (beam.state.clone(), beam.tokens.clone());
            let until = room.min(start + common + 1);
            common = common.min(self.forced_run(rules, constraint, &mut state, &mut tokens, until).len());
        }
        for beam in open.iter_mut() {
            let until = start + common + 1;
            self.forced_run(rules, constraint, &mut beam.state, &mut beam.tokens, until);
        }
        common
    }

    /// Adds the tokens of a common run to what the beams have written, as if they had come one by one.
    fn tell_run<S>(
        &self,
        read: Tensor<2>,
        open: &mut [Beam<S>],
        run: usize,
        rules: &Rules,
        finished: &mut Best,
        length: usize,
    ) -> Result<(), DecodeError> {
        if run == 0 {
            return Ok(());
        }
        let (mut places, mut requests) = (Vec::new(), Vec::new());
        for (row, beam) in open.iter().enumerate() {
            places.extend((0..run).map(|step| row * (run + 1) + step));
            requests
                .extend(beam.tokens[beam.tokens.len() - run..].iter().map(|token| Request::forced(*token)));
        }
        let tokens = self.choose(rows_of(read, &places), &requests, rules, &Choice::Greedy)?;
        let mut best = vec![f32::NEG_INFINITY; run];
        for (beam, tokens) in open.iter_mut().zip(tokens.chunks_exact(run)) {
            for (best, token) in best.iter_mut().zip(tokens) {
                beam.sum += token.log_probability;
                beam.written = after(&beam.written, token.clone());
                *best = best.max(beam.sum);
            }
        }
        best.iter().enumerate().for_each(|(step, sum)| finished.compare(*sum, length + step + 1));
        Ok(())
    }
}

impl BeamSearch {
    fn check(&self) -> Result<(), DecodeError> {
        positive("number of beams", self.beams as f32)?;
        if self.length_penalty.is_finite() {
            return Ok(());
        }
        let value = self.length_penalty.to_string();
        Err(DecodeError::Setting { name: "length penalty", value, expected: "a number" })
    }
}

/// The best finished hypotheses, best first.
struct Best<'s> {
    search: &'s BeamSearch,
    /// The most tokens that may be written.
    longest: usize,
    items: Vec<Finished>,
    improvable: bool,
}

impl Best<'_> {
    fn score(&self, sum: f32, length: usize) -> f32 {
        sum / (length as f32).powf(self.search.length_penalty)
    }

    fn add(&mut self, written: Path, sum: f32, length: usize, finish: Finish) {
        let score = self.score(sum, length);
        let at = self.items.partition_point(|better| better.score >= score);
        self.items.insert(at, Finished { written, score, finish });
        self.items.truncate(self.search.beams);
    }

    /// Holds the best open hypothesis against the finished ones, as if it ended now. Once it falls behind, the search
    /// is over, even where a length penalty could still lift it: so does the reference.
    fn compare(&mut self, best_open: f32, length: usize) {
        let worst = self.items.last().filter(|_| self.is_full());
        self.improvable &= worst.is_none_or(|worst| self.score(best_open, length) > worst.score);
    }

    fn is_full(&self) -> bool {
        self.items.len() == self.search.beams
    }

    fn is_settled(&self) -> bool {
        !self.improvable || self.is_full() && self.search.early_stopping
    }
}

fn follow<C: Constraint>(
    beam: &Beam<C::State>,
    candidate: Candidate,
    constraint: &C,
) -> Result<Beam<C::State>, DecodeError> {
    let Candidate { token, sum, .. } = candidate;
    let position = beam.tokens.len();
    let state = constraint.advance(&beam.state, token.id).ok_or(DecodeError::NoLegalToken { position })?;
    let mut tokens = beam.tokens.clone();
    tokens.push(token.id);
    Ok(Beam { tokens, written: after(&beam.written, token), sum, state })
}

fn after(before: &Path, token: Token) -> Path {
    Some(Arc::new(Step { token, before: before.clone() }))
}

fn hypothesis(finished: Finished) -> Hypothesis {
    let mut tokens = Vec::new();
    let mut at = &finished.written;
    while let Some(step) = at {
        tokens.push(step.token.clone());
        at = &step.before;
    }
    tokens.reverse();
    Hypothesis { tokens, score: finished.score, finish: finished.finish }
}
