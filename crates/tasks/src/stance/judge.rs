//! What a sentence that speaks about a question says.

use std::ops::Range;
use std::sync::LazyLock;

use documents::Span;
use regex::Regex;
use terms::Kind;

use super::Stance;
use super::cover::{Cover, Sentence};
use super::cues;
use super::lexicon::Aspect;
use super::question::{Parsed, Role};
use crate::reading::pattern;
use crate::support::numbers;

/// Where a sentence names what.
pub(super) struct Named {
    pub(super) subjects: Vec<Span>,
    pub(super) objects: Vec<Span>,
    pub(super) comparators: Vec<Span>,
    /// The object is named by a measure that falls with it, such as platelets for thrombocytopenia.
    pub(super) falls: bool,
    pub(super) by_measure: bool,
}

impl Named {
    pub(super) fn of(parsed: &Parsed, covers: &[Cover]) -> Self {
        let places = |role: Role| {
            let of_role = parsed.parts.iter().zip(covers).filter(move |(part, _)| part.role == role);
            of_role.flat_map(|(_, cover)| cover.places.iter().copied()).collect::<Vec<_>>()
        };
        let mut of_objects = parsed.parts.iter().zip(covers).filter(|(part, _)| part.role == Role::Object);
        let measured = of_objects.find(|(_, cover)| cover.by_measure && cover.share > 0.0);
        Self {
            subjects: places(Role::Subject),
            objects: places(Role::Object),
            comparators: places(Role::Comparator),
            falls: measured.is_some_and(|(part, _)| part.family.is_some_and(|family| family.falls)),
            by_measure: measured.is_some(),
        }
    }

    /// Of two names without measures.
    pub(super) const fn pair(subjects: Vec<Span>, objects: Vec<Span>) -> Self {
        Self { subjects, objects, comparators: Vec::new(), falls: false, by_measure: false }
    }

    /// Where they are in a sentence. The object decides where to look; where only the subject is named, that does.
    fn places(&self, sentence: &Sentence<'_>) -> Vec<Range<usize>> {
        let targets = if self.objects.is_empty() { &self.subjects } else { &self.objects };
        targets.iter().map(|span| span.start - sentence.span.start..span.end - sentence.span.start).collect()
    }
}

/// What a sentence says, and by which words.
pub(super) struct Judged {
    pub(super) stance: Stance,
    pub(super) reason: String,
    /// How plainly it says so: from 0 (in passing) to 1.
    pub(super) plainness: f64,
}

fn said(stance: Stance, reason: impl Into<String>, plainness: f64) -> Judged {
    Judged { stance, reason: reason.into(), plainness }
}

/// What a sentence says about the question.
pub(super) fn judge(parsed: &Parsed, sentence: &Sentence<'_>, named: &Named) -> Judged {
    let judged = as_asked(parsed, sentence, named);
    if !parsed.denied {
        return judged;
    }
    let stance = match judged.stance {
        Stance::For => Stance::Against,
        Stance::Against => Stance::For,
        Stance::Unclear => Stance::Unclear,
    };
    Judged { stance, ..judged }
}

fn as_asked(parsed: &Parsed, sentence: &Sentence<'_>, named: &Named) -> Judged {
    let text = sentence.text;
    let clauses = cues::clauses(text);
    let at = |span: &Span| span.start - sentence.span.start..span.end - sentence.span.start;
    let places = named.places(sentence);
    let looked_at = looked_at(&clauses, &places);
    if let Some(doubted) = doubted(parsed, text, &looked_at) {
        return doubted;
    }
    // "Enhanced by one and suppressed by the other": the verb that belongs to the subject.
    let acts = named.subjects.iter().map(at).find(|place| text[..place.start].ends_with("by "));
    let acts = acts.and_then(|place| cues::direction(&text[..place.start], &(place.start..place.start)));
    let directed = acts.or_else(|| {
        looked_at.iter().find_map(|(clause, object)| cues::direction(&text[(*clause).clone()], object))
    });
    let directed = directed.or_else(|| cues::direction(text, places.first().unwrap_or(&(0..0))));
    // Figures before words: "higher" may be about something else.
    let counted = cues::ratio(text).or_else(|| compared(parsed, sentence, named));
    let decided = |wanted: i8, (sign, words): (i8, String)| {
        let sign = if named.falls { -sign } else { sign };
        let stance = if sign == wanted { Stance::For } else { Stance::Against };
        said(stance, format!("“{words}”"), 1.0)
    };
    match parsed.aspect {
        Aspect::Up => match counted.or(directed) {
            Some(found) => decided(1, found),
            None => said(Stance::For, "said without denial or doubt", 0.6),
        },
        Aspect::Down => match counted.or(directed) {
            Some(found) => decided(-1, found),
            None => said(Stance::Unclear, "no direction is given", 0.3),
        },
        Aspect::Change => match counted.or(directed) {
            Some((0, words)) => said(Stance::Against, format!("“{words}”"), 1.0),
            Some((_, words)) => said(Stance::For, format!("“{words}”"), 1.0),
            None => said(Stance::For, "said without denial or doubt", 0.6),
        },
        Aspect::Better => {
            let quality =
                looked_at.iter().find_map(|(clause, object)| cues::quality(&text[(*clause).clone()], object));
            match quality.or_else(|| cues::quality(text, places.first().unwrap_or(&(0..0)))) {
                Some(found) => decided(1, found),
                // Fewer symptoms are better, as far as words show.
                None => match counted.or(directed) {
                    Some(found) => decided(-1, found),
                    None => said(Stance::Unclear, "whether it is better is not said", 0.3),
                },
            }
        }
        Aspect::Safe => said(cues::safety(text, false), "by what is said of harm", 0.7),
        Aspect::Advised => advice(text, parsed),
        Aspect::Presence => match counted {
            Some(found) => decided(1, found),
            None => match directed {
                // "Less often", "the risk was lower", "prevented".
                Some((-1, words)) if !named.falls && falls_short(&words) => {
                    said(Stance::Against, format!("“{words}”"), 0.9)
                }
                Some((1, words)) if named.falls => said(Stance::Against, format!("“{words}”"), 0.9),
                _ => said(Stance::For, "said without denial or doubt", 0.8),
            },
        },
    }
}

/// What a sentence says that leaves it open, denies it or softens it; nothing where it does none of these.
pub(super) fn doubts(parsed: &Parsed, sentence: &Sentence<'_>, named: &Named) -> Option<Judged> {
    let clauses = cues::clauses(sentence.text);
    doubted(parsed, sentence.text, &looked_at(&clauses, &named.places(sentence)))
}

/// The clauses of a sentence that name what it is looked at for, with the place of the name in each.
type LookedAt<'c> = [(&'c Range<usize>, Range<usize>)];

/// The clauses that these places are in; the first where there are none.
fn looked_at<'c>(
    clauses: &'c [Range<usize>],
    places: &[Range<usize>],
) -> Vec<(&'c Range<usize>, Range<usize>)> {
    let holds = |clause: &&Range<usize>, place: &Range<usize>| {
        clause.start <= place.start && place.start < clause.end
    };
    let mut found: Vec<(&Range<usize>, Range<usize>)> = places
        .iter()
        .filter_map(|place| {
            let clause = clauses.iter().find(|clause| holds(clause, place))?;
            Some((clause, place.start - clause.start..(place.end - clause.start).min(clause.len())))
        })
        .collect();
    if found.is_empty() {
        found.extend(clauses.first().map(|clause| (clause, 0..0)));
    }
    found
}

/// What a sentence says that leaves something open, denies it, or softens it; nothing where it says something plainly.
fn doubted(parsed: &Parsed, text: &str, looked_at: &LookedAt<'_>) -> Option<Judged> {
    if let Some(words) = cues::left_open(text) {
        return Some(said(Stance::Unclear, format!("left open by “{words}”"), 1.0));
    }
    let exception =
        looked_at.iter().any(|(clause, object)| cues::is_exception(&text[(*clause).clone()], object));
    if exception {
        let stance = if parsed.aspect == Aspect::Safe { Stance::Against } else { Stance::For };
        return Some(said(stance, "named as an exception", 0.3));
    }
    let hedged = looked_at.iter().find_map(|(clause, _)| cues::hedge(&text[(*clause).clone()]));
    let denied = looked_at.iter().find_map(|(clause, object)| cues::denial(&text[(*clause).clone()], object));
    if let Some(words) = denied {
        // "No case could be ascribed to it" is no doubt.
        if let Some(hedge) = hedged.filter(|hedge| !hedge.to_lowercase().starts_with("could")) {
            return Some(said(Stance::Unclear, format!("“{words}”, but hedged by “{hedge}”"), 0.8));
        }
        let stance = if parsed.aspect == Aspect::Safe { cues::safety(text, true) } else { Stance::Against };
        return Some(said(stance, format!("denied by “{words}”"), 1.0));
    }
    if let Some(words) = hedged {
        return Some(said(Stance::Unclear, format!("hedged by “{words}”"), 0.8));
    }
    if let Some(words) = cues::not_significant(text)
        && cues::ratio(text).is_none()
    {
        return Some(said(Stance::Against, format!("not significant: {words}"), 0.9));
    }
    None
}

/// Words that say that something is rarer than elsewhere, and not that a quantity fell.
fn falls_short(words: &str) -> bool {
    let lower = words.to_lowercase();
    ["less ", "fewer", "rarer", "rarely", "seldom", "prevent", "protect", "reduc", "lower", "decreas"]
        .iter()
        .any(|known| lower.starts_with(known))
}

/// What a sentence advises that denies nothing.
fn advice(text: &str, parsed: &Parsed) -> Judged {
    // "Is it contraindicated?" asks for the contrary of "Should it be given?".
    let asks_of_harm = parsed
        .predicate
        .as_deref()
        .is_some_and(|word| word.starts_with("contra") || word.starts_with("avoid"));
    let stance = match cues::safety(text, false) {
        Stance::Against if asks_of_harm => Stance::For,
        Stance::For if asks_of_harm => Stance::Against,
        Stance::Unclear if cues::advises(text) => Stance::For,
        stance => stance,
    };
    let plainness = if stance == Stance::Unclear { 0.2 } else { 0.8 };
    said(stance, "by what is said of harm and advice", plainness)
}

static CONTROLS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:placebo|controls?(?: group)?|unexposed|untreated|usual care|standard care|the others?|those without|those who (?:did not|drank none|took none)|without|the rest|non-?users)\b",
    )
});

/// Compares the figures of those who have the subject with those of the others: "4.4% of the exposed and 1.5% of the unexposed".
fn compared(parsed: &Parsed, sentence: &Sentence<'_>, named: &Named) -> cues::Directed {
    let text = sentence.text;
    let local = |span: &Span| span.start - sentence.span.start;
    let subject = named.subjects.iter().map(local).min();
    let with_comparator = parsed.of(Role::Comparator).next().is_some();
    let (one, other) = if with_comparator {
        // "More frequent with celecoxib than with naproxen": the first of the two is what the question is about.
        let objects: Vec<usize> = named.objects.iter().chain(&named.subjects).map(local).collect();
        let second = named.comparators.iter().map(local).min()?;
        let first = if named.objects.is_empty() {
            subject?
        } else {
            objects.into_iter().max_by_key(|at| at.abs_diff(second).min(200))?
        };
        (first, second)
    } else {
        let control = CONTROLS.find(text)?.start();
        (subject?, control)
    };
    let figures = figures(text);
    let at = |target: usize, not_before: usize| {
        figures
            .iter()
            .filter(|figure| figure.at < target && figure.at >= not_before)
            .max_by_key(|figure| figure.at)
    };
    let (first, second) =
        if one < other { (at(one, 0)?, at(other, one)?) } else { (at(one, other)?, at(other, 0)?) };
    if first.percent != second.percent || first.at == second.at {
        return None;
    }
    let sign = match first.value.partial_cmp(&second.value)? {
        std::cmp::Ordering::Less => -1,
        std::cmp::Ordering::Equal => 0,
        std::cmp::Ordering::Greater => 1,
    };
    Some((sign, format!("{} against {}", first.words, second.words)))
}

struct Figure {
    at: usize,
    value: f64,
    percent: bool,
    words: String,
}

/// The numbers of a sentence that count something: no doses, times, p-values or intervals.
fn figures(text: &str) -> Vec<Figure> {
    let mut found: Vec<Figure> = numbers(text)
        .into_iter()
        .filter(|number| matches!(number.unit.as_str(), "" | "%"))
        .filter(|number| {
            let before = text[..number.range.start].trim_end();
            !before.ends_with(['=', '<', '>', '(', '-', '–'])
                && !before.ends_with(" to")
                && !before.ends_with(" of")
        })
        .filter_map(|number| {
            let words = text.get(number.range.clone())?.trim().to_owned();
            Some(Figure {
                at: number.range.start,
                value: number.value.parse().ok()?,
                percent: number.unit == "%",
                words,
            })
        })
        .collect();
    let ones = text.match_indices(" one ").map(|(at, _)| (at + 1, 1.0, "one"));
    let none = text.match_indices(" none ").map(|(at, _)| (at + 1, 0.0, "none"));
    found.extend(ones.chain(none).map(|(at, value, words)| Figure {
        at,
        value,
        percent: false,
        words: words.to_owned(),
    }));
    found.sort_by_key(|figure| figure.at);
    found
}

static ACTIVE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?xi)\b(?:lower|rais|increas|decreas|reduc|inhibit|induc|enhanc|potentiat|block|suppress|prolong|caus|activat|stimulat|diminish|attenuat|doubl|halv|affect|alter)(?:s|es|ed|e|d)?\b",
    )
});
static PASSIVE: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\b(?:was|were|is|are|be|been|being)\b"));
static AFTER_WITH: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:by|with|after|during|in|on|from|when|through|due to|following|because of|taking|received|took|given)\b[^,;]*$",
    )
});

/// Whether a sentence says it the other way round: that the object acts on the subject.
pub(super) fn is_reversed(parsed: &Parsed, sentence: &Sentence<'_>, covers: &[Cover]) -> bool {
    let things = |role: Role| {
        let of_role = parsed.parts.iter().zip(covers).filter(move |(part, _)| part.role == role);
        of_role
            .filter(|(part, _)| matches!(part.kind, Some(Kind::Chemical | Kind::Gene)))
            .flat_map(|(_, cover)| cover.places.iter().copied())
            .collect::<Vec<_>>()
    };
    let (subjects, objects) = (things(Role::Subject), things(Role::Object));
    if !matches!(parsed.aspect, Aspect::Up | Aspect::Down | Aspect::Change)
        || subjects.is_empty()
        || objects.is_empty()
    {
        return false;
    }
    let gap = |from: Span, to: Span| {
        Span::new(from.end - sentence.span.start, to.start - sentence.span.start).slice(sentence.text)
    };
    let acts = |from: Span, to: Span| {
        gap(from, to).is_some_and(|gap| {
            ACTIVE.find(gap).is_some_and(|verb| {
                !PASSIVE.is_match(&gap[..verb.start()]) && !AFTER_WITH.is_match(&gap[verb.end()..])
            })
        })
    };
    let suffers = |from: Span, to: Span| {
        gap(from, to).is_some_and(|gap| {
            ACTIVE.find(gap).is_some_and(|verb| PASSIVE.is_match(&gap[..verb.start()]))
                && gap.contains(" by ")
        })
    };
    let pairs = || subjects.iter().flat_map(|subject| objects.iter().map(move |object| (*subject, *object)));
    pairs().any(|(subject, object)| {
        if object.end <= subject.start {
            acts(object, subject)
        } else {
            subject.end <= object.start && suffers(subject, object)
        }
    })
}

static TREATED_FOR: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?xi)(?:\b(?:patients|people|women|men|children|adults|those|infants|participants|volunteers|man|woman|boy|girl|patient)\s+with
            | \b(?:treatment|management|prevention|prophylaxis|therapy)\s+(?:of|for) | \b(?:treated|given|prescribed|received|taken|indicated|used|therapy|prophylaxis)\s+(?:\w+\s+){0,3}(?:for|against)
            | \bsuffering\s+from | \b(?:flares?|relapses?|exacerbations?|severity|symptoms|course|control)\s+of )\s+(?:an?\s+|the\s+|his\s+|her\s+)?(?:[\w-]+\s+){0,2}$",
    )
});

/// Whether a sentence names the object only as what is treated.
pub(super) fn only_treats(sentence: &Sentence<'_>, named: &Named) -> bool {
    !named.objects.is_empty()
        && named.objects.iter().all(|object| {
            let before = sentence.text.get(..object.start - sentence.span.start).unwrap_or_default();
            TREATED_FOR.find(before).is_some_and(|found| !found.as_str().contains("without"))
        })
}
