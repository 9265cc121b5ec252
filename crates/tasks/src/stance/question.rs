//! What a question asks: about what (its subject), whether what (its object), and in which direction.

use std::ops::Range;

use documents::Span;
use terms::words::{Word, words};
use terms::{Concept, Dictionary, Kind, Match};

use super::lexicon::{Aspect, Family, family_of, is_frame_word, predicate};
use crate::support::{is_function_word, stem};

/// The part that words of a question play.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// What acts: the drug of "Does the drug cause hepatitis?".
    Subject,
    /// What it does: the hepatitis.
    Object,
    /// What the subject is compared with: "than with naproxen".
    Comparator,
    /// The circumstances: "in children", "after surgery".
    Context,
}

/// Words of a question that name one thing.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) words: String,
    pub(super) stems: Vec<String>,
    pub(super) role: Role,
    /// What the words name, where a dictionary knows them.
    pub(super) concepts: Vec<Concept>,
    pub(super) kind: Option<Kind>,
    /// The family of measures that they belong to.
    pub(super) family: Option<&'static Family>,
}

/// A question, taken apart.
#[derive(Debug)]
pub(super) struct Parsed {
    pub(super) parts: Vec<Part>,
    pub(super) aspect: Aspect,
    /// The words of the question that say what is asked ("cause").
    pub(super) predicate: Option<String>,
    /// Whether it asks about people: animals then do not count.
    pub(super) people: bool,
    /// Whether it asks for the contrary: "Does it not …?"
    pub(super) denied: bool,
}

impl Parsed {
    pub(super) fn of(&self, role: Role) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(move |part| part.role == role)
    }

    /// Whether something is there, with nothing more asked of it.
    pub(super) const fn of_presence() -> Self {
        Self { parts: Vec::new(), aspect: Aspect::Presence, predicate: None, people: false, denied: false }
    }

    /// Takes a question apart.
    pub(super) fn new(question: &str, dictionary: &Dictionary) -> Self {
        let all = words(question);
        let (at, aspect) = match all
            .iter()
            .enumerate()
            .find_map(|(at, word)| Some((at, predicate(&word.folded, at, &all)?)))
        {
            Some((at, aspect)) => (Some(at), aspect),
            None => (None, Aspect::Presence),
        };
        let predicate_range = at.map(|at| all[at].range.clone());
        let names = names(question, dictionary, predicate_range.as_ref());
        let mut stretches = stretches(question, &all, &names, at);
        let passive = at.is_some_and(|at| {
            let after = all.get(at + 1).map(|word| word.folded.as_str());
            after == Some("by") || after == Some("with") && all[at].folded == "treated"
        });
        let parts = roles(question, &all, &mut stretches, predicate_range.as_ref(), passive);
        // "Should it be given?" asks for advice, whatever verb follows.
        let aspect = match all.first().map(|word| word.folded.as_str()) {
            Some("should" | "must" | "may") => Aspect::Advised,
            _ => aspect,
        };
        let has = |wanted: &[&str]| all.iter().any(|word| wanted.contains(&word.folded.as_str()));
        Self {
            parts,
            aspect,
            predicate: predicate_range.map(|range| question[range].to_lowercase()),
            people: has(PEOPLE),
            denied: has(&["not", "never"]) || question.to_lowercase().contains("n't"),
        }
    }
}

const PEOPLE: &[&str] = &[
    "patients",
    "patient",
    "people",
    "women",
    "men",
    "children",
    "child",
    "adults",
    "humans",
    "infants",
    "persons",
    "adolescents",
];

/// Words that name one thing, with what a dictionary knows of them.
struct Stretch {
    range: Range<usize>,
    first: usize,
    name: Option<Match>,
}

/// The names of a question that a dictionary knows, the longest at each place. The word that says what is asked is none.
fn names(question: &str, dictionary: &Dictionary, predicate: Option<&Range<usize>>) -> Vec<Match> {
    let mut found = dictionary.find(question);
    found.retain(|name| {
        let inside = words(&question[name.range.clone()]);
        let says_something = inside.iter().any(|word| {
            !is_function_word(&word.folded) && !is_frame_word(&word.folded) && word.folded.len() > 1
        });
        says_something && predicate.is_none_or(|at| name.range.end <= at.start || at.end <= name.range.start)
    });
    found.sort_by_key(|name| (name.range.start, std::cmp::Reverse(name.range.end)));
    let mut longest: Vec<Match> = Vec::new();
    for name in found {
        match longest.last_mut() {
            Some(last) if last.range == name.range => last.concepts.extend(name.concepts),
            Some(last) if name.range.start < last.range.end => {}
            _ => longest.push(name),
        }
    }
    longest
}

fn stretches(question: &str, all: &[Word], names: &[Match], predicate: Option<usize>) -> Vec<Stretch> {
    let mut found: Vec<Stretch> = Vec::new();
    let mut last: Option<usize> = None;
    for (place, word) in all.iter().enumerate() {
        let name = names
            .iter()
            .find(|name| name.range.start <= word.range.start && word.range.end <= name.range.end);
        if let Some(name) = name {
            if found.last().is_none_or(|before| before.range != name.range) {
                found.push(Stretch { range: name.range.clone(), first: place, name: Some(name.clone()) });
            }
            last = None;
            continue;
        }
        if Some(place) == predicate || is_function_word(&word.folded) || is_frame_word(&word.folded) {
            last = None;
            continue;
        }
        match found.last_mut() {
            // Words that follow each other are one thing: "hospital stay".
            Some(before)
                if last.is_some_and(|last| last + 1 == place)
                    && blank_between(question, &before.range, word) =>
            {
                before.range.end = word.range.end;
            }
            _ => found.push(Stretch { range: word.range.clone(), first: place, name: None }),
        }
        last = Some(place);
    }
    found
}

fn blank_between(question: &str, before: &Range<usize>, word: &Word) -> bool {
    question.get(before.end..word.range.start).is_some_and(|gap| gap.chars().all(|c| c == ' ' || c == '-'))
}

fn roles(
    question: &str,
    all: &[Word],
    stretches: &mut Vec<Stretch>,
    predicate: Option<&Range<usize>>,
    passive: bool,
) -> Vec<Part> {
    let before = |stretch: &Stretch| predicate.is_none_or(|at| stretch.range.end <= at.start);
    let mut parts: Vec<Part> = Vec::new();
    let (mut has_subject, mut has_object) = (false, false);
    let mut end = 0;
    for stretch in stretches.drain(..) {
        let joint =
            all[..stretch.first].iter().rev().map(|word| word.folded.as_str()).find(|word| {
                !is_frame_word(word) && !["the", "a", "an", "any", "its", "their"].contains(word)
            });
        let continues = matches!(joint, Some("of" | "to" | "and" | "or" | "on"));
        // "Nicotine patches": of a thing that the dictionary knows in part.
        let goes_on = parts
            .last()
            .filter(|_| predicate.is_some() && question.get(end..stretch.range.start) == Some(" "))
            .map(|part| part.role);
        end = stretch.range.end;
        let role = if let Some(role) = goes_on {
            role
        } else if joint == Some("than") {
            Role::Comparator
        } else if before(&stretch) && predicate.is_some() {
            let role = if !has_subject || continues { Role::Subject } else { Role::Context };
            has_subject = true;
            role
        } else if !has_object || continues && parts.last().is_some_and(|last| last.role == Role::Object) {
            has_object = true;
            Role::Object
        } else {
            Role::Context
        };
        let words_of = words(&question[stretch.range.clone()]);
        let stems = words_of
            .iter()
            .filter(|word| !is_function_word(&word.folded))
            .map(|word| stem(&word.folded))
            .collect();
        let text = question[stretch.range.clone()].to_owned();
        let concepts = stretch
            .name
            .iter()
            .flat_map(|name| name.concepts.iter().filter(|one| !one.id.is_empty()).cloned());
        parts.push(Part {
            family: family_of(&text),
            stems,
            role,
            concepts: concepts.collect(),
            kind: stretch.name.as_ref().map(|name| name.kind),
            words: text,
        });
    }
    // "Is hepatitis caused by azithromycin?"
    if passive {
        for part in &mut parts {
            part.role = match part.role {
                Role::Subject => Role::Object,
                Role::Object => Role::Subject,
                other => other,
            };
        }
    }
    parts
}

/// The places of the words of a text, for those that look for stems.
pub(super) fn stems_of(text: &str, at: usize) -> Vec<(Span, String)> {
    words(text)
        .into_iter()
        .map(|word| (Span::new(word.range.start + at, word.range.end + at), stem(&word.folded)))
        .collect()
}
