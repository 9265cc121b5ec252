//! Numbers of a text, in their plainest form.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use terms::words::{fold, words};

use crate::reading::pattern;

/// A number with its unit.
#[derive(Debug)]
pub(crate) struct Number {
    pub(crate) range: Range<usize>,
    pub(crate) value: String,
    pub(crate) unit: String,
}

static NUMBERS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?xi) (?<value> \d+ (?: [.,·] \d+ )* )
          (?: [\s\-]? (?<unit> (?: %|percent|per\s+cent|mmhg|mg|kg|mcg|[µμu]g|ng|g|gr|ml|dl|l|iu|units?|mmol|[µμ]mol|mol
            |meq|cm|mm|°\s?c|days?|weeks?|months?|years?|hours?|hrs?|h|minutes?|min|seconds?|times|fold|tablets?|puffs?|drops?)
            (?: \s?/\s?(?: kg|day|d|h|l|ml|dl|min|m2|week ) )* ) (?: \b | $ | [\s,.;)] ) )?",
    )
});

/// Units of what is given to people.
pub(super) fn is_of_dose(unit: &str) -> bool {
    let first = unit.split('/').next().unwrap_or_default();
    const UNITS: &[&str] = &[
        "mg", "kg", "mcg", "ng", "g", "gr", "ml", "dl", "l", "iu", "unit", "mmol", "mol", "umol", "meq",
        "tablet", "puff", "drop",
    ];
    UNITS.contains(&first)
}

/// The numbers of a text, in digits, words and Roman numerals, with their units.
pub(crate) fn numbers(text: &str) -> Vec<Number> {
    const WORDS: &[&str] =
        &["two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    const ROMAN: &[&str] = &["II", "III", "IV"];
    let mut found = Vec::new();
    for captures in NUMBERS.captures_iter(text) {
        let Some(value) = captures.name("value") else { continue };
        // Of "CD4" the digit is a part of the name.
        if text[..value.start()].ends_with(|c: char| c.is_alphabetic()) {
            continue;
        }
        let unit = captures.name("unit");
        let end = unit.map_or(value.end(), |unit| unit.end());
        let unit = unit.map_or_else(String::new, |unit| plain_unit(unit.as_str()));
        found.push(Number { range: value.start()..end, value: plain_number(value.as_str()), unit });
    }
    for word in words(text) {
        let written = &text[word.range.clone()];
        let value = WORDS.iter().position(|known| *known == word.folded);
        let value = value.or_else(|| ROMAN.iter().position(|known| *known == written));
        if let Some(value) = value {
            let (range, value) = (word.range, (value + 2).to_string());
            found.push(Number { range, value, unit: String::new() });
        }
    }
    found
}

/// `1,200` and `1200`, `0.50` and `.5` are the same number.
fn plain_number(text: &str) -> String {
    let groups: Vec<&str> = text.split(',').collect();
    let in_thousands = groups.len() > 1
        && groups[1..].iter().all(|group| group.split('.').next().is_some_and(|digits| digits.len() == 3));
    let text = if in_thousands { text.replace(',', "") } else { text.replace([',', '·'], ".") };
    match text.parse::<f64>() {
        Ok(number) => number.to_string(),
        Err(_) => text,
    }
}

fn plain_unit(text: &str) -> String {
    let unit: String = fold(text).chars().filter(|c| !c.is_whitespace()).collect();
    let unit = unit.replace("percent", "%");
    match unit.as_str() {
        "mug" | "ug" | "mcg" => "mcg".to_owned(),
        "hr" | "hrs" | "hour" | "hours" => "h".to_owned(),
        "minute" | "minutes" => "min".to_owned(),
        _ => unit.strip_suffix('s').filter(|unit| unit.len() > 2).unwrap_or(&unit).to_owned(),
    }
}
