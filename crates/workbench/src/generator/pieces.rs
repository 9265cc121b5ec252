//! From text that becomes certain bit by bit back to the tokens that it is made of.

use std::collections::VecDeque;

use super::{Growth, Token};

/// Hands out tokens as soon as their text is certain, so that their texts joined are the text.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    /// Text that is certain and not handed out.
    open: String,
    /// Bytes handed out.
    told: usize,
    /// Tokens to come: each with where its text ended when it was written, and what is known of it.
    waiting: VecDeque<(usize, Token)>,
    /// Bytes that became certain.
    certain: usize,
    /// Bytes of what was there before that are still to become certain; they are not handed out.
    skipped: usize,
}

impl Pieces {
    /// A text that goes on from another one, of which `certain` bytes were certain and `open` bytes more were there.
    pub(super) fn behind(certain: usize, open: usize) -> Self {
        Self { told: certain, certain, skipped: open, ..Self::default() }
    }

    /// Takes a token (without text), the text that became certain with it, and what would follow.
    pub(super) fn push(&mut self, token: Token, committed: &str, tentative: &str) -> Growth {
        self.certain += committed.len();
        self.take(committed);
        self.waiting.push_back((self.certain + tentative.len(), token));
        let mut tokens = Vec::new();
        while let Some((end, token)) = self.waiting.pop_front_if(|(end, _)| *end <= self.certain) {
            tokens.push(self.cut(end, token));
        }
        let shown = tentative.get(self.skipped..).unwrap_or_default();
        Growth { tokens, tentative: [self.open.as_str(), shown].concat() }
    }

    fn take(&mut self, committed: &str) {
        let known = self.skipped.min(committed.len());
        self.skipped -= known;
        self.told += known;
        self.open.push_str(committed.get(known..).unwrap_or_default());
    }

    /// What of a whole text is not certain yet.
    pub(super) fn rest_of<'w>(&self, whole: &'w str) -> &'w str {
        whole.get(self.certain..).unwrap_or_default()
    }

    /// The tokens that are left, when `rest` is what was not certain yet.
    pub(super) fn finish(mut self, rest: &str) -> Vec<Token> {
        self.take(rest);
        self.certain += rest.len();
        let mut tokens = Vec::new();
        while let Some((end, token)) = self.waiting.pop_front() {
            let end = if self.waiting.is_empty() { self.certain } else { end.min(self.certain) };
            tokens.push(self.cut(end, token));
        }
        tokens
    }

    fn cut(&mut self, end: usize, token: Token) -> Token {
        let mut length = end.saturating_sub(self.told).min(self.open.len());
        while !self.open.is_char_boundary(length) {
            length -= 1;
        }
        let text: String = self.open.drain(..length).collect();
        self.told += length;
        Token { text, ..token }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> Token {
        Token { text: String::new(), log_probability: -1.0, alternatives: Vec::new() }
    }

    #[test]
    fn tokens_share_out_the_text_among_themselves() {
        let mut pieces = Pieces::default();
        assert_eq!(pieces.push(token(), "", "hyper"), Growth { tokens: vec![], tentative: "hyper".into() });
        let growth = pieces.push(token(), "", "hypertension");
        assert_eq!(growth.tentative, "hypertension");
        let growth = pieces.push(token(), "hypertension", " is");
        let texts: Vec<&str> = growth.tokens.iter().map(|token| token.text.as_str()).collect();
        assert_eq!((texts, growth.tentative.as_str()), (vec!["hyper", "tension"], " is"));
        let rest = pieces.finish(" is é");
        assert_eq!(rest.iter().map(|token| token.text.as_str()).collect::<String>(), " is é");
    }

    #[test]
    fn what_was_there_before_is_not_handed_out() {
        let mut pieces = Pieces::behind(7, 3);
        let growth = pieces.push(token(), "", "the cell");
        assert_eq!(growth.tentative, " cell");
        let growth = pieces.push(token(), "the cell", ".");
        assert_eq!(growth.tokens[0].text, " cell");
        assert_eq!(pieces.finish(".")[0].text, ".");
    }

    #[test]
    fn a_character_is_never_cut() {
        let mut pieces = Pieces::default();
        pieces.push(token(), "", "a");
        pieces.push(token(), "é", "");
        let rest = pieces.finish("");
        assert!(rest.iter().all(|token| !token.text.contains('\u{fffd}')));
    }
}
