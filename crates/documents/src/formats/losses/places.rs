//! Places in a text whatever its blanks: how many characters that are none stand before.

use crate::Span;

/// Counts the characters that are no blanks.
pub(super) struct Places {
    /// The byte of each such character.
    letters: Vec<usize>,
}

impl Places {
    pub fn of_text(text: &str) -> Self {
        let letters = text.char_indices().filter(|(_, letter)| !letter.is_whitespace());
        Self { letters: letters.map(|(at, _)| at).collect() }
    }

    /// The stretches, from and to which character each.
    pub fn of(&self, spans: &[Span]) -> Vec<(usize, usize)> {
        spans.iter().map(|span| (self.before(span.start), self.before(span.end))).collect()
    }

    /// From the first to the last character.
    pub fn extent(&self, spans: &[Span]) -> Option<(usize, usize)> {
        let all = self.of(spans);
        Some((all.iter().map(|(start, _)| *start).min()?, all.iter().map(|(_, end)| *end).max()?))
    }

    fn before(&self, byte: usize) -> usize {
        self.letters.partition_point(|at| *at < byte)
    }
}
