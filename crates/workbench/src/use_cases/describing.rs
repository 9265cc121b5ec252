//! Descriptions, and text that goes on.

use super::{switch, unless_stopped};
use crate::error::{Result, bad_input};
use crate::generator::{Ended, Growth, Token};
use crate::jobs::{Sink, Stream};
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
        let done = self.on_engine("Describing a term", &switch(stream), move |desk| {
            describe(desk, &description, &mut |step| {
                if let Some(event) = event(step) {
                    sender.tell(event);
                }
            })
        });
        unless_stopped(stream.is_stopped(), done).map(|_| ())
    }

    /// Goes on with a text.
    pub fn continue_text(&self, job: &str, request: &wire::ContinueRequest, sink: Sink<ContinueEvent>) {
        self.stream(job, sink, |stream| {
            let (before, most) = (request.before.clone(), request.max_tokens.clamp(1, MOST_TOKENS) as usize);
            let sender = stream.teller();
            let done = self.on_engine("Going on with a text", &switch(stream), move |desk| {
                continue_text(desk, &before, most, &mut |growth| {
                    let Growth { tokens, tentative } = growth;
                    sender.tell(ContinueEvent::Tokens { tokens: tokens_of(tokens), tentative });
                })
            });
            unless_stopped(stream.is_stopped(), done).map(|_| ())
        });
    }
}

/// What the window hears of a step. Nothing of a candidate that was stopped: the stream ends as stopped.
fn event(step: DescribeStep) -> Option<DescribeEvent> {
    Some(match step {
        DescribeStep::Started { prompt, seeds } => DescribeEvent::Started { prompt, seeds },
        DescribeStep::Growth { candidate, growth } => DescribeEvent::Tokens {
            candidate: candidate as u32,
            tokens: tokens_of(growth.tokens),
            tentative: growth.tentative,
        },
        DescribeStep::Candidate(candidate) => DescribeEvent::Candidate {
            candidate: candidate.number as u32,
            mean_log_probability: candidate.written.mean_log_probability,
            ended: match candidate.written.ended {
                Ended::Complete => wire::DescriptionEnd::Complete,
                Ended::Length => wire::DescriptionEnd::Length,
                Ended::Repetition => wire::DescriptionEnd::Repetition,
                Ended::Stopped => return None,
            },
        },
    })
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
