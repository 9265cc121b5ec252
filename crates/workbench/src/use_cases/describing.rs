//! Descriptions, and text that goes on.

use inference::{
    Decoding, DescribeStep, Description, FinishReason, Token, TokenDelta, continue_text, describe,
};

use super::{switch, unless_stopped};
use crate::error::{Result, bad_input};
use crate::jobs::{Pace, Sink, Stream};
use crate::wire::{self, ContinueEvent, DescribeEvent};
use crate::workbench::Workbench;

/// Candidates and tokens that someone may ask for at once.
const MOST_CANDIDATES: u32 = 10;
const MOST_TOKENS: u32 = 512;

impl Workbench {
    /// Describes a term in several ways; text comes token by token.
    pub fn describe(&self, job: &str, request: &wire::DescribeRequest, sink: Sink<DescribeEvent>) {
        self.stream(job, sink, |stream| self.describe_into(request, stream));
    }

    fn describe_into(&self, request: &wire::DescribeRequest, stream: &Stream<DescribeEvent>) -> Result<()> {
        if request.term.trim().is_empty() {
            return Err(bad_input("There is no term to describe.", "Write one."));
        }
        let description = Description {
            term: request.term.clone(),
            candidates: request.candidates.clamp(1, MOST_CANDIDATES) as usize,
            decoding: match request.decoding {
                wire::Decoding::Careful => Decoding::Careful,
                wire::Decoding::Varied { temperature, seed } => Decoding::Varied { temperature, seed },
            },
            beginning: request.beginning.clone(),
            max_tokens: request.max_tokens.clamp(1, MOST_TOKENS) as usize,
        };
        let sender = stream.sender();
        let mut paced = PacedTokens::new(stream.sender(), |candidate, tokens, tentative| {
            DescribeEvent::Tokens { candidate: candidate as u32, tokens, tentative }
        });
        let done = self.on_engine("Describing a term", &switch(stream), move |context| {
            let described = describe(context, &description, &mut |step| match step {
                DescribeStep::Started { prompt, seeds } => {
                    sender.tell(DescribeEvent::Started { prompt, seeds });
                }
                DescribeStep::Delta { candidate, delta } => paced.add(candidate, delta),
                DescribeStep::Candidate(candidate) => {
                    paced.send();
                    if let Some(ended) = ending(candidate.generation.finish_reason) {
                        sender.tell(DescribeEvent::Candidate {
                            candidate: candidate.number as u32,
                            mean_log_probability: candidate.generation.mean_log_probability,
                            ended,
                        });
                    }
                }
            });
            paced.send();
            Ok(described?)
        });
        unless_stopped(stream.is_stopped(), done).map(|_| ())
    }

    /// Goes on with a text.
    pub fn continue_text(&self, job: &str, request: &wire::ContinueRequest, sink: Sink<ContinueEvent>) {
        self.stream(job, sink, |stream| {
            let (before, most) = (request.before.clone(), request.max_tokens.clamp(1, MOST_TOKENS) as usize);
            let mut paced = PacedTokens::new(stream.sender(), |_, tokens, tentative| ContinueEvent::Tokens {
                tokens,
                tentative,
            });
            let done = self.on_engine("Going on with a text", &switch(stream), move |context| {
                let continued = continue_text(context, &before, most, &mut |delta| paced.add(0, delta));
                paced.send();
                Ok(continued?)
            });
            unless_stopped(stream.is_stopped(), done).map(|_| ())
        });
    }
}

/// Sends tokens that come faster than a window draws: what has come meanwhile goes together.
struct PacedTokens<Event> {
    stream: Stream<Event>,
    event: fn(usize, Vec<wire::Token>, String) -> Event,
    pace: Pace,
    candidate: usize,
    tokens: Vec<wire::Token>,
    /// What may still change; nothing when everything was sent.
    tentative: Option<String>,
}

impl<Event> PacedTokens<Event> {
    fn new(stream: Stream<Event>, event: fn(usize, Vec<wire::Token>, String) -> Event) -> Self {
        let (pace, tokens) = (Pace::default(), Vec::new());
        Self { stream, event, pace, candidate: 0, tokens, tentative: None }
    }

    fn add(&mut self, candidate: usize, delta: TokenDelta) {
        if candidate != self.candidate {
            self.send();
            self.candidate = candidate;
        }
        self.tokens.extend(tokens_of(delta.tokens));
        self.tentative = Some(delta.tentative);
        if self.pace.is_due() {
            self.send();
        }
    }

    /// Sends what was not sent yet.
    fn send(&mut self) {
        if let Some(tentative) = self.tentative.take() {
            let tokens = std::mem::take(&mut self.tokens);
            self.stream.tell((self.event)(self.candidate, tokens, tentative));
        }
    }
}

/// What the window hears of the end of a candidate. Nothing of one that was stopped: the stream ends as stopped.
const fn ending(reason: FinishReason) -> Option<wire::DescriptionEnd> {
    match reason {
        FinishReason::EndOfText => Some(wire::DescriptionEnd::Complete),
        FinishReason::Length => Some(wire::DescriptionEnd::Length),
        FinishReason::Repetition => Some(wire::DescriptionEnd::Repetition),
        FinishReason::Stopped => None,
    }
}

fn tokens_of(tokens: Vec<Token>) -> Vec<wire::Token> {
    tokens
        .into_iter()
        .map(|token| wire::Token {
            text: token.text,
            log_probability: token.log_probability,
            alternatives: token
                .alternatives
                .into_iter()
                .map(|other| wire::Alternative { text: other.text, log_probability: other.log_probability })
                .collect(),
        })
        .collect()
}
