//! From token ids to text while they are being written, up to a stop string.

use tokenizer::{DecodeStream, Tokenizer};

/// Strings that end a text. They are not part of it. (The end of a paragraph needs none: BioGPT writes `</s>` there.)
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stops(Vec<String>);

impl Stops {
    /// These strings; empty ones, which would stop everything, are left out.
    pub fn at<S: Into<String>>(strings: impl IntoIterator<Item = S>) -> Self {
        Self(strings.into_iter().map(Into::into).filter(|stop: &String| !stop.is_empty()).collect())
    }

    /// Where the first stop string begins at or after byte `from`.
    fn find(&self, text: &str, from: usize) -> Option<usize> {
        self.0.iter().filter_map(|stop| text[from..].find(stop.as_str())).min().map(|at| from + at)
    }

    /// Where at the end of `text` something begins that may become a stop string.
    fn begun(&self, text: &str) -> usize {
        let longest = self.0.iter().map(String::len).max().unwrap_or(0);
        let from = text.len().saturating_sub(longest.saturating_sub(1));
        let mut places = (from..text.len()).filter(|at| text.is_char_boundary(*at));
        places.find(|at| self.0.iter().any(|stop| stop.starts_with(&text[*at..]))).unwrap_or(text.len())
    }
}

/// What one more token did to a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Piece {
    /// To be added to what came before: it never changes again.
    pub committed: String,
    /// What would follow if the text ended here; replaces the one before.
    pub tentative: String,
    /// A stop string has come: nothing follows.
    pub stopped: bool,
}

/// A finished text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The text, without the stop string.
    pub text: String,
    /// Whether a stop string ended it.
    pub stopped: bool,
}

/// A text while its tokens come.
#[derive(Debug, Clone)]
pub struct Text<'t> {
    stream: DecodeStream<'t>,
    stops: Stops,
    /// Bytes of the certain text that were handed out.
    told: usize,
    /// Where a stop string begins.
    end: Option<usize>,
}

impl<'t> Text<'t> {
    /// A text without tokens.
    #[must_use]
    pub fn new(tokenizer: &'t Tokenizer, stops: Stops) -> Self {
        Self { stream: tokenizer.decode_stream(), stops, told: 0, end: None }
    }

    /// Takes the next token. After a stop string nothing changes any more.
    pub fn push(&mut self, id: u32) -> Piece {
        if self.end.is_some() {
            return Piece { stopped: true, ..Piece::default() };
        }
        let decoded = self.stream.push(id);
        let certain = decoded.committed;
        // What was told holds no beginning of a stop string, so the search goes on there.
        self.end = self.stops.find(certain, self.told);
        let until = self.end.unwrap_or_else(|| self.stops.begun(certain)).max(self.told);
        let committed = certain[self.told..until].to_owned();
        self.told = until;
        if self.end.is_some() {
            return Piece { committed, tentative: String::new(), stopped: true };
        }
        let open = [&certain[until..], decoded.tentative].concat();
        let tentative = match self.stops.find(&open, 0) {
            Some(at) => open[..at].to_owned(),
            None => open,
        };
        Piece { committed, tentative, stopped: false }
    }

    /// The whole text, when no more tokens come.
    #[must_use]
    pub fn finish(self) -> Written {
        let mut text = self.stream.finish();
        let end = self.end.or_else(|| self.stops.find(&text, 0));
        if let Some(end) = end {
            text.truncate(end);
        }
        Written { text, stopped: end.is_some() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokenizer::Vocabulary;

    /// One token a character (`a` within a word, `a</w>` at its end), so that words fall apart as far as they can.
    fn tokenizer() -> Tokenizer {
        let letters = ('a'..='z').chain(['.', ';']).flat_map(|c| [c.to_string(), format!("{c}</w>")]);
        let special = tokenizer::SPECIAL_TOKENS.map(str::to_owned);
        Tokenizer::new(Vocabulary { tokens: special.into_iter().chain(letters).collect(), merges: vec![] })
            .unwrap()
    }

    fn written(stops: Stops, text: &str) -> (String, Vec<Piece>, Written) {
        let tokenizer = tokenizer();
        let mut writing = Text::new(&tokenizer, stops);
        let ids = tokenizer.encode(text).without_start().ids;
        let pieces: Vec<Piece> = ids.iter().map(|id| writing.push(*id)).collect();
        (pieces.iter().map(|p| p.committed.as_str()).collect(), pieces, writing.finish())
    }

    #[test]
    fn certain_text_only_grows_and_ends_as_the_whole() {
        let (certain, pieces, whole) = written(Stops::default(), "the cell ; it grows .");
        assert_eq!(whole, Written { text: "the cell; it grows.".to_owned(), stopped: false });
        assert!(whole.text.starts_with(&certain));
        assert_eq!([certain.as_str(), &pieces.last().unwrap().tentative].concat(), whole.text);
    }

    #[test]
    fn a_stop_string_ends_the_text_before_it_and_is_never_shown() {
        for stop in [";", "; it", "; it grows"] {
            let (certain, pieces, whole) = written(Stops::at([stop, ""]), "the cell ; it grows up now .");
            assert_eq!(whole, Written { text: "the cell".to_owned(), stopped: true }, "{stop}");
            assert_eq!(certain, "the cell");
            assert!(pieces.iter().all(|p| !p.tentative.contains(stop)) && pieces.last().unwrap().stopped);
        }
    }

    #[test]
    fn what_only_began_like_a_stop_string_is_told_in_the_end() {
        let (_, _, whole) = written(Stops::at(["cell; at"]), "the cell ; it grows .");
        assert_eq!(whole, Written { text: "the cell; it grows.".to_owned(), stopped: false });
    }
}
