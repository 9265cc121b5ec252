//! What a text itself shows about a pair of names, besides what a model says of it: where the two are, and which words
//! are near them. Systems of the BioCreative V task were built on such features (Xu et al. 2016, Wei et al. 2016); here
//! they only weigh the model's verdict when it is turned into a probability.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use documents::{Document, Span};
use regex::Regex;
use terms::Kind;

use crate::candidates::{Mention, groups};
use crate::cues::{self, CueKind};
use crate::linear::{Features, add_words};
use crate::reading::pattern;
use crate::sentences;

/// The features, in the order of [`PairFeatures`]'s values. Counts and distances are logarithms, `ln(1 + n)`.
pub const FEATURES: [&str; 20] = [
    "head in the title",
    "tail in the title",
    "sentences with both",
    "sentences apart",
    "characters apart",
    "names between",
    "listed together",
    "joined by a cause",
    "tail first",
    "share of head",
    "share of tail",
    "other heads",
    "other tails",
    "less specific tail",
    "cause near",
    "treatment near",
    "change near",
    "combination near",
    "negation near",
    WORDS,
];

/// What words that were learned say together, as log-odds; 0 where none were learned.
const WORDS: &str = "words";

/// The features of one pair. All but the last are between 0 and about 6.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PairFeatures(pub [f64; FEATURES.len()]);

impl PairFeatures {
    /// The features with their names.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, f64)> {
        FEATURES.into_iter().zip(self.0)
    }

    /// Adds the features in steps of a half, and every two of them that are there together: the title counts more for a name
    /// that is everywhere, for example.
    pub fn add_together(&self, signs: &mut Features) {
        let steps: Vec<String> = self
            .named()
            .map(|(sign, value)| (sign, (value * 2.0).round()))
            .filter(|(_, step)| *step != 0.0)
            .map(|(sign, step)| format!("{sign} {}", step / 2.0))
            .collect();
        for (number, first) in steps.iter().enumerate() {
            signs.extend(steps[number + 1..].iter().map(|second| (format!("{first} & {second}"), 1.0)));
        }
        signs.extend(steps.into_iter().map(|step| (step, 1.0)));
    }

    /// With what learned words say, as log-odds.
    #[must_use]
    pub fn with_words(mut self, log_odds: f64) -> Self {
        self.0[FEATURES.len() - 1] = log_odds;
        self
    }
}

static CAUSE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:induc|caus|associat|toxic|follow|due\s+to|develop|produc|result|provok|adverse|side\s+effect|complicat|secondary\s+to|report|after)",
    )
});
static TREATMENT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:treat|therap|protect|prevent|alleviat|ameliorat|attenuat|efficac|effective|relie[fv]|manag|improv|revers)",
    )
});
static CHANGE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:increas|decreas|reduc|enhanc|inhibit|potentiat|prolong|clearance|plasma|concentration|level|elevat|lower|diminish|antagoni|agonis|block|bind|activat|affinity|substrate)",
    )
});
static COMBINATION: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:concomitant|concurrent|co-?administ|combin|together|interact|should|caution|avoid|contraindicat|recommend)",
    )
});
/// What may be between the members of a list.
static SEPARATORS: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)^(?:[\s,;/()\[\]&+-]|\band\b|\bor\b|\bas well as\b)*$"));
static JOINT: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)^[-\s]*(?:induced|associated|related|caused|provoked|mediated)\b"));

/// Words around a pair of names that are looked at.
const WORDS_AROUND: usize = 6;

fn last_words(text: &str) -> &str {
    let from = text.rmatch_indices(' ').nth(WORDS_AROUND).map_or(0, |(at, _)| at);
    &text[from..]
}

fn first_words(text: &str) -> &str {
    let to = text.match_indices(' ').nth(WORDS_AROUND).map_or(text.len(), |(at, _)| at);
    &text[..to]
}

/// Two names in one sentence.
struct Meeting {
    gap: Span,
    tail_first: bool,
}

/// A text with its names, ready to be asked about any pair of them.
pub struct MentionContext<'a> {
    text: &'a str,
    mentions: &'a [Mention],
    /// The sentence of each mention.
    sentence_of: Vec<Option<usize>>,
    in_title: Vec<bool>,
    lower: Vec<String>,
    /// Of each kind, how often each of its names occurs.
    counts: BTreeMap<Kind, Vec<usize>>,
    sentences: &'a [Span],
    /// Of each sentence: cause, treatment, change, combination, negation.
    cues: Vec<[bool; 5]>,
}

impl<'a> MentionContext<'a> {
    /// Looks at a document once; `sentences` are all of its sentences, `mentions` those that pairs will be made of.
    #[must_use]
    pub fn new(document: &'a Document, sentences: &'a [Span], mentions: &'a [Mention]) -> Self {
        let title = match document.passages.as_slice() {
            [first, _, ..] => first.span,
            _ => sentences.first().copied().unwrap_or_else(|| Span::new(0, 0)),
        };
        let sentence_of: Vec<Option<usize>> =
            mentions.iter().map(|mention| sentences::containing(sentences, mention.cover())).collect();
        // A window of a long text has names in few of its sentences, and only those are asked about.
        let named: BTreeSet<usize> = sentence_of.iter().flatten().copied().collect();
        let in_title = mentions.iter().map(|mention| title.contains(mention.cover())).collect();
        let cues = sentences
            .iter()
            .enumerate()
            .map(|(place, span)| {
                if !named.contains(&place) {
                    return [false; 5];
                }
                let words = span.slice(&document.text).unwrap_or_default();
                let negated =
                    cues::near(&document.text, &[*span]).iter().any(|c| c.kind == CueKind::Negation);
                let has = |pattern: &LazyLock<Regex>| pattern.is_match(words);
                [has(&CAUSE), has(&TREATMENT), has(&CHANGE), has(&COMBINATION), negated]
            })
            .collect();
        let lower = mentions.iter().map(Mention::lower).collect();
        let kinds: BTreeSet<Kind> = mentions.iter().map(|mention| mention.kind).collect();
        let count = |kind| groups(mentions, kind).iter().map(|group| group.mentions.len()).collect();
        let counts = kinds.into_iter().map(|kind| (kind, count(kind))).collect();
        Self { text: &document.text, mentions, sentence_of, in_title, lower, counts, sentences, cues }
    }

    /// The features of the pair whose names are these mentions.
    #[must_use]
    pub fn of(&self, head: &[usize], tail: &[usize]) -> PairFeatures {
        let any = |numbers: &[usize], is: &[bool]| f64::from(u8::from(numbers.iter().any(|n| is[*n])));
        let at = |numbers: &[usize]| -> Vec<usize> {
            let mut found: Vec<usize> = numbers.iter().filter_map(|n| self.sentence_of[*n]).collect();
            found.dedup();
            found
        };
        let (heads, tails) = (at(head), at(tail));
        let both: Vec<usize> = heads.iter().copied().filter(|sentence| tails.contains(sentence)).collect();
        let apart = heads
            .iter()
            .flat_map(|h| tails.iter().map(move |t| h.abs_diff(*t)))
            .min()
            .map_or(10, |apart| apart.min(10));
        // Of names that never meet, the words of the sentences that each is in say little: none is counted.
        let cue = |kind: usize| {
            let with = both.iter().filter(|sentence| self.cues[**sentence][kind]).count();
            with as f64 / both.len().max(1) as f64
        };
        let meeting = self.closest(head, tail);
        let gap = meeting.as_ref().map_or("", |meeting| meeting.gap.slice(self.text).unwrap_or_default());
        let (between, rest) = meeting.as_ref().map_or((0, String::new()), |m| self.without_names(m.gap));
        let is = |holds: bool| f64::from(u8::from(holds));
        PairFeatures([
            any(head, &self.in_title),
            any(tail, &self.in_title),
            (both.len() as f64).ln_1p(),
            (apart as f64).ln_1p(),
            if meeting.is_some() { (gap.len() as f64).ln_1p() } else { 6.0 },
            (between as f64).ln_1p(),
            is(meeting.is_some() && SEPARATORS.is_match(&rest)),
            is(self
                .meetings(head, tail)
                .any(|m| !m.tail_first && m.gap.slice(self.text).is_some_and(|words| JOINT.is_match(words)))),
            is(meeting.as_ref().is_some_and(|meeting| meeting.tail_first)),
            self.share(head),
            self.share(tail),
            self.rivals(head),
            self.rivals(tail),
            is(self.is_less_specific(tail)),
            cue(0),
            cue(1),
            cue(2),
            cue(3),
            cue(4),
            0.0,
        ])
    }

    /// The two names, and the words between and around them in each sentence that has both: what kinds of
    /// relations are recognized by.
    #[must_use]
    pub fn words(&self, head: &[usize], tail: &[usize]) -> Features {
        let mut signs = Features::new();
        for (place, numbers) in [("head is", head), ("tail is", tail)] {
            signs.extend(numbers.iter().map(|n| (format!("{place} {}", self.lower[*n]), 1.0)));
        }
        for Meeting { gap, tail_first } in self.meetings(head, tail) {
            let (_, between) = self.without_names(gap);
            add_words(&mut signs, if tail_first { "back " } else { "between " }, &between);
            let (first, second) = self.beside(gap);
            add_words(&mut signs, "before ", last_words(first));
            add_words(&mut signs, "after ", first_words(second));
        }
        signs
    }

    /// The rest of the sentence before the name that ends where the gap starts, and behind the one that starts where it
    /// ends.
    fn beside(&self, gap: Span) -> (&str, &str) {
        let Some(sentence) = sentences::containing(self.sentences, gap) else { return ("", "") };
        let sentence = self.sentences[sentence];
        let covers = || self.mentions.iter().map(Mention::cover);
        let start = covers().filter(|cover| cover.end == gap.start).map(|cover| cover.start).min();
        let end = covers().filter(|cover| cover.start == gap.end).map(|cover| cover.end).max();
        let part = |from: usize, to: usize| self.text.get(from..to).unwrap_or_default();
        (part(sentence.start, start.unwrap_or(gap.start)), part(end.unwrap_or(gap.end), sentence.end))
    }

    /// The places where both are in one sentence without overlap.
    fn meetings(&self, head: &[usize], tail: &[usize]) -> impl Iterator<Item = Meeting> {
        let pairs = head.iter().flat_map(move |h| tail.iter().map(move |t| (*h, *t)));
        pairs
            .filter(|(h, t)| self.sentence_of[*h].is_some() && self.sentence_of[*h] == self.sentence_of[*t])
            .filter_map(|(h, t)| {
                let (h, t) = (self.mentions[h].cover(), self.mentions[t].cover());
                if h.end <= t.start {
                    Some(Meeting { gap: Span::new(h.end, t.start), tail_first: false })
                } else if t.end <= h.start {
                    Some(Meeting { gap: Span::new(t.end, h.start), tail_first: true })
                } else {
                    None
                }
            })
    }

    fn closest(&self, head: &[usize], tail: &[usize]) -> Option<Meeting> {
        self.meetings(head, tail).min_by_key(|meeting| meeting.gap.len())
    }

    /// How many names are in a gap, and what is left of its words without them.
    fn without_names(&self, gap: Span) -> (usize, String) {
        let (mut count, mut rest, mut from) = (0, String::new(), gap.start);
        for mention in self.mentions.iter().map(Mention::cover).filter(|cover| gap.contains(*cover)) {
            if mention.start >= from {
                count += 1;
                rest.push_str(&self.text[from..mention.start]);
                from = mention.end;
            }
        }
        rest.push_str(&self.text[from..gap.end]);
        (count, rest)
    }

    /// Its places, as a part of those of the most frequent name of its kind.
    fn share(&self, numbers: &[usize]) -> f64 {
        let most = self.counts_of_kind(numbers).iter().copied().max().unwrap_or(1).max(numbers.len());
        numbers.len() as f64 / most.max(1) as f64
    }

    fn rivals(&self, numbers: &[usize]) -> f64 {
        (self.counts_of_kind(numbers).len() as f64).ln_1p()
    }

    /// How often each name of the same kind occurs.
    fn counts_of_kind(&self, numbers: &[usize]) -> &[usize] {
        let kind = numbers.first().map(|n| self.mentions[*n].kind);
        kind.and_then(|kind| self.counts.get(&kind)).map_or(&[], Vec::as_slice)
    }

    /// Whether another name of the kind says the same more exactly: "hypotension" where "orthostatic hypotension" is named.
    fn is_less_specific(&self, numbers: &[usize]) -> bool {
        let Some(kind) = numbers.first().map(|n| self.mentions[*n].kind) else { return false };
        self.mentions.iter().zip(&self.lower).enumerate().any(|(n, (other, longer))| {
            let says_more =
                |n: &usize| longer.len() > self.lower[*n].len() && longer.contains(&self.lower[*n]);
            other.kind == kind && !numbers.contains(&n) && numbers.iter().any(says_more)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::candidates::Origin;

    fn sign(evidence: &PairFeatures, name: &str) -> f64 {
        evidence.named().find(|(sign, _)| *sign == name).unwrap().1
    }

    fn mentions(document: &Document, names: &[(&str, Kind)]) -> Vec<Mention> {
        let mut found = Vec::new();
        for (name, kind) in names {
            found.extend(document.text.match_indices(name).map(|(at, _)| Mention {
                spans: vec![Span::new(at, at + name.len())],
                text: (*name).to_owned(),
                kind: *kind,
                origin: Origin::Given,
                concepts: Vec::new(),
            }));
        }
        found
    }

    #[test]
    fn signs_are_those_of_the_text() {
        let document = Document::from_parts(
            "1",
            &[
                ("title", "Lithium-induced tremor."),
                ("abstract", "Tremor was not seen with valproate. Ataxia came late."),
            ],
        );
        let mentions = mentions(
            &document,
            &[
                ("Lithium", Kind::Chemical),
                ("valproate", Kind::Chemical),
                ("tremor", Kind::Disease),
                ("Tremor", Kind::Disease),
                ("Ataxia", Kind::Disease),
            ],
        );
        let sentences = sentences::of(&document);
        let places = MentionContext::new(&document, &sentences, &mentions);
        let cause = places.of(&[0], &[2, 3]);
        assert_eq!(sign(&cause, "head in the title") + sign(&cause, "tail in the title"), 2.0);
        assert_eq!(sign(&cause, "joined by a cause"), 1.0);
        assert_eq!(sign(&cause, "negation near"), 0.0);
        let denied = places.of(&[1], &[2, 3]);
        assert_eq!(sign(&denied, "negation near"), 1.0);
        assert_eq!(sign(&denied, "tail first"), 1.0);
        let far = places.of(&[0], &[4]);
        assert_eq!(sign(&far, "sentences with both"), 0.0);
        assert!((sign(&far, "sentences apart") - 3f64.ln()).abs() < 1e-9);
    }

    #[test]
    fn members_of_a_list_are_known_as_such() {
        let document =
            Document::from_parts("1", &[("abstract", "Aspirin, digoxin and warfarin raise quinidine.")]);
        let names = ["Aspirin", "digoxin", "warfarin", "quinidine"].map(|name| (name, Kind::Chemical));
        let mentions = mentions(&document, &names);
        let sentences = sentences::of(&document);
        let places = MentionContext::new(&document, &sentences, &mentions);
        assert_eq!(sign(&places.of(&[0], &[2]), "listed together"), 1.0);
        assert_eq!(sign(&places.of(&[0], &[3]), "listed together"), 0.0);
        assert!((sign(&places.of(&[0], &[3]), "names between") - 3f64.ln()).abs() < 1e-9);
    }
}
