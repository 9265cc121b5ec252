//! What may be written: token automata.

use std::borrow::Cow;

/// A token automaton: after each token, the set of tokens that may come next.
///
/// It works with greedy decoding, sampling and beam search. It never sees `</s>`: where the output may end it says so
/// ([`Allowed::Only`]), and the decoder writes `</s>`.
pub trait Constraint {
    /// How far an output has come. Every hypothesis of a beam has its own.
    type State: Clone;

    /// The state before the first token of the output.
    fn start(&self) -> Self::State;

    /// What may come next.
    fn allowed(&self, state: &Self::State) -> Allowed<'_>;

    /// The state after a token that was allowed; `None` if it was not.
    fn advance(&self, state: &Self::State, token: u32) -> Option<Self::State>;
}

/// What may come next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allowed<'a> {
    /// Every token, and the end.
    Any,
    /// These tokens; with no tokens and `end` the output is finished.
    Only {
        /// Token ids, ascending.
        tokens: Cow<'a, [u32]>,
        /// Whether the output may end here.
        end: bool,
    },
}

/// No constraint.
#[derive(Debug, Clone, Copy, Default)]
pub struct Free;

impl Constraint for Free {
    type State = ();

    fn start(&self) {}

    fn allowed(&self, (): &()) -> Allowed<'_> {
        Allowed::Any
    }

    fn advance(&self, (): &(), _: u32) -> Option<()> {
        Some(())
    }
}

impl<C: Constraint> Constraint for &C {
    type State = C::State;

    fn start(&self) -> C::State {
        (**self).start()
    }

    fn allowed(&self, state: &C::State) -> Allowed<'_> {
        (**self).allowed(state)
    }

    fn advance(&self, state: &C::State, token: u32) -> Option<C::State> {
        (**self).advance(state, token)
    }
}
