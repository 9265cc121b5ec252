//! Describing a term.

use crate::{DecodingStrategy, Generation, GenerationRequest, InferenceError, TaskContext, TokenDelta};

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
    pub max_tokens: usize,
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
    Delta {
        /// Which, from 0.
        candidate: usize,
        /// By what.
        delta: TokenDelta,
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
    pub generation: Generation,
}

/// Beams of the careful decoding, as in the publication.
const BEAMS: usize = 5;
/// A description does not repeat itself: no run of so many tokens comes twice. Shorter runs are a long word, or an
/// ordinary phrase.
const NO_REPEAT_NGRAM: usize = 4;
/// Other tokens that are reported at each place.
pub(crate) const ALTERNATIVES: usize = 5;

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

/// Describes a term. Gives the candidates; `on_step` receives each step. What was stopped is given as far as it came.
///
/// # Errors
/// If the term leaves no room, or the model cannot go on.
pub fn describe(
    context: &mut TaskContext<'_>,
    description: &Description,
    on_step: &mut dyn FnMut(DescribeStep),
) -> Result<Vec<Candidate>, InferenceError> {
    context.model.reset();
    let (prefix, seeds) = (description.prompt(), description.seeds());
    on_step(DescribeStep::Started { prompt: prefix.clone(), seeds: seeds.clone() });
    let request = |strategy| GenerationRequest {
        prefix: prefix.clone(),
        strategy,
        max_tokens: description.max_tokens,
        no_repeat_ngram: NO_REPEAT_NGRAM,
        alternatives: ALTERNATIVES,
    };
    let Decoding::Varied { temperature, .. } = description.decoding else {
        let request = request(DecodingStrategy::BeamSearch { beams: BEAMS.max(description.candidates) });
        // The best hypothesis changes from step to step: all of it is tentative.
        let found = generate_and_count(context, &request, &mut |delta| {
            let shown: String = delta.tokens.iter().map(|token| token.text.as_str()).collect();
            let delta = TokenDelta { tokens: Vec::new(), tentative: shown + &delta.tentative };
            on_step(DescribeStep::Delta { candidate: 0, delta });
        })?;
        let wanted = found.into_iter().take(description.candidates.max(1)).enumerate();
        return Ok(wanted.map(|(number, generation)| finish(number, generation, 0, on_step)).collect());
    };
    let mut candidates = Vec::new();
    for (number, seed) in seeds.into_iter().enumerate() {
        if context.flow().is_break() {
            break;
        }
        let request = request(DecodingStrategy::Sampling { temperature, seed: u64::from(seed) });
        let mut sent = 0;
        let found = generate_and_count(context, &request, &mut |delta| {
            sent += delta.tokens.len();
            on_step(DescribeStep::Delta { candidate: number, delta });
        })?;
        let Some(generation) = found.into_iter().next() else { continue };
        candidates.push(finish(number, generation, sent, on_step));
    }
    Ok(candidates)
}

/// Reports the tokens of a candidate that were not reported yet, and then the candidate.
fn finish(
    number: usize,
    generation: Generation,
    sent: usize,
    on_step: &mut dyn FnMut(DescribeStep),
) -> Candidate {
    let tokens = generation.tokens[sent.min(generation.tokens.len())..].to_vec();
    let delta = TokenDelta { tokens, tentative: String::new() };
    on_step(DescribeStep::Delta { candidate: number, delta });
    let candidate = Candidate { number, generation };
    on_step(DescribeStep::Candidate(candidate.clone()));
    candidate
}

/// Generates, counts tokens, and stops when asked to.
pub(crate) fn generate_and_count(
    context: &mut TaskContext<'_>,
    request: &GenerationRequest,
    on_delta: &mut dyn FnMut(TokenDelta),
) -> Result<Vec<Generation>, InferenceError> {
    let TaskContext { model, cancel, meter, .. } = context;
    model.generate(request, &mut |delta| {
        meter.count(1);
        on_delta(delta);
        cancel.flow()
    })
}
