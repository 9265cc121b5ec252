//! How many changes of a text are noticed: numbers, drugs and denials of the texts of the shipped glossary are changed one by one,
//! always in the same way. `cargo test -p tasks --test support -- --nocapture` prints the figures.

#![allow(clippy::unwrap_used, reason = "a failing helper fails the test")]
#![allow(clippy::print_stdout, reason = "the figures are what this is for")]

use std::path::Path;
use std::sync::Arc;

use glossary::{Entry, Glossary, Nature};
use regex::Regex;
use tasks::support::{AlarmKind, Checked, Source, Support, check};
use terms::{Dictionary, Kind, Terms};

/// Changes of each kind.
const CHANGES: usize = 100;
/// Of them at least so many must be noticed.
const NOTICED: usize = 95;

struct Shipped {
    dictionary: Dictionary,
    entries: Vec<Entry>,
}

fn shipped() -> Shipped {
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let terms = Terms::open(&models.join("terms/builtin.terms")).unwrap();
    let glossary = Glossary::open(&models.join("glossary/builtin.glossary")).unwrap();
    let is_prose = |entry: &Entry| {
        let words = entry.text.split_whitespace().count();
        matches!(entry.nature, Nature::Definition | Nature::Sentence) && (8..120).contains(&words)
    };
    let mut entries: Vec<Entry> = glossary.all().map(Result::unwrap).filter(is_prose).collect();
    // Another order than that of the sources, always the same one.
    entries.sort_by_key(|entry| crc32fast::hash(entry.text.as_bytes()));
    Shipped { dictionary: Dictionary::new(vec![Arc::new(terms)]), entries }
}

impl Shipped {
    fn check(&self, entry: &Entry, text: &str) -> Vec<Checked> {
        let source = Source { about: &[&entry.term], text: &entry.text };
        check(text, &[source], &self.dictionary)
    }

    /// Changes the texts that can be changed, and counts how many of the changes are noticed by an alarm, and where any is, by one
    /// of the expected kind.
    fn noticed(&self, what: &str, kinds: &[AlarmKind], change: impl Fn(&Entry) -> Option<String>) -> usize {
        let changed = self.entries.iter().filter_map(|entry| Some((entry, change(entry)?))).take(CHANGES);
        let (mut count, mut noticed) = (0, 0);
        for (entry, text) in changed {
            count += 1;
            let checked = self.check(entry, &text);
            let seen = checked.iter().flat_map(|one| &one.alarms).any(|alarm| kinds.contains(&alarm.kind));
            noticed += usize::from(seen);
            if !seen {
                println!("not noticed ({what}): {text}\n  the source: {}", entry.text);
            }
        }
        println!("{what}: {noticed} of {count} changes noticed");
        assert_eq!(count, CHANGES, "{what}");
        noticed
    }
}

#[test]
fn changed_numbers_are_noticed() {
    let number = Regex::new(r"(?:^|[\s(~<>])(\d+(?:\.\d+)?)(?:[\s,.;)%]|-(?:year|day|week|month))").unwrap();
    let noticed = shipped().noticed("numbers", &[AlarmKind::Number, AlarmKind::Dose], |entry| {
        let found = number.captures(&entry.text)?.get(1)?;
        let value: f64 = found.as_str().parse().ok()?;
        Some(format!("{}{}{}", &entry.text[..found.start()], value * 3.0 + 1.0, &entry.text[found.end()..]))
    });
    assert!(noticed >= NOTICED);
}

#[test]
fn changed_drugs_are_noticed() {
    const DRUGS: [&str; 6] = ["warfarin", "omeprazole", "infliximab", "digoxin", "lithium", "metformin"];
    let shipped = shipped();
    let noticed = shipped.noticed("drugs", &[AlarmKind::Name], |entry| {
        let names = shipped.dictionary.find(&entry.text);
        let is_drug = |name: &&terms::Match| {
            name.kind == Kind::Chemical && entry.text[name.range.clone()].len() > 6 && name.range.start > 0
        };
        let name = names.iter().find(is_drug)?;
        let other = DRUGS.iter().find(|drug| !entry.text.to_lowercase().contains(**drug))?;
        Some(format!("{}{other}{}", &entry.text[..name.range.start], &entry.text[name.range.end..]))
    });
    assert!(noticed >= NOTICED);
}

#[test]
fn changed_denials_are_noticed() {
    let verb = Regex::new(r" (is|are|was|were|can|may|does|do) ").unwrap();
    let denial = Regex::new(r" (not|cannot) ").unwrap();
    let half = std::cell::Cell::new(0);
    let noticed = shipped().noticed("denials", &[AlarmKind::Negation], |entry| {
        // Half of them are taken away, half are put in.
        if let Some(found) = denial.captures(&entry.text).filter(|_| half.get() < CHANGES / 2) {
            half.set(half.get() + 1);
            let place = found.get(1)?;
            let instead = if place.as_str() == "cannot" { "can " } else { "" };
            return Some(format!(
                "{}{instead}{}",
                &entry.text[..place.start()],
                entry.text[place.end()..].trim_start()
            ));
        }
        let place = verb.captures(&entry.text)?.get(1)?;
        let (before, after) = entry.text.split_at(place.end());
        (half.get() == CHANGES / 2 && !after.starts_with(" not")).then(|| format!("{before} not{after}"))
    });
    assert!(noticed >= NOTICED);
}

#[test]
fn what_is_copied_is_supported_and_raises_no_alarm() {
    let shipped = shipped();
    let (mut sentences, mut supported, mut alarms) = (0, 0, 0);
    for entry in shipped.entries.iter().take(300) {
        for checked in shipped.check(entry, &entry.text) {
            sentences += 1;
            supported += usize::from(checked.support == Support::Supported);
            alarms += checked.alarms.len();
        }
    }
    println!("copied: {supported} of {sentences} sentences supported, {alarms} alarms");
    assert!(supported * 100 >= sentences * 98 && alarms * 100 <= sentences);
}

#[test]
fn what_another_text_says_supports_nothing() {
    let shipped = shipped();
    let pairs = shipped.entries.iter().zip(shipped.entries.iter().skip(1)).take(300);
    let mut wrongly = 0;
    for (entry, other) in pairs {
        for checked in shipped.check(entry, &other.text) {
            if checked.support == Support::Supported {
                wrongly += 1;
                println!("supported: {}\n  by: {}", checked.span.slice(&other.text).unwrap(), entry.text);
            }
        }
    }
    println!("texts on something else: {wrongly} sentences called supported");
    assert!(wrongly <= 3, "{wrongly}");
}
