//! Words back to text, one word at a time.

use super::classes::{self, CURRENCY, DETOKENIZER_ALPHA, is_cjk};
use super::word::unescape;

/// The state between two words. What it has written to the text is final; what it holds back is the last group:
/// words joined by split hyphens, which are judged together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Detokenizer {
    /// Escaped words and the hyphens between them.
    group: String,
    /// The last word was a hyphen that joins the next one.
    joins: bool,
    spacing: Spacing,
}

/// What the groups before say about the space before the next one.
#[derive(Debug, Clone, Default)]
struct Spacing {
    /// The last group opens something: no space after it.
    opening: bool,
    /// The last character written, `None` at the start.
    last: Option<char>,
    /// The kinds of quotation marks that are open.
    open_quotes: Vec<String>,
}

impl Detokenizer {
    /// Takes the next word; writes to `text` what is now certain.
    pub(crate) fn word(&mut self, word: &str, text: &mut String) {
        // " @-@ " becomes "-", and the space behind it cannot begin the next match.
        if word == "@-@" && !self.joins {
            self.group.push('-');
            self.joins = true;
        } else if self.joins {
            self.group.push_str(word);
            self.joins = false;
        } else {
            self.finish(text);
            self.group.push_str(word);
        }
    }

    /// Writes what is held back.
    pub(crate) fn finish(&mut self, text: &mut String) {
        self.joins = false;
        if !self.group.is_empty() {
            self.spacing.append(&unescaped(&self.group), text);
            self.group.clear();
        }
    }
}

impl Spacing {
    fn append(&mut self, group: &str, text: &mut String) {
        let all = |in_class: fn(char) -> bool| group.chars().all(in_class);
        let first = group.chars().next().unwrap_or_default();
        let closes = |c| matches!(c, ',' | '.' | '?' | '!' | ':' | ';' | '\\' | '%' | '}' | ']' | ')');
        let (attached, opening) = if is_cjk(first) {
            (self.last.is_some_and(is_cjk), false)
        } else if all(|c| classes::of(c) & CURRENCY != 0) {
            (false, true)
        } else if all(closes) || (self.last.is_some() && is_contraction(group)) {
            (true, false)
        } else if all(|c| matches!(c, '\'' | '"' | '„' | '“' | '`')) {
            self.quotation_mark(group)
        } else {
            (false, false)
        };
        if !attached && !self.opening && self.last.is_some() {
            text.push(' ');
        }
        text.push_str(group);
        self.opening = opening;
        self.last = group.chars().next_back();
    }

    /// Marks open and close in turn. Gives (attached to what is before, opening).
    fn quotation_mark(&mut self, mark: &str) -> (bool, bool) {
        let kind = if mark.chars().all(|c| matches!(c, '„' | '“')) { "\"" } else { mark };
        if let Some(open) = self.open_quotes.iter().position(|open| open == kind) {
            self.open_quotes.swap_remove(open);
            (true, false)
        } else if mark == "'" && self.last == Some('s') {
            // The Jones' house.
            (true, false)
        } else {
            self.open_quotes.push(kind.to_owned());
            (false, true)
        }
    }
}

/// `'s`, `'ll`.
fn is_contraction(group: &str) -> bool {
    group
        .strip_prefix('\'')
        .and_then(|rest| rest.chars().next())
        .is_some_and(|letter| classes::of(letter) & DETOKENIZER_ALPHA != 0)
}

fn unescaped(group: &str) -> String {
    let mut text = String::with_capacity(group.len());
    let mut rest = group;
    while let Some(at) = rest.find('&') {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let (character, width) = unescape(rest).unwrap_or(('&', 1));
        text.push(character);
        rest = &rest[width..];
    }
    text.push_str(rest);
    text
}
