//! Short forms that a text defines itself: "methotrexate (MTX)", "MTX (methotrexate)".
//!
//! The algorithm of Schwartz and Hearst (2003), "A simple algorithm for identifying abbreviation definitions in
//! biomedical text", Pacific Symposium on Biocomputing 8:451-462.

use std::ops::Range;

use crate::words::fold;

/// A definition. Ranges are in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Abbreviation {
    /// The short form, where it is defined.
    pub short: Range<usize>,
    /// The long form that defines it.
    pub long: Range<usize>,
}

/// The definitions of a text in order. A later definition of the same short form is kept, too.
#[must_use]
pub fn abbreviations(text: &str) -> Vec<Abbreviation> {
    let mut found = Vec::new();
    for (open, _) in text.match_indices(['(', '[']) {
        let inside = open + 1;
        let Some(close) = closing(text, open) else {
            continue;
        };
        let before = open - (text[..open].len() - text[..open].trim_end().len());
        if let Some(definition) = in_brackets(text, before, inside..close) {
            found.push(definition);
        }
    }
    found
}

/// The bracket that closes the one at `open`, in the same line and not further than a long form may be.
fn closing(text: &str, open: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (at, c) in text[open..].char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => {
                depth -= 1;
                if depth == 0 {
                    return Some(open + at);
                }
            }
            '\n' => return None,
            _ if at > 200 => return None,
            _ => {}
        }
    }
    None
}

fn in_brackets(text: &str, before: usize, inside: Range<usize>) -> Option<Abbreviation> {
    // "(MTX; Pfizer)" and "(MTX, n = 5)" define MTX.
    let head = text[inside.clone()].find([';', ',']).map_or(inside.end, |at| inside.start + at);
    let short = trimmed(text, inside.start..head);
    if is_short_form(&text[short.clone()]) {
        let limit = words_back(text, before, most_words(&text[short.clone()]));
        if let Some(start) = long_form(&text[short.clone()], &text[limit..before]) {
            return Some(Abbreviation { short, long: limit + start..before });
        }
    }
    // The other way round: the long form in the brackets, the short one before them.
    let start = text[..before]
        .rfind(|c: char| c.is_whitespace() || c == '(')
        .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
    let short = trimmed(text, start..before);
    let long = trimmed(text, inside);
    if is_short_form(&text[short.clone()])
        && text[long.clone()].split_whitespace().count() <= most_words(&text[short.clone()])
        && long_form(&text[short.clone()], &text[long.clone()]) == Some(0)
    {
        return Some(Abbreviation { short, long });
    }
    None
}

fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let part = &text[range.clone()];
    let start = range.start + (part.len() - part.trim_start().len());
    start..start + part.trim().len()
}

/// 2 to 10 characters, at most two words, a letter in it, beginning with a letter or digit.
fn is_short_form(short: &str) -> bool {
    let length = short.chars().count();
    (2..=10).contains(&length)
        && short.split_whitespace().count() <= 2
        && short.chars().any(char::is_alphabetic)
        && short.chars().next().is_some_and(char::is_alphanumeric)
}

/// At most twice as many words as characters, and at most five more.
fn most_words(short: &str) -> usize {
    let letters = short.chars().filter(|c| c.is_alphanumeric()).count();
    (letters + 5).min(letters * 2)
}

/// Where the `count`-th word before `end` begins, not before the sentence's own brackets and semicolons.
fn words_back(text: &str, end: usize, count: usize) -> usize {
    let mut start = end;
    for _ in 0..count {
        let rest = text[..start].trim_end();
        if rest.is_empty() || rest.len() < start && rest.ends_with([';', '.', ')', ']']) {
            break;
        }
        start = rest
            .rfind(char::is_whitespace)
            .map_or(0, |at| at + text[at..].chars().next().map_or(1, char::len_utf8));
        if start == 0 {
            break;
        }
    }
    start
}

/// Matches the characters of the short form from right to left; the first must begin a word. Returns where the long form
/// begins in `before`.
fn long_form(short: &str, before: &str) -> Option<usize> {
    let short: Vec<char> = fold(short).chars().filter(|c| c.is_alphanumeric()).collect();
    let long: Vec<(usize, char)> = before
        .char_indices()
        .map(|(at, c)| (at, fold(c.encode_utf8(&mut [0; 4])).chars().next().unwrap_or(c)))
        .collect();
    let mut place = long.len();
    for (index, wanted) in short.iter().enumerate().rev() {
        loop {
            place = place.checked_sub(1)?;
            let begins_word = place == 0 || !long[place - 1].1.is_alphanumeric();
            if long[place].1 == *wanted && (index > 0 || begins_word) {
                break;
            }
        }
    }
    // Marks alone, which are letters to Unicode, fold to nothing.
    let (start, _) = *long.get(place)?;
    let long_form = before[start..].trim_end();
    let folded = fold(long_form);
    let short_text: String = short.iter().collect();
    // A long form is longer, and is not the short form with something around it.
    let sound = long_form.chars().count() > short.len()
        && !folded.split_whitespace().any(|word| word == short_text)
        && folded.chars().filter(|c| matches!(c, '(' | '[')).count()
            == folded.chars().filter(|c| matches!(c, ')' | ']')).count();
    sound.then_some(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str)]) {
        let found = abbreviations(text);
        let found: Vec<(&str, &str)> =
            found.iter().map(|a| (&text[a.short.clone()], &text[a.long.clone()])).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn definitions_in_both_orders() {
        check("Effects of methotrexate (MTX) and of MK-801 (dizocilpine).", &[("MTX", "methotrexate")]);
        check("VPA (valproic acid) was given", &[("VPA", "valproic acid")]);
        check("cyclosporine A [CsA; Sandoz]", &[("CsA", "cyclosporine A")]);
        check("a heat shock transcription factor (HSF) binds", &[("HSF", "heat shock transcription factor")]);
        check("β-adrenergic receptor (BAR)", &[("BAR", "β-adrenergic receptor")]);
        check("acute myocardial infarction\n(AMI)", &[("AMI", "acute myocardial infarction")]);
    }

    #[test]
    fn what_folds_to_nothing_is_no_short_form() {
        assert_eq!(long_form("\u{345}", "vitamin"), None);
    }

    #[test]
    fn brackets_that_define_nothing() {
        for text in [
            "in ten patients (n = 10)",
            "MTX (MTX)",
            "(see Fig. 2)",
            "drug (50 mg)",
            "open (bracket",
            "a)b(c",
            "()",
            "vitamin (\u{345}\u{345})",
        ] {
            check(text, &[]);
        }
    }
}
