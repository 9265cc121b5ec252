//! From token ids to tokens with their text, while they are being written.

use std::collections::VecDeque;

use biogpt::{DecodeStream, Tokenizer};

use crate::{Token, TokenDelta};

/// Prompt tokens that are decoded before the first written one, so that it gets its blank or joins a word.
const CONTEXT: usize = 32;

/// A text behind a prompt: gives each token its text as soon as that is final, so that the texts joined are the text.
pub(super) struct Detokenizer<'t> {
    stream: DecodeStream<'t>,
    /// Tokens whose text may still change, each with where the text ended when it came.
    waiting: VecDeque<(usize, Token)>,
    given: Given,
}

/// What was given out.
struct Given {
    /// Bytes of the stream's text that belong to the prompt or to these tokens.
    bytes: usize,
    tokens: Vec<Token>,
    /// Whether the next text loses the blank at its beginning, as the author has written one already.
    trims: bool,
}

impl<'t> Detokenizer<'t> {
    /// Behind a prompt; with `trims` the prompt ends with a blank of its own.
    pub(super) fn new(tokenizer: &'t Tokenizer, prompt: &[u32], trims: bool) -> Self {
        let mut stream = tokenizer.decode_stream();
        let mut bytes = 0;
        for id in &prompt[prompt.len().saturating_sub(CONTEXT)..] {
            let decoded = stream.push(*id);
            bytes = decoded.committed.len() + decoded.tentative.len();
        }
        let given = Given { bytes, tokens: Vec::new(), trims: trims || bytes == 0 };
        Self { stream, waiting: VecDeque::new(), given }
    }

    /// Takes the next token, without its text. Gives those whose text is final now.
    pub(super) fn push(&mut self, id: u32, token: Token) -> TokenDelta {
        let decoded = self.stream.push(id);
        let certain = decoded.committed.len();
        let text = [decoded.committed, decoded.tentative].concat();
        self.waiting.push_back((text.len(), token));
        let before = self.given.tokens.len();
        while let Some((end, token)) = self.waiting.pop_front_if(|(end, _)| *end <= certain) {
            self.given.give(&text, end, token);
        }
        let mut tentative = text.get(self.given.bytes..).unwrap_or_default();
        if self.given.trims {
            tentative = tentative.trim_start();
        }
        TokenDelta { tokens: self.given.tokens[before..].to_vec(), tentative: tentative.to_owned() }
    }

    /// All tokens, when no more come.
    pub(super) fn finish(self) -> Vec<Token> {
        let Self { stream, mut waiting, mut given } = self;
        let text = stream.finish();
        while let Some((end, token)) = waiting.pop_front() {
            // The last one has what is left.
            given.give(&text, if waiting.is_empty() { text.len() } else { end }, token);
        }
        given.tokens
    }
}

impl Given {
    /// Gives out a token whose text ends at a byte of the final text; a character is never cut.
    fn give(&mut self, text: &str, end: usize, token: Token) {
        let mut end = end.min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let mut own = text.get(self.bytes..end).unwrap_or_default();
        self.bytes = self.bytes.max(end);
        if std::mem::take(&mut self.trims) {
            own = own.trim_start();
        }
        self.tokens.push(Token { text: own.to_owned(), ..token });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: [&str; 4] = [
        "hypertension is a common disease of the heart.",
        "IL-6 (interleukin-6) rose; p < 0.05, naïve α-tocopherol.",
        "the cells' growth, \"slow\" and fast",
        "a",
    ];

    fn tokenizer() -> Tokenizer {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tokenizer/tests/fixtures/micro/hugging-face");
        Tokenizer::from_dir(folder.as_ref()).unwrap()
    }

    fn token() -> Token {
        Token { text: String::new(), log_probability: -1.0, alternatives: Vec::new() }
    }

    fn joined(tokens: &[Token]) -> String {
        tokens.iter().map(|token| token.text.as_str()).collect()
    }

    /// What is decoded with the prompt, without what the prompt alone decodes to.
    fn behind(tokenizer: &Tokenizer, prompt: &[u32], ids: &[u32]) -> String {
        let (alone, both) = (tokenizer.decode(prompt), tokenizer.decode(&[prompt, ids].concat()));
        both[alone.len()..].to_owned()
    }

    #[test]
    fn tokens_share_out_the_text_behind_the_prompt_among_themselves() {
        let tokenizer = tokenizer();
        for prompt in ["", "The patient had", "It is (so"] {
            for text in TEXTS {
                let prompt = tokenizer.encode(prompt).ids;
                let ids = tokenizer.encode(text).without_start().ids;
                let mut detokenizer = Detokenizer::new(&tokenizer, &prompt, false);
                let mut streamed = Vec::new();
                for (place, id) in ids.iter().enumerate() {
                    let delta = detokenizer.push(*id, token());
                    streamed.extend(delta.tokens);
                    // What is final and what may change are always the text so far.
                    let so_far = behind(&tokenizer, &prompt, &ids[..=place]);
                    assert_eq!(joined(&streamed) + &delta.tentative, so_far);
                }
                let all = detokenizer.finish();
                assert_eq!(all.len(), ids.len());
                assert_eq!(all[..streamed.len()], streamed, "what was final stays");
                assert_eq!(joined(&all), behind(&tokenizer, &prompt, &ids));
            }
        }
    }

    #[test]
    fn a_blank_that_the_author_has_written_is_not_written_again() {
        let tokenizer = tokenizer();
        let prompt = tokenizer.encode("The patient had ").ids;
        for (trims, expected) in [(true, "hypertension is"), (false, " hypertension is")] {
            let mut detokenizer = Detokenizer::new(&tokenizer, &prompt, trims);
            let ids = tokenizer.encode("hypertension is").without_start().ids;
            for (place, id) in ids.iter().enumerate() {
                let delta = detokenizer.push(*id, token());
                assert!(place > 0 || delta.tentative.starts_with(' ') != trims, "{delta:?}");
            }
            assert_eq!(joined(&detokenizer.finish()), expected);
        }
    }
}
