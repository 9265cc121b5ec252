//! What no source has, of what readers act on.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use documents::Span;
use terms::words::{fold, words};
use terms::{Concept, Dictionary};

use super::denials::denials;
use super::numbers::{is_of_dose, numbers};
use super::passages::{Passage, Token, is_function_word, names, stem, tokens};
use super::{Alarm, AlarmKind, Source};

/// What the sources have, taken together.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Numbers in their plainest form, with each unit that they have.
    numbers: BTreeMap<String, BTreeSet<String>>,
    stems: BTreeSet<String>,
    concepts: Vec<Concept>,
    denied: BTreeSet<String>,
}

impl Known {
    pub(super) fn of(sources: &[Source<'_>], dictionary: &Dictionary) -> Self {
        let mut known = Self::default();
        let texts =
            sources.iter().flat_map(|source| source.about.iter().chain(std::iter::once(&source.text)));
        for text in texts {
            for number in numbers(text) {
                known.numbers.entry(number.value).or_default().insert(number.unit);
            }
            let found = words(text);
            known.stems.extend(found.iter().map(|word| stem(&word.folded)));
            // "IL-6" is written "IL6", too.
            known.stems.extend(found.windows(2).map(|two| format!("{}{}", two[0].folded, two[1].folded)));
            known.concepts.extend(names(text, dictionary).into_iter().flat_map(|name| name.concepts));
            for denial in denials(text) {
                known.denied.extend(denial.scope.into_iter().map(|(_, stem)| stem));
            }
        }
        known
    }

    fn has_word(&self, word: &str) -> bool {
        self.stems.contains(&stem(word))
    }
}

/// The alarms of a sentence, with places in it. `closest` is the passage that says most of it.
pub(super) fn alarms(
    sentence: &str,
    tokens: &[Token],
    closest: Option<&Passage>,
    known: &Known,
    dictionary: &Dictionary,
) -> Vec<Alarm> {
    let mut found = Vec::new();
    let mut alarm = |kind, range: Range<usize>| {
        found.push(Alarm { kind, span: Span::new(range.start, range.end) });
    };
    for number in numbers(sentence) {
        let as_said = known.numbers.get(&number.value);
        if as_said.is_none_or(|units| !number.unit.is_empty() && !units.contains(&number.unit)) {
            let kind = if is_of_dose(&number.unit) { AlarmKind::Dose } else { AlarmKind::Number };
            alarm(kind, number.range);
        }
    }
    for range in unknown_names(sentence, known, dictionary) {
        alarm(AlarmKind::Name, range);
    }
    for range in turned(sentence, tokens, closest, known, dictionary) {
        alarm(AlarmKind::Negation, range);
    }
    found.sort();
    found.dedup();
    found
}

/// Endings of names of drugs and diseases: a word that ends so is a name also where no dictionary has it.
const NAME_ENDINGS: &[&str] = &[
    "mab",
    "nib",
    "pril",
    "sartan",
    "olol",
    "statin",
    "azole",
    "cillin",
    "mycin",
    "oxaban",
    "gliptin",
    "gliflozin",
    "azepam",
    "dipine",
    "azine",
    "caine",
    "vir",
    "parin",
    "tidine",
    "setron",
    "triptan",
    "itis",
    "emia",
    "aemia",
    "opathy",
    "oma",
    "osis",
    "uria",
    "algia",
    "cyclin",
    "floxacin",
    "idone",
    "barbital",
    "zumab",
    "ximab",
];
/// Names of the dictionary that name no one thing.
const GENERIC: &[&str] = &[
    "disease",
    "disorder",
    "syndrome",
    "condition",
    "illness",
    "symptom",
    "drug",
    "medication",
    "medicine",
    "protein",
    "gene",
    "enzyme",
    "hormone",
    "water",
    "injury",
    "diagnosis",
    "prognosis",
    "analysis",
    "basis",
    "hypothesis",
    "agent",
];

/// Where a sentence names a thing that no source names.
fn unknown_names(sentence: &str, known: &Known, dictionary: &Dictionary) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let all = names(sentence, dictionary);
    let said = |range: &Range<usize>| {
        let parts = words(&sentence[range.clone()]);
        let in_sources = |folded: &str| is_function_word(folded) || known.has_word(folded);
        let joined: String = parts.iter().map(|part| part.folded.as_str()).collect();
        parts.iter().all(|part| in_sources(&part.folded)) || known.stems.contains(&joined)
    };
    let concept = |name: &terms::Match| {
        name.concepts.iter().any(|concept| !concept.id.is_empty() && known.concepts.contains(concept))
    };
    // What one name of a stretch stands for is known, whatever else may be there.
    let settled: Vec<&Range<usize>> =
        all.iter().filter(|name| concept(name) || said(&name.range)).map(|name| &name.range).collect();
    let inside = |range: &Range<usize>| {
        settled.iter().any(|settled| settled.start <= range.start && range.end <= settled.end)
    };
    for name in &all {
        let generic = GENERIC.contains(&stem_of_name(&sentence[name.range.clone()]).as_str());
        if !inside(&name.range) && !generic {
            found.push(name.range.clone());
        }
    }
    for word in words(sentence) {
        let written = &sentence[word.range.clone()];
        let built = word.folded.len() > 5
            && NAME_ENDINGS.iter().any(|ending| {
                word.folded.ends_with(ending)
                    || word.folded.strip_suffix('s').is_some_and(|one| one.ends_with(ending))
            })
            && !GENERIC.contains(&word.folded.as_str());
        let mixed = written.contains(|c: char| c.is_ascii_digit()) && written.contains(char::is_alphabetic);
        // A capital inside a sentence.
        let capital = word.range.start > 0
            && written.len() > 2
            && written.starts_with(char::is_uppercase)
            && !sentence[..word.range.start].trim_end().ends_with(['.', ':', '"', '\u{201c}']);
        let of_a_name = found.iter().any(|name| name.start <= word.range.start && word.range.end <= name.end);
        if (built || mixed || capital)
            && !known.has_word(&word.folded)
            && !inside(&word.range)
            && !of_a_name
            && !is_unit(written)
        {
            found.push(word.range);
        }
    }
    found.sort_by_key(|range| (range.start, range.end));
    found.dedup();
    found
}

fn stem_of_name(name: &str) -> String {
    let folded = fold(name);
    folded.strip_suffix('s').map_or(folded.clone(), str::to_owned)
}

/// "5mg" is a number with its unit.
fn is_unit(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
}

/// Pairs of words that turn a statement round.
const OPPOSITES: &[(&str, &str)] = &[
    ("increase", "decrease"),
    ("increase", "reduce"),
    ("raise", "lower"),
    ("high", "low"),
    ("higher", "lower"),
    ("agonist", "antagonist"),
    ("activate", "inhibit"),
    ("activator", "inhibitor"),
    ("inducer", "inhibitor"),
    ("stimulate", "inhibit"),
    ("acute", "chronic"),
    ("benign", "malignant"),
    ("before", "after"),
    ("more", "less"),
    ("upper", "lower"),
    ("positive", "negative"),
    ("excess", "deficiency"),
    ("hypertension", "hypotension"),
    ("hyperglycemia", "hypoglycemia"),
    ("safe", "unsafe"),
    ("effective", "ineffective"),
    ("always", "never"),
    ("dominant", "recessive"),
    ("arterial", "venous"),
    ("left", "right"),
    ("improve", "worsen"),
];

/// Where a sentence denies what no source denies, states what the closest passage denies, or has the opposite word.
fn turned(
    sentence: &str,
    said: &[Token],
    closest: Option<&Passage>,
    known: &Known,
    dictionary: &Dictionary,
) -> Vec<Range<usize>> {
    let denials_here = denials(sentence);
    let mut found: Vec<Range<usize>> = Vec::new();
    for denial in &denials_here {
        if !denial.scope.iter().any(|(_, stem)| known.denied.contains(stem)) {
            found.push(denial.cue.clone());
        }
    }
    let Some(passage) = closest else { return found };
    let denied_here = |range: &Range<usize>| {
        denials_here.iter().any(|denial| denial.scope.iter().any(|(denied, _)| denied == range))
    };
    for denial in denials(&passage.text) {
        let meant: Vec<&Token> = denial
            .scope
            .iter()
            .filter_map(|(_, stem)| said.iter().find(|token| token.stem == *stem))
            .collect();
        let whole = !meant.is_empty() && meant.len() * 2 > denial.scope.len();
        if let Some(first) = meant.first().filter(|_| whole)
            && meant.iter().all(|token| !denied_here(&token.range))
        {
            found.push(first.range.clone());
        }
    }
    let there: BTreeSet<String> =
        tokens(&passage.text, dictionary).into_iter().map(|token| token.stem).collect();
    for token in said.iter().filter(|token| !there.contains(&token.stem)) {
        let opposite = |(one, other): &(&str, &str)| {
            let (one, other) = (stem(one), stem(other));
            token.stem == one && there.contains(&other) || token.stem == other && there.contains(&one)
        };
        if OPPOSITES.iter().any(opposite) {
            found.push(token.range.clone());
        }
    }
    found
}
