//! Turns raw corpora into token shards.

use std::error::Error;
use std::path::PathBuf;

use corpus::{Licences, Selection, Settings};
use tokenizer::Tokenizer;

/// Makes memory-mapped token shards: deduplicated, filtered by licence, without anything from a test or validation set.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Folder of the raw corpora (prose, definitions.jsonl.gz, terms.tsv.gz, tasks).
    #[arg(long)]
    pub corpora: PathBuf,
    /// Folder of the tokenizer.
    #[arg(long)]
    pub tokenizer: PathBuf,
    /// What to let through.
    #[command(flatten)]
    pub selection: Let,
    /// Folder to write.
    #[arg(long)]
    pub out: PathBuf,
}

/// What is let through, and in which form.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Let {
    /// Take records of any licence, not only those that may be given on with attribution.
    #[arg(long)]
    pub all_licences: bool,
    /// Share of the documents that are kept for validation.
    #[arg(long, default_value_t = Selection::default().validation)]
    pub validation: f64,
    /// Share of the documents that are put into lower case, as the inputs of the extraction tasks are.
    #[arg(long, default_value_t = Selection::default().lowercase)]
    pub lowercase: f64,
}

impl Let {
    pub(crate) fn selection(self) -> Selection {
        let licences = if self.all_licences { Licences::All } else { Licences::Redistributable };
        Selection { licences, validation: self.validation, lowercase: self.lowercase }
    }
}

/// Collects, tokenizes, writes, and prints what became of the records.
pub fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let tokenizer = Tokenizer::from_dir(&arguments.tokenizer)?;
    let selection = arguments.selection.selection();
    let collected = corpus::collect(&arguments.corpora, selection)?;
    for tally in &collected.tallies {
        let dropped: Vec<String> =
            tally.dropped.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        println!(
            "{} {} ({}): {} documents, {} words; dropped: {}",
            tally.source,
            tally.kind,
            tally.licence,
            tally.documents,
            tally.words,
            if dropped.is_empty() { "none".to_owned() } else { dropped.join(", ") },
        );
    }
    let settings = Settings { corpora: &arguments.corpora, out: &arguments.out, selection };
    let manifest = corpus::prepare(&collected, &tokenizer, settings)?;
    for part in &manifest.parts {
        println!(
            "{}: {} documents, {} words, {} tokens, of which {} <unk>",
            part.name(),
            part.documents,
            part.words,
            part.tokens,
            part.unknown,
        );
    }
    Ok(())
}
