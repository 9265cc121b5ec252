//! Annotating every place where a name stands, as one step.

use ::documents::{Concept, Content, Span};

use crate::error::Result;
use crate::identifiers::{By, DecisionId, DocumentId};
use crate::journal::Action;
use crate::library::Library;
use crate::tables::decisions::{self, Statement};
use crate::tables::documents;

impl Library {
    /// Adds a mention of `kind` wherever `name` stands in a document (see [`occurrences`]), in one step of undo. Places where
    /// the curator has added one of this type already are left alone.
    ///
    /// # Errors
    /// [`crate::Error::NotFound`].
    pub fn annotate_occurrences(
        &mut self,
        by: By<'_>,
        document: DocumentId,
        name: &str,
        kind: &str,
        concepts: &[Concept],
    ) -> Result<Vec<DecisionId>> {
        self.act(by, Action::Annotate, Some(document), |recording| {
            let text = documents::text(recording.connection, document)?;
            let mut mentions: Vec<Content> = occurrences(&text, name)
                .into_iter()
                .map(|span| Content::Entity {
                    kind: kind.to_owned(),
                    text: span.slice(&text).unwrap_or_default().to_owned(),
                    spans: vec![span],
                    concepts: concepts.to_vec(),
                })
                .collect();
            for decision in decisions::of_document(recording.connection, document)? {
                if let Statement::Added(content) = &decision.statement
                    && decision.curator == by.who
                {
                    mentions.retain(|mention| mention.identity() != content.identity());
                }
            }
            decisions::add(recording, document, &mentions)
        })
    }
}

/// Where `name` stands in `text` as whole words, in any case, without overlaps.
#[must_use]
pub fn occurrences(text: &str, name: &str) -> Vec<Span> {
    let name = name.trim();
    let wanted: Vec<char> = name.chars().flat_map(char::to_lowercase).collect();
    let mut found: Vec<Span> = Vec::new();
    if wanted.is_empty() {
        return found;
    }
    let mut before: Option<char> = None;
    for (start, character) in text.char_indices() {
        let begins_word = !joins(before, name.chars().next());
        before = Some(character);
        if begins_word
            && found.last().is_none_or(|last| last.end <= start)
            && let Some(length) = length_of(&text[start..], &wanted)
            && !joins(name.chars().next_back(), text[start + length..].chars().next())
        {
            found.push(Span::new(start, start + length));
        }
    }
    found
}

/// How many bytes at the beginning of `text` read `wanted` in lower case, if they do.
fn length_of(text: &str, wanted: &[char]) -> Option<usize> {
    let mut wanted = wanted.iter();
    for (place, character) in text.char_indices() {
        if wanted.as_slice().is_empty() {
            return Some(place);
        }
        // One letter may become several in lower case; all of them must be wanted.
        if !character.to_lowercase().all(|lower| wanted.next() == Some(&lower)) {
            return None;
        }
    }
    wanted.as_slice().is_empty().then_some(text.len())
}

/// Whether two neighbors belong to one word.
fn joins(left: Option<char>, right: Option<char>) -> bool {
    matches!((left, right), (Some(left), Some(right)) if left.is_alphanumeric() && right.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_in_any_case() {
        let check = |text: &str, name: &str, expected: &[&str]| {
            let words: Vec<&str> =
                occurrences(text, name).iter().map(|span| span.slice(text).unwrap()).collect();
            assert_eq!(words, expected, "{name} in {text}");
        };
        check("Pain, PAIN and painful; back-pain.", "pain", &["Pain", "PAIN", "pain"]);
        check("IL-2 and IL-20 or (IL-2)", "IL-2", &["IL-2", "IL-2"]);
        check("β-Blocker, Β-BLOCKER", "β-blocker", &["β-Blocker", "Β-BLOCKER"]);
        check("𝛼 𝛼", "𝛼", &["𝛼", "𝛼"]);
        check("aa aa aa", "aa aa", &["aa aa"]);
        check("İstanbul", "istanbul", &[]);
        check("anything", "  ", &[]);
        check("ends with it: CHF", "chf", &["CHF"]);
    }
}
