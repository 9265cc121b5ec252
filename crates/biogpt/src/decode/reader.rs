//! Prompts, read once.

use burn::tensor::Tensor;

use super::{DecodeError, Decoder};
use crate::Cache;
use parameters::rows_of;

/// Reads one text after another and keeps what they begin with in common: when the end of a text is edited, only the
/// new part is computed.
#[derive(Debug, Clone)]
pub struct Reader {
    cache: Cache,
    tokens: Vec<u32>,
    /// Of the last token, `[1, d]`.
    hidden: Option<Tensor<2>>,
}

impl Reader {
    /// The tokens that were read last.
    #[must_use]
    pub fn tokens(&self) -> &[u32] {
        &self.tokens
    }

    /// Reads a text. Gives the number of tokens that had to be computed.
    ///
    /// # Errors
    /// If the text is empty, longer than the model's positions or has unknown tokens; what was read before is kept.
    pub fn read(&mut self, decoder: &Decoder, tokens: &[u32]) -> Result<usize, DecodeError> {
        decoder.check_prompt(tokens)?;
        let common = self.tokens.iter().zip(tokens).take_while(|(old, new)| old == new).count();
        if common == tokens.len() && common == self.tokens.len() && self.hidden.is_some() {
            return Ok(0);
        }
        // The hidden state of the last token is needed, and kept only for the last text.
        let kept = common.min(tokens.len() - 1);
        self.cache.truncate(0, kept);
        self.tokens.truncate(kept);
        let new = &tokens[kept..];
        self.cache.reserve(&[new.len()]);
        for part in new.chunks(decoder.tokens_at_once()) {
            let hidden = decoder.network.extend(&[part], &mut self.cache);
            self.hidden = Some(rows_of(hidden, &[part.len() - 1]));
            self.tokens.extend_from_slice(part);
        }
        Ok(new.len())
    }

    /// The text ready to be continued `rows` times, sharing what was read. Samples differ by the number of the row.
    ///
    /// # Errors
    /// If nothing was read yet.
    pub fn prompts(&self, rows: usize) -> Result<Prompts, DecodeError> {
        let (cache, hidden) = self.start()?;
        Ok(Prompts {
            cache: if rows == 1 { cache } else { cache.fork(rows) },
            hidden: hidden.repeat_dim(0, rows),
            rows: (0..rows)
                .map(|sample| Prompt { tokens: self.tokens.clone(), sample: sample as u64 })
                .collect(),
        })
    }

    /// A reader that has read a text.
    pub(super) const fn at(cache: Cache, tokens: Vec<u32>, hidden: Tensor<2>) -> Self {
        Self { cache, tokens, hidden: Some(hidden) }
    }

    /// A cache of one row whose prefix is the text, and the hidden state of its last token.
    pub(super) fn start(&self) -> Result<(Cache, Tensor<2>), DecodeError> {
        let hidden = self.hidden.clone().ok_or(DecodeError::EmptyPrompt)?;
        Ok((self.cache.fork(1), hidden))
    }
}

/// Texts that have been read and can be continued in one batch.
#[derive(Debug, Clone)]
pub struct Prompts {
    pub(super) cache: Cache,
    /// Of each row's last token, `[rows, d]`.
    pub(super) hidden: Tensor<2>,
    pub(super) rows: Vec<Prompt>,
}

#[derive(Debug, Clone)]
pub(super) struct Prompt {
    pub(super) tokens: Vec<u32>,
    /// Tells samples of the same text apart.
    pub(super) sample: u64,
}

impl Decoder<'_> {
    /// A reader that has read nothing.
    #[must_use]
    pub fn reader(&self) -> Reader {
        Reader { cache: self.network.cache(self.config, 1), tokens: Vec::new(), hidden: None }
    }

    /// Reads several texts of any lengths at once. What follows is the same as for each alone.
    ///
    /// # Errors
    /// If there is none, or one is empty, too long or has unknown tokens.
    pub fn read(&self, texts: &[&[u32]]) -> Result<Prompts, DecodeError> {
        if texts.is_empty() {
            return Err(DecodeError::EmptyPrompt);
        }
        texts.iter().try_for_each(|tokens| self.check_prompt(tokens))?;
        let mut cache = self.network.cache(self.config, texts.len());
        let hidden = self.network.extend(texts, &mut cache);
        let ends = texts.iter().scan(0, |end, tokens| {
            *end += tokens.len();
            Some(*end - 1)
        });
        let last: Vec<usize> = ends.collect();
        let rows = texts.iter().map(|tokens| Prompt { tokens: tokens.to_vec(), sample: 0 }).collect();
        Ok(Prompts { cache, hidden: rows_of(hidden, &last), rows })
    }
}
