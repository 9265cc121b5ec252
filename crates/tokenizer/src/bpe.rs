//! Words to pieces.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use tokenizers::Model;
use tokenizers::models::bpe::BPE;

use crate::Error;
use crate::vocabulary::{END_OF_WORD, SPECIAL_TOKENS, Vocabulary};

/// A piece of a word: its id and its length in bytes of the word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) id: u32,
    pub(crate) len: usize,
}

type Cache = HashMap<Box<str>, Box<[Piece]>>;

/// The `tokenizers` crate's BPE, and the words it has already cut: biomedical text repeats itself.
pub(crate) struct Bpe {
    model: BPE,
    /// Ids from here on stand for pieces that a merge mentions but the vocabulary lacks.
    known: u32,
    unknown: u32,
    cache: RwLock<Cache>,
}

/// Words kept; about 10 MB. A longer text just stops filling it.
const CACHED_WORDS: usize = 1 << 16;
const LONGEST_CACHED_WORD: usize = 64;

impl Bpe {
    pub(crate) fn new(vocabulary: &Vocabulary) -> Result<Self, Error> {
        let known = vocabulary.tokens.len() as u32;
        let mut ids: HashMap<&str, u32> = vocabulary.tokens.iter().map(String::as_str).zip(0..).collect();
        let outputs: Vec<String> =
            vocabulary.merges.iter().map(|m| format!("{}{}", m.left, m.right)).collect();
        // In the published vocabulary thirteen merges make a piece that is no token; it can still merge further.
        let mentioned = vocabulary.merges.iter().zip(&outputs).flat_map(|(m, out)| [&m.left, &m.right, out]);
        for piece in mentioned {
            let next = ids.len() as u32;
            ids.entry(piece).or_insert(next);
        }
        let model = BPE::builder()
            .vocab_and_merges(
                ids.iter()
                    .map(|(token, id)| ((*token).to_owned(), *id))
                    .collect::<tokenizers::models::bpe::Vocab>(),
                vocabulary.merges.iter().map(|m| (m.left.clone(), m.right.clone())).collect(),
            )
            .unk_token(SPECIAL_TOKENS[3].to_owned())
            .end_of_word_suffix(END_OF_WORD.to_owned())
            .cache_capacity(0)
            .build()
            .map_err(|error| Error::Inconsistent {
                place: "merges".to_owned(),
                problem: error.to_string(),
            })?;
        Ok(Self { model, known, unknown: 3, cache: RwLock::default() })
    }

    /// The id of a token of the vocabulary.
    pub(crate) fn id(&self, token: &str) -> Option<u32> {
        self.model.token_to_id(token).filter(|&id| id < self.known)
    }

    /// Opens the cache for one text.
    pub(crate) fn cutter(&self) -> Cutter<'_> {
        let cached = self.cache.read().unwrap_or_else(PoisonError::into_inner);
        Cutter { bpe: self, cached, new: HashMap::new() }
    }

    fn cut(&self, word: &str) -> Box<[Piece]> {
        // The model can only fail for want of an unknown token, which every vocabulary has.
        let Ok(tokens) = self.model.tokenize(word) else {
            return Box::new([Piece { id: self.unknown, len: word.len() }]);
        };
        let id = |id| if id < self.known { id } else { self.unknown };
        tokens.iter().map(|t| Piece { id: id(t.id), len: t.offsets.1 - t.offsets.0 }).collect()
    }
}

/// Cuts the words of one text.
pub(crate) struct Cutter<'b> {
    bpe: &'b Bpe,
    cached: RwLockReadGuard<'b, Cache>,
    new: Cache,
}

impl Cutter<'_> {
    /// Calls `each` for every piece of `word`, in order.
    pub(crate) fn pieces(&mut self, word: &str, each: impl FnMut(Piece)) {
        if let Some(pieces) = self.cached.get(word).or_else(|| self.new.get(word)) {
            pieces.iter().copied().for_each(each);
            return;
        }
        let pieces = self.bpe.cut(word);
        pieces.iter().copied().for_each(each);
        if word.len() <= LONGEST_CACHED_WORD {
            self.new.insert(word.into(), pieces);
        }
    }

    /// Puts the text's new words into the cache.
    pub(crate) fn finish(self) {
        let Self { bpe, cached, new } = self;
        let room = CACHED_WORDS.saturating_sub(cached.len());
        drop(cached);
        if room > 0 && !new.is_empty() {
            let mut cache = bpe.cache.write().unwrap_or_else(PoisonError::into_inner);
            cache.extend(new.into_iter().take(room));
        }
    }
}
