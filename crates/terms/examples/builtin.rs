//! Builds Osler's own dictionary: `cargo run -p terms --example builtin -- terms.tsv models/terms/builtin.terms`.

#![allow(clippy::print_stdout, reason = "this is a program")]

use std::fs::{self, File};
use std::io::BufReader;
use std::path::PathBuf;

use terms::{Builder, Row, builtin};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(table), Some(output)) = (arguments.next(), arguments.next()) else {
        return Err("give a tab-separated table of names and the file to write".into());
    };
    let mut builder = Builder::of_terminologies(builtin::ABOUT);
    for row in Row::table(BufReader::new(File::open(&table)?), &table.display().to_string()) {
        let row = row?;
        if builtin::takes(&row) {
            builder.add(&row);
        }
    }
    let (bytes, summary) = builder.finish().ok_or("there are more names than a dictionary can hold")?;
    fs::write(&output, &bytes)?;
    println!("{}: {} bytes, {summary:?}", output.display(), bytes.len());
    Ok(())
}
