//! From documents to a folder of shards.

use std::path::Path;

use rayon::prelude::*;
use tokenizer::Tokenizer;

use crate::collect::{Collected, Selection, Stream};
use crate::manifest::{self, Manifest, Source};
use crate::shards::{Shards, Writer, token_bytes};
use crate::{Document, Error};

/// Documents that are tokenized at a time, on all processors.
const BATCH: usize = 4_096;

/// Where things are.
#[derive(Debug, Clone, Copy)]
pub struct Settings<'p> {
    /// The raw corpora.
    pub corpora: &'p Path,
    /// The folder to make.
    pub out: &'p Path,
    /// How `collected` was selected.
    pub selection: Selection,
}

/// Tokenizes the documents and writes shards, the tokenizer and the manifest. The manifest comes last: a folder without
/// one is not whole.
pub fn prepare(
    collected: &Collected,
    tokenizer: &Tokenizer,
    settings: Settings<'_>,
) -> Result<Manifest, Error> {
    let out = settings.out;
    std::fs::create_dir_all(out).map_err(Error::write(out))?;
    let tokenizer_dir = Shards::tokenizer_dir(out);
    tokenizer.save(&tokenizer_dir)?;

    let mut parts = Vec::new();
    for stream in Stream::ALL {
        for validation in [false, true] {
            let mut documents: Vec<&Document> = collected
                .documents
                .iter()
                .filter(|document| document.stream == stream && document.validation == validation)
                .collect();
            documents.sort_by_key(|document| document.order);
            let vocabulary = tokenizer.vocab_size();
            let mut writer = Writer::create(out, stream, validation, vocabulary, tokenizer.unknown())?;
            for batch in documents.chunks(BATCH) {
                let encoded: Vec<Vec<u32>> = batch
                    .par_iter()
                    .map(|document| tokenizer.encode(&document.text).without_start().ids)
                    .collect();
                for (document, ids) in batch.iter().zip(&encoded) {
                    writer.push(document, ids)?;
                }
            }
            parts.push(writer.finish()?);
        }
    }
    let inputs = collected.files.par_iter().map(|file| {
        let name = file.strip_prefix(settings.corpora).unwrap_or(file);
        Ok(Source { file: name.to_string_lossy().into_owned(), sha256: manifest::sha256_of(file)? })
    });
    let manifest = Manifest {
        version: manifest::VERSION,
        selection: settings.selection,
        vocabulary: tokenizer.vocab_size(),
        tokenizer_sha256: manifest::sha256_of(&tokenizer_dir.join("tokenizer.json"))?,
        token_bytes: token_bytes(tokenizer.vocab_size()),
        parts,
        tallies: collected.tallies.clone(),
        held_out_documents: collected.held_out,
        inputs: inputs.collect::<Result<_, Error>>()?,
    };
    manifest.write(out)?;
    Ok(manifest)
}
