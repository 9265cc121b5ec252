//! Tokenizers of BERT and RoBERTa encoders: WordPiece and byte-level BPE, by the `tokenizers` crate.
//!
//! The same ids, segments and offsets as the tokenizers of Hugging Face transformers give. Offsets are bytes of the
//! author's text, through lower-casing and stripped accents.

mod allowed;
mod files;

use std::ops::Range;
use std::path::Path;

use crate::Error;

pub use files::FILE;

/// A text, or a pair of texts, as an encoder reads it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BertEncoding {
    /// One a token, special tokens included.
    pub ids: Vec<u32>,
    /// The segment of each token: 0, or 1 for the second text of a pair where the model has segments.
    pub segments: Vec<u32>,
    /// Where each token is from. `None` for the special tokens around the texts.
    pub sources: Vec<Option<Source>>,
}

/// Where a token is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// 0, or 1 for the second text of a pair.
    pub text: usize,
    /// Bytes of that text.
    pub bytes: Range<usize>,
    /// The number of the word that the token is a piece of, counted in its text.
    pub word: u32,
}

/// The tokenizer of an encoder.
pub struct BertTokenizer {
    inner: tokenizers::Tokenizer,
    /// The file that lists the tokens, for messages.
    path: std::path::PathBuf,
    padding: u32,
    mask: Option<u32>,
    size: usize,
}

impl std::fmt::Debug for BertTokenizer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "BertTokenizer of {} tokens", self.size)
    }
}

impl BertTokenizer {
    /// Reads the tokenizer of a model folder: `tokenizer.json`, or `vocab.txt`, or `vocab.json` with `merges.txt`, the
    /// last two with what `tokenizer_config.json` and `added_tokens.json` say.
    ///
    /// # Errors
    /// [`Error`], naming the file, the place and the remedy.
    pub fn from_dir(dir: &Path) -> Result<Self, Error> {
        files::read(dir)
    }

    /// A WordPiece tokenizer of these tokens, with BERT's special ones among them. The id is the place.
    ///
    /// # Errors
    /// If a special token is missing, or a token is empty or there twice.
    pub fn of_words(tokens: Vec<String>) -> Result<Self, Error> {
        files::of_words(tokens)
    }

    /// Writes `tokenizer.json`, from which [`Self::from_dir`] gives the same tokenizer.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn save(&self, dir: &Path) -> Result<(), Error> {
        let path = dir.join(FILE);
        let text =
            self.inner.to_string(false).map_err(|error| self.refused("tokenizer", &error.to_string()))?;
        std::fs::write(&path, text).map_err(|source| Error::Write { path, source })
    }

    /// Ids, segments and sources of a text or of a pair of texts. With a `limit` the end of the longer text is cut off
    /// until so many tokens are left.
    ///
    /// # Errors
    /// If the limit leaves no room for the special tokens.
    pub fn encode(
        &self,
        text: &str,
        pair: Option<&str>,
        limit: Option<usize>,
    ) -> Result<BertEncoding, Error> {
        let encoded = match pair {
            Some(pair) => self.inner.encode((text, pair), true),
            None => self.inner.encode(text, true),
        };
        let encoded = encoded.map_err(|error| self.refused("text", &error.to_string()))?;
        let (special, texts) = (encoded.get_special_tokens_mask(), encoded.get_sequence_ids());
        let sources = (0..encoded.len()).map(|i| match (special[i], texts[i], encoded.get_word_ids()[i]) {
            (0, Some(text), word) => {
                let (start, end) = encoded.get_offsets()[i];
                Some(Source { text, bytes: start..end, word: word.unwrap_or(0) })
            }
            _ => None,
        });
        let all = BertEncoding {
            sources: sources.collect(),
            ids: encoded.get_ids().to_vec(),
            segments: encoded.get_type_ids().to_vec(),
        };
        match limit {
            Some(limit) if all.ids.len() > limit => all.cut(limit).ok_or_else(|| {
                self.refused("limit", &format!("{limit} tokens leave no room for the special ones"))
            }),
            _ => Ok(all),
        }
    }

    /// How many tokens a text has, without the special ones around it.
    ///
    /// # Errors
    /// As [`Self::encode`].
    pub fn count(&self, text: &str) -> Result<usize, Error> {
        Ok(self.encode(text, None, None)?.sources.iter().flatten().count())
    }

    /// The token of an id, as the vocabulary writes it.
    #[must_use]
    pub fn token(&self, id: u32) -> Option<String> {
        self.inner.id_to_token(id)
    }

    /// The id of a token, as the vocabulary writes it.
    #[must_use]
    pub fn id(&self, token: &str) -> Option<u32> {
        self.inner.token_to_id(token)
    }

    /// The id of padding.
    #[must_use]
    pub const fn padding(&self) -> u32 {
        self.padding
    }

    /// The id that stands for a hidden token in a masked language model.
    #[must_use]
    pub const fn mask(&self) -> Option<u32> {
        self.mask
    }

    /// Tokens, added ones included.
    #[must_use]
    pub const fn vocab_size(&self) -> usize {
        self.size
    }

    fn refused(&self, place: &str, problem: &str) -> Error {
        files::malformed(&self.path, place, problem)
    }
}

/// The tokens of one text in an encoding, without the special ones around it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnTokens {
    /// Their places in the encoding.
    pub places: Range<usize>,
    /// The bytes of the text that each comes from.
    pub offsets: Vec<Range<usize>>,
    /// Whether a word begins with it.
    pub starts: Vec<bool>,
}

impl BertEncoding {
    /// The tokens of a text: 0, or 1 for the second text of a pair. None for a text that is not there or empty.
    #[must_use]
    pub fn own(&self, text: usize) -> OwnTokens {
        let is_own = |source: &Option<Source>| source.as_ref().is_some_and(|source| source.text == text);
        let Some(first) = self.sources.iter().position(is_own) else { return OwnTokens::default() };
        let (mut offsets, mut starts, mut last) = (Vec::new(), Vec::new(), None);
        for source in self.sources[first..].iter().map_while(Option::as_ref) {
            offsets.push(source.bytes.clone());
            starts.push(last != Some(source.word));
            last = Some(source.word);
        }
        OwnTokens { places: first..first + offsets.len(), offsets, starts }
    }

    /// The first tokens of each text, so that `limit` are left together with the special ones: of the longer text more
    /// are taken away, as the reference's `longest_first` does. `None` if there is no room.
    fn cut(self, limit: usize) -> Option<Self> {
        let own = |text: usize| self.sources.iter().flatten().filter(|source| source.text == text).count();
        let lengths = [own(0), own(1)];
        let room = limit.checked_sub(self.ids.len() - lengths[0] - lengths[1]).filter(|room| *room > 0)?;
        let (short, long) = (lengths[0].min(lengths[1]), lengths[0].max(lengths[1]));
        let (short, long) =
            if 2 * short <= room { (short, long.min(room - short)) } else { (room / 2, room - room / 2) };
        let mut left = if lengths[0] > lengths[1] { [long, short] } else { [short, long] };
        let kept: Vec<bool> = (self.sources.iter())
            .map(|source| match source {
                None => true,
                Some(source) => {
                    let left = &mut left[source.text.min(1)];
                    let keep = *left > 0;
                    *left -= usize::from(keep);
                    keep
                }
            })
            .collect();
        Some(Self {
            ids: kept_of(self.ids, &kept),
            segments: kept_of(self.segments, &kept),
            sources: kept_of(self.sources, &kept),
        })
    }
}

fn kept_of<T>(items: Vec<T>, kept: &[bool]) -> Vec<T> {
    items.into_iter().zip(kept).filter(|(_, kept)| **kept).map(|(item, _)| item).collect()
}
