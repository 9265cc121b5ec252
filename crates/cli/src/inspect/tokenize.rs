use std::io::{BufRead, Write};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tokenizer::Tokenizer;

use crate::Failure;
use crate::desk::model_folder;

#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    which: Which,
    /// Accepted as everywhere; the answer is JSON in any case.
    #[arg(long = "json")]
    _json: bool,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// A model's folder, or its id.
    #[arg(long)]
    model: Option<String>,
    /// A folder with a vocabulary only.
    #[arg(long)]
    vocab: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Line {
    text: String,
}

#[derive(Serialize)]
struct Answer {
    ids: Vec<u32>,
    offsets: Vec<[usize; 2]>,
    decoded: String,
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let folder = match (&arguments.which.model, &arguments.which.vocab) {
        (Some(model), _) => model_folder(model)?,
        (None, Some(vocab)) => vocab.clone(),
        (None, None) => return Err("give --model or --vocab".into()),
    };
    let tokenizer = Tokenizer::from_dir(&folder)?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for (number, line) in std::io::stdin().lock().lines().enumerate() {
        let line: Line = serde_json::from_str(&line?)
            .map_err(|e| format!("line {} of the input is not {{\"text\": ...}}: {e}", number + 1))?;
        let encoding = tokenizer.encode(&line.text);
        let characters = Characters::new(&line.text);
        let answer = Answer {
            offsets: encoding
                .offsets
                .iter()
                .map(|o| [characters.before(o.start), characters.before(o.end)])
                .collect(),
            decoded: tokenizer.decode(&encoding.ids),
            ids: encoding.ids,
        };
        serde_json::to_writer(&mut out, &answer)?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(())
}

/// Bytes of a text to characters.
struct Characters {
    /// First byte of each character, and the length of the text.
    starts: Vec<usize>,
}

impl Characters {
    fn new(text: &str) -> Self {
        Self { starts: text.char_indices().map(|(i, _)| i).chain([text.len()]).collect() }
    }

    fn before(&self, byte: usize) -> usize {
        self.starts.partition_point(|start| *start < byte)
    }
}
