//! Sentences of biomedical text.
//!
//! A sentence ends at `.`, `!`, `?` or their relatives, with what closes after them, where the next word looks like a
//! beginning; never inside a number, after an abbreviation ("et al.", "vs.", "Fig. 1") or an initial, and always at an
//! empty line and at the end of a passage.

use documents::{Document, Span};

/// The sentences of a document in order, passage by passage, without the white space around them.
#[must_use]
pub fn of(document: &Document) -> Vec<Span> {
    let whole = [Span::new(0, document.text.len())];
    let passages: Vec<Span> = document.passages.iter().map(|passage| passage.span).collect();
    let passages = if passages.is_empty() { &whole[..] } else { &passages[..] };
    let mut sentences = Vec::new();
    for passage in passages {
        let Some(text) = passage.slice(&document.text) else {
            continue;
        };
        let shifted = |span: Span| Span::new(span.start + passage.start, span.end + passage.start);
        sentences.extend(split(text).into_iter().map(shifted));
    }
    sentences
}

/// The number of the sentence that a span lies in, of sentences in text order.
#[must_use]
pub fn containing(sentences: &[Span], span: Span) -> Option<usize> {
    let number = sentences.partition_point(|sentence| sentence.start <= span.start).checked_sub(1)?;
    sentences[number].contains(span).then_some(number)
}

/// The sentences of one stretch of text.
#[must_use]
pub fn split(text: &str) -> Vec<Span> {
    let mut sentences = Vec::new();
    let mut start = 0;
    for (at, c) in text.char_indices() {
        let after = at + c.len_utf8();
        let end = match c {
            '.' | '!' | '?' | '\u{2026}' if at >= start => end_after_stop(text, start, at, after),
            '\u{3002}' | '\u{ff01}' | '\u{ff1f}' if at >= start => Some(after),
            '\n' if at >= start => is_empty_line(&text[after..]).then_some(at),
            _ => None,
        };
        if let Some(end) = end {
            push(text, start, end, &mut sentences);
            start = end;
        }
    }
    push(text, start, text.len(), &mut sentences);
    sentences
}

fn push(text: &str, start: usize, end: usize, sentences: &mut Vec<Span>) {
    let part = &text[start..end];
    let start = start + (part.len() - part.trim_start().len());
    let end = start + part.trim().len();
    if end > start {
        sentences.push(Span::new(start, end));
    }
}

/// Whether the rest begins with a line that holds nothing.
fn is_empty_line(rest: &str) -> bool {
    rest.trim_start_matches([' ', '\t', '\r']).starts_with('\n')
}

/// Where the sentence ends whose stop is at `at..after`, if it ends there.
fn end_after_stop(text: &str, start: usize, at: usize, after: usize) -> Option<usize> {
    let closing = text[after..].find(|c: char| !is_closing(c)).unwrap_or(text.len() - after);
    let end = after + closing;
    let rest = &text[end..];
    let next = rest.trim_start();
    if next.is_empty() {
        return Some(end);
    }
    let before = &text[start..at];
    let glued = next.len() == rest.len();
    if text[at..].starts_with('.')
        && (is_abbreviation(before, next) || glued && !is_glued_sentence(before, next))
    {
        return None;
    }
    (!glued || text[at..].starts_with('.')).then_some(end).filter(|_| looks_like_beginning(next))
}

fn is_closing(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | ')' | ']' | '"' | '\'' | '\u{2019}' | '\u{201d}' | '\u{bb}' | '}')
}

/// Two sentences without a blank between them: `pressure.The`.
fn is_glued_sentence(before: &str, next: &str) -> bool {
    let word = before.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    let mut letters = next.chars();
    word.chars().count() >= 4
        && word.chars().all(char::is_lowercase)
        && letters.next().is_some_and(char::is_uppercase)
        && letters.next().is_some_and(char::is_lowercase)
}

/// A capital, a digit, something that opens, or a name that is never capitalized (`mTOR`, `p53`, `α-tocopherol`).
fn looks_like_beginning(next: &str) -> bool {
    let Some(first) = next.chars().next() else {
        return true;
    };
    if first.is_lowercase() {
        let word: String = next.chars().take_while(|c| c.is_alphanumeric()).collect();
        let is_greek = ('\u{370}'..='\u{3ff}').contains(&first);
        return is_greek || word.chars().skip(1).any(|c| c.is_uppercase() || c.is_ascii_digit());
    }
    first.is_alphanumeric()
        || matches!(
            first,
            '(' | '[' | '"' | '\'' | '\u{201c}' | '\u{2018}' | '\u{ab}' | '<' | '>' | '+' | '-' | '\u{2022}'
        )
}

/// Abbreviations after which a sentence goes on, whatever follows.
const ALWAYS: [&str; 40] = [
    "vs", "e.g", "i.e", "eg", "ie", "cf", "viz", "ca", "approx", "resp", "dr", "drs", "mr", "mrs", "ms",
    "prof", "st", "mt", "sp", "spp", "subsp", "ssp", "var", "cv", "fig", "figs", "ref", "refs", "eq", "eqs",
    "tab", "vol", "ed", "eds", "incl", "ibid", "op", "i.v", "i.p", "s.c",
];

/// Abbreviations after which a sentence goes on if a number follows.
const BEFORE_NUMBERS: [&str; 8] = ["no", "nos", "nr", "p", "pp", "sect", "ch", "art"];

/// Abbreviations that may end a sentence: they do if a capitalized word follows.
const SOMETIMES: [&str; 14] =
    ["al", "etc", "inc", "ltd", "co", "corp", "min", "max", "hr", "sec", "mo", "yr", "wk", "wt"];

/// Whether the stop after `before` belongs to an abbreviation, an initial or a number.
fn is_abbreviation(before: &str, next: &str) -> bool {
    let token = before
        .rsplit(|c: char| c.is_whitespace() || matches!(c, '(' | '[' | '"' | ','))
        .next()
        .unwrap_or_default();
    let lower = token.to_lowercase();
    let first = next.chars().next().unwrap_or(' ');
    if ALWAYS.contains(&lower.as_str()) || BEFORE_NUMBERS.contains(&lower.as_str()) && first.is_ascii_digit()
    {
        return true;
    }
    if SOMETIMES.contains(&lower.as_str()) {
        // "Smith et al. (2003)", "et al. 2003", "5 min. after"
        return !first.is_uppercase();
    }
    // "J. Smith", "U.S. army", "H. pylori": single capitals, unless a sentence may well end in one ("vitamin D. The ...").
    let letters: Vec<&str> = token.split('.').collect();
    let initials =
        letters.iter().all(|part| part.chars().count() == 1 && part.chars().all(char::is_uppercase));
    if initials {
        let alone = letters.len() == 1;
        let follows_word = before[..before.len() - token.len()].trim_end().ends_with(char::is_lowercase);
        return if alone {
            !(follows_word && starts_like_a_sentence(next))
        } else {
            !starts_like_a_sentence(next)
        };
    }
    // "p.o.", "b.i.d." before a small letter
    letters.len() > 1
        && letters.iter().all(|part| part.chars().count() <= 2)
        && !first.is_uppercase()
        && !first.is_ascii_digit()
}

/// Whether the next word is one with which sentences begin.
fn starts_like_a_sentence(next: &str) -> bool {
    const BEGINNINGS: [&str; 44] = [
        "The",
        "This",
        "These",
        "Those",
        "That",
        "A",
        "An",
        "In",
        "On",
        "At",
        "For",
        "From",
        "To",
        "With",
        "We",
        "It",
        "Its",
        "Our",
        "However",
        "Therefore",
        "Thus",
        "Moreover",
        "Furthermore",
        "Although",
        "After",
        "Before",
        "During",
        "Both",
        "All",
        "Each",
        "No",
        "Patients",
        "Treatment",
        "Results",
        "Methods",
        "Conclusion",
        "Conclusions",
        "Here",
        "There",
        "When",
        "While",
        "Since",
        "Because",
        "As",
    ];
    let word: String = next.chars().take_while(|c| c.is_alphanumeric()).collect();
    BEGINNINGS.contains(&word.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let sentences: Vec<&str> = split(text).into_iter().map(|span| span.slice(text).unwrap()).collect();
        assert_eq!(sentences, expected);
    }

    #[test]
    fn abbreviations_numbers_and_initials_do_not_end_a_sentence() {
        check(
            "Smith et al. (2003) gave 0.5 mg/kg vs. placebo. Fig. 1 shows it, i.e. the rise. H. pylori was absent.",
            &[
                "Smith et al. (2003) gave 0.5 mg/kg vs. placebo.",
                "Fig. 1 shows it, i.e. the rise.",
                "H. pylori was absent.",
            ],
        );
        check(
            "J. K. Smith (U.S. Army) gave 5 mg p.o. daily.",
            &["J. K. Smith (U.S. Army) gave 5 mg p.o. daily."],
        );
        check("They lacked vitamin D. The bones broke.", &["They lacked vitamin D.", "The bones broke."]);
    }

    #[test]
    fn ends_with_what_closes_and_before_small_names() {
        check(
            "It rose (P < .001). \"Did it?\" he asked.) mTOR fell! α-Tocopherol did not... p53 too.",
            &[
                "It rose (P < .001).",
                "\"Did it?\" he asked.)",
                "mTOR fell!",
                "α-Tocopherol did not...",
                "p53 too.",
            ],
        );
        check("blood pressure.The rats died.", &["blood pressure.", "The rats died."]);
        check(
            "One line\r\nof a sentence.\r\n\r\nHEADING\n\nNext 日本語。次の文。",
            &["One line\r\nof a sentence.", "HEADING", "Next 日本語。", "次の文。"],
        );
    }

    #[test]
    fn passages_end_sentences() {
        let document =
            Document::from_parts("1", &[("title", "A title without a stop"), ("abstract", "Text. More.")]);
        let sentences: Vec<&str> =
            of(&document).into_iter().map(|span| span.slice(&document.text).unwrap()).collect();
        assert_eq!(sentences, ["A title without a stop", "Text.", "More."]);
        assert!(split(" \n ").is_empty());
    }
}
