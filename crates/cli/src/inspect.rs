//! `osler-cli inspect`: machine-readable views of the engine.

mod encoder;
mod generate;
mod logits;
mod score;
mod tokenize;

use crate::Failure;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Tokenize texts: JSON lines `{"text"}` on standard input, `{"ids","offsets","decoded"}` on standard output; for an encoder
    /// also `{"text","pair"}`, and `{"ids","types","offsets"}`. Offsets count characters (code points) of the token's text.
    Tokenize(tokenize::Arguments),
    /// Logits and hidden states of a sequence of token ids or of a text, as safetensors: `logits` [T,V] and `hidden` [T,d]; of
    /// an encoder `logits` [T,classes], or [classes] where whole texts are classified.
    Logits(logits::Arguments),
    /// Continue a sequence of token ids. With --json the last line of standard output is
    /// `{"ids","logprobs","sequences","scores"}`.
    Generate(generate::Arguments),
    /// How likely given continuations of a sequence are: `{"logprobs","scores"}`.
    Score(score::Arguments),
}

pub fn run(command: &Command) -> Result<(), Failure> {
    match command {
        Command::Tokenize(arguments) => tokenize::run(arguments),
        Command::Logits(arguments) => logits::run(arguments),
        Command::Generate(arguments) => generate::run(arguments),
        Command::Score(arguments) => score::run(arguments),
    }
}

/// Token ids as `2,5,7`.
fn ids(text: &str) -> Result<Ids, String> {
    let number = |part: &str| part.trim().parse::<u32>().map_err(|_| format!("`{part}` is not a token id"));
    text.split(',').map(number).collect::<Result<Vec<_>, _>>().map(Ids)
}

/// A list of token ids (its own type, so that the command line takes it as one value).
#[derive(Debug, Clone)]
struct Ids(Vec<u32>);

impl Ids {
    /// The ids, if the model knows all of them and can hold so many.
    fn checked(&self, config: &biogpt::Config) -> Result<&[u32], Failure> {
        if let Some(id) = self.0.iter().find(|id| **id as usize >= config.vocab_size) {
            return Err(format!("there is no token {id}: the vocabulary has {}", config.vocab_size).into());
        }
        if self.0.len() > config.max_positions {
            return Err(format!(
                "{} tokens are more than the model's {} positions",
                self.0.len(),
                config.max_positions
            )
            .into());
        }
        Ok(&self.0)
    }
}
