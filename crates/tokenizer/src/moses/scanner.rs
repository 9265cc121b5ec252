//! The Moses rules in one pass over the text.

use std::collections::VecDeque;
use std::ops::Range;

use super::apostrophes::{self, Split};
use super::classes::{self, ALNUM, ALPHA, LOWER, NUMBER, is_space};

/// What a run of white space is worth. The reference makes one space of each run and only then deletes control
/// characters, so that a text cleaned of those may hold two spaces side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spaces {
    OneEach,
    Counted,
}

/// A word of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    /// Bytes of the scanned text.
    pub(crate) range: Range<usize>,
    /// A hyphen between two alphanumeric characters, which BPE sees as `@-@`.
    pub(crate) hyphen: bool,
}

/// Abbreviations after which a full stop ends no sentence (Moses' `nonbreaking_prefix.en`); single capitals are too.
const PREFIXES: [&str; 76] = [
    "Adj", "Adm", "Adv", "Apr", "Asst", "Aug", "Bart", "Bldg", "Brig", "Bros", "Capt", "Cmdr", "Col",
    "Comdr", "Con", "Corp", "Cpl", "DR", "Dec", "Dr", "Drs", "Ens", "Feb", "Gen", "Gov", "Hon", "Hosp", "Hr",
    "Insp", "Jan", "Jul", "Jun", "Lt", "MM", "MR", "MRS", "MS", "Maj", "Mar", "Messrs", "Mlle", "Mme", "Mr",
    "Mrs", "Ms", "Msgr", "Nos", "Nov", "Nr", "Oct", "Op", "Ord", "Pfc", "Ph", "Prof", "Pvt", "Rep", "Reps",
    "Res", "Rev", "Rs", "Rt", "Sen", "Sens", "Sep", "Sfc", "Sgt", "Sr", "St", "Supt", "Surg", "e.g", "i.e",
    "rev", "v", "vs",
];

/// The same, but only before a number.
const NUMERIC_PREFIXES: [&str; 3] = ["Art", "No", "pp"];

/// Calls `emit` for each word of `text`, in order. The text holds no ASCII control characters but white space.
pub(crate) fn scan(text: &str, spaces: Spaces, emit: impl FnMut(Word)) {
    let trimmed = text.trim_end_matches(is_space);
    let start = trimmed.len() - trimmed.trim_start_matches(is_space).len();
    let mut scanner =
        Scanner { text: trimmed, start, open: None, previous: None, splits: VecDeque::new(), spaces, emit };
    scanner.run();
}

struct Scanner<'t, F> {
    /// Without white space at its end.
    text: &'t str,
    /// The first character that is no white space.
    start: usize,
    /// Where the word began that is being read.
    open: Option<usize>,
    /// The classes of the character before; 0 if it is not alphanumeric, `None` at the start of the text.
    previous: Option<u8>,
    /// Of the apostrophes that come next.
    splits: VecDeque<Split>,
    spaces: Spaces,
    emit: F,
}

impl<F: FnMut(Word)> Scanner<'_, F> {
    fn run(&mut self) {
        let bytes = self.text.as_bytes();
        let mut at = self.start;
        while at < bytes.len() {
            let byte = bytes[at];
            if byte.is_ascii_alphanumeric() {
                self.continue_word(at);
                while bytes.get(at + 1).is_some_and(u8::is_ascii_alphanumeric) {
                    at += 1;
                }
                self.previous = Some(classes::of_ascii(bytes[at]));
                at += 1;
                continue;
            }
            at = match byte {
                b' ' => {
                    self.close(at);
                    at + 1
                }
                b'.' => self.dots(at),
                b',' => self.commas(at),
                b'-' => self.hyphen(at),
                b'\'' => self.apostrophe(at),
                b'`' => {
                    self.continue_word(at);
                    at + 1
                }
                _ => self.other(at),
            };
        }
        self.close(bytes.len());
    }

    /// An alphanumeric character outside ASCII, white space, or a character that is a word of its own.
    fn other(&mut self, at: usize) -> usize {
        let character = self.character(at).unwrap_or('\0');
        let end = at + character.len_utf8();
        let classes = classes::of(character);
        if classes & ALNUM != 0 {
            self.continue_word(at);
            self.previous = Some(classes);
        } else {
            self.close(at);
            if !is_space(character) {
                (self.emit)(Word { range: at..end, hyphen: false });
            }
        }
        end
    }

    /// Two or more full stops are one word; a single one belongs to the word around it.
    fn dots(&mut self, at: usize) -> usize {
        let end = at + self.text[at..].bytes().take_while(|&byte| byte == b'.').count();
        if end == at + 1 {
            self.continue_word(at);
        } else {
            self.close(at);
            (self.emit)(Word { range: at..end, hyphen: false });
        }
        end
    }

    /// A comma is a word unless it stands between two numbers.
    ///
    /// The reference's first rule takes "a character that is no number, then a comma" from the left and consumes both,
    /// so in a run of commas it takes every second one; the other rule takes a comma before what is no number. What
    /// escapes both is the last comma of some runs, which stays with the number after it.
    fn commas(&mut self, at: usize) -> usize {
        let count = self.text[at..].bytes().take_while(|&byte| byte == b',').count();
        let end = at + count;
        let after_number = self.previous.is_some_and(|classes| classes & NUMBER != 0);
        let before_number = self.class_at(end).is_some_and(|classes| classes & NUMBER != 0);
        if count == 1 && after_number && before_number {
            self.continue_word(at);
            return end;
        }
        let pairs_from_first = after_number || self.previous.is_none();
        let last_is_left_over = pairs_from_first == (count % 2 == 1);
        let words = if last_is_left_over && before_number { count - 1 } else { count };
        self.close(at);
        for comma in at..at + words {
            (self.emit)(Word { range: comma..comma + 1, hyphen: false });
        }
        if words < count {
            self.continue_word(end - 1);
        }
        end
    }

    fn hyphen(&mut self, at: usize) -> usize {
        let between = self.previous.is_some_and(|classes| classes & ALNUM != 0)
            && self.class_at(at + 1).is_some_and(|classes| classes & ALNUM != 0);
        if between {
            self.close(at);
            (self.emit)(Word { range: at..at + 1, hyphen: true });
        } else {
            self.continue_word(at);
        }
        at + 1
    }

    fn apostrophe(&mut self, at: usize) -> usize {
        if self.splits.is_empty() {
            self.splits = apostrophes::splits(self.text, at, self.previous, self.spaces).into();
        }
        let split = self.splits.pop_front().unwrap_or(Split { before: false, after: false });
        if split.before {
            self.close(at);
        }
        self.continue_word(at);
        if split.after {
            self.close(at + 1);
        }
        at + 1
    }

    fn character(&self, at: usize) -> Option<char> {
        self.text[at..].chars().next()
    }

    /// The classes of the character at `at`, 0 if it is not alphanumeric, `None` at the end.
    fn class_at(&self, at: usize) -> Option<u8> {
        let classes = classes::of(self.character(at)?);
        Some(if classes & ALNUM == 0 { 0 } else { classes })
    }

    fn continue_word(&mut self, at: usize) {
        self.open.get_or_insert(at);
        self.previous = Some(0);
    }

    /// Ends the word that is being read before `end`.
    fn close(&mut self, end: usize) {
        self.previous = Some(0);
        let Some(start) = self.open.take() else { return };
        let word = &self.text[start..end];
        let mut emit = |range| (self.emit)(Word { range, hyphen: false });
        if let Some(prefix) = word.strip_suffix('.')
            && !prefix.is_empty()
        {
            let next = self.text[end..].chars().find(|&character| !is_space(character));
            if !keeps_full_stop(prefix, next) {
                emit(start..end - 1);
                emit(end - 1..end);
                return;
            }
        } else if end == self.text.len()
            && let Some(before) = word.strip_suffix(".'")
        {
            // Only at the end of the text: elsewhere the apostrophe rules have split it off.
            if !before.is_empty() {
                emit(start..end - 2);
            }
            emit(end - 2..end - 1);
            emit(end - 1..end);
            return;
        }
        emit(start..end);
    }
}

/// Whether the full stop after `prefix` is part of an abbreviation; `next` is the first character of the next word.
fn keeps_full_stop(prefix: &str, next: Option<char>) -> bool {
    let single_capital = matches!(prefix.as_bytes(), [b'A'..=b'Z']);
    (prefix.contains('.') && prefix.chars().any(|character| classes::of(character) & ALPHA != 0))
        || single_capital
        || PREFIXES.binary_search(&prefix).is_ok()
        || next.is_some_and(|character| classes::of(character) & LOWER != 0)
        || (NUMERIC_PREFIXES.contains(&prefix) && next.is_some_and(|character| character.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_are_sorted_for_the_search() {
        assert!(PREFIXES.is_sorted());
    }
}
