//! Trains the Moses + BPE vocabulary of a new model.

use std::error::Error;
use std::path::PathBuf;

use tokenizer::Tokenizer;

use crate::prepare::Let;

/// Makes a vocabulary from the corpora, as the files that Hugging Face's `BioGptTokenizer` loads.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Folder of the raw corpora (prose, definitions.jsonl.gz, tasks).
    #[arg(long)]
    pub corpora: PathBuf,
    /// Tokens of the vocabulary, special ones and learned prompts included.
    #[arg(long, default_value_t = 12_288)]
    pub size: usize,
    /// Virtual tokens at the end, for the tasks' learned prompts.
    #[arg(long, default_value_t = training::tuning::learned_tokens())]
    pub learned_prompts: usize,
    /// The longest text of the model in tokens, for Hugging Face's configuration.
    #[arg(long, default_value_t = 1_024)]
    pub positions: usize,
    /// What to train on.
    #[command(flatten)]
    pub selection: Let,
    /// Folder to write.
    #[arg(long)]
    pub out: PathBuf,
}

/// Trains, writes, and tells how well the vocabulary covers the texts kept for validation.
pub fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let collected = corpus::collect(&arguments.corpora, arguments.selection.selection())?;
    let trained =
        corpus::train_vocabulary(&collected.training_texts(), arguments.size, arguments.learned_prompts)?;
    let merges = trained.vocabulary.merges.len();
    let tokenizer = Tokenizer::new(trained.vocabulary)?;
    tokenizer.save_hugging_face(&arguments.out, arguments.positions)?;
    let kept: Vec<&str> =
        collected.documents.iter().filter(|d| d.validation).map(|d| d.text.as_str()).collect();
    let coverage = corpus::coverage(&tokenizer, &kept);
    println!("{} tokens: {} characters, {merges} merges", arguments.size, trained.characters);
    println!(
        "{:.3} tokens a word in {} words",
        coverage.tokens as f64 / coverage.words as f64,
        coverage.words
    );
    println!("{} of {} tokens are <unk>", coverage.unknown, coverage.tokens);
    Ok(())
}
