//! `osler-cli describe`

use std::collections::BTreeMap;

use serde_json::json;
use workbench::wire::{Decoding, DescribeEvent, DescribeRequest};

use crate::Failure;
use crate::session::{CliSession, ModelOption, listen};

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The term.
    term: String,
    /// How many descriptions.
    #[arg(long, default_value_t = 1)]
    candidates: u32,
    /// Sample instead of beam search.
    #[arg(long)]
    varied: bool,
    /// Sampling: below 1 the likely becomes likelier.
    #[arg(long, default_value_t = 0.8, value_parser = temperature)]
    temperature: f64,
    /// Sampling: the same seed gives the same descriptions.
    #[arg(long, default_value_t = 0)]
    seed: u32,
    /// What each description must begin with.
    #[arg(long, default_value = "")]
    beginning: String,
    /// Tokens of each at most.
    #[arg(long, default_value_t = 96)]
    max_tokens: u32,
    #[command(flatten)]
    model: ModelOption,
    /// One JSON object a description.
    #[arg(long)]
    json: bool,
}

/// Below this the likeliest token is the only one left; far below it nothing can be computed.
const LEAST_TEMPERATURE: f64 = 1e-4;

fn temperature(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(number) if (LEAST_TEMPERATURE..=1e4).contains(&number) => Ok(number),
        _ => Err(format!("`{text}` is no temperature from {LEAST_TEMPERATURE} to 10000")),
    }
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let session = CliSession::open(None, &arguments.model, |_| ())?;
    let request = DescribeRequest {
        term: arguments.term.clone(),
        candidates: arguments.candidates,
        decoding: if arguments.varied {
            Decoding::Varied { temperature: arguments.temperature, seed: arguments.seed }
        } else {
            Decoding::Careful
        },
        beginning: arguments.beginning.clone(),
        max_tokens: arguments.max_tokens,
    };
    // One description is shown while it is written; of several each is shown when it is complete.
    let streams = arguments.candidates == 1 && !arguments.json;
    let mut texts: BTreeMap<u32, String> = BTreeMap::new();
    let (mut prompt, mut used) = (String::new(), Vec::new());
    let say = crate::out::write;
    listen(
        |sink| session.workbench.describe("describe", &request, sink),
        |event| match event {
            DescribeEvent::Started { prompt: given, seeds } => {
                (prompt, used) = (given, seeds);
                if streams {
                    say(&prompt);
                }
            }
            DescribeEvent::Tokens { candidate, tokens, .. } => {
                let fresh: String = tokens.iter().map(|token| token.text.as_str()).collect();
                if streams {
                    say(&fresh);
                }
                texts.entry(candidate).or_default().push_str(&fresh);
            }
            DescribeEvent::Candidate { .. } if streams => say("\n"),
            DescribeEvent::Candidate { candidate, mean_log_probability, ended } => {
                let text = format!("{prompt}{}", texts.remove(&candidate).unwrap_or_default());
                let line = if arguments.json {
                    let seed = used.get(candidate as usize);
                    json!({ "term": arguments.term, "candidate": candidate, "text": text, "seed": seed,
                            "meanLogProbability": mean_log_probability, "ended": ended })
                    .to_string()
                } else {
                    text
                };
                say(&(line + "\n"));
            }
        },
    )
}
