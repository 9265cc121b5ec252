//! Describing a term.

use std::ops::ControlFlow;

use crate::engine::{Desk, EngineError};
use crate::generator::{Choice, Growth, Writing, Written};

/// How descriptions are decoded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Decoding {
    /// Beam search with five beams.
    Careful,
    /// Sampling; candidate `i` has the seed `seed + i`.
    Varied {
        /// Below 1 the likely becomes likelier.
        temperature: f64,
        /// The same seed gives the same candidates.
        seed: u32,
    },
}

/// What to describe.
#[derive(Debug, Clone, PartialEq)]
pub struct Description {
    /// The term.
    pub term: String,
    /// How many descriptions are wanted.
    pub candidates: usize,
    /// How.
    pub decoding: Decoding,
    /// What each must begin with.
    pub beginning: String,
    /// Tokens of each at most.
    pub most_tokens: usize,
}

/// How far it is.
#[derive(Debug, Clone, PartialEq)]
pub enum DescribeStep {
    /// The prompt is made.
    Started {
        /// What the model is given.
        prompt: String,
        /// One for each candidate; none for beam search.
        seeds: Vec<u32>,
    },
    /// A candidate grew.
    Growth {
        /// Which, from 0.
        candidate: usize,
        /// By what.
        growth: Growth,
    },
    /// A candidate is whole.
    Candidate(Candidate),
}

/// A description.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Which, from 0.
    pub number: usize,
    /// Its text and its tokens.
    pub written: Written,
}

/// Beams of the careful decoding, as in the publication.
const BEAMS: usize = 5;
/// A description does not go round in circles: no run of so many tokens comes twice. Shorter runs are a long word, or an
/// ordinary phrase.
const NO_REPEAT: usize = 4;
/// Other tokens that are told at each place.
pub(super) const ALTERNATIVES: usize = 5;

impl Description {
    /// What the model is given: the prompt, and what the description must begin with.
    #[must_use]
    pub fn prompt(&self) -> String {
        let prompt = tasks::describe::prompt(&self.term);
        match self.beginning.trim() {
            "" => prompt,
            beginning => format!("{prompt} {beginning}"),
        }
    }

    fn seeds(&self) -> Vec<u32> {
        match self.decoding {
            Decoding::Careful => Vec::new(),
            Decoding::Varied { seed, .. } => {
                (0..self.candidates.max(1) as u32).map(|number| seed.wrapping_add(number)).collect()
            }
        }
    }
}

/// Describes a term. Gives the candidates; `tell` hears each step. What was stopped is given as far as it came.
///
/// # Errors
/// If the term leaves no room, or the model cannot go on.
pub fn describe(
    desk: &mut Desk<'_>,
    description: &Description,
    tell: &mut dyn FnMut(DescribeStep),
) -> Result<Vec<Candidate>, EngineError> {
    desk.generator.forget();
    let (before, seeds) = (description.prompt(), description.seeds());
    tell(DescribeStep::Started { prompt: before.clone(), seeds: seeds.clone() });
    let most_tokens = description.most_tokens;
    let writing = |choice| Writing {
        before: before.clone(),
        choice,
        most_tokens,
        no_repeat: NO_REPEAT,
        alternatives: ALTERNATIVES,
    };
    let Decoding::Varied { temperature, .. } = description.decoding else {
        let writing = writing(Choice::Beams { beams: BEAMS.max(description.candidates) });
        // The best hypothesis changes from step to step: it is shown as what may still change.
        let found = watched(desk, &writing, &mut |growth| {
            let shown: String = growth.tokens.iter().map(|token| token.text.as_str()).collect();
            let growth = Growth { tokens: Vec::new(), tentative: shown + &growth.tentative };
            tell(DescribeStep::Growth { candidate: 0, growth });
        })?;
        let wanted = found.into_iter().take(description.candidates.max(1)).enumerate();
        return Ok(wanted
            .map(|(number, written)| {
                let growth = Growth { tokens: written.tokens.clone(), tentative: String::new() };
                tell(DescribeStep::Growth { candidate: number, growth });
                let candidate = Candidate { number, written };
                tell(DescribeStep::Candidate(candidate.clone()));
                candidate
            })
            .collect());
    };
    let mut candidates = Vec::new();
    for (number, seed) in seeds.into_iter().enumerate() {
        if desk.go_on().is_break() {
            break;
        }
        let writing = writing(Choice::Sampled { temperature, seed: u64::from(seed) });
        let mut told = 0;
        let found = watched(desk, &writing, &mut |growth| {
            told += growth.tokens.len();
            tell(DescribeStep::Growth { candidate: number, growth });
        })?;
        let Some(written) = found.into_iter().next() else { continue };
        let growth = Growth {
            tokens: written.tokens[told.min(written.tokens.len())..].to_vec(),
            tentative: String::new(),
        };
        tell(DescribeStep::Growth { candidate: number, growth });
        let candidate = Candidate { number, written };
        tell(DescribeStep::Candidate(candidate.clone()));
        candidates.push(candidate);
    }
    Ok(candidates)
}

/// Writes, counts, and stops when asked to.
pub(super) fn watched(
    desk: &mut Desk<'_>,
    writing: &Writing,
    tell: &mut dyn FnMut(Growth),
) -> Result<Vec<Written>, EngineError> {
    let (cancel, mut meter) = (desk.cancel.clone(), desk.meter.clone());
    let found = desk.generator.write(writing, &mut |growth| {
        meter.count(1);
        tell(growth);
        if cancel.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    desk.meter = meter;
    Ok(found)
}
