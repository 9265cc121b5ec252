use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};

use bert::BertTokenizer;
use serde::{Deserialize, Serialize};
use tokenizer::Tokenizer;

use crate::Failure;
use crate::session::model_folder;

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
    #[serde(default)]
    pair: Option<String>,
}

#[derive(Serialize)]
pub(super) struct Answer {
    pub(super) ids: Vec<u32>,
    /// The segment of each token, of encoders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) types: Option<Vec<u32>>,
    pub(super) offsets: Vec<[usize; 2]>,
    /// The text of the ids, of BioGPT.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) decoded: Option<String>,
}

/// The tokenizer of a folder.
enum Tokens {
    BioGpt(Box<Tokenizer>),
    Encoder { tokenizer: Box<BertTokenizer>, limit: Option<usize> },
}

impl Tokens {
    fn read(folder: &Path) -> Result<Self, Failure> {
        let encoder = bert::model::is_encoder(folder);
        // A folder with a vocabulary only.
        let words = folder.join("vocab.txt").is_file() && !folder.join("config.json").is_file();
        if !encoder && !words {
            return Ok(Self::BioGpt(Box::new(Tokenizer::from_dir(folder)?)));
        }
        let limit = encoder.then(|| bert::model::configuration(folder)).transpose()?;
        let limit = limit.map(|config| config.max_positions());
        Ok(Self::Encoder { tokenizer: Box::new(BertTokenizer::from_dir(folder)?), limit })
    }

    fn answer(&self, line: &Line) -> Result<Answer, Failure> {
        let tokenizer = match self {
            Self::Encoder { tokenizer, limit } => {
                return super::encoder::tokenize(tokenizer, &line.text, line.pair.as_deref(), *limit);
            }
            Self::BioGpt(tokenizer) => tokenizer,
        };
        if line.pair.is_some() {
            return Err("BioGPT reads no pairs of texts. Give one text".into());
        }
        let encoding = tokenizer.encode(&line.text);
        let characters = Characters::new(&line.text);
        Ok(Answer {
            offsets: encoding
                .offsets
                .iter()
                .map(|o| [characters.before(o.start), characters.before(o.end)])
                .collect(),
            types: None,
            decoded: Some(tokenizer.decode(&encoding.ids)),
            ids: encoding.ids,
        })
    }
}

pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let folder = match (&arguments.which.model, &arguments.which.vocab) {
        (Some(model), _) => model_folder(model)?,
        (None, Some(vocab)) => vocab.clone(),
        (None, None) => return Err("give --model or --vocab".into()),
    };
    let tokens = Tokens::read(&folder)?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for (number, line) in std::io::stdin().lock().lines().enumerate() {
        let line: Line = serde_json::from_str(&line?)
            .map_err(|e| format!("line {} of the input is not {{\"text\": ...}}: {e}", number + 1))?;
        let answer = tokens.answer(&line)?;
        serde_json::to_writer(&mut out, &answer)?;
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(())
}

/// Bytes of a text to characters.
pub(super) struct Characters {
    /// First byte of each character, and the length of the text.
    starts: Vec<usize>,
}

impl Characters {
    pub(super) fn new(text: &str) -> Self {
        Self { starts: text.char_indices().map(|(i, _)| i).chain([text.len()]).collect() }
    }

    pub(super) fn before(&self, byte: usize) -> usize {
        self.starts.partition_point(|start| *start < byte)
    }
}
