//! Osler's own glossary: `cargo run --release -p corpus --example glossary -- build CORPORA DICTIONARY GLOSSARY` makes it,
//! `figures` in the place of `build` counts what it knows, `define TERM DICTIONARY GLOSSARY` looks a term up.

#![allow(clippy::print_stdout, reason = "this is a program")]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use glossary::{Builder, Glossary, define};
use terms::{Dictionary, Terms};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["build", corpora, dictionary, glossary] => build(corpora.as_ref(), dictionary, glossary.as_ref()),
        ["figures", corpora, dictionary, glossary] => {
            let glossary = Arc::new(Glossary::open(glossary.as_ref())?);
            println!("{}", corpus::figures(corpora.as_ref(), &opened(dictionary)?, &glossary)?);
            Ok(())
        }
        ["define", term, dictionary, glossary] => {
            let glossary = Arc::new(Glossary::open(glossary.as_ref())?);
            let definitions = define(term, &opened(dictionary)?, &[glossary])?;
            println!("{definitions:#?}");
            Ok(())
        }
        _ => Err("give build or figures, the folder of the corpora, the dictionary and the glossary; or define, a term, the dictionary and the glossary".into()),
    }
}

fn opened(dictionary: &str) -> Result<Dictionary, Failure> {
    Ok(Dictionary::new(vec![Arc::new(Terms::open(dictionary.as_ref())?)]))
}

fn build(corpora: &Path, dictionary: &str, output: &Path) -> Result<(), Failure> {
    let gathered = corpus::gather(corpora, &opened(dictionary)?)?;
    for ((source, outcome), count) in &gathered.counts {
        println!("{source}: {count} {outcome}");
    }
    let mut builder = Builder::new(corpus::GLOSSARY_ABOUT);
    gathered.entries.into_iter().for_each(|entry| builder.add(entry));
    let (bytes, summary) = builder.finish()?;
    fs::write(output, &bytes)?;
    println!("{}: {} bytes, {summary:?}", output.display(), bytes.len());
    Ok(())
}
