//! `vocab.json`, `merges.txt`, `tokenizer_config.json`.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;

use super::{malformed, read_text, write_text};
use crate::Error;
use crate::vocabulary::{Merge, SPECIAL_TOKENS, Vocabulary};

pub(super) const TOKENS: &str = "vocab.json";
pub(super) const MERGES: &str = "merges.txt";
const CONFIG: &str = "tokenizer_config.json";

pub(super) fn read(dir: &Path) -> Result<Vocabulary, Error> {
    Ok(Vocabulary { tokens: read_tokens(&dir.join(TOKENS))?, merges: read_merges(&dir.join(MERGES))? })
}

/// Token to id, in any order; the ids are 0 to n - 1.
fn read_tokens(path: &Path) -> Result<Vec<String>, Error> {
    let ids: HashMap<String, u32> = serde_json::from_str(&read_text(path)?).map_err(|error| {
        malformed(
            path,
            &format!("line {}", error.line()),
            &format!("not a table of tokens and ids ({error})"),
        )
    })?;
    let mut tokens = vec![None; ids.len()];
    for (token, id) in ids {
        let place = format!("token {token:?}");
        match tokens.get_mut(id as usize) {
            Some(slot @ None) => *slot = Some(token),
            Some(Some(_)) => return Err(malformed(path, &place, &format!("id {id} is there twice"))),
            None => {
                return Err(malformed(path, &place, &format!("id {id} leaves a gap in the ids")));
            }
        }
    }
    Ok(tokens.into_iter().flatten().collect())
}

/// Two symbols and mostly a count in each line, best first; also fairseq's `bpecodes`.
pub(super) fn read_merges(path: &Path) -> Result<Vec<Merge>, Error> {
    let text = read_text(path)?;
    let mut merges = Vec::new();
    for (number, line) in text.lines().enumerate() {
        // Symbols may hold white space other than the plain one.
        let mut fields = line.split(' ').filter(|field| !field.is_empty());
        let (Some(left), Some(right)) = (fields.next(), fields.next()) else {
            if line.trim().is_empty() || line.starts_with("#version") {
                continue;
            }
            return Err(malformed(path, &format!("line {}", number + 1), "two symbols are needed"));
        };
        if line.starts_with("#version") {
            continue;
        }
        let count = fields.next().and_then(|count| count.parse().ok()).unwrap_or(0);
        merges.push(Merge { left: left.to_owned(), right: right.to_owned(), count });
    }
    Ok(merges)
}

pub(super) fn write(vocabulary: &Vocabulary, dir: &Path, positions: usize) -> Result<(), Error> {
    let path = dir.join(TOKENS);
    let mut tokens = String::from("{\n");
    for (id, token) in vocabulary.tokens.iter().enumerate() {
        let quoted = serde_json::to_string(token)
            .map_err(|error| malformed(&path, &format!("token {id}"), &error.to_string()))?;
        let comma = if id + 1 == vocabulary.tokens.len() { "" } else { "," };
        let _ = writeln!(tokens, "  {quoted}: {id}{comma}");
    }
    tokens.push_str("}\n");
    write_text(&path, &tokens)?;

    let mut merges = String::new();
    for Merge { left, right, count } in &vocabulary.merges {
        let _ = writeln!(merges, "{left} {right} {count}");
    }
    write_text(&dir.join(MERGES), &merges)?;

    let config = serde_json::json!({
        "bos_token": SPECIAL_TOKENS[0],
        "pad_token": SPECIAL_TOKENS[1],
        "eos_token": SPECIAL_TOKENS[2],
        "sep_token": SPECIAL_TOKENS[2],
        "unk_token": SPECIAL_TOKENS[3],
        "model_max_length": positions,
        "tokenizer_class": "BioGptTokenizer",
    });
    write_text(&dir.join(CONFIG), &format!("{config:#}\n"))
}
