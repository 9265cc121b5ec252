//! Text to ids with offsets, and ids to text.

use std::ops::Range;
use std::path::Path;

use crate::alignment::{self, Alignment};
use crate::bpe::{Bpe, Cutter};
use crate::error::Error;
use crate::files;
use crate::moses::{self, Rewritten};
use crate::stream::DecodeStream;
use crate::vocabulary::{END_OF_WORD, SPECIAL_TOKENS, Vocabulary};

/// The ids of a text and where each comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Encoding {
    /// Token ids.
    pub ids: Vec<u32>,
    /// For each id the bytes of the author's text, on character boundaries, starts and ends ascending. Empty for the
    /// leading `</s>`. Pieces of an escape (`&amp;`) share the range of the character that was escaped.
    pub offsets: Vec<Range<usize>>,
}

impl Encoding {
    /// The same without the leading `</s>`: to continue a text that is already there.
    pub fn without_start(mut self) -> Self {
        if !self.ids.is_empty() {
            self.ids.remove(0);
            self.offsets.remove(0);
        }
        self
    }
}

/// BioGPT's tokenizer. Can be shared between threads.
pub struct Tokenizer {
    vocabulary: Vocabulary,
    learned_prompts: Vec<u32>,
    bpe: Bpe,
    /// What each id adds to the decoded words; a space ends a word. Empty for special and learned tokens.
    fragments: Vec<String>,
}

impl std::fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokenizer")
            .field("vocab_size", &self.vocab_size())
            .field("learned_prompts", &self.learned_prompts.len())
            .finish_non_exhaustive()
    }
}

impl Tokenizer {
    /// Reads the tokenizer of a model folder: our `tokenizer.json`, or Hugging Face's `vocab.json` with `merges.txt`,
    /// or fairseq's `dict.txt` with `bpecodes`, whichever is found first.
    pub fn from_dir(dir: &Path) -> Result<Self, Error> {
        let (vocabulary, file) = files::read(dir)?;
        Self::new(vocabulary).map_err(|error| error.in_file(&file))
    }

    /// A tokenizer from tokens and merges.
    pub fn new(vocabulary: Vocabulary) -> Result<Self, Error> {
        vocabulary.check()?;
        let bpe = Bpe::new(&vocabulary)?;
        let learned_prompts = vocabulary.learned_prompts();
        let silent = |id: usize| id < SPECIAL_TOKENS.len() || learned_prompts.contains(&(id as u32));
        let fragment = |(id, token): (usize, &String)| {
            if silent(id) { String::new() } else { token.replace(' ', "").replace(END_OF_WORD, " ") }
        };
        let fragments = vocabulary.tokens.iter().enumerate().map(fragment).collect();
        Ok(Self { vocabulary, learned_prompts, bpe, fragments })
    }

    /// The same with `learned1` to `learned{count}` at the end of the vocabulary, as far as they are not there yet.
    /// Fine-tuned checkpoints have that many embedding rows more than their dictionary has lines.
    pub fn with_learned_prompts(self, count: usize) -> Result<Self, Error> {
        let mut vocabulary = self.vocabulary;
        vocabulary.reserve_learned_prompts(count);
        Self::new(vocabulary)
    }

    /// Writes our form, `tokenizer.json`.
    pub fn save(&self, dir: &Path) -> Result<(), Error> {
        files::write_own(&self.vocabulary, dir)
    }

    /// Writes `vocab.json`, `merges.txt` and `tokenizer_config.json`, which Hugging Face's `BioGptTokenizer` loads, to a
    /// folder of their own: it takes a `tokenizer.json` in the same folder for its own and fails. `positions` is the
    /// longest text of the model in tokens.
    pub fn save_hugging_face(&self, dir: &Path, positions: usize) -> Result<(), Error> {
        files::write_hugging_face(&self.vocabulary, dir, positions)
    }

    /// Encodes a text, with the leading `</s>` of every BioGPT text. Special tokens written out in the text
    /// (`</s>`, `<unk>`) become their ids, as in the reference.
    pub fn encode(&self, text: &str) -> Encoding {
        self.encode_aligned(text, &Alignment::Identity)
    }

    /// Encodes the text in lower case, as Python's `str.lower` makes it, with offsets into `text` as it is.
    pub fn encode_lowercase(&self, text: &str) -> Encoding {
        let (lowered, alignment) = alignment::lowercase(text);
        self.encode_aligned(&lowered, &alignment)
    }

    /// Decodes ids. Special and learned tokens, and ids outside the vocabulary, leave no trace.
    pub fn decode(&self, ids: &[u32]) -> String {
        let mut stream = self.decode_stream();
        for &id in ids {
            stream.take(id);
        }
        stream.finish()
    }

    /// Decodes ids one by one, for text that appears while it is made.
    pub fn decode_stream(&self) -> DecodeStream<'_> {
        DecodeStream::new(self)
    }

    /// The number of ids, learned prompts included.
    pub fn vocab_size(&self) -> usize {
        self.vocabulary.tokens.len()
    }

    /// The token of an id as the vocabulary has it (`the</w>`).
    pub fn token(&self, id: u32) -> Option<&str> {
        self.vocabulary.tokens.get(id as usize).map(String::as_str)
    }

    /// The id of a token as the vocabulary has it (`the</w>`).
    pub fn id(&self, token: &str) -> Option<u32> {
        self.bpe.id(token)
    }

    /// Ids of `learned1`, `learned2`, ...; empty for a model that was not fine-tuned with a learned prompt.
    pub fn learned_prompt_ids(&self) -> &[u32] {
        &self.learned_prompts
    }

    /// `</s>`, which begins and ends every text.
    pub fn end_of_text(&self) -> u32 {
        2
    }

    /// `<pad>`.
    pub fn padding(&self) -> u32 {
        1
    }

    /// `<unk>`, for characters that the vocabulary lacks.
    pub fn unknown(&self) -> u32 {
        3
    }

    /// The tokens and merges.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// What an id adds to the decoded words; a space ends a word.
    pub(crate) fn fragment(&self, id: u32) -> &str {
        self.fragments.get(id as usize).map_or("", String::as_str)
    }

    fn encode_aligned(&self, text: &str, alignment: &Alignment) -> Encoding {
        // About four bytes a token in biomedical English.
        let room = text.len() / 4 + 2;
        let mut encoding = Encoding { ids: Vec::with_capacity(room), offsets: Vec::with_capacity(room) };
        encoding.push(self.end_of_text(), 0..0);
        let mut cutter = self.bpe.cutter();
        let mut from = 0;
        while from < text.len() {
            let special = next_special(text, from);
            let until = special.as_ref().map_or(text.len(), |(_, range)| range.start);
            encode_segment(&mut cutter, text, from..until, alignment, &mut encoding);
            from = until;
            if let Some((id, range)) = special {
                from = range.end;
                encoding.push(id, alignment.source(range));
            }
        }
        cutter.finish();
        encoding
    }
}

impl Encoding {
    fn push(&mut self, id: u32, source: Range<usize>) {
        self.ids.push(id);
        self.offsets.push(source);
    }
}

/// The first special token written out at or after `from`.
fn next_special(text: &str, from: usize) -> Option<(u32, Range<usize>)> {
    text[from..].match_indices('<').find_map(|(at, _)| {
        let start = from + at;
        let (token, id) =
            SPECIAL_TOKENS.iter().zip(0..).find(|(token, _)| text[start..].starts_with(**token))?;
        Some((id, start..start + token.len()))
    })
}

/// Encodes one stretch without special tokens. The reference tokenizes each apart from the others.
fn encode_segment(
    cutter: &mut Cutter<'_>,
    text: &str,
    range: Range<usize>,
    alignment: &Alignment,
    encoding: &mut Encoding,
) {
    let base = range.start;
    let clean = alignment::without_control_characters(&text[range]);
    let source = |range: Range<usize>| {
        let in_segment = clean.alignment.source(range);
        alignment.source(base + in_segment.start..base + in_segment.end)
    };
    moses::scan(&clean.text, clean.spaces, |found| match moses::rewrite(&clean.text, &found) {
        Rewritten::Same(word) => {
            let mut at = found.range.start;
            cutter.pieces(word, |piece| {
                encoding.push(piece.id, source(at..at + piece.len));
                at += piece.len;
            });
        }
        Rewritten::Changed { word, sources } => {
            let mut at = 0;
            cutter.pieces(&word, |piece| {
                let end = at + piece.len;
                let first = sources.get(at).map_or(found.range.start, |first| first.start);
                let last = sources.get(end - 1).map_or(found.range.end, |last| last.end);
                encoding.push(piece.id, source(first..last));
                at = end;
            });
        }
    });
}
