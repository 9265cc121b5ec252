//! What a model may write for a task, so that every output can be read.
//!
//! A [`Grammar`] is a graph of segments of text: literals of the template and the names and labels that may fill its
//! slots. Segments begin and end where words do, so that each can be tokenized by itself. An [`Automaton`] makes the
//! grammar a step-by-step acceptor of any kind of symbol: of bytes, to read a text, or of a tokenizer's ids, to give the
//! engine which tokens may come next. Relations and labels cannot be repeated, so every output ends.

mod automaton;
mod tasks;

use std::sync::Arc;

pub use automaton::{Automaton, State};
pub use tasks::{answers, labels, relations};

/// The most slots an item has: two names and a type.
pub const MOST_SLOTS: usize = 3;

/// The values of one item's slots, by number.
pub type Item = [u32; MOST_SLOTS];

/// A language of outputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grammar {
    nodes: Vec<Vec<Alternative>>,
    slots: Vec<Vec<Value>>,
    different: bool,
    most_items: usize,
}

/// A value of a slot.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Value {
    /// As the model writes it.
    pub text: String,
    /// Whether it is in the text. A KD-DTI name may come from a dictionary.
    pub verbatim: bool,
}

/// A segment of text that may come at a place of the output.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Alternative {
    /// The segment, without blanks around it.
    pub text: String,
    /// Whether it follows the segment before without a blank.
    pub glued: bool,
    /// What choosing it means.
    pub tag: Tag,
    next: u32,
}

/// What a segment means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tag {
    /// A part of the template.
    Literal,
    /// Value `value` of slot `slot`.
    Value {
        /// Number of the slot.
        slot: usize,
        /// Number of the value.
        value: u32,
    },
    /// Another item follows.
    Again,
    /// The output ends.
    End,
}

/// A place between two segments, with what was chosen on the way to it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Position {
    node: u32,
    item: Item,
    filled: usize,
    items: Arc<Vec<Item>>,
}

impl Position {
    /// The finished items in order. Slots that the grammar does not have are 0.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        &self.items
    }
}

const END: u32 = u32::MAX;

impl Grammar {
    /// The values of a slot.
    #[must_use]
    pub fn values(&self, slot: usize) -> &[Value] {
        self.slots.get(slot).map_or(&[], Vec::as_slice)
    }

    /// Where an output begins.
    #[must_use]
    pub fn start(&self) -> Position {
        Position { node: 0, item: [0; MOST_SLOTS], filled: 0, items: Arc::default() }
    }

    /// Whether an output may end here.
    #[must_use]
    pub fn is_final(&self, position: &Position) -> bool {
        position.node == END
    }

    /// The segments that may come next; none where the output ends.
    pub fn choices<'a>(&'a self, position: &'a Position) -> impl Iterator<Item = &'a Alternative> {
        self.alternatives(position.node).iter().filter(|alternative| self.admits(position, alternative))
    }

    /// The place after a segment.
    #[must_use]
    pub fn take(&self, position: &Position, alternative: &Alternative) -> Position {
        let mut after = Position { node: alternative.next, ..position.clone() };
        if let Tag::Value { slot, value } = alternative.tag {
            after.item[slot] = value;
            after.filled = slot + 1;
            if after.filled == self.slots.len() {
                Arc::make_mut(&mut after.items).push(after.item);
                (after.item, after.filled) = ([0; MOST_SLOTS], 0);
            }
        }
        after
    }

    fn alternatives(&self, node: u32) -> &[Alternative] {
        self.nodes.get(node as usize).map_or(&[], Vec::as_slice)
    }

    fn admits(&self, position: &Position, alternative: &Alternative) -> bool {
        match alternative.tag {
            Tag::Literal | Tag::End => true,
            Tag::Again => {
                position.items.len() < self.most_items && self.is_open(position, &[0; MOST_SLOTS], 0)
            }
            Tag::Value { slot, value } => {
                let mut item = position.item;
                item[slot] = value;
                self.is_open(position, &item, slot + 1)
            }
        }
    }

    /// Whether an item that begins with the first `filled` values of `item` is still to be had.
    fn is_open(&self, position: &Position, item: &Item, filled: usize) -> bool {
        if self.different && filled >= 2 && item[0] == item[1] {
            return false;
        }
        let sizes: Vec<usize> = self.slots.iter().map(Vec::len).collect();
        let rest = |from: usize| -> usize { sizes[from.min(sizes.len())..].iter().product() };
        let all = match (self.different, filled) {
            (true, 0) => sizes[0] * (sizes[1] - usize::from(sizes[1] > 0)) * rest(2),
            (true, 1) => (sizes[1] - usize::from(sizes[1] > 0)) * rest(2),
            _ => rest(filled),
        };
        let had = position.items.iter().filter(|had| had[..filled] == item[..filled]).count();
        had < all
    }
}

#[cfg(test)]
mod tests {
    use documents::Span;
    use terms::Kind;

    use super::*;
    use crate::candidates::{Mention, Origin};
    use crate::relations::RelationTask;

    fn mention(text: &str, kind: Kind) -> Mention {
        Mention {
            spans: vec![Span::new(0, 1)],
            text: text.to_owned(),
            kind,
            origin: Origin::Given,
            concepts: Vec::new(),
        }
    }

    fn bc5cdr() -> Automaton<u8> {
        let mentions = [
            mention("Lithium", Kind::Chemical),
            mention("lithium carbonate", Kind::Chemical),
            mention("nausea", Kind::Disease),
            mention("nausea and vomiting", Kind::Disease),
            mention("bad; name", Kind::Disease),
        ];
        Automaton::of_bytes(relations(RelationTask::Bc5cdr, &mentions, &|_| Vec::new()))
    }

    fn items(automaton: &Automaton<u8>, text: &str) -> Option<Vec<Item>> {
        automaton.items(&automaton.read(text)?).map(<[Item]>::to_vec)
    }

    #[test]
    fn accepts_what_the_task_may_say_and_nothing_else() {
        let automaton = bc5cdr();
        let read = |text| items(&automaton, text);
        assert_eq!(read("the relation between lithium and nausea exists."), Some(vec![[0, 0, 0]]));
        assert_eq!(
            read(
                "the relation between lithium carbonate and nausea and vomiting exists; \
                  the relation between lithium and nausea exists."
            ),
            Some(vec![[1, 1, 0], [0, 0, 0]])
        );
        assert_eq!(read("there is no relation."), Some(vec![]));
        for wrong in [
            "the relation between lithium and fever exists.",
            "the relation between lithium and bad; name exists.",
            "the relation between lithium and nausea exists; the relation between lithium and nausea exists.",
            "The relation",
        ] {
            assert!(automaton.read(wrong).is_none(), "{wrong}");
        }
        assert_eq!(read("the relation between lithium"), None, "an unfinished output is none");
    }

    #[test]
    fn says_what_is_forced_and_ends_when_everything_is_said() {
        let automaton = bc5cdr();
        let after = |text| automaton.forced_text(&automaton.read(text).unwrap());
        assert_eq!(after(""), "the");
        assert_eq!(after("the r"), "elation between lithium ");
        let mut text = String::new();
        for (head, tail) in
            [("lithium", "nausea"), ("lithium carbonate", "nausea"), ("lithium", "nausea and vomiting")]
        {
            text += &format!("the relation between {head} and {tail} exists; ");
        }
        assert_eq!(
            after(text.trim_end()),
            " the relation between lithium carbonate and nausea and vomiting exists."
        );
    }

    #[test]
    fn without_names_there_is_only_one_thing_to_say() {
        for task in RelationTask::ALL {
            let one = [mention("aspirin", Kind::Chemical)];
            let automaton = Automaton::of_bytes(relations(task, &one, &|_| Vec::new()));
            let text = automaton.forced_text(&automaton.start());
            assert!(task.read(&text).none, "{text}");
        }
    }

    #[test]
    fn a_drug_does_not_interact_with_itself() {
        let mentions = [mention("a", Kind::Chemical), mention("b", Kind::Chemical)];
        let automaton = Automaton::of_bytes(relations(RelationTask::Ddi, &mentions, &|_| Vec::new()));
        assert!(automaton.read("the interaction between a and a").is_none());
        assert_eq!(items(&automaton, "the interaction between a and b is int."), Some(vec![[0, 1, 3]]));
    }

    #[test]
    fn aliases_of_kd_dti_are_marked() {
        let mentions = [mention("aspirin", Kind::Chemical), mention("COX", Kind::Gene)];
        let aliases = |mention: &Mention| match mention.kind {
            Kind::Gene => vec!["Cyclooxygenase 1 (COX-1)".to_owned()],
            _ => Vec::new(),
        };
        let grammar = relations(RelationTask::KdDti, &mentions, &aliases);
        let values: Vec<_> =
            grammar.values(1).iter().map(|value| (value.text.as_str(), value.verbatim)).collect();
        assert_eq!(values, [("cox", true), ("cyclooxygenase 1 (cox-1)", false)]);
        let automaton = Automaton::of_bytes(grammar);
        let text = "the interaction between aspirin and cyclooxygenase 1 (cox-1) is inhibitor.";
        assert_eq!(items(&automaton, text), Some(vec![[0, 1, 0]]));
    }

    #[test]
    fn labels_and_answers_are_accepted_once_each() {
        let automaton = Automaton::of_bytes(labels());
        let read = |text: &str| items(&automaton, &format!("the type of this document is {text}"));
        assert_eq!(read("empty."), Some(vec![]));
        assert_eq!(read("resisting cell death|cellular energetics."), Some(vec![[7, 0, 0], [2, 0, 0]]));
        assert_eq!(read("resisting cell death|resisting cell death."), None);
        assert_eq!(read("resisting cell death|empty."), None);
        let automaton = Automaton::of_bytes(answers());
        assert_eq!(
            items(&automaton, "the answer to the question given the context is maybe."),
            Some(vec![[2, 0, 0]])
        );
    }

    #[test]
    fn any_symbols_will_do() {
        // Words as symbols, as a tokenizer's ids would be.
        let mentions = [mention("a", Kind::Chemical), mention("b c", Kind::Disease)];
        let mut words: Vec<String> = Vec::new();
        let grammar = relations(RelationTask::Bc5cdr, &mentions, &|_| Vec::new());
        let automaton = Automaton::new(grammar, |_, alternative| {
            let mut number = |word: &str| match words.iter().position(|known| known == word) {
                Some(number) => number,
                None => {
                    words.push(word.to_owned());
                    words.len() - 1
                }
            };
            alternative.text.split(' ').map(&mut number).collect()
        });
        let mut state = automaton.start();
        let mut said = Vec::new();
        while !automaton.is_final(&state) {
            let allowed = automaton.allowed(&state);
            let symbol = *allowed.first().unwrap();
            said.push(words[symbol].as_str());
            state = automaton.advance(&state, symbol).unwrap();
        }
        assert_eq!(said.join(" "), "the relation between a and b c exists .");
    }
}
