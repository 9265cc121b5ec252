//! Tokenizes the `text` of each JSON line on standard input, and prints ids, offsets and the decoded text as JSON
//! lines; with `--time` prints only how many characters a CPU second it encodes.
//!
//! `cargo run -p tokenizer --example tokenize -- FOLDER [--time] < lines.jsonl`

use std::io::{BufRead, Write};
use std::path::PathBuf;

use tokenizer::Tokenizer;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("which folder?")?);
    let time = arguments.next().is_some_and(|argument| argument == "--time");
    let tokenizer = Tokenizer::from_dir(&folder)?;
    let mut texts = Vec::new();
    for line in std::io::stdin().lock().lines() {
        let record: serde_json::Value = serde_json::from_str(&line?)?;
        texts.push(record["text"].as_str().ok_or("a line without text")?.to_owned());
    }
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    if time {
        let characters: usize = texts.iter().map(|text| text.chars().count()).sum();
        for round in 1..=5 {
            let before = cpu_seconds()?;
            let tokens: usize = texts.iter().map(|text| tokenizer.encode(text).ids.len()).sum();
            let seconds = cpu_seconds()? - before;
            let speed = characters as f64 / seconds / 1e6;
            writeln!(
                out,
                "round {round}: {characters} characters, {tokens} tokens, {speed:.1} M characters/CPU s"
            )?;
        }
        return Ok(());
    }
    for text in &texts {
        let encoding = tokenizer.encode(text);
        let offsets: Vec<_> = encoding.offsets.iter().map(|range| (range.start, range.end)).collect();
        let decoded = tokenizer.decode(&encoding.ids);
        let record = serde_json::json!({ "ids": encoding.ids, "offsets": offsets, "decoded": decoded });
        writeln!(out, "{record}")?;
    }
    Ok(())
}

/// Of this thread, user and system; Linux only.
fn cpu_seconds() -> Result<f64, Box<dyn std::error::Error>> {
    let schedstat = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: f64 = schedstat.split(' ').next().ok_or("no time in schedstat")?.parse()?;
    Ok(nanoseconds / 1e9)
}
