//! `dict.txt` and `bpecodes`.

use std::path::Path;

use super::{hugging_face, malformed, read_text};
use crate::Error;
use crate::vocabulary::{END_OF_WORD, SPECIAL_TOKENS, Vocabulary};

pub(super) const TOKENS: &str = "dict.txt";
pub(super) const MERGES: &str = "bpecodes";
/// What fastBPE writes after a piece that does not end its word.
const CONTINUES: &str = "@@";
/// fairseq's mark on a line that stands for a token it has already.
const OVERWRITE: &str = "#fairseq:overwrite";

pub(super) fn read(dir: &Path) -> Result<Vocabulary, Error> {
    Ok(Vocabulary {
        tokens: read_tokens(&dir.join(TOKENS))?,
        merges: hugging_face::read_merges(&dir.join(MERGES))?,
    })
}

/// A token and its count in each line; the special tokens come before the first.
fn read_tokens(path: &Path) -> Result<Vec<String>, Error> {
    let text = read_text(path)?;
    let mut tokens: Vec<String> = SPECIAL_TOKENS.iter().map(|token| (*token).to_owned()).collect();
    // Only line feeds end a line: a token may be another kind of separator.
    for (number, line) in text.split('\n').enumerate() {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let overwrites = line.strip_suffix(OVERWRITE);
        let line = overwrites.map_or(line, str::trim_end);
        if line.is_empty() {
            continue;
        }
        let Some((token, _)) = line.rsplit_once(' ').filter(|(_, count)| count.parse::<u64>().is_ok()) else {
            return Err(malformed(path, &format!("line {}", number + 1), "a token and its count are needed"));
        };
        if overwrites.is_some() && SPECIAL_TOKENS.contains(&token) {
            continue;
        }
        tokens.push(match token.strip_suffix(CONTINUES) {
            Some(piece) => piece.to_owned(),
            None => format!("{token}{END_OF_WORD}"),
        });
    }
    Ok(tokens)
}
