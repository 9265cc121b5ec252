//! Lines of pages back to paragraphs: words that were parted at line ends are joined, running headers left out.

use std::collections::{HashMap, HashSet};

/// Lines at the top and bottom of a page that may be a running header or footer.
const EDGE: usize = 2;
/// A line this long was broken by the edge of its column, not by its author.
const FULL: usize = 60;

/// The paragraphs of all pages, and how many running headers and footers were left out.
pub(super) fn paragraphs(pages: &[String]) -> (Vec<String>, usize) {
    let pages: Vec<Vec<&str>> = pages.iter().map(|page| page.lines().map(str::trim).collect()).collect();
    let running = running_lines(&pages);
    let mut left_out = 0;
    let mut lines: Vec<String> = Vec::new();
    for page in &pages {
        let written: Vec<usize> =
            (0..page.len()).filter(|index| page.get(*index).is_some_and(|line| !line.is_empty())).collect();
        let edges = edges(&written);
        for (index, line) in page.iter().enumerate() {
            if edges.contains(&index) && running.contains(&shape(line)) {
                left_out += 1;
            } else {
                lines.push(without_ligatures(line));
            }
        }
        lines.push(String::new());
    }
    let words = whole_words(&lines);
    let mut paragraphs: Vec<String> = Vec::new();
    let mut open = String::new();
    let mut after_blank = false;
    for line in &lines {
        if line.is_empty() {
            after_blank = true;
            continue;
        }
        if after_blank && !goes_on(&open, line) && !open.is_empty() {
            paragraphs.push(std::mem::take(&mut open));
        }
        after_blank = false;
        join(&mut open, line, &words);
    }
    paragraphs.extend((!open.is_empty()).then_some(open));
    (paragraphs, left_out)
}

/// The words of all lines, but for those that a line's end may have parted.
fn whole_words(lines: &[String]) -> HashSet<String> {
    let mut words = HashSet::new();
    let mut is_parted = false;
    for line in lines {
        let mut of_line: Vec<&str> = line.split_whitespace().collect();
        if is_parted && !of_line.is_empty() {
            of_line.remove(0);
        }
        is_parted = line.ends_with(HYPHENS);
        if is_parted {
            of_line.pop();
        }
        words.extend(of_line.into_iter().map(bare));
    }
    words
}

/// Whether a paragraph goes on after a gap, as it does where a column or page ends.
fn goes_on(open: &str, line: &str) -> bool {
    let ends = open.ends_with(['.', '?', '!', ':', ';', ')', '”', '"']);
    let small = line.starts_with(|letter: char| letter.is_lowercase());
    let last = open.rsplit('\n').next().unwrap_or(open);
    !ends && small && last.chars().count() >= FULL / 2
}

/// What parts a word at the end of a line.
const HYPHENS: [char; 3] = ['-', '\u{ad}', '\u{2010}'];
/// Second halves of compounds, which keep their hyphen at the end of a line.
const HEADS: [&str; 60] = [
    "activated",
    "adjusted",
    "alone",
    "associated",
    "based",
    "binding",
    "blind",
    "blinded",
    "blocker",
    "blockers",
    "cell",
    "cells",
    "centre",
    "coated",
    "containing",
    "controlled",
    "day",
    "deficient",
    "dependent",
    "derived",
    "dose",
    "driven",
    "effect",
    "effective",
    "field",
    "fold",
    "free",
    "grade",
    "group",
    "hour",
    "independent",
    "induced",
    "kinase",
    "label",
    "level",
    "like",
    "linked",
    "mediated",
    "month",
    "naive",
    "negative",
    "old",
    "onset",
    "positive",
    "rate",
    "receptor",
    "related",
    "resistant",
    "responsive",
    "risk",
    "scale",
    "sensitive",
    "specific",
    "stage",
    "term",
    "treated",
    "type",
    "up",
    "week",
    "year",
];
/// Words after which a hyphen stays with a blank: "pre- and postoperative".
const SUSPENDED: [&str; 5] = ["and", "or", "to", "nor", "versus"];

/// Appends a line. A word parted by a hyphen is joined, unless the hyphen is its own: one the text has elsewhere, one of
/// a compound, or one beside a digit, a capital or a single letter.
fn join(open: &mut String, line: &str, words: &HashSet<String>) {
    let head = open.strip_suffix(HYPHENS).filter(|head| head.ends_with(char::is_alphanumeric));
    let Some(head) = head.filter(|_| line.starts_with(char::is_alphanumeric)) else {
        if !open.is_empty() {
            open.push(' ');
        }
        open.push_str(line);
        return;
    };
    let is_soft = open.ends_with('\u{ad}');
    let first = head.rsplit(char::is_whitespace).next().unwrap_or_default();
    let second = line.split_whitespace().next().unwrap_or_default();
    let last_part = first.rsplit(['-', '/', '(']).next().unwrap_or_default();
    let second_part = bare(second.split(['-', '/', '\u{2010}']).next().unwrap_or_default());
    let joined = bare(&format!("{first}{second}"));
    let hyphened = bare(&format!("{first}-{second}"));
    let small = |word: &str| word.chars().all(char::is_lowercase);
    let is_word = |word: &str| word.chars().count() > 3 && words.contains(&word.to_lowercase());
    if SUSPENDED.contains(&bare(second).as_str()) && !is_soft {
        open.push(' ');
        open.push_str(line);
        return;
    }
    let keeps = if is_soft || words.contains(&joined) {
        false
    } else {
        words.contains(&hyphened)
            || !second.starts_with(char::is_lowercase)
            || last_part.chars().count() < 2
            || !last_part.chars().skip(1).all(char::is_lowercase)
            || HEADS.contains(&second_part.as_str())
            || (small(last_part) && is_word(last_part) && is_word(&second_part))
    };
    let length = if keeps { open.len() } else { head.len() };
    open.truncate(length);
    open.push_str(line);
}

/// A word without the marks around it, lower case.
fn bare(word: &str) -> String {
    word.trim_matches(|letter: char| !letter.is_alphanumeric()).to_lowercase()
}

/// The shapes of lines that stand at the edge of most pages.
fn running_lines(pages: &[Vec<&str>]) -> HashSet<String> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for page in pages {
        let written: Vec<usize> =
            (0..page.len()).filter(|index| page.get(*index).is_some_and(|line| !line.is_empty())).collect();
        let shapes: HashSet<String> =
            edges(&written).into_iter().filter_map(|index| page.get(index)).map(|line| shape(line)).collect();
        for shape in shapes {
            *counts.entry(shape).or_default() += 1;
        }
    }
    counts
        .into_iter()
        .filter(|(_, count)| *count >= 3 && *count * 2 > pages.len())
        .map(|(shape, _)| shape)
        .collect()
}

fn edges(written: &[usize]) -> HashSet<usize> {
    let top = written.iter().take(EDGE);
    top.chain(written.iter().rev().take(EDGE)).copied().collect()
}

/// A line with its numbers made alike: page numbers differ, headers do not.
fn shape(line: &str) -> String {
    let mut shape = String::new();
    for letter in line.chars() {
        if letter.is_ascii_digit() {
            if !shape.ends_with('0') {
                shape.push('0');
            }
        } else {
            shape.push(letter);
        }
    }
    shape
}

fn without_ligatures(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    for letter in line.chars() {
        match letter {
            '\u{fb00}' => text.push_str("ff"),
            '\u{fb01}' => text.push_str("fi"),
            '\u{fb02}' => text.push_str("fl"),
            '\u{fb03}' => text.push_str("ffi"),
            '\u{fb04}' => text.push_str("ffl"),
            '\u{fb05}' | '\u{fb06}' => text.push_str("st"),
            '\0'..='\u{8}' | '\u{b}'..='\u{1f}' => {}
            letter => text.push(letter),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::paragraphs;

    #[test]
    fn joins_lines_and_parted_words() {
        let page = "Findings in anti-\nbiotic therapy of the ﬁrst dose-\ndependent phase: a dose-dependent effect was not\n\n\
                    reported by anyone.\n\nNext one.";
        let (found, running) = paragraphs(&[page.to_owned()]);
        assert_eq!(
            found,
            [
                "Findings in antibiotic therapy of the first dose-dependent phase: a dose-dependent effect was not reported by anyone.",
                "Next one."
            ]
        );
        assert_eq!(running, 0);
    }

    #[test]
    fn leaves_running_headers_out() {
        let pages: Vec<String> = (1..5)
            .map(|number| {
                format!("J Test 2016; {number}\n\n{}.\n\nPage {number} of 4", "word ".repeat(number))
            })
            .collect();
        let (found, running) = paragraphs(&pages);
        assert_eq!(running, 8);
        assert_eq!(found[0], "word .");
    }

    #[test]
    fn hyphens_of_their_own_stay() {
        for (lines, joined) in [
            ("treated with Montan-\nide once", "treated with Montanide once"),
            ("an interferon-\ndependent effect", "an interferon-dependent effect"),
            ("a long-\nterm study", "a long-term study"),
            ("of n-\ntridecanal", "of n-tridecanal"),
            ("with IL-\n2 and", "with IL-2 and"),
            ("of anti-\nTNF agents", "of anti-TNF agents"),
            ("in non-\nHodgkin lymphoma", "in non-Hodgkin lymphoma"),
            ("after COVID-\n19 came", "after COVID-19 came"),
            ("blocks PD-\nL1 well", "blocks PD-L1 well"),
            ("of 5-\n10 mg", "of 5-10 mg"),
            ("pre-\nand postoperative", "pre- and postoperative"),
            ("a treat\u{ad}\nment of", "a treatment of"),
            ("over -\nor under", "over - or under"),
        ] {
            assert_eq!(paragraphs(&[lines.to_owned()]).0, [joined], "{lines}");
        }
    }
}
