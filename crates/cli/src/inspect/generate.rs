use std::ops::ControlFlow;

use biogpt::Decoder;
use biogpt::decode::{BeamSearch, Choice, Free, Rules, Sampling, Token};
use serde::Serialize;

use crate::Failure;
use crate::device::DeviceOption;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// A model's folder, ours or published, or its id.
    #[arg(long)]
    model: String,
    /// The sequence to continue: 2,5,7
    #[arg(long, value_parser = super::ids)]
    ids: super::Ids,
    #[command(flatten)]
    mode: Mode,
    /// Sampling: logits are divided by this.
    #[arg(long, default_value_t = 1.0)]
    temperature: f32,
    /// Sampling: only so many of the likeliest tokens; 0 for all.
    #[arg(long, default_value_t = 0)]
    top_k: usize,
    /// Sampling: only the likeliest tokens that together have this probability.
    #[arg(long, default_value_t = 1.0)]
    top_p: f32,
    /// Sampling: the same seed gives the same tokens.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Makes tokens that came before less likely.
    #[arg(long, default_value_t = 1.0)]
    repetition_penalty: f32,
    /// Scores are sums of log-probabilities divided by the number of tokens to this power.
    #[arg(long, default_value_t = 1.0)]
    length_penalty: f32,
    /// The least number of tokens, input included.
    #[arg(long, default_value_t = 0)]
    min_length: usize,
    /// The greatest number of tokens, input included; the model's positions if absent.
    #[arg(long)]
    max_length: Option<usize>,
    /// Beam search: end as soon as enough hypotheses are finished.
    #[arg(long)]
    early_stopping: bool,
    /// No sequence of so many tokens comes twice; 0 for no such rule.
    #[arg(long, default_value_t = 0)]
    no_repeat_ngram: usize,
    #[command(flatten)]
    device: DeviceOption,
    /// The result as one line of JSON instead of text.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Mode {
    /// The likeliest token each time.
    #[arg(long)]
    greedy: bool,
    /// Beam search with so many hypotheses.
    #[arg(long)]
    beams: Option<usize>,
    /// A token by chance each time.
    #[arg(long)]
    sample: bool,
}

#[derive(Serialize)]
struct Answer {
    /// What follows the input, `</s>` included; of the best hypothesis.
    ids: Vec<u32>,
    logprobs: Vec<f32>,
    /// Every hypothesis, best first.
    sequences: Vec<Vec<u32>>,
    scores: Vec<f32>,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let model = arguments.device.load(&arguments.model)?;
    let ids = arguments.ids.checked(&model.config)?;
    // As in the reference, also those tokens that stand for no text.
    let decoder = Decoder::new(&model.network, &model.config).with_every_token();
    let rules = Rules {
        min_length: arguments.min_length,
        max_length: arguments.max_length.unwrap_or(model.config.max_positions),
        no_repeat_ngram: arguments.no_repeat_ngram,
        repetition_penalty: arguments.repetition_penalty,
        ..Rules::default()
    };
    let mut reader = decoder.reader();
    reader.read(&decoder, ids)?;
    let found: Vec<(Vec<Token>, f32)> = if let Some(beams) = arguments.mode.beams {
        let search = BeamSearch {
            beams,
            length_penalty: arguments.length_penalty,
            early_stopping: arguments.early_stopping,
        };
        let hypotheses =
            decoder.beam_search(&reader, &rules, &search, &Free, |_| ControlFlow::Continue(()))?;
        hypotheses.into_iter().map(|hypothesis| (hypothesis.tokens, hypothesis.score)).collect()
    } else {
        let choice =
            if arguments.mode.sample { Choice::Sampled(arguments.sampling()) } else { Choice::Greedy };
        let go_on = |_: usize, _: &Token| ControlFlow::Continue(());
        let written = decoder.generate(reader.prompts(1)?, &rules, &choice, &[Free], go_on)?;
        written.into_iter().map(|written| arguments.scored(written.tokens)).collect()
    };
    let sequences: Vec<Vec<u32>> =
        found.iter().map(|(tokens, _)| tokens.iter().map(|token| token.id).collect()).collect();
    if !arguments.json {
        for (sequence, (_, score)) in sequences.iter().zip(&found) {
            println!("{score:.4}  {}", model.tokenizer.decode(sequence));
        }
        return Ok(());
    }
    let best = found.first().map(|(tokens, _)| tokens.as_slice()).unwrap_or_default();
    let answer = Answer {
        ids: best.iter().map(|token| token.id).collect(),
        logprobs: best.iter().map(|token| token.log_probability).collect(),
        scores: found.iter().map(|(_, score)| *score).collect(),
        sequences,
    };
    println!("{}", serde_json::to_string(&answer)?);
    Ok(())
}

impl Arguments {
    fn sampling(&self) -> Sampling {
        let Self { temperature, top_k, top_p, seed, .. } = *self;
        Sampling { temperature, top_k, top_p, seed }
    }

    /// Scored as a hypothesis of a beam search.
    fn scored(&self, tokens: Vec<Token>) -> (Vec<Token>, f32) {
        let sum: f32 = tokens.iter().map(|token| token.log_probability).sum();
        let score = sum / (tokens.len() as f32).powf(self.length_penalty);
        (tokens, score)
    }
}
