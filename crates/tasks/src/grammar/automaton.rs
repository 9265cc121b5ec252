//! A grammar as a step-by-step acceptor of symbols.

use std::collections::{BTreeMap, BTreeSet};

use super::{Alternative, Grammar, Item, Position, Tag};

/// A grammar whose segments are sequences of symbols: bytes, or a tokenizer's ids.
///
/// The work of a step is small (a look into a few tries); states are cheap to clone and to compare, so that every
/// hypothesis of a beam can have its own.
#[derive(Debug, Clone)]
pub struct Automaton<S> {
    grammar: Grammar,
    tries: Vec<Trie<S>>,
}

/// The segments of a node.
#[derive(Debug, Clone)]
struct Trie<S> {
    branches: Vec<Branch<S>>,
    /// Numbers of the alternatives in the order of their symbols: those below a branch are a range of it.
    order: Vec<usize>,
}

#[derive(Debug, Clone)]
struct Branch<S> {
    next: BTreeMap<S, usize>,
    below: (usize, usize),
    /// The alternatives that end here, as a range of the order.
    here: (usize, usize),
}

/// How far an output has come: one way to read it, or several as long as it is not decided which.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct State {
    ways: Vec<Way>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Way {
    position: Position,
    branch: usize,
}

impl Way {
    fn goes_on_like(&self, other: &Self) -> bool {
        let place = |way: &Self| (way.position.node, way.position.filled, way.position.item, way.branch);
        place(self) == place(other)
    }
}

impl Automaton<u8> {
    /// The grammar over the bytes of its texts.
    #[must_use]
    pub fn of_bytes(grammar: Grammar) -> Self {
        Self::new(grammar, |before, alternative| {
            let blank = if alternative.glued || before.is_none() { "" } else { " " };
            format!("{blank}{}", alternative.text).into_bytes()
        })
    }

    /// The state after a whole text; `None` if the grammar does not have it as the beginning of an output.
    #[must_use]
    pub fn read(&self, text: &str) -> Option<State> {
        text.bytes().try_fold(self.start(), |state, byte| self.advance(&state, byte))
    }

    /// The only text that can follow, as far as it is the only one.
    #[must_use]
    pub fn forced_text(&self, state: &State) -> String {
        let bytes = self.forced(state);
        let valid = std::str::from_utf8(&bytes).map_or_else(|error| error.valid_up_to(), str::len);
        String::from_utf8_lossy(&bytes[..valid]).into_owned()
    }
}

impl<S: Copy + Ord> Automaton<S> {
    /// Compiles a grammar. `encode` gives the symbols of a segment; it is given the text of the segment before it where
    /// that is the same on every way to it (`None` at the beginning), since tokenizers may look at the neighbors.
    /// A segment without symbols can never be chosen.
    pub fn new(grammar: Grammar, mut encode: impl FnMut(Option<&str>, &Alternative) -> Vec<S>) -> Self {
        let tries = (0..grammar.nodes.len())
            .map(|node| {
                let before = grammar.before(node);
                let encoded: Vec<Vec<S>> =
                    grammar.nodes[node].iter().map(|alternative| encode(before, alternative)).collect();
                Trie::new(&encoded)
            })
            .collect();
        Self { grammar, tries }
    }

    /// The grammar.
    #[must_use]
    pub fn grammar(&self) -> &Grammar {
        &self.grammar
    }

    /// The state before the first symbol.
    #[must_use]
    pub fn start(&self) -> State {
        State { ways: vec![Way { position: self.grammar.start(), branch: 0 }] }
    }

    /// Whether the output may end here.
    #[must_use]
    pub fn is_final(&self, state: &State) -> bool {
        state.ways.iter().any(|way| self.grammar.is_final(&way.position))
    }

    /// The symbols that may come next. None in a final state from which nothing goes on.
    #[must_use]
    pub fn allowed(&self, state: &State) -> BTreeSet<S> {
        let mut allowed = BTreeSet::new();
        for way in &state.ways {
            if let Some((trie, branch)) = self.branch(way) {
                let open = branch.next.iter().filter(|(_, next)| self.is_open(way, trie, **next));
                allowed.extend(open.map(|(symbol, _)| *symbol));
            }
        }
        allowed
    }

    /// The state after a symbol; `None` if it may not come.
    #[must_use]
    pub fn advance(&self, state: &State, symbol: S) -> Option<State> {
        let mut ways = Vec::new();
        for way in &state.ways {
            let Some((trie, branch)) = self.branch(way) else { continue };
            let Some(next) = branch.next.get(&symbol).filter(|next| self.is_open(way, trie, **next)) else {
                continue;
            };
            for number in trie.range(trie.branches[*next].here) {
                let alternative = &self.grammar.nodes[way.position.node as usize][number];
                if self.grammar.admits(&way.position, alternative) {
                    ways.push(Way { position: self.grammar.take(&way.position, alternative), branch: 0 });
                }
            }
            if !trie.branches[*next].next.is_empty() {
                ways.push(Way { position: way.position.clone(), branch: *next });
            }
        }
        ways.retain(|way| self.grammar.is_final(&way.position) || self.goes_on(way));
        // Ways that differ in finished items alone go on alike, and each text has readings that no other has: the first
        // stands for all. Every statement that reads in two ways would double them.
        let mut first: Vec<Way> = Vec::with_capacity(ways.len());
        for way in ways {
            if !first.iter().any(|first| first.goes_on_like(&way)) {
                first.push(way);
            }
        }
        (!first.is_empty()).then_some(State { ways: first })
    }

    /// The only symbols that can follow, as far as they are the only ones.
    #[must_use]
    pub fn forced(&self, state: &State) -> Vec<S> {
        let mut forced = Vec::new();
        let mut state = state.clone();
        while !self.is_final(&state) {
            let allowed = self.allowed(&state);
            let (Some(symbol), 1) = (allowed.first(), allowed.len()) else { break };
            let Some(next) = self.advance(&state, *symbol) else { break };
            forced.push(*symbol);
            state = next;
        }
        forced
    }

    /// The items of an output that ends here. Where it can be read in several ways ("a and b and c"), the first in the
    /// order of the grammar counts. `None` if it does not end here.
    #[must_use]
    pub fn items<'a>(&self, state: &'a State) -> Option<&'a [Item]> {
        let way = state.ways.iter().find(|way| self.grammar.is_final(&way.position))?;
        Some(way.position.items())
    }

    /// How many items are whole in an output that has come this far (by the first way to read it).
    #[must_use]
    pub fn finished(&self, state: &State) -> usize {
        self.items_so_far(state).len()
    }

    /// The whole items of an output that has come this far, by the first way to read it; if it may end here, by the first
    /// that ends.
    #[must_use]
    pub fn items_so_far<'a>(&self, state: &'a State) -> &'a [Item] {
        self.items(state).or_else(|| state.ways.first().map(|way| way.position.items())).unwrap_or_default()
    }

    fn branch(&self, way: &Way) -> Option<(&Trie<S>, &Branch<S>)> {
        let trie = self.tries.get(way.position.node as usize)?;
        Some((trie, trie.branches.get(way.branch)?))
    }

    fn is_open(&self, way: &Way, trie: &Trie<S>, branch: usize) -> bool {
        let alternatives = &self.grammar.nodes[way.position.node as usize];
        trie.range(trie.branches[branch].below)
            .any(|number| self.grammar.admits(&way.position, &alternatives[number]))
    }

    fn goes_on(&self, way: &Way) -> bool {
        self.branch(way)
            .is_some_and(|(trie, branch)| branch.next.values().any(|next| self.is_open(way, trie, *next)))
    }
}

impl<S: Copy + Ord> Trie<S> {
    fn new(encoded: &[Vec<S>]) -> Self {
        let mut order: Vec<usize> =
            (0..encoded.len()).filter(|number| !encoded[*number].is_empty()).collect();
        order.sort_by(|a, b| encoded[*a].cmp(&encoded[*b]).then(a.cmp(b)));
        let mut trie = Self { branches: Vec::new(), order };
        trie.grow(encoded, (0, trie.order.len()), 0);
        trie
    }

    /// Adds the branch of the given range, whose sequences agree in their first `depth` symbols. Returns its number.
    fn grow(&mut self, encoded: &[Vec<S>], below: (usize, usize), depth: usize) -> usize {
        let branch = self.branches.len();
        let (mut from, to) = below;
        while from < to && encoded[self.order[from]].len() == depth {
            from += 1;
        }
        self.branches.push(Branch { next: BTreeMap::new(), below, here: (below.0, from) });
        while from < to {
            let symbol = encoded[self.order[from]][depth];
            let end = (from..to).find(|at| encoded[self.order[*at]][depth] != symbol).unwrap_or(to);
            let next = self.grow(encoded, (from, end), depth + 1);
            self.branches[branch].next.insert(symbol, next);
            from = end;
        }
        branch
    }

    fn range(&self, (from, to): (usize, usize)) -> impl Iterator<Item = usize> {
        self.order[from..to].iter().copied()
    }
}

impl Grammar {
    /// The text before a node, if it is the same on every way.
    fn before(&self, node: usize) -> Option<&str> {
        let mut before =
            self.nodes.iter().flatten().filter(|alternative| alternative.next as usize == node).map(
                |alternative| match alternative.tag {
                    Tag::Value { .. } => "",
                    _ => alternative.text.as_str(),
                },
            );
        let first = before.next()?;
        Some(if before.all(|other| other == first) { first } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use documents::Span;
    use terms::Kind;

    use super::super::relations;
    use super::*;
    use crate::candidates::{Mention, Origin};
    use crate::relations::RelationTask;

    #[test]
    fn what_can_be_read_in_several_ways_again_and_again_stays_small() {
        let named = |text: &str, kind: Kind| Mention {
            spans: vec![Span::new(0, 1)],
            text: text.to_owned(),
            kind,
            origin: Origin::Given,
            concepts: Vec::new(),
        };
        let tails: Vec<String> = (0..12).map(|i| format!("x{i}")).collect();
        let mentions: Vec<Mention> = ["a", "a and b"]
            .into_iter()
            .map(|text| named(text, Kind::Chemical))
            .chain(tails.iter().map(|tail| named(tail, Kind::Disease)))
            .chain(tails.iter().map(|tail| named(&format!("b and {tail}"), Kind::Disease)))
            .collect();
        let automaton = Automaton::of_bytes(relations(RelationTask::Bc5cdr, &mentions, &|_| Vec::new()));
        let statements: Vec<String> =
            tails.iter().map(|tail| format!("the relation between a and b and {tail} exists")).collect();
        // Each of them twice: there are two ways to mean it.
        let text = format!("{}.", [statements.clone(), statements.clone()].concat().join("; "));
        let mut state = automaton.start();
        for byte in text.bytes() {
            state = automaton.advance(&state, byte).unwrap();
            assert!(state.ways.len() <= 4, "{} ways", state.ways.len());
        }
        let items = automaton.items(&state).unwrap();
        assert_eq!(items.len(), 24);
        assert!((0..12).all(|i| items[i] == [0, 12 + i as u32, 0] && items[12 + i] == [1, i as u32, 0]));
        let thrice = format!("{}; {}.", &text[..text.len() - 1], statements[0]);
        assert!(automaton.read(&thrice).is_none());
    }
}
