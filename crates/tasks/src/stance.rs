//! Sentences of a text that speak about a question, each with its stance: for, against, unclear. No model: what it finds can be
//! followed by eye, and each sentence comes with the reason.
//!
//! A sentence speaks about a question if it names its subject and its object, in the same words, by another name that a
//! dictionary has for the concept, or by one that the text itself introduces (abbreviations, members of a class). The
//! subject may also be in an earlier sentence, if the sentence names nothing else of its kind. Conditions for taking part,
//! what was not measured, and what was so before treatment are no results, and titles are no evidence.

mod cover;
mod cues;
mod judge;
mod lexicon;
mod question;
mod relation;

use documents::{Document, Span, SpeakingSentence};
use terms::{Dictionary, Kind};

use cover::{Cover, Sentence, Text};
use judge::{Named, is_reversed, judge, only_treats};
use lexicon::Aspect;
use question::{Parsed, Role};

pub use documents::Stance;
pub use relation::of_relation;

/// A sentence that speaks about the question.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// The sentence, in bytes of the document.
    pub span: Span,
    /// What it says.
    pub stance: Stance,
    /// Why it is listed, and by which words it says so.
    pub reason: String,
    /// Where it names what was asked about.
    pub named: Vec<Span>,
    /// For ranking alone: sentences of the same text, the higher the more to the point.
    weight: f64,
}

/// Something that was looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sought {
    /// The words of the question.
    pub words: String,
    /// Other names that it was looked for by, at most [`MOST_NAMES`].
    pub names: Vec<String>,
    /// Sentences that name it.
    pub sentences: usize,
}

/// What a text has to say to a question.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Speaks {
    /// The sentences that speak about it, the most to the point first. None where the text does not say.
    pub evidence: Vec<Evidence>,
    /// What was looked for, in the order of the question.
    pub sought: Vec<Sought>,
}

/// Other names shown of what was looked for.
pub const MOST_NAMES: usize = 6;

/// From this share on a sentence counts as one that names a thing.
const NAMED: f64 = 0.6;
/// A name in nearly the same words.
const PLAINLY: f64 = 0.8;
/// How far back the subject of a sentence may be, in sentences.
const BACK: usize = 3;
/// Sentences so much less to the point than the first one do not count for the stance of the text.
const TIER: f64 = 0.75;

impl Speaks {
    /// The sentences as a finding keeps them.
    #[must_use]
    pub fn sentences(&self) -> Vec<SpeakingSentence> {
        let kept = |one: &Evidence| SpeakingSentence {
            span: one.span,
            stance: one.stance,
            reason: one.reason.clone(),
        };
        self.evidence.iter().map(kept).collect()
    }

    /// What the text says; `None` where it does not say anything about the question.
    #[must_use]
    pub fn stance(&self) -> Option<Stance> {
        let first = self.evidence.first()?;
        let near = || self.evidence.iter().filter(|one| one.weight >= first.weight - TIER);
        let weight =
            |stance| near().filter(|one| one.stance == stance).map(|one| one.weight).fold(0.0, f64::max);
        let (affirmed, denied, open) =
            (weight(Stance::For), weight(Stance::Against), weight(Stance::Unclear));
        let both = affirmed > 0.0 && denied > 0.0;
        Some(if open > 0.0 && open >= affirmed.max(denied) - 0.25 {
            Stance::Unclear
        } else if both && (affirmed - denied).abs() < 0.15 {
            first.stance
        } else if affirmed > denied {
            Stance::For
        } else if denied > 0.0 {
            Stance::Against
        } else {
            Stance::Unclear
        })
    }
}

/// Something that documents are searched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchTerm {
    /// The words of the question.
    pub words: String,
    /// Other names that are looked for, for people to see.
    pub names: Vec<String>,
    /// Any of these must be in the text; one with `*` at its end is the beginning of a word.
    pub phrases: Vec<String>,
    /// Whether a text that has none of them cannot speak about the question.
    pub required: bool,
}

/// What a document that speaks about a question must name.
#[must_use]
pub fn search_terms(question: &str, dictionary: &Dictionary) -> Vec<SearchTerm> {
    let parsed = Parsed::new(question, dictionary);
    let mut roles: Vec<(SearchTerm, Role)> = Vec::new();
    for part in &parsed.parts {
        let mut phrases = vec![part.words.clone()];
        let others = other_names(part, dictionary);
        phrases.extend(others.iter().cloned());
        phrases.extend(
            part.family.into_iter().flat_map(|family| family.reported.iter().map(|one| (*one).to_owned())),
        );
        // Forms of the words: the whole is looked for when the text is read.
        phrases.extend(part.stems.iter().filter(|stem| stem.len() >= 5).map(|stem| {
            let beginning: String =
                stem.chars().take(stem.chars().count().saturating_sub(2).max(5)).collect();
            format!("{beginning}*")
        }));
        let names = others.into_iter().take(MOST_NAMES).collect();
        // A measure is spoken of without being named: "it had no effect on midazolam".
        let required =
            !matches!(part.role, Role::Context) && (part.family.is_none() || !part.concepts.is_empty());
        roles.push((SearchTerm { words: part.words.clone(), names, phrases, required }, part.role));
    }
    // Of several names of the subject one is enough: they are one search.
    let mut terms: Vec<SearchTerm> = Vec::new();
    let mut subject: Option<usize> = None;
    for (term, role) in roles {
        match subject {
            Some(at) if role == Role::Subject => {
                let first = &mut terms[at];
                first.words = format!("{} {}", first.words, term.words);
                first.names.extend(term.names);
                first.phrases.extend(term.phrases);
            }
            _ => {
                if role == Role::Subject {
                    subject = Some(terms.len());
                }
                terms.push(term);
            }
        }
    }
    terms
}

/// The sentences of a document that speak about a question.
#[must_use]
pub fn read(question: &str, document: &Document, dictionary: &Dictionary) -> Speaks {
    let parsed = Parsed::new(question, dictionary);
    let text = Text::new(document, dictionary);
    let aliases: Vec<Vec<String>> = parsed.parts.iter().map(|part| text.aliases(part)).collect();
    let covers: Vec<Vec<Cover>> = text
        .sentences
        .iter()
        .map(|sentence| {
            parsed.parts.iter().zip(&aliases).map(|(part, aliases)| sentence.cover(part, aliases)).collect()
        })
        .collect();
    let mut evidence: Vec<Evidence> =
        (0..text.sentences.len()).filter_map(|place| speaking(&parsed, &text, &covers, place)).collect();
    evidence.sort_by(|one, other| other.weight.total_cmp(&one.weight).then(one.span.cmp(&other.span)));
    let sought = parsed.parts.iter().enumerate().map(|(at, part)| {
        let mut names = aliases[at].clone();
        names.extend(other_names(part, dictionary));
        names.extend(
            part.family.into_iter().flat_map(|family| family.reported.iter().map(|one| (*one).to_owned())),
        );
        let mut seen = std::collections::BTreeSet::from([part.words.to_lowercase()]);
        names.retain(|name| seen.insert(name.to_lowercase()));
        names.truncate(MOST_NAMES);
        let sentences = covers.iter().filter(|covers| covers[at].share >= NAMED).count();
        Sought { words: part.words.clone(), names, sentences }
    });
    Speaks { evidence, sought: sought.collect() }
}

/// Other names that a dictionary has for a part.
fn other_names(part: &question::Part, dictionary: &Dictionary) -> Vec<String> {
    if part.concepts.is_empty() {
        return Vec::new();
    }
    let meanings = dictionary.meanings(&part.words).into_iter();
    let names = meanings.filter(|meaning| Some(meaning.kind) == part.kind).flat_map(|meaning| meaning.names);
    let own = part.words.to_lowercase();
    let mut names: Vec<String> = names.filter(|name| *name != own).collect();
    // The shortest are those that people use.
    names.sort_by_key(|name| (name.split_whitespace().count(), name.len()));
    names.truncate(MOST_NAMES * 4);
    names
}

/// How well a sentence names the parts of one role: the best of a subject's, the least of an object's, the mean of others.
fn share(parsed: &Parsed, covers: &[Cover], role: Role) -> Option<f64> {
    let shares: Vec<f64> = parsed
        .parts
        .iter()
        .zip(covers)
        .filter(|(part, _)| part.role == role)
        .map(|(_, cover)| cover.share)
        .collect();
    if shares.is_empty() {
        return None;
    }
    Some(match role {
        Role::Subject => shares.into_iter().fold(0.0, f64::max),
        Role::Object => shares.into_iter().fold(1.0, f64::min),
        _ => shares.iter().sum::<f64>() / shares.len() as f64,
    })
}

fn speaking(parsed: &Parsed, text: &Text<'_>, covers: &[Vec<Cover>], place: usize) -> Option<Evidence> {
    let (sentence, own) = (&text.sentences[place], &covers[place]);
    // A question that names nothing is spoken of by nothing.
    if parsed.parts.is_empty() {
        return None;
    }
    if sentence.in_title || cues::gives_no_result(sentence.text).is_some() {
        return None;
    }
    if parsed.people
        && (cues::is_of_animals(sentence.text) || text.in_animals && !cues::is_of_people(sentence.text))
    {
        return None;
    }
    let subject = share(parsed, own, Role::Subject);
    let object = share(parsed, own, Role::Object);
    let named = Named::of(parsed, own);
    let mut reason = String::new();
    let subject = match subject {
        None => 1.0,
        Some(share) if share >= NAMED => share,
        Some(_) => {
            if object.is_none_or(|share| share < PLAINLY)
                || !carries_subject(parsed, text, covers, place, &named)
            {
                return None;
            }
            reason = "the subject is named before".to_owned();
            0.4
        }
    };
    let object = match object {
        None => 1.0,
        Some(share) if share >= NAMED => share,
        Some(share) => {
            if subject < PLAINLY || !carries_object(parsed, sentence, covers, place, share) {
                return None;
            }
            reason = "the rest is named before".to_owned();
            0.5
        }
    };
    if is_reversed(parsed, sentence, own)
        || parsed.aspect == Aspect::Presence && only_treats(sentence, &named)
    {
        return None;
    }
    // "Does it harm the liver?" is about more than a liver.
    let asks_of_harm =
        parsed.predicate.as_deref().is_some_and(|word| matches!(word, "harm" | "damage" | "injure" | "hurt"));
    if asks_of_harm && !cues::is_of_harm(sentence.text) {
        return None;
    }
    let judged = judge(parsed, sentence, &named);
    let context = share(parsed, own, Role::Context).unwrap_or(0.0);
    let comparator = share(parsed, own, Role::Comparator).unwrap_or(1.0);
    let says_so = parsed.predicate.as_deref().is_some_and(|word| says_predicate(sentence, word));
    let weight = subject
        + object
        + 0.3 * context
        + 0.5 * comparator
        + judged.plainness * 0.6
        + if says_so { 0.3 } else { 0.0 }
        + if cues::concludes(sentence.text) { 0.2 } else { 0.0 }
        - if named.by_measure { 0.1 } else { 0.0 }
        - if cues::is_background(sentence.text) { 0.6 } else { 0.0 };
    let mut named: Vec<Span> = own.iter().flat_map(|cover| cover.places.iter().copied()).collect();
    named.sort_unstable();
    named.dedup();
    let reason = if reason.is_empty() { judged.reason } else { format!("{}; {reason}", judged.reason) };
    Some(Evidence { span: sentence.span, stance: judged.stance, reason, named, weight })
}

fn says_predicate(sentence: &Sentence<'_>, word: &str) -> bool {
    let stem = crate::support::stem(word);
    let wanted: String = stem.chars().take(7).collect();
    sentence.folded().split(' ').any(|word| word.starts_with(&wanted))
}

/// Whether a sentence without its subject is about that of the sentences before it.
fn carries_subject(
    parsed: &Parsed,
    text: &Text<'_>,
    covers: &[Vec<Cover>],
    place: usize,
    named: &Named,
) -> bool {
    let sentence = &text.sentences[place];
    if cues::is_of_others(sentence.text) {
        return false;
    }
    let known: Vec<Span> = named.objects.iter().chain(&named.comparators).copied().collect();
    let kind = parsed.of(Role::Subject).find_map(|part| part.kind);
    if kind.is_some_and(|kind| sentence.names_another(kind, &known)) {
        return false;
    }
    let names = |at: usize| share(parsed, &covers[at], Role::Subject).is_some_and(|share| share >= PLAINLY);
    let rivals = |at: usize| {
        let known: Vec<Span> = Named::of(parsed, &covers[at]).subjects;
        kind.is_some_and(|kind| text.sentences[at].names_another(kind, &known)) && !names(at)
    };
    // From here back to the sentence that names it, nothing else of its kind may come up.
    let before =
        (0..place).rev().take_while(|at| !rivals(*at)).take(if kind.is_some() { usize::MAX } else { BACK });
    before.into_iter().any(names)
}

/// Whether a sentence that names the subject gives a figure or a verdict on what the sentences before it are about.
fn carries_object(
    parsed: &Parsed,
    sentence: &Sentence<'_>,
    covers: &[Vec<Cover>],
    place: usize,
    part: f64,
) -> bool {
    let known: Vec<Span> = covers[place].iter().flat_map(|cover| cover.places.iter().copied()).collect();
    let kind = parsed.of(Role::Object).find_map(|part| part.kind);
    let kinds = kind.map_or(vec![Kind::Chemical, Kind::Disease, Kind::Gene], |kind| vec![kind]);
    if kinds.into_iter().any(|kind| sentence.names_another(kind, &known)) {
        return false;
    }
    let before = covers[..place].iter().rev().take(BACK);
    let named = before.filter_map(|covers| share(parsed, covers, Role::Object)).any(|share| share >= PLAINLY);
    let reports = cues::ratio(sentence.text).is_some() || cues::left_open(sentence.text).is_some();
    named && (reports || part >= 0.3)
}
