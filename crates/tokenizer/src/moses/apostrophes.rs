//! Where the five apostrophe rules for English put spaces.

use super::classes::{self, ALNUM, ALPHA, NUMBER, is_space};
use super::scanner::Spaces;

/// Whether a space goes before and after one apostrophe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Split {
    pub(super) before: bool,
    pub(super) after: bool,
}

const QUOTE: u8 = 1 << 7;
const INSERTED: u8 = 1 << 6;
/// The letter s, which rule 5 splits from a number: the 1990's.
const LETTER_S: u8 = 1 << 5;

/// The splits of the apostrophe at `at` and of those after it that share a neighbor with it.
///
/// Each rule is a substitution over the whole text that consumes both neighbors of an apostrophe, so what happens to
/// one decides whether the next can match: `'1'2'` is split differently from `'1 2'`. Apostrophes further apart than
/// one character do not see each other; a cluster of near ones is rewritten rule by rule.
///
/// `previous`: the classes of the character before, 0 where the earlier rules leave a space, `None` at the start.
pub(super) fn splits(text: &str, at: usize, previous: Option<u8>, spaces: Spaces) -> Vec<Split> {
    let mut cells: Vec<u8> = previous.map(|classes| classes & (ALPHA | NUMBER)).into_iter().collect();
    let mut rest = &text[at..];
    while let Some(after) = rest.strip_prefix('\'') {
        cells.push(QUOTE);
        rest = after;
        let Some(next) = rest.chars().next() else { break };
        if next == '\'' {
            continue;
        }
        cells.push(cell(next));
        let beyond = one_cell(rest, next, spaces);
        match beyond {
            Some(beyond) if beyond.starts_with('\'') => rest = beyond,
            _ => break,
        }
    }
    let alpha = |cell: u8| cell & ALPHA != 0;
    let number = |cell: u8| cell & NUMBER != 0;
    let both = Split { before: true, after: true };
    let only_before = Split { before: true, after: false };
    cells = rule(&cells, |left, right| (!alpha(left) && !alpha(right)).then_some(both));
    cells = rule(&cells, |left, right| (!alpha(left) && !number(left) && alpha(right)).then_some(both));
    cells = rule(&cells, |left, right| (alpha(left) && !alpha(right)).then_some(both));
    cells = rule(&cells, |left, right| (alpha(left) && alpha(right)).then_some(only_before));
    cells = rule(&cells, |left, right| (number(left) && right & LETTER_S != 0).then_some(only_before));

    let inserted =
        |position: Option<usize>| position.and_then(|i| cells.get(i)).is_some_and(|&c| c == INSERTED);
    (0..cells.len())
        .filter(|&i| cells[i] == QUOTE)
        .map(|i| Split { before: inserted(i.checked_sub(1)), after: inserted(i.checked_add(1)) })
        .collect()
}

fn cell(character: char) -> u8 {
    let classes = classes::of(character);
    // What is not alphanumeric is padded with spaces by an earlier rule or is no letter anyway.
    let kept = if classes & ALNUM == 0 { 0 } else { classes & (ALPHA | NUMBER) };
    kept | if character == 's' { LETTER_S } else { 0 }
}

/// What follows `next` if only `next` itself is between two apostrophes when these rules run.
fn one_cell(rest: &str, next: char, spaces: Spaces) -> Option<&str> {
    let beyond = &rest[next.len_utf8()..];
    match next {
        '.' | '-' | '`' => Some(beyond),
        _ if classes::of(next) & ALNUM != 0 => Some(beyond),
        _ if is_space(next) => match spaces {
            Spaces::OneEach => Some(rest.trim_start_matches(is_space)),
            Spaces::Counted => Some(beyond),
        },
        _ => None,
    }
}

fn rule(cells: &[u8], split: impl Fn(u8, u8) -> Option<Split>) -> Vec<u8> {
    let mut out = Vec::with_capacity(cells.len() + 2);
    let mut at = 0;
    while at < cells.len() {
        let matched = match cells.get(at + 1..at + 3) {
            Some(&[QUOTE, right]) => split(cells[at], right).map(|split| (split, right)),
            _ => None,
        };
        out.push(cells[at]);
        at += 1;
        if let Some((split, right)) = matched {
            out.extend(split.before.then_some(INSERTED));
            out.push(QUOTE);
            out.extend(split.after.then_some(INSERTED));
            out.push(right);
            at += 2;
        }
    }
    out
}
