//! Descriptions, and text that goes on.

use super::{switch, unless_stopped};
use crate::error::{Result, bad_input};
use crate::generator::{Ended, Growth, Token};
use crate::jobs::{Pace, Sink, Stream};
use crate::runs::{Decoding, DescribeStep, Description, continue_text, describe};
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
            most_tokens: request.max_tokens.clamp(1, MOST_TOKENS) as usize,
        };
        let sender = stream.teller();
        let mut growing = Growing::new(stream.teller(), |candidate, tokens, tentative| {
            DescribeEvent::Tokens { candidate: candidate as u32, tokens, tentative }
        });
        let done = self.on_engine("Describing a term", &switch(stream), move |desk| {
            let described = describe(desk, &description, &mut |step| match step {
                DescribeStep::Started { prompt, seeds } => {
                    sender.tell(DescribeEvent::Started { prompt, seeds });
                }
                DescribeStep::Growth { candidate, growth } => growing.grow(candidate, growth),
                DescribeStep::Candidate(candidate) => {
                    growing.tell();
                    if let Some(ended) = ending(candidate.written.ended) {
                        sender.tell(DescribeEvent::Candidate {
                            candidate: candidate.number as u32,
                            mean_log_probability: candidate.written.mean_log_probability,
                            ended,
                        });
                    }
                }
            });
            growing.tell();
            described
        });
        unless_stopped(stream.is_stopped(), done).map(|_| ())
    }

    /// Goes on with a text.
    pub fn continue_text(&self, job: &str, request: &wire::ContinueRequest, sink: Sink<ContinueEvent>) {
        self.stream(job, sink, |stream| {
            let (before, most) = (request.before.clone(), request.max_tokens.clamp(1, MOST_TOKENS) as usize);
            let mut growing = Growing::new(stream.teller(), |_, tokens, tentative| ContinueEvent::Tokens {
                tokens,
                tentative,
            });
            let done = self.on_engine("Going on with a text", &switch(stream), move |desk| {
                let continued = continue_text(desk, &before, most, &mut |growth| growing.grow(0, growth));
                growing.tell();
                continued
            });
            unless_stopped(stream.is_stopped(), done).map(|_| ())
        });
    }
}

/// Text that grows faster than a window draws: what has come meanwhile is told together.
struct Growing<Event> {
    stream: Stream<Event>,
    event: fn(usize, Vec<wire::Token>, String) -> Event,
    pace: Pace,
    candidate: usize,
    tokens: Vec<wire::Token>,
    /// What may still change; nothing when everything was told.
    tentative: Option<String>,
}

impl<Event> Growing<Event> {
    fn new(stream: Stream<Event>, event: fn(usize, Vec<wire::Token>, String) -> Event) -> Self {
        let (pace, tokens) = (Pace::default(), Vec::new());
        Self { stream, event, pace, candidate: 0, tokens, tentative: None }
    }

    fn grow(&mut self, candidate: usize, growth: Growth) {
        if candidate != self.candidate {
            self.tell();
            self.candidate = candidate;
        }
        self.tokens.extend(tokens_of(growth.tokens));
        self.tentative = Some(growth.tentative);
        if self.pace.is_due() {
            self.tell();
        }
    }

    /// Tells what was not told yet.
    fn tell(&mut self) {
        if let Some(tentative) = self.tentative.take() {
            let tokens = std::mem::take(&mut self.tokens);
            self.stream.tell((self.event)(self.candidate, tokens, tentative));
        }
    }
}

/// What the window hears of the end of a candidate. Nothing of one that was stopped: the stream ends as stopped.
const fn ending(ended: Ended) -> Option<wire::DescriptionEnd> {
    match ended {
        Ended::Complete => Some(wire::DescriptionEnd::Complete),
        Ended::Length => Some(wire::DescriptionEnd::Length),
        Ended::Repetition => Some(wire::DescriptionEnd::Repetition),
        Ended::Stopped => None,
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
