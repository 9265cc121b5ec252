//! A ready-made constraint: one of some token sequences, then one of others, and so on, once or again and again.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::constraint::{Allowed, Constraint};

/// Segments in order, each one of several token sequences; the whole may be repeated after a separator.
///
/// Sequences may begin alike, and one may be the beginning of another: all readings are followed until the tokens
/// decide.
#[derive(Debug, Clone, Default)]
pub struct Sequences {
    segments: Vec<Trie>,
    separator: Option<Trie>,
}

/// Token sequences by their common beginnings.
#[derive(Debug, Clone)]
struct Trie {
    nodes: Vec<Node>,
}

#[derive(Debug, Clone, Default)]
struct Node {
    next: BTreeMap<u32, usize>,
    ends: bool,
}

/// How far an output of [`Sequences`] has come: each way to read it as (segment, node of its trie).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readings(Vec<(usize, usize)>);

impl Sequences {
    /// One of these sequences.
    pub fn one_of<S: AsRef<[u32]>>(sequences: impl IntoIterator<Item = S>) -> Self {
        Self::default().then(sequences)
    }

    /// Followed by one of these. A list without sequences, or only empty ones, makes everything impossible.
    #[must_use]
    pub fn then<S: AsRef<[u32]>>(mut self, sequences: impl IntoIterator<Item = S>) -> Self {
        self.segments.push(Trie::new(sequences));
        self
    }

    /// The whole, as often as wished, with one of these sequences between.
    #[must_use]
    pub fn repeated<S: AsRef<[u32]>>(mut self, separators: impl IntoIterator<Item = S>) -> Self {
        self.separator = Some(Trie::new(separators));
        self
    }

    /// Whether `tokens` (without `</s>`) is an output.
    #[must_use]
    pub fn accepts(&self, tokens: &[u32]) -> bool {
        let state = tokens.iter().try_fold(self.start(), |state, token| self.advance(&state, *token));
        state.is_some_and(|state| self.may_end(&state))
    }

    fn may_end(&self, state: &Readings) -> bool {
        state.0.iter().any(|(segment, node)| *segment == self.segments.len() && *node == 0)
    }

    /// The trie of a segment; the separator comes after the last.
    fn trie(&self, segment: usize) -> Option<&Trie> {
        self.segments.get(segment).or(self.separator.as_ref())
    }

    fn node(&self, (segment, node): (usize, usize)) -> Option<&Node> {
        self.trie(segment)?.nodes.get(node)
    }
}

impl Constraint for Sequences {
    type State = Readings;

    fn start(&self) -> Readings {
        Readings(vec![(0, 0)])
    }

    fn allowed(&self, state: &Readings) -> Allowed<'_> {
        let nodes = state.0.iter().filter_map(|reading| self.node(*reading));
        let mut tokens: Vec<u32> = nodes.flat_map(|node| node.next.keys().copied()).collect();
        tokens.sort_unstable();
        tokens.dedup();
        Allowed::Only { tokens: Cow::Owned(tokens), end: self.may_end(state) }
    }

    fn advance(&self, state: &Readings, token: u32) -> Option<Readings> {
        let mut readings = Vec::new();
        for (segment, node) in &state.0 {
            let Some(next) = self.node((*segment, *node)).and_then(|node| node.next.get(&token)) else {
                continue;
            };
            let Some(node) = self.node((*segment, *next)) else { continue };
            if node.ends {
                // After the separator everything begins again.
                readings.push(if *segment == self.segments.len() { (0, 0) } else { (segment + 1, 0) });
            }
            if !node.next.is_empty() {
                readings.push((*segment, *next));
            }
        }
        readings.sort_unstable();
        readings.dedup();
        (!readings.is_empty()).then_some(Readings(readings))
    }
}

impl Trie {
    fn new<S: AsRef<[u32]>>(sequences: impl IntoIterator<Item = S>) -> Self {
        let mut nodes = vec![Node::default()];
        for sequence in sequences {
            let mut at = 0;
            for token in sequence.as_ref() {
                let fresh = nodes.len();
                at = *nodes[at].next.entry(*token).or_insert(fresh);
                if at == fresh {
                    nodes.push(Node::default());
                }
            }
            // An empty sequence would be a segment that is not there.
            nodes[at].ends = at > 0;
        }
        Self { nodes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_every_reading_until_the_tokens_decide() {
        let names = [vec![10], vec![10, 11], vec![12]];
        let pairs = Sequences::one_of([[1]]).then(&names).then([[2]]).then(&names).repeated([[3], [11]]);
        let accepted: [&[u32]; 5] = [
            &[1, 10, 2, 12],
            &[1, 10, 11, 2, 10, 11],
            &[1, 12, 2, 10, 3, 1, 10, 2, 10],
            &[1, 10, 2, 10, 11, 1, 12, 2, 12],
            &[1, 10, 2, 10, 11, 11, 1, 12, 2, 12],
        ];
        for tokens in accepted {
            assert!(pairs.accepts(tokens), "{tokens:?}");
        }
        let refused: [&[u32]; 6] = [
            &[],
            &[1, 10, 2],
            &[1, 11, 2, 12],
            &[1, 10, 2, 12, 3],
            &[10, 2, 12],
            &[1, 10, 2, 12, 1, 10, 2, 12],
        ];
        for tokens in refused {
            assert!(!pairs.accepts(tokens), "{tokens:?}");
        }
        let after = pairs.advance(&pairs.start(), 1).and_then(|state| pairs.advance(&state, 10));
        let allowed = after.map(|state| pairs.allowed(&state).clone());
        assert_eq!(allowed, Some(Allowed::Only { tokens: Cow::Owned(vec![2, 11]), end: false }));
    }

    #[test]
    fn says_that_it_is_finished() {
        let one = Sequences::one_of([[5, 6]]);
        let state = [5, 6].iter().try_fold(one.start(), |state, token| one.advance(&state, *token)).unwrap();
        assert_eq!(one.allowed(&state), Allowed::Only { tokens: Cow::Owned(vec![]), end: true });
        assert!(one.advance(&state, 5).is_none());
    }
}
