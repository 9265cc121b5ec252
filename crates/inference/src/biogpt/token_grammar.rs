//! A grammar over a tokenizer's ids.

use std::borrow::Cow;

use biogpt::decode::{Allowed, Constraint, Generated};
use biogpt::{Model, Tokenizer};
use tasks::grammar::{Automaton, Grammar, State};

use crate::constrained::{ConstrainedItem, ConstrainedOutput};

/// What may be written, token by token.
pub(super) struct TokenGrammar {
    automaton: Automaton<u32>,
    /// What separates statements, and what ends the last one.
    separator: Option<u32>,
    stop: Option<u32>,
    /// Tokens to which the output must come to an end.
    room: usize,
    /// Tokens of the longest statement, with what separates it.
    longest: usize,
}

/// How far an output has come.
#[derive(Clone)]
pub(super) struct Place {
    state: State,
    written: usize,
}

impl TokenGrammar {
    /// A grammar for outputs of at most `room` tokens. `None` if not even the shortest one is sure to fit.
    pub(super) fn new(grammar: &Grammar, tokenizer: &Tokenizer, room: usize) -> Option<Self> {
        let ids = |text: &str| tokenizer.encode(text).without_start().ids;
        let longest_of = |slot: usize| {
            grammar.values(slot).iter().map(|value| ids(&value.text).len()).max().unwrap_or_default()
        };
        // Stem, "and", "exists" or "is", the slots, separator: no template has more words than these.
        let template = ids("the interaction between and does exist is ;").len();
        let longest = template + (0..tasks::grammar::MOST_SLOTS).map(longest_of).sum::<usize>();
        let automaton = Automaton::new(grammar.clone(), |_, alternative| ids(&alternative.text));
        let only = |text: &str| Some(ids(text)).filter(|ids| ids.len() == 1).map(|ids| ids[0]);
        (longest <= room).then(|| Self { automaton, separator: only(";"), stop: only("."), room, longest })
    }

    const fn automaton(&self) -> &Automaton<u32> {
        &self.automaton
    }

    const fn separator(&self) -> Option<u32> {
        self.separator
    }
}

impl Constraint for TokenGrammar {
    type State = Place;

    fn start(&self) -> Place {
        Place { state: self.automaton.start(), written: 0 }
    }

    fn allowed(&self, place: &Place) -> Allowed<'_> {
        let mut tokens = self.automaton.allowed(&place.state);
        // Where the statement may be the last one, and there is no room for another, it is the last one.
        let full = place.written + 1 + self.longest > self.room;
        if let (Some(separator), Some(stop)) = (self.separator, self.stop)
            && full
            && tokens.contains(&stop)
        {
            tokens.remove(&separator);
        }
        let tokens: Vec<u32> = tokens.into_iter().collect();
        Allowed::Only { tokens: Cow::Owned(tokens), end: self.automaton.is_final(&place.state) }
    }

    fn advance(&self, place: &Place, token: u32) -> Option<Place> {
        let state = self.automaton.advance(&place.state, token)?;
        Some(Place { state, written: place.written + 1 })
    }
}

/// Which tokens of a text under a grammar state what.
pub(super) fn constrained_output(
    model: &Model,
    grammar: &TokenGrammar,
    generated: &Generated,
) -> ConstrainedOutput {
    let automaton = grammar.automaton();
    let mut state = automaton.start();
    let mut parts: Vec<(Vec<f64>, Vec<f64>)> = vec![(Vec::new(), Vec::new())];
    let mut ids = Vec::new();
    for token in &generated.tokens {
        if token.id == model.config.eos_id {
            break;
        }
        let whole = automaton.finished(&state) == parts.len();
        if whole && Some(token.id) == grammar.separator() {
            parts.push((Vec::new(), Vec::new()));
        } else if let Some((scores, masked)) = parts.last_mut() {
            scores.push(f64::from(token.log_probability));
            masked.push(f64::from(token.masked_mass));
        }
        ids.push(token.id);
        let Some(next) = automaton.advance(&state, token.id) else { break };
        state = next;
    }
    let complete = automaton.is_final(&state);
    let whole = automaton.items_so_far(&state);
    let items = whole
        .iter()
        .zip(parts)
        .map(|(item, (log_probabilities, masked))| ConstrainedItem { item: *item, log_probabilities, masked })
        .collect();
    ConstrainedOutput { text: model.tokenizer.decode(&ids), items, tokens: generated.tokens.len(), complete }
}
